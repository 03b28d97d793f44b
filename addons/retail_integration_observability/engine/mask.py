"""Takes secrets and personal data out of one line of text, for logs."""

import re

MASK = "•••"

_RULES = (
    # The address of a backend is half of what a caller needs.
    (re.compile(r"(/retail/)[^/\s?\"']{16,}(?=/)"), r"\1" + MASK),
    (re.compile(r"(?i)\b(bearer|basic)\s+[\w.~+/=-]{8,}"), r"\1 " + MASK),
    # Keys whose form is known: Standard Webhooks, Shopify, Stripe, our own metrics token.
    (re.compile(r"\b(?:whsec_|shp(?:at|ca|pa|ss)_|[sr]k_(?:live|test)_|rm_)[\w+/=-]{8,}"), MASK),
    (
        re.compile(
            r"(?i)([\"']?(?:access_?token|api_?key|authorization|client_secret|cookie|passw(?:or)?d|secret|signature|"
            r"token|x-shopify-access-token)[\"']?\s*[=:]\s*[\"']?)(?!\s*(?:None|False|null)\b)[^\s\"',;&)}]{4,}"
        ),
        r"\1" + MASK,
    ),
    (re.compile(r"[\w.+%-]+@[\w-]+(?:\.[\w-]+)+"), MASK),
    # PostgreSQL repeats values of the row it refuses.
    (re.compile(r"(Key \([^)]*\)=)\(.*?\)(?= |$)", re.MULTILINE), r"\1(" + MASK + ")"),
    (re.compile(r"(Failing row contains )\(.*\)", re.DOTALL), r"\1(" + MASK + ")"),
)


def mask(text):
    """Return ``text`` without what looks like a secret, an address of e-mail or the values of a database row."""
    for pattern, replacement in _RULES:
        text = pattern.sub(replacement, text)
    return text
