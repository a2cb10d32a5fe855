"""Passwords: which are too easy, Argon2, one dummy hash for unknown addresses, and a limit on wrong ones."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from flask_babel import lazy_gettext as _l
from zxcvbn import zxcvbn

from doctapp.accounts import limits, people, trail
from doctapp.accounts.models import Person
from doctapp.errors import DomainError

TRIES_AN_HOUR = 10
SHORTEST = 10
GUESSES = 1_000_000
JUDGED = 72


class WrongPassword(DomainError):
    status = 422
    message = _l("E-mail or password is not right. Check both, or sign in with a code instead.")


class TooShort(DomainError):
    status = 422
    message = _l("Choose a password of at least 10 letters or digits. Three or four words are easy to keep.")


class TooCommon(DomainError):
    status = 422
    message = _l("Many people use this password, or it is like your name or e-mail. Choose one nobody would guess.")


class TooManyPasswords(limits.TooMany):
    message = _l("Too many wrong passwords. Wait an hour, or sign in with a code instead.")


@cache
def hasher() -> PasswordHasher:
    """The house's Argon2 settings; made on first use."""
    return PasswordHasher()


@cache
def _dummy() -> str:
    return hasher().hash("nobody has this password")


def check(password: str, *, known: Iterable[str] = ()) -> None:
    """Whether a new password will do: long enough, and not among those that are tried first; raises why not.

    `known` is what others know of the person: name and e-mail. It need not be composed of anything (NIST SP 800-63B).
    """
    if len(password) < SHORTEST:
        raise TooShort
    parts = [part for text in known for part in _parts(text)]
    if zxcvbn(password[:JUDGED], user_inputs=parts)["guesses"] < GUESSES:
        raise TooCommon


def _parts(text: str) -> list[str]:
    """A name or an address as it could stand in a password: whole, without spaces, and its longer words."""
    folded = text.casefold()
    words = [word for word in re.split(r"[\s@.]+", folded) if len(word) > 2]
    return [folded, "".join(folded.split()), folded.partition("@")[0], *words]


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
    if limits.used("password", email, since=now - limits.HOUR) == TRIES_AN_HOUR:
        trail.tries_spent("email", email, act="password_tries_spent", now=now)
    return people.owner_of("email", email)


def forgive(*, email: str) -> None:
    """The password was right: its tries no longer count."""
    limits.forget("password", email)
