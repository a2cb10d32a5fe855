"""The rule of one letter: who may send it, and what follows from how that went (domain.md, invariant 8).

A sender has the letter by a lease. A lease that ran out means that its process died in the middle, and counts like an
answer that was lost: nobody knows whether the letter was taken.
"""

from __future__ import annotations

import random
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import Any

from sqlalchemy import func, select, update

from doctapp.db import db
from doctapp.notifications.models import Letter

LEASE = timedelta(seconds=60)
TRY_FOR = timedelta(hours=48)
PAUSES = tuple(timedelta(seconds=pause) for pause in (10, 30, 60, 120, 300, 900, 1800, 3600))
JITTER = 0.2
MOST_UNKNOWN_SMS = 2


class Outcome(Enum):
    """How the sending of a letter went."""

    SENT = "taken by the other side"
    OBSOLETE = "not sent: what it says is no longer true"
    REFUSED = "not sent: it will never be taken"
    UNREACHABLE = "not taken: later it may be"
    UNKNOWN = "perhaps taken: the answer was lost"


@dataclass(frozen=True)
class Lease:
    """The right to send one letter, until it runs out."""

    letter_id: int
    token: str


def claim(letter_id: int, *, now: datetime) -> Lease | None:
    """Take the right to send a letter that is due and nobody else's; None where there is nothing to send."""
    _settle_lost_lease(letter_id, now=now)
    if _expire(letter_id, now=now):
        return None
    token = secrets.token_hex(16)
    taking = update(Letter).where(Letter.id == letter_id, Letter.state == "waiting", Letter.due_at <= now)
    taking = taking.values(
        state="sending",
        lease=token,
        lease_until=now + LEASE,
        tries=Letter.tries + 1,
        first_tried_at=func.coalesce(Letter.first_tried_at, now),
    )
    return Lease(letter_id, token) if _changes_one(taking) else None


def settle(lease: Lease, outcome: Outcome, *, fault: str = "", now: datetime) -> bool:
    """Write down how the sending went; False where the lease had passed to another."""
    found = select(Letter).filter_by(id=lease.letter_id, lease=lease.token, state="sending")
    letter = db.session.scalars(found.execution_options(populate_existing=True)).one_or_none()
    if letter is None:
        return False
    settling = update(Letter).filter_by(id=lease.letter_id, lease=lease.token, state="sending")
    told = {"lease": None, "lease_until": None, "fault": fault[:300]}
    return _changes_one(settling.values(_after(letter, outcome, now) | told))


def _after(letter: Letter, outcome: Outcome, now: datetime) -> dict[str, Any]:
    """What becomes of a letter."""
    if outcome is Outcome.SENT:
        return _ended(letter, "sent", now)
    if outcome is Outcome.OBSOLETE:
        return _ended(letter, "obsolete", now)
    unknown = letter.unknown_outcomes + (outcome is Outcome.UNKNOWN)
    tried_at = letter.lease_until - LEASE if letter.lease_until else now
    due_at = tried_at + _pause(letter)
    is_hopeless = (
        outcome is Outcome.REFUSED
        or (letter.channel == "sms" and unknown >= MOST_UNKNOWN_SMS)
        or due_at > (letter.first_tried_at or now) + TRY_FOR
    )
    if is_hopeless:
        return _ended(letter, "dead", now) | {"unknown_outcomes": unknown}
    return {"state": "waiting", "due_at": min(due_at, letter.expires_at or due_at), "unknown_outcomes": unknown}


def _ended(letter: Letter, state: str, now: datetime) -> dict[str, Any]:
    """The end of a letter; a secret one forgets what it said."""
    return {"state": state, "ended_at": now} | ({"body": None, "html": None} if letter.secret else {})


def _pause(letter: Letter) -> timedelta:
    """How long to wait after so many tries; not the same for all letters, so that they don't come back at once."""
    pause = PAUSES[min(max(letter.tries, 1), len(PAUSES)) - 1]
    return pause * random.Random(f"{letter.id} {letter.tries}").uniform(1 - JITTER, 1 + JITTER)


def _settle_lost_lease(letter_id: int, *, now: datetime) -> None:
    lost = select(Letter.lease).where(Letter.id == letter_id, Letter.state == "sending", Letter.lease_until <= now)
    token = db.session.scalar(lost)
    if token is not None:
        settle(Lease(letter_id, token), Outcome.UNKNOWN, fault="the process that sent it ended", now=now)


def _expire(letter_id: int, *, now: datetime) -> bool:
    """End a waiting letter that came too late to be of use."""
    late = select(Letter).where(Letter.id == letter_id, Letter.state == "waiting", Letter.expires_at <= now)
    letter = db.session.scalars(late.execution_options(populate_existing=True)).one_or_none()
    if letter is None:
        return False
    ending = update(Letter).filter_by(id=letter_id, state="waiting").values(_ended(letter, "expired", now))
    return _changes_one(ending)


def _changes_one(statement: Any) -> bool:
    done: Any = db.session.execute(statement, execution_options={"synchronize_session": False})
    return bool(done.rowcount == 1)
