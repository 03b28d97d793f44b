"""What people type as their shop, and the addresses this connector may call."""

import re
from urllib.parse import urlsplit

_NAME = r"[a-z0-9][a-z0-9-]{0,60}"
_DOMAIN = re.compile(r"(%s)(?:\.myshopify\.com)?" % _NAME)
_ADMIN = re.compile(r"admin\.shopify\.com/store/(%s)(?:/.*)?" % _NAME)
_LOOPBACK = frozenset(("localhost", "127.0.0.1", "::1"))


def normalise(text):
    """Return the shop's ``….myshopify.com`` domain for what a person pasted, or ``None`` where it names no shop.

    >>> normalise("https://Harbour-Vale.myshopify.com/admin")
    'harbour-vale.myshopify.com'
    >>> normalise("admin.shopify.com/store/harbour-vale/settings")
    'harbour-vale.myshopify.com'
    >>> normalise("harbour-vale")
    'harbour-vale.myshopify.com'
    >>> normalise("shop.example.com")
    """
    bare = re.sub(r"^[a-z]+://", "", (text or "").strip().lower())
    match = _ADMIN.fullmatch(bare) or _DOMAIN.fullmatch(bare.split("/")[0])
    return "%s.myshopify.com" % match.group(1) if match else None


def is_loopback(url):
    """Return whether ``url`` is ``http(s)`` on this very machine, where a simulator may run."""
    try:
        parts = urlsplit(url or "")
        return parts.scheme in ("http", "https") and parts.hostname in _LOOPBACK and not parts.username
    except ValueError:
        return False


def is_public_https(url):
    """Return whether Shopify could call ``url``: ``https`` and not this machine."""
    try:
        parts = urlsplit(url or "")
        return parts.scheme == "https" and bool(parts.hostname) and parts.hostname not in _LOOPBACK
    except ValueError:
        return False
