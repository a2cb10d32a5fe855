"""Paid means booked: a payment begins on a kept number, and what the gateway says of it books the number or goes back.

Captured money and what it brings – booked, or a refund that is due – are one transaction (domain.md, "Money").
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import update

from doctapp.accounts.models import Person
from doctapp.appointments import giving_back, holding, life, requesting, telling
from doctapp.appointments.holding import LEAST_TIME_TO_PAY, LONGEST, HoldRanOut
from doctapp.appointments.life import TIME, By
from doctapp.appointments.models import KEPT, Appointment, Event
from doctapp.appointments.requesting import AHEAD, Fee, FeeChanged
from doctapp.audit.recording import record
from doctapp.db import db, lock
from doctapp.doctors.models import Chamber
from doctapp.errors import DomainError
from doctapp.gateways import payments as gateways
from doctapp.gateways.payments import Answer
from doctapp.payments import attempts, queries, receipts, reconciling, refunding, settling
from doctapp.payments.models import Attempt
from doctapp.schedules.models import Sitting

TIME_TO_PAY = timedelta(minutes=20)
AFTER_A_FAILURE = timedelta(minutes=10)
STANDS = ("requested", "booked", "arrived", "called", "in_consultation", "completed")


class NotOffered(DomainError):
    status = 422
    message = _l("This chamber does not take that. Choose another way to pay.")


class NoTimeToPay(DomainError):
    """The hold can't be made long enough for a payment; the page offers to hold the number again."""

    status = 410
    message = _l("There is too little time left to pay. Your answers are kept: take the serial again, then pay.")


class DecidedMeanwhile(DomainError):
    message = _l("Somebody else, or time, decided about this money before you.")


class OtherCurrency(DomainError):
    message = _l("This came in another currency than was asked, so it can't stand for the fee: give it back.")


@dataclass(frozen=True)
class Part:
    """How much may be paid now: the name of the part, and its amount in poisha."""

    name: str
    amount: int


def methods(chamber: Chamber) -> list[str]:
    """The ways to pay that this chamber takes and these settings can reach; at the chamber is always one."""
    taken = chamber.methods.split()
    return ["chamber", *(name for name in gateways.offered() if name in taken)]


def parts(chamber: Chamber, price: int) -> list[Part]:
    """What may be paid online of this price: the advance, the whole, or either; the advance is never the whole."""
    found = []
    if chamber.online_part != "whole" and 0 < chamber.advance < price:
        found.append(Part("advance", chamber.advance))
    if price > 0 and (chamber.online_part != "advance" or not found):
        found.append(Part("whole", price))
    return found


def pay_until(row: Appointment) -> datetime:
    """How long a kept number can be kept at most while somebody pays: 35 minutes from its beginning, or its offer."""
    longest = row.created_at + LONGEST
    return max(longest, row.held_until or longest) if row.status == "offered" else longest


def begin(row: Appointment, *, provider: str, part: str, fee_seen: int | None, now: datetime) -> Attempt:
    """Begin to pay for a kept number: its end moves to 20 minutes from now, if that is later and within its limit.

    Raises HoldRanOut, NoTimeToPay, NotOffered, FeeChanged, or what `requesting.ask` raises of the patient and the counts.
    """
    person = requesting.lock_person(row)
    lock(Sitting, row.sitting_id, share=True)
    db.session.refresh(row)
    if row.status in AHEAD:
        raise requesting.AlreadyRequested
    requesting.check_open(row)
    if not holding.is_held(row, now=now):
        raise HoldRanOut
    fee = _fee(row, person, now=now)
    if fee_seen not in {None, fee.price}:
        raise FeeChanged
    chamber = row.sitting.chamber
    amount = next((each.amount for each in parts(chamber, fee.price) if each.name == part), None)
    if provider not in methods(chamber) or provider == "chamber" or amount is None:
        raise NotOffered
    if pay_until(row) - now < LEAST_TIME_TO_PAY:
        raise NoTimeToPay
    if not _keep(row, now + TIME_TO_PAY, now=now):
        raise HoldRanOut
    return attempts.begin(
        appointment_id=row.id,
        provider=provider,
        part=part,
        visit=fee.visit,
        price=fee.price,
        amount=amount,
        currency=chamber.currency,
        now=now,
    )


