"""The laws that hold after each step (domain.md, invariants 1, 2, 3, 7 and 14, and the life table)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from doctapp.appointments.models import IN_LINE, LIVE
from tests.walk.rows import Seen

PLACED = ("requested", "booked")
STANDS = ("booked", "arrived", "called", "in_consultation", "completed")
DONE = {"left", "no_show", "elapsed"}
CLINIC, PATIENT, TIME, ADMIN = "clinic", "patient", "time", "admin"

# act: from, to, and whose act it may be.
LIFE: dict[str, tuple[set[tuple[str | None, str]], set[str]]] = {
    "hold": ({(None, "held")}, {PATIENT}),
    "replace": ({("held", "expired")}, {PATIENT}),
    "offer": ({(None, "offered")}, {TIME}),
    "take_up": ({("offered", "offered")}, {PATIENT}),
    "give_up": ({("offered", "expired")}, {PATIENT}),
    "expire": ({("held", "expired"), ("offered", "expired")}, {TIME}),
    "request": ({("held", "requested"), ("offered", "requested"), ("expired", "requested")}, {PATIENT}),
    "pay": ({("requested", "booked")} | {(was, was) for was in STANDS}, {TIME}),
    "accept": ({("requested", "booked")}, {CLINIC, TIME}),
    "decline": ({("requested", "declined")}, {CLINIC, ADMIN}),
    "lapse": ({("requested", "lapsed")}, {TIME}),
    "cancel": ({(was, "cancelled") for was in PLACED}, {PATIENT, CLINIC, ADMIN}),
    "sitting_cancel": (
        {("held", "expired"), ("offered", "expired")}
        | {(was, "cancelled") for was in ("requested", "booked", "arrived", "called")},
        {CLINIC},
    ),
    "move": ({(was, was) for was in PLACED}, {PATIENT, CLINIC}),
    "arrive": ({("booked", "arrived")}, {CLINIC}),
    "call": ({("arrived", "called")}, {CLINIC}),
    "recall": ({("called", "arrived")}, {CLINIC}),
    "enter": ({("called", "in_consultation")}, {CLINIC}),
    "complete": ({("in_consultation", "completed")}, {CLINIC}),
    "leave": ({("arrived", "left"), ("called", "left")}, {CLINIC}),
    "miss": ({("booked", "no_show"), ("called", "no_show")}, {CLINIC}),
    "close": (
        {("arrived", "left"), ("called", "left"), ("in_consultation", "completed")}
        | {("booked", "no_show"), ("booked", "elapsed")},
        {TIME},
    ),
    "outcome": ({(was, became) for was in DONE for became in ("completed", "no_show") if was != became}, {CLINIC}),
}
UNDONE = {"accept": 60, "decline": 600, "cancel": 600, "move": 600, "outcome": 60}
LINING = {"offer", "take_up", "give_up"}
QUIET = LINING | {"hold", "replace", "expire", "arrive", "call", "recall", "enter", "complete", "leave", "miss"}


def broken(seen: Seen, zones: dict[int, str], doctors: dict[int, int | None], now: datetime) -> Iterator[str]:
    """Each law that does not hold, in words. `zones` by chamber, `doctors` the person of each."""
    yield from one_each(seen)
    for row in seen.appointments:
        events = seen.events_of[row.id]
        yield from unbroken(row, events)
        yield from placed(row, events, seen)
        yield from timely(row, events, now)
        yield from known(row, events, seen, doctors)
    yield from in_line(seen)
    yield from walled(seen, zones)
    yield from apart(seen)


def one_each(seen: Seen) -> Iterator[str]:
    """1 and 2: a number of a sitting, and a patient in a sitting, have one live appointment; a browser one hold."""
    held = (row for row in seen.live if row.status == "held")
    for what, keys in (
        ("number", Counter((row.sitting_id, row.number) for row in seen.live)),
        ("patient", Counter((row.sitting_id, row.patient_id) for row in seen.live if row.patient_id)),
        ("hold", Counter((row.browser_hash, row.doctor_id) for row in held)),
        ("waiting", Counter((one.sitting_id, one.phone) for one in seen.waiting if one.state in IN_LINE)),
        ("notice", Counter((notice.person_id, notice.cause) for notice in seen.notices)),
    ):
        yield from (f"{how_many} of one {what}: {key}" for key, how_many in keys.items() if how_many > 1)


def in_line(seen: Seen) -> Iterator[str]:
    """Who is offered something has one live offer, and each live offer is of one who waited; the others wait or ended."""
    offers = {one.offer_id for one in seen.waiting if one.state == "offered"}
    live = {row.id for row in seen.live if row.status == "offered"}
    if offers != live:
        yield f"offered are {live}, to those who wait {offers}"
    for one in seen.waiting:
        if (one.state in IN_LINE) != (one.ended_at is None):
            yield f"who waits as {one.id} is {one.state}, ended {one.ended_at}"


def unbroken(row: Any, events: list[Any]) -> Iterator[str]:
    """3: one event a change, each from where the one before led, by the life table, undone only at once and once."""
    if not events or events[-1].id != row.last_event_id or events[-1].became != row.status:
        yield f"{row.ref} is {row.status}, its last event {row.last_event_id}: {[e.became for e in events]}"
        return
    before = None
    for event in events:
        if event.was != (before.became if before else None):
            yield f"{row.ref}: {event.act} from {event.was}, but it was {before and before.became}"
        if event.act == "undo":
            yield from taken_back(row, event, before)
        elif (event.was, event.became) not in LIFE[event.act][0] or event.side not in LIFE[event.act][1]:
            yield f"{row.ref}: {event.side} may not {event.act} from {event.was} to {event.became}"
        if before and event.at < before.at:
            yield f"{row.ref}: {event.act} before {before.act}"
        before = event


def taken_back(row: Any, event: Any, before: Any) -> Iterator[str]:
    """An undo leads back from the event just before it, of the same side, while there is time."""
    if before is None or event.undoes_id != before.id or before.act not in UNDONE:
        yield f"{row.ref}: event {event.id} undoes {event.undoes_id}, the last was {before and before.act}"
    elif (event.was, event.became, event.side) != (before.became, before.was, before.side):
        yield f"{row.ref}: an undo of {before.act} led from {event.was} to {event.became} by {event.side}"
    elif event.at - before.at >= timedelta(seconds=UNDONE[before.act]):
        yield f"{row.ref}: {before.act} was undone {event.at - before.at} later"


def placed(row: Any, events: list[Any], seen: Seen) -> Iterator[str]:
    """3 and 14: only a move changes the place, each from where the one before led; the about-time is the number's."""
    here = (row.sitting_id, row.number)
    for event in reversed(events):
        moves = event.act == "move" or (event.act == "undo" and event.was == event.became)
        if moves == (event.was_sitting_id is None):
            yield f"{row.ref}: {event.act} from {event.was_sitting_id}"
        if event.act == "undo" and moves:
            undone = next(e for e in events if e.id == event.undoes_id)
            if here != (undone.was_sitting_id, undone.was_number):
                yield f"{row.ref}: the move was undone to {here}"
        if moves:
            here = (event.was_sitting_id, event.was_number)
    sitting = seen.sitting[row.sitting_id]
    if row.about_at != sitting.starts_at + timedelta(minutes=(row.number - 1) * sitting.minutes):
        yield f"{row.ref}: number {row.number} about {row.about_at}"
    if row.doctor_id != sitting.doctor_id:
        yield f"{row.ref}: another doctor's sitting"


