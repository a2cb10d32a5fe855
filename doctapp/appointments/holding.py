"""Holding a number for fifteen minutes, before anybody is known; the database decides who was first."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from flask import current_app
from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, false, func, literal, select, true, update
from sqlalchemy.orm import joinedload

from doctapp.accounts import limits
from doctapp.appointments import life, places, references, waiting
from doctapp.appointments.life import By
from doctapp.appointments.models import KEPT, Appointment
from doctapp.db import Moment, db, insert, later, lock
from doctapp.doctors.models import Chamber, Doctor
from doctapp.errors import DomainError
from doctapp.payments import attempts
from doctapp.schedules.models import Sitting

HOLD_FOR = timedelta(minutes=15)
EXTEND_BY = timedelta(minutes=10)
LONGEST = timedelta(minutes=35)
LEAST_TIME_TO_PAY = timedelta(minutes=5)
FEWEST_UNPROVEN = 2
DRAWS = 5


class NotTaken(DomainError):
    """The number can't be taken; the door offers the three nearest."""


class NumberTaken(NotTaken):
    message = _l("Someone took this serial a moment before you.")


class NoSuchPlace(NotTaken):
    message = _l("This sitting does not have that serial.")


class TooSoon(NotTaken):
    message = _l("This time is too near to be booked here. Call the chamber, or choose a later one.")


class SittingClosed(NotTaken):
    message = _l("The doctor does not sit at this time after all.")


class OthersWait(NotTaken):
    message = _l("Others wait for this sitting. Put yourself on the list: we text you when it is your turn.")


class PaymentOpen(NotTaken):
    """This browser is just paying for another number of the doctor's; `payment` is the address of that."""

    message = _l("You are just paying for another serial with this doctor. Finish that payment first.")


class TooManyUnproven(NotTaken):
    message = _l("Many people are just now choosing a serial here. Try again in some minutes, or take another time.")


class TooManyHolds(limits.TooMany):
    message = _l("You chose many times in a short while. Go on with the one you hold, or wait a little.")


class HoldRanOut(DomainError):
    status = 410
    message = _l("The time to finish ran out. Your answers are kept.")


def hold(
    *,
    sitting_id: int,
    number: int,
    browser_hash: str,
    person_id: int | None,
    address: str,
    language: str,
    now: datetime,
) -> Appointment:
    """Keep one number for this browser; a repeat gives the same hold or offer again, a new one replaces an old one.

    A hold in which no payment can begin any more is one that a repeat replaces.
    `person_id` is given only where the phone is proven. Raises NotTaken where the number can't be taken, TooManyHolds
    at the limits a browser and an address have an hour; a hold that was not gained counts for nothing.
    """
    lock(Sitting, sitting_id)
    sitting = _sitting(sitting_id)
    if sitting is None:
        raise SittingClosed
    kept = _kept(sitting_id=sitting_id, number=number, now=now)
    own = kept is not None and kept.browser_hash == browser_hash
    if kept and own and not _is_nearly_over(kept, now=now):
        return kept
    if kept and not own:
        raise _why_not(sitting, number=number, kept=kept, now=now)
    _expire_overdue(sitting, number=number, browser_hash=browser_hash, now=now)
    _check_unproven(sitting, person_id=person_id, now=now)
    before = _replace_old(sitting, browser_hash=browser_hash, now=now)
    row = _take(sitting, number=number, browser_hash=browser_hash, person_id=person_id, language=language, now=now)
    if row is None:
        raise _why_not(sitting, number=number, now=now)
    _carry_over(row, before or _last_try(sitting, browser_hash=browser_hash, now=now))
    life.record(row, act="hold", was=None, became="held", by=By("patient", person_id), now=now)
    _count(browser_hash=browser_hash, address=address, now=now)
    return row


def extend(row: Appointment, *, now: datetime) -> None:
    """Ten minutes more, once; raises HoldRanOut where the hold is over, says nothing where it was extended before."""
    until = min(_until(row) + EXTEND_BY, row.created_at + LONGEST)
    deciding = (
        update(Appointment)
        .where(Appointment.id == row.id, Appointment.status == "held", Appointment.held_until > now)
        .where(Appointment.extended.is_(False))
        .values(held_until=until, extended=True)
        .execution_options(synchronize_session=False)
    )
    gained = db.session.execute(deciding).rowcount == 1  # type: ignore[attr-defined]
    db.session.refresh(row)
    if not gained and not is_held(row, now=now):
        raise HoldRanOut


