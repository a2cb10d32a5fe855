"""A doctor of a test's own in a running product: hours on one weekday, their sittings, and whoever is booked in them."""

import secrets
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from doctapp import clock
from doctapp.accounts import names, phones
from doctapp.accounts.models import Patient, Person, WayIn
from doctapp.appointments import places, references
from doctapp.appointments.models import Appointment, Event
from doctapp.clinics.models import Clinic
from doctapp.doctors.models import Chamber, Doctor, Specialty
from doctapp.doctors.profile import searched
from doctapp.schedules import sittings
from doctapp.schedules.models import Sitting, WeeklyHours
from tests.browser.rows import Rows
from tests.journeys.booking import LETTERS, new_phone

TUESDAY, FIVE, NINE = 1, 17 * 60, 21 * 60
CLINIC = "gomoti-hospital"
# Nearer ones may be too late to be moved or cancelled by the patient.
EARLIEST = timedelta(days=2)


@dataclass(frozen=True)
class Somebody:
    """A patient with a proven phone, and their browser in which they are signed in."""

    name: str
    phone: str
    cookies: list[Any]


@dataclass(frozen=True)
class Booked(Somebody):
    """Somebody with an appointment: its reference and serial."""

    ref: str
    number: int


@dataclass
class Practice:
    """The doctor, and the days on which the doctor sits, soonest first, with the ids of the sittings.

    So many are seen a day, and the chamber has these settings.
    """

    rows: Rows
    language: str
    capacity: int = 24
    settings: dict[str, Any] = field(default_factory=dict)
    slug: str = field(default_factory=lambda: f"made-{secrets.token_hex(5)}")
    chamber_id: int = 0
    days: list[date] = field(default_factory=list)
    sittings: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        with Session(self.rows.engine) as session, session.begin():
            self._open(session)

    def _open(self, session: Session) -> None:
        now = clock.now()
        chamber = self._chamber(session)
        hours = WeeklyHours(
            chamber=chamber, weekday=TUESDAY, start=FIVE, until=NINE, minutes=10, capacity=self.capacity
        )
        session.add(hours)
        session.flush()
        chamber.doctor.sittings_until = now.date() + sittings.AHEAD
        made = [row for row in sittings.planned([hours], [], now=now, days=40) if row["starts_at"] > now + EARLIEST]  # type: ignore[operator]
        session.execute(insert(Sitting), made)
        found = session.scalars(select(Sitting).filter_by(chamber_id=chamber.id).order_by(Sitting.starts_at)).all()
        self.chamber_id = chamber.id
        self.days, self.sittings = [row.local_date for row in found], [row.id for row in found]

    def _chamber(self, session: Session) -> Chamber:
        now = clock.now()
        called = {"name_en": "Salma Jahan", "name_bn": "সালমা জাহান"}
        doctor = Doctor(
            slug=self.slug,
            **called,
            search=searched(*called.values()),
            sex="female",
            degrees_en="MBBS",
            degrees_bn="এমবিবিএস",
            college_en="Cumilla Medical College",
            college_bn="কুমিল্লা মেডিকেল কলেজ",
            passing_year=2009,
            registration=f"A-{secrets.randbelow(90_000) + 10_000}",
            registration_until=now.date() + timedelta(days=900),
            specialties=[session.scalars(select(Specialty).filter_by(slug="medicine")).one()],
        )
        person = Person(name=called["name_en"], language=self.language, created_at=now)
        session.add(person)
        session.flush()
        doctor.person_id = person.id
        clinic = session.scalars(select(Clinic).filter_by(slug=CLINIC)).one()
        fees = {"fee_new": 70_000, "fee_follow_up": 50_000, "fee_report": 0}
        room = {"room_en": "room 7", "room_bn": "রুম ৭"}
        chamber = Chamber(doctor=doctor, clinic=clinic, live_at=now, **room, **fees, **self.settings)
        session.add(chamber)
        return chamber

    @property
    def page(self) -> str:
        """The doctor's public page."""
        return f"/doctors/{self.slug}"

    @property
    def row(self) -> str:
        """The row of the weekday in the doctor's week."""
        return f"#day-{self.chamber_id}-tuesday"

    def cookies(self) -> list[Any]:
        """The doctor's browser, signed in."""
        return self.rows.session_of(self.slug)

    def somebody(self) -> Somebody:
        """A patient who has asked for nothing yet."""
        with Session(self.rows.engine) as session, session.begin():
            person = self._person()
            session.add(person)
            session.flush()
            name, phone, person_id = person.name, person.ways_in[0].shown, person.id
        return Somebody(name, phone, self.rows.session_for(person_id))

    def book(self, number: int, *, week: int = 0, status: str = "booked") -> Booked:
        """Somebody who has asked for this number yesterday, and was accepted."""
        with Session(self.rows.engine) as session, session.begin():
            sitting = session.get_one(Sitting, self.sittings[week])
            person = self._person()
            session.add(person)
            session.flush()
            row = self._appointment(sitting, number, person, status)
            session.add(row)
            session.flush()
            event = Event(appointment_id=row.id, act="make", became=status, side="patient", at=row.created_at)
            session.add(event)
            session.flush()
            row.last_event_id = event.id
            ref, name, phone, person_id = row.ref, person.name, person.ways_in[0].shown, person.id
        return Booked(name, phone, self.rows.session_for(person_id), ref, number)

    def _person(self) -> Person:
        now, phone = clock.now(), new_phone()
        name = f"Amena {phone[-4:].translate(LETTERS)}"
        way = WayIn(kind="phone", value=phones.e164(phone), shown=phone, proven_at=now, last_proven_at=now)
        oneself = Patient(
            oneself=True, name=name, name_key=names.key(name), sex="female", born=now.year - 34, created_at=now
        )
        return Person(name=name, language=self.language, created_at=now, ways_in=[way], patients=[oneself])

    def _appointment(self, sitting: Sitting, number: int, person: Person, status: str) -> Appointment:
        asked = clock.now() - timedelta(days=1)
        at = places.about(sitting, number)
        return Appointment(
            ref=references.draw(),
            sitting_id=sitting.id,
            doctor_id=sitting.doctor_id,
            number=number,
            about_at=at,
            status=status,
            created_at=asked,
            person_id=person.id,
            patient_id=person.patients[0].id,
            phone=person.ways_in[0].value,
            language=self.language,
            method="chamber",
            price=70_000,
            cut_off_minutes=120,
            requested_at=asked,
            lapses_at=at - timedelta(hours=2),
            booked_at=asked if status == "booked" else None,
        )
