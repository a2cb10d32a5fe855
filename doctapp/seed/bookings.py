"""Who books what in the demo: full evenings, requests that wait, half-empty weeks."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from doctapp.db import db
from doctapp.doctors.models import Chamber
from doctapp.schedules.models import Sitting
from doctapp.seed import names, world
from doctapp.seed.ledger import Booking, Ledger
from doctapp.seed.people import Crowd, Guest

AHEAD = timedelta(days=10)
FULL_SITTINGS = 3
UNDECIDABLE = frozenset({"applicant", "suspended"})
# A request lapses after a day, and is reminded of at half: these wait with time left for both.
NOT_SOONER = timedelta(hours=30)
ASKED_WITHIN = timedelta(hours=10)
A_SITTING = 8
BEFORE_START = timedelta(hours=3)


@dataclass(frozen=True)
class Diary:
    """One doctor's sittings, to be filled from the crowd."""

    doctor: world.Doctor
    sittings: Sequence[Sitting]
    ledger: Ledger
    crowd: Crowd
    rng: random.Random

    @property
    def now(self) -> datetime:
        return self.ledger.now

    @property
    def is_known(self) -> bool:
        """Whether the doctor is one of the cast, whose patients have a phone that letters go to."""
        return bool(self.doctor.tags & {"demo", "karim", "forty-requests", "two-chambers-one-day"})

    def fill(self) -> None:
        """Everything that is booked with this doctor."""
        if self.doctor.tags & UNDECIDABLE:
            return
        coming = [sitting for sitting in self.sittings if sitting.ends_at > self.now]
        for sitting in self.sittings:
            if sitting.ends_at <= self.now:
                self._past(sitting)
        self._requests(coming)
        for n, sitting in enumerate(coming):
            is_full = "full" in self.doctor.tags and n < FULL_SITTINGS + (coming[0].starts_at <= self.now)
            self._book(sitting, 1.0 if is_full else self._share(sitting))

    def _share(self, sitting: Sitting) -> float:
        """The nearer, the fuller."""
        days = max(0, (sitting.starts_at - self.now).days)
        return max(0.05, self.rng.uniform(0.05, 0.6) * (1 - days / 15))

    def _book(self, sitting: Sitting, share: float) -> None:
        free = self.ledger.free(sitting)
        wanted = min(len(free), max(1, round(sitting.capacity * share)))
        for number in sorted(self.rng.sample(free, wanted)):
            self._one(sitting, number, "booked")

    def _past(self, sitting: Sitting) -> None:
        free = self.ledger.free(sitting)
        for number in sorted(self.rng.sample(free, round(len(free) * self.rng.uniform(0.3, 0.8)))):
            self._one(sitting, number, self.rng.choices(("completed", "no_show", "declined"), (88, 8, 4))[0])

    def _one(self, sitting: Sitting, number: int, status: str) -> None:
        guest = self._guest()
        if guest is None:
            return
        about_at = sitting.starts_at + timedelta(minutes=(number - 1) * sitting.minutes)
        latest = min(self.now, about_at - BEFORE_START) - timedelta(minutes=30)
        asked_at = latest - timedelta(minutes=self.rng.randint(0, 5 * 24 * 60))
        self._add(sitting, number, guest, status, asked_at)

    def _requests(self, coming: Sequence[Sitting]) -> None:
        """Requests that wait for an answer, spread over the next sittings."""
        by_hand = [s for s in coming if s.chamber.acceptance == "hand" and s.starts_at > self.now + NOT_SOONER]
        left = self._waiting()
        asked = sorted(self.rng.uniform(0.01, 1.0) for _ in range(left))
        for sitting in by_hand * A_SITTING:
            if not left or not (free := self.ledger.free(sitting)):
                continue
            guest = self._guest()
            if guest:
                left -= 1
                asked_at = self.now - ASKED_WITHIN * asked[left]
                self._add(sitting, self.rng.choice(free), guest, "requested", asked_at)

    def _waiting(self) -> int:
        if "forty-requests" in self.doctor.tags:
            return 40
        if "demo" in self.doctor.tags:
            return 6
        if "full" in self.doctor.tags:
            return 0
        return self.rng.randint(1, 3) if self.rng.random() < 0.1 else 0

    def _guest(self) -> Guest | None:
        return self.crowd.next(self.doctor.specialties[0])

    def _add(self, sitting: Sitting, number: int, guest: Guest, status: str, asked_at: datetime) -> None:
        reason = self.rng.choice(names.reasons(self.doctor.specialties[0]))
        booking = Booking(
            sitting,
            number,
            guest,
            status,
            asked_at,
            answered_after=timedelta(minutes=self.rng.randint(1, 29)),
            reason=reason.bn if guest.language == "bn" else reason.en,
            why="no_time" if status == "declined" else "",
            told=self.is_known,
        )
        self.ledger.add(booking)


def sittings_of(written: Mapping[int, world.Doctor], *, now: datetime) -> dict[int, list[Sitting]]:
    """The past and the next days' sittings of these doctors, by doctor, in their order."""
    query = select(Sitting).where(Sitting.doctor_id.in_(written), Sitting.starts_at < now + AHEAD)
    query = query.options(joinedload(Sitting.chamber).joinedload(Chamber.doctor))
    query = query.options(joinedload(Sitting.chamber).joinedload(Chamber.clinic))
    found: dict[int, list[Sitting]] = {doctor_id: [] for doctor_id in written}
    for sitting in db.session.scalars(query.order_by(Sitting.starts_at, Sitting.id)):
        found[sitting.doctor_id].append(sitting)
    return found


def fill(
    written: Mapping[int, world.Doctor], sittings: Mapping[int, list[Sitting]], *, ledger: Ledger, crowd: Crowd
) -> None:
    """Fill the diaries of these doctors, the same way every time."""
    for doctor_id, doctor in written.items():
        rng = random.Random(f"{world.SEED} {doctor.slug}")
        Diary(doctor, sittings[doctor_id], ledger, crowd, rng).fill()
