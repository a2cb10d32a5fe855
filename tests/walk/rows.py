"""What the walk sees of the database after each step, read in a few plain statements."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from sqlalchemy import func, select

from doctapp.appointments.models import LIVE, Appointment, Event, Waiting
from doctapp.db import db
from doctapp.notifications.models import Letter, Notification
from doctapp.schedules.models import Sitting

COLUMNS: dict[Any, tuple[Any, ...]] = {
    Appointment: (
        Appointment.id, Appointment.sitting_id, Appointment.doctor_id, Appointment.number, Appointment.about_at,
        Appointment.status, Appointment.last_event_id, Appointment.browser_hash, Appointment.held_until,
        Appointment.person_id, Appointment.patient_id, Appointment.ref, Appointment.requested_at,
        Appointment.lapses_at, Appointment.closed_at, Appointment.patient_moves, Appointment.price,
    ),
    Event: (
        Event.id, Event.appointment_id, Event.act, Event.was, Event.became, Event.person_id, Event.side,
        Event.undoes_id, Event.was_sitting_id, Event.was_number, Event.at,
    ),
    Notification: (Notification.id, Notification.person_id, Notification.kind, Notification.cause),
    Sitting: (
        Sitting.id, Sitting.chamber_id, Sitting.doctor_id, Sitting.local_date, Sitting.local_start, Sitting.starts_at,
        Sitting.ends_at, Sitting.minutes, Sitting.capacity, Sitting.cancelled_at, Sitting.started_at,
        Sitting.late_minutes, Sitting.hours_id,
    ),
    Waiting: (
        Waiting.id, Waiting.sitting_id, Waiting.phone, Waiting.state, Waiting.offer_id, Waiting.ended_at,
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Seen:
    """All rows that the laws speak of, in the order of their ids; equal where nothing happened between."""

    appointments: tuple[Any, ...]
    events: tuple[Any, ...]
    notices: tuple[Any, ...]
    sittings: tuple[Any, ...]
    waiting: tuple[Any, ...]
    letters: int

    @cached_property
    def events_of(self) -> dict[int, list[Any]]:
        """The events of each appointment."""
        found: dict[int, list[Any]] = defaultdict(list)
        for event in self.events:
            found[event.appointment_id].append(event)
        return found

    @cached_property
    def told(self) -> set[tuple[int, str]]:
        """Who was told of what."""
        return {(notice.person_id, notice.cause) for notice in self.notices}

    @cached_property
    def sitting(self) -> dict[int, Any]:
        """The sittings by their ids."""
        return {sitting.id: sitting for sitting in self.sittings}

    @property
    def live(self) -> list[Any]:
        """The appointments that keep a number."""
        return [row for row in self.appointments if row.status in LIVE]

    def of(self, *statuses: str) -> list[Any]:
        """The appointments in one of these states."""
        return [row for row in self.appointments if row.status in statuses]


READS = tuple(
    select(*(column.expression for column in columns)).order_by(columns[0].expression) for columns in COLUMNS.values()
)
LETTERS = select(func.count()).select_from(Letter.__table__)


def read() -> Seen:
    """The rows as they are; past the session, which need not know them."""
    db.session.flush()
    connection = db.session.connection()
    rows = [tuple(connection.execute(reading)) for reading in READS]
    return Seen(*rows, letters=connection.scalar(LETTERS) or 0)
