"""Codes and tokens in waiting letters lie encrypted: a copy of the database opens no account."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from functools import lru_cache

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from flask import current_app


class Unsealable(Exception):
    """The text was sealed under another SECRET_KEY."""


@lru_cache(maxsize=4)
def _box(secret: str) -> Fernet:
    key = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"doctapp letters").derive(secret.encode())
    return Fernet(urlsafe_b64encode(key))


def seal(text: str) -> str:
    """The text as only this installation can read it."""
    return _box(current_app.config["SECRET_KEY"]).encrypt(text.encode()).decode()


def unseal(sealed: str) -> str:
    """The text that was sealed."""
    try:
        return _box(current_app.config["SECRET_KEY"]).decrypt(sealed.encode()).decode()
    except InvalidToken:
        raise Unsealable from None
