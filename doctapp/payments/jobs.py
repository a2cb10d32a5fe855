"""Background doors of money: orders are started, gateways asked, refunds sent; each claims its row, and is harmless twice."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from doctapp.appointments import holding, paying, telling
from doctapp.appointments.models import Appointment
from doctapp.appointments.ordering import order
from doctapp.db import db, transaction
from doctapp.gateways import payments as gateways
from doctapp.gateways.payments import NotSent, RefundAnswer, Refused, Unknowable, Unknown, Unreachable
from doctapp.payments import attempts, reconciling, refunding
from doctapp.payments.models import Attempt, Refund
from doctapp.work import turns
from doctapp.work.sweep import stopping

log = logging.getLogger(__name__)
SECONDS_A_STEP = 15.0
RECONCILED_EVERY = timedelta(hours=24)

_to_compare: list[int] = []  # what is left of a day's; lost with the process, and again among the next day's three


def start(attempt_id: int, now: datetime) -> None:
    """Open the gateway's session of an attempt that has none yet; what can't be begun at all ends, what may be is retried.

    Where its number is gone meanwhile it ends too: nobody was shown where to pay.
    """
    with transaction():
        attempt = attempts.claim(attempt_id, started=False, now=now)
        kept = attempt is not None and _is_kept(attempt, now=now)
        if attempt is not None and not kept:
            attempts.fail(attempt, fault="its number was gone before it began", now=now)
        asked = order(attempt) if attempt is not None and kept else None
    if attempt is None or asked is None:
        return
    try:
        started = gateways.gateway(attempt.provider).start(asked)
    except (Refused, KeyError) as why:
        with transaction():
            paying.failed(attempt, fault=_said(why), now=now)
        return
    except NotSent as why:
        with transaction():
            attempts.put_off(attempt, now=now, fault=_said(why))
        return
    with transaction():
        attempts.keep_session(attempt, session=started.session, url=started.url, now=now)


def ask(attempt_id: int, now: datetime) -> None:
    """Ask the gateway how an attempt stands, or let nobody pay any more whose number is gone; the answer has its effect."""
    with transaction():
        attempt = attempts.claim(attempt_id, now=now)
        kept = attempt is not None and _is_kept(attempt, now=now)
    if attempt is None:
        return
    try:
        gateway = gateways.gateway(attempt.provider)
        answer = (gateway.query if kept else gateway.expire)(attempt.token, attempt.session)
    except (NotSent, KeyError) as why:
        with transaction():
            attempts.put_off(attempt, now=now, fault=_said(why))
        return
    with transaction():
        if not paying.hear(attempt, answer, now=now):
            attempts.put_off(attempt, now=now)


def _is_kept(attempt: Attempt, *, now: datetime) -> bool:
    """Whether its number still waits for it to be paid."""
    row = db.session.get(Appointment, attempt.appointment_id, populate_existing=True)
    return row is not None and holding.is_held(row, now=now)


def look(attempt_id: int, now: datetime) -> bool:
    """Ask the gateway about an attempt right now, however long ago it was: somebody says that they paid.

    False where the gateway did not answer.
    """
    attempt = db.session.get(Attempt, attempt_id, populate_existing=True)
    assert attempt is not None
    try:
        answer = gateways.gateway(attempt.provider).query(attempt.token, attempt.session)
    except (NotSent, KeyError) as why:
        log.warning("attempt %s could not be looked up: %s", attempt_id, _said(why))
        return False
    with transaction():
        paying.hear(attempt, answer, now=now)
    return True


def ask_open(now: datetime) -> None:
    """Start, or ask about, whatever is due: a webhook that never comes is no loss."""
    for attempt_id in _in_time(attempts.to_ask(now=now)):
        attempt = db.session.get(Attempt, attempt_id, populate_existing=True)
        if attempt is not None:
            (ask if attempt.session else start)(attempt_id, now)


def send_refunds(now: datetime) -> None:
    """Send what is owed and may be sent now, and look after what is under way."""
    for refund_id in _in_time(refunding.to_send(now=now)):
        send_refund(refund_id, now)


def send_refund(refund_id: int, now: datetime) -> None:
    """Send one refund; where it was perhaps asked for before, ask first."""
    with transaction():
        claimed = refunding.claim(refund_id, now=now)
        asked = refunding.order(claimed[0]) if claimed else None
        provider = _provider(claimed[0]) if claimed else ""
    if claimed is None or asked is None:
        return
    refund, perhaps = claimed
    try:
        gateway = gateways.gateway(provider)
        answer = gateway.refund_state(asked) if perhaps else RefundAnswer("none")
        if answer.state == "none":
            answer = gateway.refund(asked)
    except NotSent as why:
        _unanswered(refund, why, perhaps=perhaps, now=now)
        return
    except KeyError:
        _unanswered(refund, Unreachable(f"{provider} is not set up"), perhaps=perhaps, now=now)
        return
    with transaction():
        if refunding.answered(refund, answer, now=now):
            row = db.session.get(Appointment, refund.appointment_id, populate_existing=True)
            assert row is not None
            telling.refunded(row, refund, now=now)


def _unanswered(refund: Refund, why: NotSent, *, perhaps: bool, now: datetime) -> None:
    log.warning("refund %s: %s: %s", refund.id, type(why).__name__, why)
    with transaction():
        if isinstance(why, Refused | Unknowable):
            refunding.leave_to_a_person(refund, fault=_said(why), now=now)
        else:
            refunding.unanswered(refund, fault=_said(why), perhaps=perhaps or isinstance(why, Unknown), now=now)


def reconcile(now: datetime) -> None:
    """Once a day ask the gateways about the last days again, some of it in each sweep, and list what differs."""
    with transaction():
        if turns.claim("payments.reconcile", span=RECONCILED_EVERY, now=now):
            _to_compare[:] = reversed(reconciling.to_compare(now=now))
    for _ in _in_time(range(len(_to_compare))):
        _compare(_to_compare.pop(), now=now)


def _compare(attempt_id: int, *, now: datetime) -> None:
    attempt = db.session.get(Attempt, attempt_id, populate_existing=True)
    if attempt is None:
        return
    try:
        gateway = gateways.gateway(attempt.provider)
        answer = gateway.query(attempt.token, attempt.session)
        refunds = [(each, gateway.refund_state(refunding.order(each))) for each in reconciling.returned(attempt.id)]
    except (NotSent, KeyError) as why:
        log.warning("attempt %s could not be compared: %s", attempt_id, _said(why))
        return
    with transaction():
        found = reconciling.compare(attempt, answer, now=now)
        for refund, said in refunds:
            reconciling.compare_refund(refund, said, now=now)
        if found and found[0] == "missing_here":
            paying.hear(attempt, answer, now=now)  # money that no event told of: it has its effect, and is listed


def _provider(refund: Refund) -> str:
    attempt = db.session.get(Attempt, refund.attempt_id)
    assert attempt is not None
    return attempt.provider


def _in_time(ids: Iterable[int]) -> Iterator[int]:
    """One after another, as many of these as a sweep has time for."""
    began = time.monotonic()
    for row_id in ids:
        if time.monotonic() - began > SECONDS_A_STEP or stopping.is_set():
            return
        yield row_id


def _said(why: BaseException) -> str:
    return str(why) or type(why).__name__
