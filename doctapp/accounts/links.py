"""Mailed links: their tokens, of which only hashes are stored, and how often one is sent to an address."""

from __future__ import annotations

import secrets
from datetime import datetime

from doctapp.accounts import limits
from doctapp.web.cookies import hashed

AN_HOUR, A_DAY = 3, 6
A_NETWORK_AN_HOUR = 20


def draw() -> tuple[str, str]:
    """A token for a letter, and the hash that is stored of it."""
    token = secrets.token_urlsafe(32)
    return token, hashed(token)


def may_send(kind: str, *, email: str, network: str, now: datetime) -> bool:
    """Count one mail of this kind to this address, asked for from this network; False where it is one too many."""
    try:
        limits.check(kind, email, most=AN_HOUR, per=limits.HOUR, now=now)
        limits.check(kind, email, most=A_DAY, per=limits.DAY, now=now)
        limits.check("link-network", network, most=A_NETWORK_AN_HOUR, per=limits.HOUR, now=now)
    except limits.TooMany:
        return False
    limits.count(kind, email, now=now)
    limits.count("link-network", network, now=now)
    return True
