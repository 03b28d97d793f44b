"""Takes secrets and personal data out of one line of text, for logs."""

import re

MASK = "•••"

#: What a text must have for a rule to find anything (case folded), the pattern, and what stands there instead. A line
#: of the access log is written with every message: looking for a word costs a tenth of looking for a pattern.
_RULES = (
    # The address of a backend is half of what a caller needs.
    (("/retail/",), re.compile(r"(/retail/)[^/\s?\"']{16,}(?=/)"), r"\1" + MASK),
    (("bearer", "basic"), re.compile(r"(?i)\b(bearer|basic)\s+[\w.~+/=-]{8,}"), r"\1 " + MASK),
    # Keys whose form is known: Standard Webhooks, Shopify, Stripe, our own metrics token.
    (
        ("whsec_", "shpat_", "shpca_", "shppa_", "shpss_", "k_live_", "k_test_", "rm_"),
        re.compile(r"\b(?:whsec_|shp(?:at|ca|pa|ss)_|[sr]k_(?:live|test)_|rm_)[\w+/=-]{8,}"),
        MASK,
    ),
    (
        ("token", "key", "authorization", "secret", "cookie", "passw", "signature"),
        re.compile(
            r"(?i)([\"']?(?:access_?token|api_?key|authorization|client_secret|cookie|passw(?:or)?d|secret|signature|"
            r"token|x-shopify-access-token)[\"']?\s*[=:]\s*[\"']?)(?!\s*(?:None|False|null)\b)[^\s\"',;&)}]{4,}"
        ),
        r"\1" + MASK,
    ),
    (("@",), re.compile(r"[\w.+%-]+@[\w-]+(?:\.[\w-]+)+"), MASK),
    # PostgreSQL repeats values of the row it refuses.
    (("key (",), re.compile(r"(Key \([^)]*\)=)\(.*?\)(?= |$)", re.MULTILINE), r"\1(" + MASK + ")"),
    (("failing row contains",), re.compile(r"(Failing row contains )\(.*\)", re.DOTALL), r"\1(" + MASK + ")"),
)


def mask(text):
    """Return ``text`` without what looks like a secret, an address of e-mail or the values of a database row."""
    folded = text.casefold()
    for words, pattern, replacement in _RULES:
        if any(word in folded for word in words):
            text = pattern.sub(replacement, text)
    return text
