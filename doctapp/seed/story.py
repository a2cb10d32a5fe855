"""What the demo's patient has behind and before her, and what she and the doctors were told of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import select

from doctapp.appointments import telling
from doctapp.appointments.models import Appointment, Event
from doctapp.db import db
from doctapp.notifications.models import Notification
from doctapp.notifications.telling import notify
from doctapp.schedules.models import Sitting
from doctapp.seed import world
from doctapp.seed.ledger import Booking, Ledger
from doctapp.seed.people import family

PATIENT, KARIM = "patient@demo.test", "karim@demo.test"
ROKEYA, KARIM_UDDIN, NUSRAT = "rokeya-begum", "karim-uddin", "nusrat-jahan"
# Whose past weeks are there too: the demo's patient was with them, or one can sign in as them.
WITH_A_PAST = frozenset({ROKEYA, KARIM_UDDIN, NUSRAT, "tahmina-akter"})
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def write_lives(written: Mapping[int, world.Doctor], sittings: Mapping[int, list[Sitting]], *, ledger: Ledger) -> None:
    """The appointments of the demo's patient and her family, and of Dr Karim Uddin, who is a patient himself."""
    now = ledger.now
    ids = {doctor.slug: doctor_id for doctor_id, doctor in written.items()}
    rokeya, karim, nusrat = (sittings[ids[slug]] for slug in (ROKEYA, KARIM_UDDIN, NUSRAT))
    evenings = _of_first_chamber(rokeya)
    hers, his = family(PATIENT), family(KARIM)
    rahima, father, son = hers["Rahima Khatun"], hers["Abdul Karim"], hers["Ayaan"]

    seen, ahead, own = (
        _nearest(evenings, now - 12 * DAY),
        _from(evenings, now + 4 * DAY),
        _from(evenings, now + 5 * DAY),
    )
    asked, missed = _from(karim, now + 30 * HOUR), _nearest(nusrat, now - 3 * DAY)
    for booking in (
        Booking(seen, 7, rahima, "completed", seen.starts_at - 2 * DAY, reason="প্রেশার বেশি থাকছে"),
        Booking(ahead, 9, rahima, "booked", now - DAY, visit="follow_up", reason="রক্তের রিপোর্ট দেখাতে", told=True),
        Booking(asked, 5, father, "requested", now - 3 * HOUR, reason="হাঁটলে বুকে চাপ লাগে", told=True),
        Booking(
            missed,
            4,
            son,
            "cancelled",
            missed.starts_at - 3 * DAY,
            ended_at=missed.starts_at - DAY,
            reason="সর্দি-কাশি, ঘুমাচ্ছে না",
            why="better",
        ),
        Booking(own, 11, his["Karim Uddin"], "booked", now - 2 * DAY, reason="Diabetes check"),
    ):
        ledger.add(booking)


def _of_first_chamber(sittings: Sequence[Sitting]) -> list[Sitting]:
    first = min(sitting.chamber_id for sitting in sittings)
    return [sitting for sitting in sittings if sitting.chamber_id == first]


def _nearest(sittings: Sequence[Sitting], moment: datetime) -> Sitting:
    return min(sittings, key=lambda sitting: abs(sitting.starts_at - moment))


def _from(sittings: Sequence[Sitting], moment: datetime) -> Sitting:
    """The first from this moment on; the last where a world of one week ends before."""
    return next((sitting for sitting in sittings if sitting.starts_at >= moment), sittings[-1])


def write_notices(written: Mapping[int, world.Doctor], *, now: datetime) -> None:
    """What the demo's patient and the doctors one can sign in as found in their pages meanwhile."""
    ids = {doctor.slug: doctor_id for doctor_id, doctor in written.items()}
    for row in db.session.scalars(select(Appointment).where(Appointment.person_id.in_(_people(PATIENT)))):
        for kind, event in _told(row):
            _tell(row, event, kind, row.person_id, f"/appointments/{row.ref}", is_read=event.at < now - 2 * DAY)
    inbox = select(Appointment).where(Appointment.status == "requested", Appointment.requested_at.is_not(None))
    for slug in (ROKEYA, KARIM_UDDIN):
        for row in db.session.scalars(
            inbox.where(Appointment.doctor_id == ids[slug]).order_by(Appointment.requested_at)
        ):
            _, event = _told(row)[0]
            _tell(row, event, "new_request", row.sitting.chamber.doctor.person_id, "/doctor/requests", is_read=False)


def _people(email: str) -> set[int]:
    return {guest.person_id for guest in family(email).values()}


def _told(row: Appointment) -> list[tuple[str, Event]]:
    """The kinds of notice a patient gets, with the events they tell of; where nobody had to answer, none of the asking."""
    events = db.session.scalars(select(Event).where(Event.appointment_id == row.id).order_by(Event.id))
    told = {"request", "accept", "cancel"} if row.lapses_at else {"accept", "cancel"}
    return [(event.became, event) for event in events if event.act in told]


def _tell(row: Appointment, event: Event, kind: str, person_id: int | None, link: str, *, is_read: bool) -> None:
    assert person_id is not None
    facts = telling.kept({**telling.facts(row), "why": event.why})
    told = notify(person_id=person_id, kind=kind, cause=f"event:{event.id}", link=link, facts=facts, now=event.at)
    notice = db.session.get(Notification, told)
    assert notice is not None
    notice.read_at = event.at + HOUR if is_read else None