def timely(row: Any, events: list[Any], now: datetime) -> Iterator[str]:
    """What a state needs: somebody to be told, a price, a time to answer by that is not past the start."""
    if row.requested_at is not None and None in (row.patient_id, row.price):
        yield f"{row.ref} is {row.status} without patient or price"
    if row.status == "requested" and not (row.lapses_at and row.lapses_at <= row.about_at):
        yield f"{row.ref} lapses {row.lapses_at}, about {row.about_at}"
    if row.closed_at is not None and (row.status in LIVE or "close" not in {event.act for event in events}):
        yield f"{row.ref} is {row.status}, closed {row.closed_at}"
    if [event.act for event in events].count("close") > 1:
        yield f"{row.ref} was closed twice"
    if row.patient_moves < 0 or row.patient_moves > 2:
        yield f"{row.ref} was moved {row.patient_moves} times by its patient"
    for event in events:
        if event.act == "accept" and event.at >= row.about_at and row.sitting_id and not moved_since(events, event):
            yield f"{row.ref} was accepted after its time"


def moved_since(events: list[Any], event: Any) -> bool:
    """Whether the place is another one than when this happened."""
    return any(later.was_sitting_id is not None for later in events if later.id > event.id)


def known(row: Any, events: list[Any], seen: Seen, doctors: dict[int, int | None]) -> Iterator[str]:
    """7: whoever should know has a notice of each event."""
    doctor = doctors[row.doctor_id]
    for event in events:
        cause = f"event:{event.id}"
        if patient_is_told(event, events) and (row.person_id, cause) not in seen.told:
            yield f"{row.ref}: the patient was not told: {event.side} {event.act} to {event.became}"
        if doctor and doctor_is_told(event, events, doctor) and (doctor, cause) not in seen.told:
            yield f"{row.ref}: the doctor was not told: {event.side} {event.act} to {event.became}"


