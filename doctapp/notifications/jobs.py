"""Background doors of this room: send a letter, send what is overdue, forget what is old."""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from traceback import extract_tb

from sqlalchemy import delete, or_, select
from sqlalchemy.exc import DBAPIError, TimeoutError

from doctapp import clock
from doctapp.appointments import lateness, reminding, telling
from doctapp.db import Busy, db, transaction
from doctapp.gateways import mail, sms
from doctapp.gateways.outcomes import NotSent, Refused, Unknown, Unreachable
from doctapp.notifications import delivery
from doctapp.notifications.delivery import Lease, Outcome
from doctapp.notifications.models import Letter, Notification
from doctapp.sealing import Unsealable, unseal
from doctapp.work import turns
from doctapp.work.runner import again
from doctapp.work.sweep import stopping

log = logging.getLogger(__name__)

BELL_HAS = timedelta(seconds=20)
BELL_HAS_FOR_CODES = timedelta(seconds=5)
MOST_A_SWEEP = 200
SECONDS_A_SWEEP = 20.0
FAULTS_A_SWEEP = 3
KEPT = timedelta(days=90)
PAUSES_TO_SETTLE = (0.1, 1.0, 3.0)

# Whether what a letter of this kind says is still true; a test knows each kind that is true for ever.
STILL_TRUE: dict[str, Callable[[Letter], bool]] = {
    kind: lambda letter: telling.is_true(letter.kind, ref=letter.about, cause=letter.cause)
    for kind in (
        "requested", "booked", "declined", "lapsed", "cancelled", "clinic_cancelled", "moved", "new_request", "reminder",
        "offered",
    )
}  # fmt: skip

STILL_TRUE["late"] = lambda letter: lateness.is_true(ref=letter.about, cause=letter.cause, now=clock.now())
STILL_TRUE |= {
    kind: lambda letter: reminding.is_true(ref=letter.about, cause=letter.cause, now=clock.now())
    for kind in ("day_before", "same_day")
}

OUTCOMES = {Refused: Outcome.REFUSED, Unreachable: Outcome.UNREACHABLE, Unknown: Outcome.UNKNOWN}


def send(letter_id: int, now: datetime | None = None) -> Outcome | None:
    """Send one letter if it is due and nobody else's, and how that went; run twice, the second finds nothing."""
    began, now = time.monotonic(), now or clock.now()
    with transaction():
        lease = delivery.claim(letter_id, now=now)
        parcel = _packed(lease, now=now) if lease else None
    if lease is None or parcel is None:
        return None
    outcome, fault = _handed_over(letter_id, parcel)
    _settle(lease, outcome, fault, now=now + timedelta(seconds=time.monotonic() - began))
    return outcome


def send_due(now: datetime) -> None:
    """Send what no bell was answered for: codes first, then the oldest; a channel that fails is left for the next."""
    began, faults = time.monotonic(), Counter[str]()
    for letter_id, channel in _due(now):
        passed = time.monotonic() - began
        if passed > SECONDS_A_SWEEP or stopping.is_set():
            return
        if faults[channel] >= FAULTS_A_SWEEP:
            continue
        outcome = _sent_alone(letter_id, now + timedelta(seconds=passed))
        faults[channel] = faults[channel] + 1 if outcome in {Outcome.UNREACHABLE, Outcome.UNKNOWN} else 0


def purge(now: datetime) -> None:
    """Forget letters that ended and notifications that were read more than ninety days ago; looks once an hour."""
    with transaction():
        if turns.claim("notifications.purge", span=timedelta(hours=1), now=now):
            db.session.execute(delete(Letter).where(Letter.ended_at < now - KEPT))
            db.session.execute(delete(Notification).where(Notification.read_at < now - KEPT))


def _due(now: datetime) -> list[tuple[int, str]]:
    """The letters that nobody seems to see to: the bell rings for new ones only, and has some seconds for them."""
    unanswered = or_(
        Letter.tries > 0,
        Letter.created_at <= now - BELL_HAS,
        Letter.secret & (Letter.created_at <= now - BELL_HAS_FOR_CODES),
    )
    waiting = (Letter.state == "waiting") & (Letter.due_at <= now) & unanswered
    lost = (Letter.state == "sending") & (Letter.lease_until <= now)
    query = select(Letter.id, Letter.channel).where(waiting | lost)
    query = query.order_by(Letter.secret.desc(), Letter.due_at, Letter.id).limit(MOST_A_SWEEP)
    return [(row.id, row.channel) for row in db.session.execute(query)]


def _sent_alone(letter_id: int, now: datetime) -> Outcome | None:
    """Send one of several: what goes wrong with it does not stop the others."""
    try:
        return again(lambda: send(letter_id, now))
    except Exception:
        log.exception("letter %s could not be seen to", letter_id)
        db.session.rollback()
        return None


def _packed(lease: Lease, *, now: datetime) -> mail.Mail | sms.Sms | None:
    """The letter as its gateway takes it; one that is no longer true, or that no gateway can take, ends here."""
    found = select(Letter).filter_by(id=lease.letter_id).execution_options(populate_existing=True)
    letter = db.session.scalars(found).one()
    still_true = STILL_TRUE.get(letter.kind)
    if still_true is not None and not still_true(letter):
        delivery.settle(lease, Outcome.OBSOLETE, now=now)
        return None
    try:
        return _parcel(letter)
    except (Refused, Unsealable) as why:
        delivery.settle(lease, Outcome.REFUSED, fault=str(why) or "sealed under another SECRET_KEY", now=now)
        return None


def _parcel(letter: Letter) -> mail.Mail | sms.Sms:
    body, html = (unseal(part) if letter.secret and part else part or "" for part in (letter.body, letter.html))
    if letter.channel == "sms":
        return sms.Sms(to=letter.address, text=body)
    return mail.Mail(
        id=f"letter-{letter.id}-{letter.created_at:%Y%m%d%H%M%S%f}",
        to=letter.address,
        subject=letter.subject,
        text=body,
        html=html,
        written_at=letter.created_at,
    )


def _handed_over(letter_id: int, parcel: mail.Mail | sms.Sms) -> tuple[Outcome, str]:
    """Hand a letter to its gateway; how that went, and what was wrong. An error nobody foresaw leaves it unknown."""
    try:
        if isinstance(parcel, sms.Sms):
            sms.current().send(parcel)
        else:
            mail.current().send(parcel)
    except NotSent as why:
        log.warning("letter %s was not sent: %s: %s", letter_id, type(why).__name__, why)
        return OUTCOMES[type(why)], str(why)
    except Exception as error:  # its own words may hold the letter's: only its kind and place are told
        place = extract_tb(error.__traceback__)[-1]
        log.error("letter %s: %s in %s, line %s", letter_id, type(error).__name__, place.filename, place.lineno)
        return Outcome.UNKNOWN, f"an error in sending ({type(error).__name__})"
    log.info("letter %s was sent", letter_id)
    return Outcome.SENT, ""


def _settle(lease: Lease, outcome: Outcome, fault: str, *, now: datetime) -> None:
    """Write down how it went, while the lease lasts: a letter that was sent and not written down is sent again."""
    for pause in (*PAUSES_TO_SETTLE, None):
        try:
            with transaction():
                delivery.settle(lease, outcome, fault=fault, now=now)
            return
        except (DBAPIError, TimeoutError, Busy):
            if pause is None:
                raise
            time.sleep(pause)