def is_held(row: Appointment, *, now: datetime) -> bool:
    """Whether the hold, or the offer, still stands; one that is overdue does not, swept or not."""
    return row.status in KEPT and _until(row) > now


def _until(row: Appointment) -> datetime:
    return row.held_until or row.created_at


def _sitting(sitting_id: int) -> Sitting | None:
    query = select(Sitting).where(Sitting.id == sitting_id).options(joinedload(Sitting.chamber))
    return db.session.scalars(query.execution_options(populate_existing=True)).first()


def _kept(*, sitting_id: int, number: int, now: datetime) -> Appointment | None:
    """Who has the number: this browser after a repeated tap, or Back after the request; or somebody else.

    Most who race for a number come too late, and are told so before they write anything; the INSERT still decides.
    """
    query = select(Appointment).filter_by(sitting_id=sitting_id, number=number).where(places.is_kept(now))
    return db.session.scalars(query).first()


def _is_nearly_over(row: Appointment, *, now: datetime) -> bool:
    """Whether a hold has too little left of its longest time for a payment to begin, and none is open."""
    left = row.created_at + LONGEST - now
    return row.status == "held" and left < LEAST_TIME_TO_PAY and attempts.open_of(row.id) is None


def _expire_overdue(sitting: Sitting, *, number: int, browser_hash: str, now: datetime) -> None:
    """A partial index has no clock: what is overdue is expired by whoever takes the number next."""
    own = (Appointment.browser_hash == browser_hash) & (Appointment.doctor_id == sitting.doctor_id)
    expire_overdue(sitting_id=sitting.id, number=number, now=now, also=own)


def expire_overdue(*, sitting_id: int, number: int, now: datetime, also: ColumnElement[bool] = false()) -> None:
    """End the hold or offer of a number that ran out unnoticed, and those of `also`; its sitting is locked."""
    overdue = select(Appointment).where(places.is_overdue(now))
    here = (Appointment.sitting_id == sitting_id) & (Appointment.number == number)
    overdue = overdue.where(here | also).order_by(Appointment.id).execution_options(populate_existing=True)
    for row in db.session.scalars(overdue).all():
        expire(row, now=now)


def expire(row: Appointment, *, now: datetime) -> bool:
    """End an overdue hold, or an offer, which then passed by who waited for it; False where somebody else was first."""
    was, overdue = row.status, (Appointment.held_until <= now,)
    if was not in KEPT:
        return False
    event = life.change(row, act="expire", was=was, became="expired", by=life.TIME, now=now, only_if=overdue)
    if event and row.waiting_id is not None:
        waiting.end(row.waiting_id, "passed", now=now)
    return event is not None


def _check_unproven(sitting: Sitting, *, person_id: int | None, now: datetime) -> None:
    """Holds without a proven phone take at most a third of a sitting, at least two; counted under its lock."""
    if person_id is not None:
        return
    unproven = select(func.count()).select_from(Appointment).where(Appointment.sitting_id == sitting.id)
    unproven = unproven.where(Appointment.status == "held", Appointment.held_until > now)
    if (db.session.scalar(unproven.where(Appointment.person_id.is_(None))) or 0) >= max(
        FEWEST_UNPROVEN, sitting.capacity // 3
    ):
        raise TooManyUnproven


def _replace_old(sitting: Sitting, *, browser_hash: str, now: datetime) -> Appointment | None:
    query = select(Appointment).filter_by(browser_hash=browser_hash, doctor_id=sitting.doctor_id, status="held")
    old = db.session.scalars(query).first()
    if old:
        lock(Appointment, old.id)  # whoever begins to pay for it does so before this, or after it and is refused
        paying = attempts.open_of(old.id)
        if paying:
            raise PaymentOpen(payment=paying.token)
        life.change(old, act="replace", was="held", became="expired", by=By("patient"), now=now)
    return old