def patient_is_told(event: Any, events: list[Any]) -> bool:
    """The patient is told of all but holds, desk acts, and what ended as everybody knows."""
    if event.act in QUIET or event.became == "expired":
        return False
    if event.act == "request":  # where it was booked at once, that is told instead
        at_once = (later for later in events if later.was == "requested" and later.side == TIME)
        return not any(later.act == "accept" or (later.act == "pay" and later.at == event.at) for later in at_once)
    if event.act == "pay":
        return event.became == "booked"
    return not (event.became == "elapsed" or (event.act == "close" and event.became == "completed"))


def doctor_is_told(event: Any, events: list[Any], doctor: int) -> bool:
    """The doctor is told of what others do with the doctor's patients, and decisions of the desk excepted."""
    if event.person_id == doctor or event.side == TIME:
        return False
    if event.act == "request":
        return patient_is_told(event, events)
    return event.act in {"cancel", "move"}


def walled(seen: Seen, zones: dict[int, str]) -> Iterator[str]:
    """14: each sitting begins at its wall time."""
    for sitting in seen.sittings:
        local = sitting.starts_at.astimezone(ZoneInfo(zones[sitting.chamber_id]))
        if (local.date(), local.hour * 60 + local.minute) != (sitting.local_date, sitting.local_start):
            yield f"sitting {sitting.id} of {sitting.local_date} at {sitting.local_start} begins {local}"


def apart(seen: Seen) -> Iterator[str]:
    """Never two sittings of a doctor at overlapping times."""
    last: dict[int, Any] = {}
    for sitting in sorted(seen.sittings, key=lambda sitting: sitting.starts_at):
        if sitting.cancelled_at is not None:
            continue
        before = last.get(sitting.doctor_id)
        if before and sitting.starts_at < before.ends_at:
            yield f"sittings {before.id} and {sitting.id} overlap: {before.ends_at}, {sitting.starts_at}"
        last[sitting.doctor_id] = max(before or sitting, sitting, key=lambda sitting: sitting.ends_at)


def kept(before: Seen, after: Seen) -> Iterator[str]:
    """14: a sitting that somebody booked stays where it is; nothing that happened is unmade, but for old holds."""
    used = {row.sitting_id for row in before.appointments}
    for sitting in before.sittings:
        now = after.sitting.get(sitting.id)
        if sitting.id in used and (now is None or times(now) != times(sitting)):
            yield f"sitting {sitting.id} had appointments and was changed"
    there = {row.id for row in after.appointments}
    for row in before.appointments:
        if row.id not in there and (row.status != "expired" or row.requested_at is not None):
            yield f"{row.ref}, {row.status}, is gone"
    same = {event.id: event for event in after.events}
    for event in before.events:
        if event.id not in same and event.appointment_id in there:
            yield f"event {event.id} is gone"
        elif event.id in same and same[event.id] != event:
            yield f"event {event.id} was changed"


def times(sitting: Any) -> tuple[Any, ...]:
    """What a booked sitting keeps."""
    return (sitting.local_date, sitting.local_start, sitting.starts_at, sitting.ends_at, sitting.minutes)