def _fee(row: Appointment, person: Person, *, now: datetime) -> Fee:
    """The fee, once it is clear whom the visit is for and that this many appointments are allowed.

    Whoever is new is only tried: a patient is made by the request, and a payment may never come.
    """
    with db.session.begin_nested() as trial:
        patient = requesting.named_patient(row, person, now=now)
        requesting.check_counts(row, patient, now=now)
        fee = requesting.granted(row, patient)
        trial.rollback()
    return fee


def _keep(row: Appointment, until: datetime, *, now: datetime) -> bool:
    """Move the end of a kept number, never backwards and never past its limit; False where it is over."""
    wanted = max(row.held_until or now, min(until, pay_until(row)))
    keeping = update(Appointment).where(Appointment.id == row.id, Appointment.status.in_(KEPT))
    keeping = keeping.where(Appointment.held_until > now).values(held_until=wanted)
    kept = db.session.execute(keeping, execution_options={"synchronize_session": False})
    db.session.refresh(row)
    return bool(kept.rowcount == 1)  # type: ignore[attr-defined]


def hear(attempt: Attempt, answer: Answer, *, now: datetime) -> bool:
    """Let the gateway's answer have its effect, once: booked, or owed back, or ten minutes to try another way.

    False where it said nothing new; other money than was captured, for the same order, is listed for a person.
    """
    row = _locked(attempt)
    if not settling.settle(attempt, answer, now=now):
        if answer.state == attempt.state == "captured":
            reconciling.compare(attempt, answer, now=now)
        return False
    if attempt.state == "captured":
        _captured(row, attempt, now=now)
    else:
        _keep(row, now + AFTER_A_FAILURE, now=now)
    return True


def failed(attempt: Attempt, *, fault: str, now: datetime) -> bool:
    """The gateway would not even begin: the attempt ends, and there are ten minutes to choose another way."""
    row = _locked(attempt)
    if not attempts.fail(attempt, fault=fault, now=now):
        return False
    _keep(row, now + AFTER_A_FAILURE, now=now)
    return True


def _locked(attempt: Attempt) -> Appointment:
    """The attempt's appointment, after its person and its sitting were locked, in that order; read anew."""
    row = db.session.get(Appointment, attempt.appointment_id, populate_existing=True)
    assert row is not None
    if row.person_id is not None:
        lock(Person, row.person_id)
    lock(Sitting, row.sitting_id, share=True)
    lock(Appointment, row.id)
    db.session.refresh(row)
    return row


def _captured(row: Appointment, attempt: Attempt, *, now: datetime) -> None:
    if attempt.flag:
        _wait_for_admin(row, attempt, now=now)
    elif not _books(row, attempt, now=now):
        _return(row, attempt, cause=_why_not(row), now=now)


def _wait_for_admin(row: Appointment, attempt: Attempt, *, now: datetime) -> None:
    """Money that does not look as it was asked books nothing: the number is requested, and an admin decides.

    Where it can't even be requested, or is paid already, the money goes back.
    """
    if row.status in {*KEPT, "expired"}:
        _tried(row, attempt, "ask", now=now)
    if row.status not in STANDS or row.paid:
        _return(row, attempt, cause=_why_not(row), now=now)


def _why_not(row: Appointment) -> str:
    """Why money can't stand: another payment does, or the place was gone when it came."""
    return "twice" if row.paid and row.status in STANDS else "late"


def _return(row: Appointment, attempt: Attempt, *, cause: str, now: datetime) -> None:
    """All of it goes back at once, nobody has to decide about it any more, and the patient is told why."""
    settling.decide(attempt, by_id=None, now=now)
    refund = refunding.due(attempt, cause=cause, not_before=now, now=now)
    if refund is not None:
        telling.going_back(row, refund, now=now)


def _books(row: Appointment, attempt: Attempt, *, now: datetime) -> bool:
    """Let the money stand for this visit, with a receipt, and what else came for it go back.

    False where the place is lost, or another payment stands for it.
    """
    if row.status in {*KEPT, "expired"}:
        stands = _tried(row, attempt, "book", now=now)
    else:
        stands = row.status in STANDS and _stand(row, attempt, now=now)
    if not stands:
        return False
    receipts.give(attempt, clinic_id=row.sitting.chamber.clinic_id, now=now)
    for other in queries.captured(row.id):
        if other.id != attempt.id:
            _return(row, other, cause="twice", now=now)
    return True


