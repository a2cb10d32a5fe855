"""Secrets that are kept and must be read again lie encrypted: a copy of the database opens no account.

Codes and tokens in waiting letters, and the secrets of authenticator apps; each purpose has a key of its own.
"""

from __future__ import annotations

from base64 import urlsafe_b64encode
from functools import lru_cache

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from flask import current_app

LETTERS = "letters"


class Unsealable(Exception):
    """The text was sealed under another SECRET_KEY, or for another purpose."""


@lru_cache(maxsize=8)
def _box(secret: str, purpose: str) -> Fernet:
    key = HKDF(algorithm=SHA256(), length=32, salt=None, info=f"doctapp {purpose}".encode()).derive(secret.encode())
    return Fernet(urlsafe_b64encode(key))


def seal(text: str, purpose: str = LETTERS) -> str:
    """The text as only this installation can read it."""
    return _box(current_app.config["SECRET_KEY"], purpose).encrypt(text.encode()).decode()


def unseal(sealed: str, purpose: str = LETTERS) -> str:
    """The text that was sealed; raises Unsealable."""
    try:
        return _box(current_app.config["SECRET_KEY"], purpose).decrypt(sealed.encode()).decode()
    except InvalidToken:
        raise Unsealable from None
