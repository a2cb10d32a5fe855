"""The demo world written to rows: a batch of doctors with all that is theirs in each transaction.

What is there already stays as it is, so a second call writes nothing, and one after a kill completes the world.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from doctapp.clinics.areas import load_areas
from doctapp.db import db, transaction
from doctapp.doctors.models import Doctor
from doctapp.doctors.specialties import load_specialties
from doctapp.seed import bookings, names, payment, story, world
from doctapp.seed.ledger import Ledger
from doctapp.seed.people import DEMO, Crowd, write_demo_people
from doctapp.seed.practice import write_clinics, write_doctors, write_sittings

Say = Callable[[str], object]
MANY = 3_000
DAYS, DAYS_OF_MANY = 60, 7
BOOKED_OF_MANY = 300
BATCH = 100
PATIENTS_A_BATCH = 2_000


@dataclass(frozen=True)
class Size:
    """How much is written for so many doctors."""

    doctors: int

    @property
    def days(self) -> int:
        return DAYS if self.doctors <= MANY else DAYS_OF_MANY

    @property
    def booked(self) -> int:
        """How many of the doctors, from the first, have appointments."""
        return self.doctors if self.doctors <= MANY else BOOKED_OF_MANY


@dataclass(frozen=True)
class Batch:
    """Doctors that are written together, and the patients who come to them."""

    doctors: Sequence[world.Doctor]
    first: int
    crowd: Sequence[names.Person]


def write_world(*, doctors: int, now: datetime, say: Say) -> None:
    """Write the demo world with that many doctors, as far as it is not there yet."""
    began, size = time.monotonic(), Size(doctors)
    described = _described(doctors)
    owners = _ground(described, now=now, say=say)
    written: Counter[str] = Counter()
    _announce(size, say=say)
    for batch in _batches(described, size):
        with transaction():
            written += _write(batch, owners=owners, size=size, now=now)
        say(f"  {batch.first + len(batch.doctors):,} of {doctors:,} doctors … {_counted(written)}")
    has_paid = payment.pay(now=now)
    if not written and not has_paid:
        say(f"The demo world of {doctors:,} doctors is already there; nothing was written.")
        return
    say(f"The demo world is ready: {_counted(written)}, in {time.monotonic() - began:.1f} s.")


def _described(doctors: int) -> world.World:
    try:
        return world.describe(doctors)
    except ValueError as error:
        raise SystemExit(str(error)) from None


def _ground(described: world.World, *, now: datetime, say: Say) -> dict[str, int]:
    """Areas, specialties, clinics and the demo's people; the persons of doctors one can sign in as, by slug."""
    with transaction():
        areas, specialties = load_areas(), load_specialties()
        write_clinics(described.clinics)
        people = write_demo_people(now=now)
    say(f"{areas:,} areas, {specialties} specialties and {len(described.clinics):,} clinics are there.")
    return {demo.doctor: people[demo.email] for demo in DEMO if demo.doctor}


def _announce(size: Size, *, say: Say) -> None:
    if size.doctors > MANY:
        say(f"More than {MANY:,} doctors: {size.days} days of sittings, and appointments with the first {size.booked}.")


def _batches(described: world.World, size: Size) -> Iterator[Batch]:
    """The doctors who are not there yet, in their order."""
    there = set(db.session.scalars(select(Doctor.slug)))
    many = names.people(-(-size.booked // BATCH) * PATIENTS_A_BATCH)
    for n, first in enumerate(range(0, size.doctors, BATCH)):
        missing = [doctor for doctor in described.doctors[first : first + BATCH] if doctor.slug not in there]
        if missing:
            crowd = many[n * PATIENTS_A_BATCH : (n + 1) * PATIENTS_A_BATCH]
            yield Batch(missing, first, crowd)


def _write(batch: Batch, *, owners: Mapping[str, int], size: Size, now: datetime) -> Counter[str]:
    written = write_doctors(batch.doctors, owners=owners, now=now)
    counted = Counter(doctors=len(written))
    counted["sittings"] = write_sittings(written, days=size.days, past=story.WITH_A_PAST, now=now)
    if batch.crowd:
        counted += _book(batch, written, now=now)
    db.session.expunge_all()
    return counted


def _book(batch: Batch, written: Mapping[int, world.Doctor], *, now: datetime) -> Counter[str]:
    """Patients and appointments; the demo's own people choose their numbers first."""
    ledger = Ledger(now=now)
    crowd = Crowd(batch.crowd, first=batch.first * PATIENTS_A_BATCH // BATCH)
    sittings = bookings.sittings_of(written, now=now)
    has_the_cast = story.ROKEYA in {doctor.slug for doctor in written.values()}
    if has_the_cast:
        story.write_lives(written, sittings, ledger=ledger)
    bookings.fill(written, sittings, ledger=ledger, crowd=crowd)
    counted = Counter(patients=crowd.write(now=now), appointments=ledger.write())
    if has_the_cast:
        story.write_notices(written, now=now)
    return counted


def _counted(written: Counter[str]) -> str:
    return ", ".join(f"{n:,} {what}" for what, n in written.items())
