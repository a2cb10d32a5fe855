"""References such as KQ7-4M2: said at a desk, typed from an SMS, kept for life."""

from __future__ import annotations

import secrets

from doctapp.digits import latin

ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"


def draw() -> str:
    """A new reference; the database decides whether it is free."""
    letters = "".join(secrets.choice(ALPHABET) for _ in range(6))
    return f"{letters[:3]}-{letters[3:]}"


def read(typed: str) -> str | None:
    """The reference that was typed, in any case and with or without its dash; None where it can't be one."""
    letters = "".join(c for c in latin(typed).upper() if c.isalnum())
    if len(letters) != 6 or any(c not in ALPHABET for c in letters):
        return None
    return f"{letters[:3]}-{letters[3:]}"