def _take(
    sitting: Sitting, *, number: int, browser_hash: str, person_id: int | None, language: str, now: datetime
) -> Appointment | None:
    """The taking statement, again where only the reference collided; nobody takes what others wait for."""
    own = {"browser_hash": browser_hash, "person_id": person_id, "language": language}
    nobody_waits = ~places.is_awaited()
    for _draw in range(DRAWS):
        taking = statement(
            sitting.id, number, status="held", until=now + HOLD_FOR, now=now, only_if=nobody_waits, **own
        )
        row_id = db.session.scalar(taking)
        if row_id is not None:
            return db.session.get(Appointment, row_id)
        if is_gone(sitting, number=number, now=now) or places.awaited([sitting]):
            return None
        _replace_old(sitting, browser_hash=browser_hash, now=now)
    return None


def statement(
    sitting_id: int,
    number: int,
    *,
    status: str,
    until: datetime,
    now: datetime,
    only_if: ColumnElement[bool] = true(),
    **values: Any,
) -> Any:
    """INSERT … SELECT … ON CONFLICT DO NOTHING: the sitting's own row says whether the number may be taken.

    It answers the id of the new row, which keeps the number until then; none where it was lost.
    """
    about_at = later(Sitting.starts_at, (literal(number) - 1) * Sitting.minutes)
    soonest = later(literal(now, Moment), Chamber.lead_minutes)
    given = {"ref": references.draw(), "number": number, "status": status, "created_at": now, "held_until": until}
    columns: dict[str, Any] = {
        name: literal(value, getattr(Appointment, name).type) for name, value in (given | values).items()
    }
    columns |= {"sitting_id": Sitting.id, "doctor_id": Sitting.doctor_id, "about_at": about_at}
    may_be_taken = (
        select(*columns.values())
        .join(Chamber, Chamber.id == Sitting.chamber_id)
        .join(Doctor, Doctor.id == Sitting.doctor_id)
        .where(Sitting.id == sitting_id, Sitting.cancelled_at.is_(None), Sitting.capacity >= number)
        .where(Doctor.status == "approved", Chamber.live_at <= now, about_at > soonest, literal(number) >= 1, only_if)
    )
    taking = insert(Appointment).from_select(list(columns), may_be_taken).on_conflict_do_nothing()
    return taking.returning(Appointment.id)


def is_gone(sitting: Sitting, *, number: int, now: datetime) -> bool:
    """Whether the number itself was lost; if not, the reference collided, or this browser's other tap was first."""
    there = select(Appointment.id).filter_by(sitting_id=sitting.id, number=number).where(places.is_kept(now))
    open_here = sitting.cancelled_at is None and 1 <= number <= sitting.capacity
    soonest = now + timedelta(minutes=sitting.chamber.lead_minutes)
    return not open_here or places.about(sitting, number) <= soonest or db.session.scalar(there) is not None


def _why_not(sitting: Sitting, *, number: int, kept: Appointment | None = None, now: datetime) -> NotTaken:
    """Which rule lost, by the rows as they are now."""
    if sitting.cancelled_at is not None or sitting.chamber.live_at is None:
        return SittingClosed()
    if not 1 <= number <= sitting.capacity:
        return NoSuchPlace()
    if places.about(sitting, number) <= now + timedelta(minutes=sitting.chamber.lead_minutes):
        return TooSoon()
    kept = kept or _kept(sitting_id=sitting.id, number=number, now=now)
    return OthersWait() if kept is None and places.awaited([sitting]) else NumberTaken()


def _last_try(sitting: Sitting, *, browser_hash: str, now: datetime) -> Appointment | None:
    """The browser's newest hold at this doctor that ran out: its answers are kept for the next one."""
    query = select(Appointment).filter_by(browser_hash=browser_hash, doctor_id=sitting.doctor_id, status="expired")
    return db.session.scalars(query.order_by(Appointment.id.desc()).limit(1)).first()


def _carry_over(row: Appointment, old: Appointment | None) -> None:
    if old is None:
        return
    for name in ("typed_who", "typed_name", "typed_age", "typed_sex", "typed_phone", "visit", "reason"):
        setattr(row, name, getattr(old, name))
    db.session.flush()


def _count(*, browser_hash: str, address: str, now: datetime) -> None:
    """Count a hold that was gained; the counts are locked last, so that nobody waits for them long."""
    settings = current_app.config["SETTINGS"]
    for kind, key, most in (
        ("hold-browser", browser_hash, settings.holds_per_browser_hour),
        ("hold-address", address, settings.holds_per_address_hour),
    ):
        limits.check(kind, key, most=most, per=limits.HOUR, now=now, error=TooManyHolds)
        limits.count(kind, key, now=now)
