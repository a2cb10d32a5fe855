"""A rule said no: the sentence to show and the status that goes with it."""

from __future__ import annotations

from typing import Any

from flask_babel import LazyString


class DomainError(Exception):
    """Raised by rules; doors answer `status` with `message`, which is in the reader's language when shown."""

    status = 409
    message: str | LazyString = ""
    retry_after: int | None = None

    def __init__(self, message: str | LazyString | None = None, **facts: Any) -> None:
        super().__init__()
        if message is not None:
            self.message = message
        self.facts = facts
        self.retry_after = facts.get("retry_after", self.retry_after)

    def __str__(self) -> str:
        return str(self.message)


class NotFound(DomainError):
    """There is no such thing, or it is not for this person: the two look alike (domain.md, "Bad input")."""

    status = 404


class Forbidden(DomainError):
    """The person is known and may not do this."""

    status = 403


class SignInNeeded(DomainError):
    """Nobody is signed in, and this needs somebody."""

    status = 401


class SecondStepNeeded(DomainError):
    """An admin is signed in, and has not given a code of the authenticator app yet."""

    status = 401


class SignInAgain(DomainError):
    """Somebody is signed in, and this needs to know that it is still they: the password or a code, once more."""

    status = 401
