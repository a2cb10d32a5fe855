"""The letter that carries a code: secret, first in line, and of no use after fifteen minutes."""

from __future__ import annotations

from datetime import datetime, timedelta
from urllib.parse import urlsplit

from flask import current_app

from doctapp.notifications import outbox

GOOD_FOR = timedelta(minutes=15)
CHANNEL = {"phone": "sms", "email": "mail"}


def write(*, code_id: int, kind: str, address: str, digits: str, language: str, now: datetime) -> None:
    """Leave the code in the outbox for a phone (SMS) or an address (mail)."""
    outbox.write(
        channel=CHANNEL[kind],
        kind="code",
        cause=f"code:{code_id}",
        about="",
        address=address,
        language=language,
        facts={"code": digits, "host": urlsplit(current_app.config["SETTINGS"].public_url).hostname},
        now=now,
        expires_at=now + GOOD_FOR,
        secret=True,
    )
