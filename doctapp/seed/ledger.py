"""Appointments with the events of their lives, gathered and then written in bulk."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select, update

from doctapp.appointments import places
from doctapp.appointments.models import Appointment, Event
from doctapp.appointments.references import ALPHABET
from doctapp.appointments.requesting import answer_by
from doctapp.db import db
from doctapp.schedules.models import Sitting
from doctapp.seed.bulk import write
from doctapp.seed.people import Guest

# What led to each status, as the rules write it: (act, the state it led to, whose act it was).
HELD, REQUESTED = ("hold", "held", "patient"), ("request", "requested", "patient")
BOOKED = ("accept", "booked", "clinic")
LIVES = {
    "requested": (HELD, REQUESTED),
    "booked": (HELD, REQUESTED, BOOKED),
    "declined": (HELD, REQUESTED, ("decline", "declined", "clinic")),
    "cancelled": (HELD, REQUESTED, BOOKED, ("cancel", "cancelled", "patient")),
    "no_show": (HELD, REQUESTED, BOOKED, ("no_show", "no_show", "clinic")),
    "completed": (
        HELD,
        REQUESTED,
        BOOKED,
        ("arrive", "arrived", "clinic"),
        ("call", "called", "clinic"),
        ("begin", "in_consultation", "clinic"),
        ("complete", "completed", "clinic"),
    ),
}
TAKES_ITS_NUMBER = frozenset({"requested", "booked", "completed", "no_show"})
IN_THE_ROOM = {"arrive": -12, "call": 3, "begin": 4, "complete": 13, "no_show": 40}
TO_CHOOSE = timedelta(minutes=4)
A_DOCTORS = 3_000
ALL_REFERENCES = len(ALPHABET) ** 6
STRIDE = 433_494_437  # shares no factor with ALL_REFERENCES: every n gives another reference


def reference(n: int) -> str:
    """The n-th reference of the demo: it looks drawn, and no two are the same."""
    rest, letters = n * STRIDE % ALL_REFERENCES, ""
    for _ in range(6):
        rest, letter = divmod(rest, len(ALPHABET))
        letters += ALPHABET[letter]
    return f"{letters[:3]}-{letters[3:]}"


@dataclass(frozen=True, slots=True)
class Booking:
    """One number for one guest: asked for, perhaps answered, perhaps ended.

    Letters go only to those who are `told`, so that a demo never writes thousands.
    """

    sitting: Sitting
    number: int
    guest: Guest
    status: str
    asked_at: datetime
    answered_after: timedelta = timedelta(minutes=25)
    ended_at: datetime | None = None
    visit: str = "new"
    reason: str = ""
    why: str = ""
    told: bool = False

    @property
    def about_at(self) -> datetime:
        return places.about(self.sitting, self.number)

    @property
    def is_automatic(self) -> bool:
        return self.sitting.chamber.acceptance == "auto"

    @property
    def answered_at(self) -> datetime:
        return self.asked_at if self.is_automatic else self.asked_at + self.answered_after

    def row(self, ref: str) -> dict[str, Any]:
        """The appointment as the rules would have left it."""
        chamber = self.sitting.chamber
        lapses_at = answer_by(self.about_at, now=self.asked_at)
        was_booked = BOOKED in LIVES[self.status]
        return {
            "ref": ref,
            "sitting_id": self.sitting.id,
            "doctor_id": self.sitting.doctor_id,
            "number": self.number,
            "about_at": self.about_at,
            "status": self.status,
            "sequence": 0,
            "created_at": self.asked_at - TO_CHOOSE,
            "extended": False,
            "person_id": self.guest.person_id,
            "patient_id": self.guest.patient_id,
            "phone": self.guest.phone if self.told else None,
            "language": self.guest.language,
            "visit": self.visit,
            "reason": self.reason,
            "method": "chamber",
            "price": {"new": chamber.fee_new, "follow_up": chamber.fee_follow_up}[self.visit],
            "currency": chamber.currency,
            "cut_off_minutes": chamber.cut_off_minutes,
            "requested_at": self.asked_at,
            "remind_at": self.asked_at + (lapses_at - self.asked_at) / 2,
            "lapses_at": None if was_booked and self.is_automatic else lapses_at,
            "booked_at": self.answered_at if was_booked else None,
        }

    def events(self, appointment_id: int, *, now: datetime) -> Iterator[dict[str, Any]]:
        """What happened to it, one after the other."""
        was = None
        for act, became, side in LIVES[self.status]:
            yield {
                "appointment_id": appointment_id,
                "act": act,
                "was": was,
                "became": became,
                **self._by(act, side),
                "why": self.why if became == self.status and became in {"cancelled", "declined"} else "",
                "at": min(self._at(act), now),
            }
            was = became

    def _by(self, act: str, side: str) -> dict[str, Any]:
        if act == "accept" and self.is_automatic:
            return {"side": "time", "person_id": None, "clinic_id": None}
        if side == "patient":
            return {"side": side, "person_id": self.guest.person_id, "clinic_id": None}
        chamber = self.sitting.chamber
        return {"side": side, "person_id": chamber.doctor.person_id, "clinic_id": chamber.clinic_id}

    def _at(self, act: str) -> datetime:
        if act in IN_THE_ROOM:
            return self.about_at + timedelta(minutes=IN_THE_ROOM[act])
        return {
            "hold": self.asked_at - TO_CHOOSE,
            "request": self.asked_at,
            "accept": self.answered_at,
            "decline": self.answered_at,
            "cancel": self.ended_at or self.answered_at,
        }[act]


class Ledger:
    """The bookings of a batch of doctors."""

    def __init__(self, *, now: datetime) -> None:
        self.now = now
        self._bookings: list[Booking] = []
        self._taken: dict[int, set[int]] = defaultdict(set)

    def free(self, sitting: Sitting) -> list[int]:
        """The numbers of a sitting that nobody has or had."""
        return [number for number in range(1, sitting.capacity + 1) if number not in self._taken[sitting.id]]

    def add(self, booking: Booking) -> None:
        """Note a booking for `write`."""
        self._bookings.append(booking)
        if booking.status in TAKES_ITS_NUMBER:
            self._taken[booking.sitting.id].add(booking.number)

    def write(self) -> int:
        """Write all appointments and their events; how many appointments there are."""
        rows = [booking.row(ref) for booking, ref in zip(self._bookings, self._references(), strict=True)]
        write(Appointment, rows)
        ids = _ids({booking.sitting.doctor_id for booking in self._bookings})
        pairs = [(ids[row["ref"]], booking) for row, booking in zip(rows, self._bookings, strict=True)]
        write(Event, [event for row_id, booking in pairs for event in booking.events(row_id, now=self.now)])
        _note_last_events(ids.values())
        return len(rows)

    def _references(self) -> Iterator[str]:
        """One for each booking, numbered by doctor, so that those of another batch never get the same."""
        given: Counter[int] = Counter()
        for booking in self._bookings:
            doctor_id = booking.sitting.doctor_id
            given[doctor_id] += 1
            yield reference(doctor_id * A_DOCTORS + given[doctor_id])


def _ids(doctor_ids: Collection[int]) -> dict[str, int]:
    query = select(Appointment.ref, Appointment.id).where(Appointment.doctor_id.in_(doctor_ids))
    return dict(db.session.execute(query).all())


def _note_last_events(ids: Collection[int]) -> None:
    if not ids:
        return
    last = select(func.max(Event.id)).where(Event.appointment_id == Appointment.id).scalar_subquery()
    noting = update(Appointment).where(Appointment.id.between(min(ids), max(ids)), Appointment.last_event_id.is_(None))
    db.session.execute(noting.values(last_event_id=last).execution_options(synchronize_session=False))
