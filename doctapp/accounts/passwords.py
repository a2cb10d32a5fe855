"""Passwords: Argon2, one dummy hash for unknown addresses, and a limit on wrong ones."""

from __future__ import annotations

from datetime import datetime
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from flask_babel import lazy_gettext as _l

from doctapp.accounts import limits, people
from doctapp.accounts.models import Person
from doctapp.errors import DomainError

TRIES_AN_HOUR = 10


class WrongPassword(DomainError):
    status = 422
    message = _l("E-mail or password is not right. Check both, or sign in with a code instead.")


class TooManyPasswords(limits.TooMany):
    message = _l("Too many wrong passwords. Wait an hour, or sign in with a code instead.")


@cache
def hasher() -> PasswordHasher:
    """The house's Argon2 settings; made on first use."""
    return PasswordHasher()


@cache
def _dummy() -> str:
    return hasher().hash("nobody has this password")


def hashed(password: str) -> str:
    """What is stored of a password."""
    return hasher().hash(password)


def is_right(stored: str | None, password: str) -> bool:
    """Whether the password is the one stored; takes the same time where nothing is stored."""
    try:
        hasher().verify(stored or _dummy(), password)
    except (VerificationError, InvalidHashError):
        return False
    return bool(stored)


def begin_try(*, email: str, now: datetime) -> Person | None:
    """Count a try before it is judged, and find whose password it is; raises TooManyPasswords past ten an hour."""
    limits.check("password", email, most=TRIES_AN_HOUR, per=limits.HOUR, now=now, error=TooManyPasswords)
    limits.count("password", email, now=now)
    return people.owner_of("email", email)


def forgive(*, email: str) -> None:
    """The password was right: its tries no longer count."""
    limits.forget("password", email)
