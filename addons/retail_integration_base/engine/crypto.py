"""Secrets at rest: authenticated encryption with keys that can themselves be rotated.

``retail_encryption_keys`` (server configuration) or ``RETAIL_ENCRYPTION_KEYS`` (environment) holds one or more
Fernet keys, comma separated. The first encrypts, all decrypt: put a new key in front, re-encrypt, drop the old.
"""

import hashlib

from cryptography.fernet import Fernet, InvalidToken, MultiFernet


class NoEncryptionKey(Exception):
    """The server has no usable encryption key; secrets can be neither stored nor read."""


def cipher_of(keys_text):
    """Return the cipher for a comma-separated list of Fernet keys.

    :raises NoEncryptionKey: the list is empty or holds something that is not a Fernet key
    """
    keys = [key.strip() for key in (keys_text or "").split(",") if key.strip()]
    if not keys:
        raise NoEncryptionKey("no key is configured")
    try:
        return MultiFernet([Fernet(key) for key in keys])
    except (ValueError, TypeError) as error:
        raise NoEncryptionKey("a configured key is not a Fernet key (32 bytes, url-safe base64)") from error


def encrypt(cipher, text):
    """Return the ciphertext (ASCII str) of ``text``."""
    return cipher.encrypt(text.encode()).decode("ascii")


def decrypt(cipher, ciphertext):
    """Return the secret as bytes.

    :raises NoEncryptionKey: none of the configured keys made this ciphertext
    """
    try:
        return cipher.decrypt(ciphertext.encode("ascii"))
    except InvalidToken as error:
        raise NoEncryptionKey("none of the configured keys opens this secret") from error


def fingerprint(text):
    """Return a short name of a secret by which two people can tell whether they hold the same one.

    Only the first 48 bits of a SHA-256: enough to compare, useless to guess a random secret from.
    """
    digest = hashlib.sha256(text.encode()).hexdigest()[:12]
    return "-".join(digest[i : i + 4] for i in range(0, 12, 4))
