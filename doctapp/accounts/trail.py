"""What signing in and failing to leaves in the audit."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from doctapp.accounts.models import WayIn
from doctapp.audit.recording import record
from doctapp.db import db


def signed_in(session_id: int, *, person_id: int, now: datetime) -> None:
    """A session was opened, by a code, a password or a remembered device."""
    record("sign_in", kind="session", row_id=session_id, person_id=person_id, now=now)


def signed_out(session_id: int, *, person_id: int, now: datetime) -> None:
    """A session was ended from its own browser."""
    record("sign_out", kind="session", row_id=session_id, person_id=person_id, now=now)


def second_step(session_id: int, *, person_id: int, now: datetime) -> None:
    """A code of the authenticator app was given in a session."""
    record("second_step", kind="session", row_id=session_id, person_id=person_id, now=now)


def tries_spent(kind: str, value: str, *, act: str, now: datetime) -> None:
    """The last wrong try that is allowed was made at this way in; nobody knows by whom. Once a limit, never a flood."""
    proven = (WayIn.kind == kind, WayIn.value == value, WayIn.proven_at.is_not(None))
    way_id = db.session.scalar(select(WayIn.id).where(*proven))
    if way_id is not None:
        record(act, kind="way_in", row_id=way_id, person_id=None, now=now)
