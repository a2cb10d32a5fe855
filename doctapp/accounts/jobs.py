"""What the sweep does with accounts: forget what no rule looks at any more."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import delete

from doctapp.accounts import devices, limits
from doctapp.accounts.models import Code, PasswordReset, Registration, Session
from doctapp.db import db, transaction
from doctapp.web.formkey import FormKey
from doctapp.work import turns

FORM_KEYS_KEPT = timedelta(hours=48)
CODES_KEPT = timedelta(days=2)
SESSIONS_KEPT = timedelta(days=30)
LINKS_KEPT = timedelta(days=30)


def purge(now: datetime) -> None:
    """Forget tallies, codes, mailed links, spent form keys, ended sessions and devices; looks once an hour."""
    with transaction():
        if not turns.claim("accounts.purge", span=timedelta(hours=1), now=now):
            return
        limits.purge(now=now)
        db.session.execute(delete(Code).where(Code.sent_at < now - CODES_KEPT))
        for link in (Registration, PasswordReset):
            db.session.execute(delete(link).where(link.expires_at < now - LINKS_KEPT))
        db.session.execute(delete(FormKey).where(FormKey.spent_at < now - FORM_KEYS_KEPT))
        db.session.execute(delete(Session).where(Session.last_seen_at < now - SESSIONS_KEPT))
        devices.purge(now=now)
