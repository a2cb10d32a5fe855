"""Letters that ended dead: what an admin is shown of them, and sending one again.

Nobody is shown what a letter says, nor the whole of whom it is to (domain.md, invariant 8).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, func, or_, select, update

from doctapp.db import after_commit, db
from doctapp.notifications.models import Letter
from doctapp.work import bell


def dead(*, page: int, size: int) -> tuple[Sequence[Letter], int]:
    """A page of the dead letters, the latest first, and how many there are."""
    query = select(Letter).filter_by(state="dead").order_by(Letter.ended_at.desc(), Letter.id.desc())
    return db.session.scalars(query.offset((page - 1) * size).limit(size)).all(), dead_count()


def dead_count() -> int:
    """How many letters could not be sent."""
    return db.session.scalar(select(func.count()).select_from(Letter).where(Letter.state == "dead")) or 0


def masked(letter: Letter) -> str:
    """As much of whom it is to as tells it from others: a phone's last four digits, a mail's domain."""
    if letter.channel == "sms":
        return f"…{letter.address[-4:]}"
    return f"…@{letter.address.rpartition('@')[2]}"


def can_be_sent(letter: Letter, *, now: datetime) -> bool:
    """Whether it can go out again: a secret one has forgotten what it said, and a late one is of no use."""
    return not letter.secret and (letter.expires_at is None or letter.expires_at > now)


def send_again(letter_id: int, *, now: datetime) -> bool:
    """Let a dead letter begin anew, and ring for it; False where somebody was first, or it can't be sent.

    Whether what it says is still true is asked when it is sent, as of every letter.
    """
    reviving = update(Letter).where(Letter.id == letter_id, Letter.state == "dead", *_can_be_sent(now))
    anew = {"state": "waiting", "due_at": now, "tries": 0, "unknown_outcomes": 0, "first_tried_at": None}
    done: Any = db.session.execute(
        reviving.values(**anew, ended_at=None, lease=None, lease_until=None),
        execution_options={"synchronize_session": False},
    )
    if done.rowcount == 1:
        after_commit(lambda: bell.ring("notifications.send", letter_id))
    return bool(done.rowcount == 1)


def _can_be_sent(now: datetime) -> tuple[ColumnElement[bool], ...]:
    return Letter.secret.is_(False), or_(Letter.expires_at.is_(None), Letter.expires_at > now)