def _tried(row: Appointment, attempt: Attempt, what: str, *, now: datetime) -> bool:
    """Ask for, and perhaps book, the number it was paid for, if it can still be had; else nothing is changed."""
    try:
        with db.session.begin_nested():
            event = _asked(row, attempt, now=now)
            if what == "ask":
                telling.requested(row, event, now=now)
            elif not _stand(row, attempt, now=now):
                raise HoldRanOut
    except DomainError:
        db.session.expire_all()  # what was changed and taken back is read anew
        return False
    return True


def _asked(row: Appointment, attempt: Attempt, *, now: datetime) -> Event:
    """The request that the payment stands for, at the price that was agreed when it began."""
    person = requesting.lock_person(row)
    requesting.check_open(row)
    if row.about_at <= now:
        raise holding.TooSoon
    if row.status == "expired":
        holding.expire_overdue(sitting_id=row.sitting_id, number=row.number, now=now)
    fee = _agreed(row, attempt, now=now)
    event = requesting.ask(row, person, fee=fee, method=attempt.provider, now=now)
    if event is None:
        raise HoldRanOut
    return event


def _agreed(row: Appointment, attempt: Attempt, *, now: datetime) -> Fee:
    """The fee as it was when the payment began, whatever the chamber asks by now.

    Where the answers were changed since, and are of a dearer visit, it is that one, and the rest is paid at the chamber.
    """
    agreed, now_asked = (
        Fee(attempt.visit, attempt.price),
        requesting.granted(row, requesting.likely_patient(row, now=now)),
    )
    return now_asked if now_asked.visit != agreed.visit and now_asked.price > agreed.price else agreed


def _stand(row: Appointment, attempt: Attempt, *, now: datetime) -> bool:
    """It is paid now; what was requested is booked by that: nobody has to accept it, and nobody can undo it."""
    was = row.status
    booking: dict[str, Any] = {"booked_at": now, "lapses_at": None} if was == "requested" else {}
    event = life.change(
        row,
        act="pay",
        was=was,
        became="booked" if booking else was,
        by=TIME,
        now=now,
        only_if=(Appointment.paid == 0,),
        paid=attempt.captured_amount,
        method=attempt.provider,
        **booking,
    )
    if event and row.status == "booked":
        telling.booked(row, event, now=now, wait=telling.AT_ONCE)
    return event is not None


def let_stand(attempt: Attempt, *, by: By, now: datetime) -> None:
    """An admin lets flagged money stand: it books the visit.

    Raises DecidedMeanwhile where somebody was first, and OtherCurrency for money that is no part of a fee in taka.
    """
    row = _locked(attempt)
    if attempt.captured_currency != attempt.currency:
        raise OtherCurrency
    if not settling.decide(attempt, by_id=by.person_id, now=now) or not _books(row, attempt, now=now):
        raise DecidedMeanwhile
    _audit("let_stand", row, attempt, by=by, now=now)


def give_back(attempt: Attempt, *, by: By, now: datetime) -> None:
    """An admin gives flagged money back; a request that waited for it ends. Raises DecidedMeanwhile."""
    row = _locked(attempt)
    if not settling.decide(attempt, by_id=by.person_id, now=now):
        raise DecidedMeanwhile
    _return(row, attempt, cause="flagged", now=now)
    if row.status == "requested" and row.method == attempt.provider:
        event = life.change(row, act="decline", was="requested", became="declined", by=by, now=now, why="payment")
        if event:
            telling.declined(row, event, now=now, wait=telling.AT_ONCE)
            giving_back.ended(row, event, now=now)
    _audit("give_back", row, attempt, by=by, now=now)


def _audit(act: str, row: Appointment, attempt: Attempt, *, by: By, now: datetime) -> None:
    record(
        act, kind="payment", row_id=attempt.id, person_id=by.person_id, side=by.side, patient_id=row.patient_id, now=now
    )
