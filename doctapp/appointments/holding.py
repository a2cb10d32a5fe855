"""Holding a number for fifteen minutes, before anybody is known; the database decides who was first."""

from __future__ import annotations

from datetime import datetime, timedelta

from flask import current_app
from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, false, func, literal, select, update
from sqlalchemy.orm import joinedload

from doctapp.accounts import limits
from doctapp.appointments import life, places, references
from doctapp.appointments.life import By
from doctapp.appointments.models import Appointment
from doctapp.db import Moment, db, insert, later, lock
from doctapp.doctors.models import Chamber, Doctor
from doctapp.errors import DomainError
from doctapp.schedules.models import Sitting

HOLD_FOR = timedelta(minutes=15)
EXTEND_BY = timedelta(minutes=10)
LONGEST = timedelta(minutes=35)
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
    """Keep one number for this browser; a repeat gives the same hold again, a new one replaces an old one.

    `person_id` is given only where the phone is proven. Raises NotTaken where the number can't be taken, TooManyHolds
    at the limits a browser and an address have an hour; a hold that was not gained counts for nothing.
    """
    lock(Sitting, sitting_id)
    sitting = _sitting(sitting_id)
    if sitting is None:
        raise SittingClosed
    kept = _kept(sitting_id=sitting_id, number=number, now=now)
    if kept and kept.browser_hash == browser_hash:
        return kept
    if kept:
        raise _why_not(sitting, number=number, now=now)
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
    """Whether the hold still stands; one that is overdue does not, swept or not."""
    return row.status == "held" and _until(row) > now


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


def _expire_overdue(sitting: Sitting, *, number: int, browser_hash: str, now: datetime) -> None:
    """A partial index has no clock: what is overdue is expired by whoever takes the number next."""
    own = (Appointment.browser_hash == browser_hash) & (Appointment.doctor_id == sitting.doctor_id)
    expire_overdue(sitting_id=sitting.id, number=number, now=now, also=own)


def expire_overdue(*, sitting_id: int, number: int, now: datetime, also: ColumnElement[bool] = false()) -> None:
    """End the hold of a number that ran out unnoticed, and those of `also`; its sitting is locked."""
    overdue = select(Appointment).where(Appointment.status == "held", Appointment.held_until <= now)
    here = (Appointment.sitting_id == sitting_id) & (Appointment.number == number)
    for row in db.session.scalars(overdue.where(here | also).order_by(Appointment.id)).all():
        expire(row, now=now)


def expire(row: Appointment, *, now: datetime) -> bool:
    """End an overdue hold; False where somebody else was first."""
    overdue = (Appointment.held_until <= now,)
    event = life.change(row, act="expire", was="held", became="expired", by=life.TIME, now=now, only_if=overdue)
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
        life.change(old, act="replace", was="held", became="expired", by=By("patient"), now=now)
    return old


def _take(
    sitting: Sitting, *, number: int, browser_hash: str, person_id: int | None, language: str, now: datetime
) -> Appointment | None:
    """INSERT … SELECT … ON CONFLICT DO NOTHING: the sitting's own row says whether the number may be taken."""
    about_at = later(Sitting.starts_at, (literal(number) - 1) * Sitting.minutes)
    soonest = later(literal(now, Moment), Chamber.lead_minutes)
    for _draw in range(DRAWS):
        ref = references.draw()
        values = {
            "ref": literal(ref),
            "sitting_id": Sitting.id,
            "doctor_id": Sitting.doctor_id,
            "number": literal(number),
            "about_at": about_at,
            "status": literal("held"),
            "created_at": literal(now, Moment),
            "browser_hash": literal(browser_hash),
            "held_until": literal(now + HOLD_FOR, Moment),
            "person_id": literal(person_id, db.Integer()),
            "language": literal(language),
        }
        may_be_taken = (
            select(*values.values())
            .join(Chamber, Chamber.id == Sitting.chamber_id)
            .join(Doctor, Doctor.id == Sitting.doctor_id)
            .where(Sitting.id == sitting.id, Sitting.cancelled_at.is_(None), Sitting.capacity >= number)
            .where(Doctor.status == "approved", Chamber.live_at <= now, about_at > soonest, literal(number) >= 1)
        )
        taking = insert(Appointment).from_select(list(values), may_be_taken).on_conflict_do_nothing()
        row_id = db.session.scalar(taking.returning(Appointment.id))
        if row_id is not None:
            return db.session.get(Appointment, row_id)
        if _is_gone(sitting, number=number, now=now):
            return None
        _replace_old(sitting, browser_hash=browser_hash, now=now)
    return None


def _is_gone(sitting: Sitting, *, number: int, now: datetime) -> bool:
    """Whether the number itself was lost; if not, the reference collided, or this browser's other tap was first."""
    there = select(Appointment.id).filter_by(sitting_id=sitting.id, number=number).where(places.is_kept(now))
    open_here = sitting.cancelled_at is None and 1 <= number <= sitting.capacity
    soonest = now + timedelta(minutes=sitting.chamber.lead_minutes)
    return not open_here or places.about(sitting, number) <= soonest or db.session.scalar(there) is not None


def _why_not(sitting: Sitting, *, number: int, now: datetime) -> NotTaken:
    """Which rule lost, by the rows as they are now."""
    if sitting.cancelled_at is not None or sitting.chamber.live_at is None:
        return SittingClosed()
    if not 1 <= number <= sitting.capacity:
        return NoSuchPlace()
    if places.about(sitting, number) <= now + timedelta(minutes=sitting.chamber.lead_minutes):
        return TooSoon()
    return NumberTaken()


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
