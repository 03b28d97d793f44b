"""What the server says of itself: which environment it is, and the keys its secrets are encrypted with."""

import os

from odoo.tools import config

from ..engine import crypto


def _setting(name):
    """Return an option of the server configuration, or of the environment in upper case; ``""`` if neither."""
    return (os.environ.get(name.upper()) or config.get(name) or "").strip()


def server_environment():
    """Return what this server declares itself to be (``production``, ``staging``, …), or ``""``.

    Set with ``retail_environment`` in the server configuration or ``RETAIL_ENVIRONMENT``.
    """
    return _setting("retail_environment")


def secret_cipher():
    """Return the cipher of this server's ``retail_encryption_keys``.

    :raises NoEncryptionKey: nothing usable is configured
    """
    return crypto.cipher_of(_setting("retail_encryption_keys"))
