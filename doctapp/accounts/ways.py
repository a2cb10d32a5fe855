"""What a person typed to be reached by: a phone or an e-mail address."""

from __future__ import annotations

import re
from dataclasses import dataclass

from flask_babel import lazy_gettext as _l

from doctapp.accounts import phones
from doctapp.errors import DomainError

LONGEST = 254
EMAIL = re.compile(r"[^@\s,;<>\"]{1,64}@[^@\s,;<>\"]{1,180}\.[^@\s.,;<>\"]{2,24}")


class NotAnAddress(DomainError):
    """What was typed is neither a phone nor an e-mail address."""

    status = 422
    message = _l("Enter an e-mail address like name@example.com, or a mobile number like 01712 345678")


@dataclass(frozen=True)
class Way:
    """A way to reach somebody: its kind, what is stored, and what was typed."""

    kind: str
    value: str
    shown: str


def email(typed: str) -> str:
    """An e-mail address as it is stored and compared; raises NotAnAddress."""
    text = typed.strip()
    stored = text.casefold()  # may be longer than what was typed
    if not EMAIL.fullmatch(text) or len(stored) > LONGEST:
        raise NotAnAddress
    return stored


def read(typed: str) -> Way:
    """The phone or address that was typed; raises NotAPhone or NotAnAddress with what to type instead."""
    if "@" in typed:
        return Way("email", email(typed), typed.strip())
    return Way("phone", phones.e164(typed), typed.strip())
