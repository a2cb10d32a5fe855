"""The demo's people with a way to sign in, and the crowd of patients that nobody signs in as."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select

from doctapp.accounts import names as spelling
from doctapp.accounts import passwords, patients, people, phones
from doctapp.accounts.models import Patient, Person
from doctapp.clinics.models import Clinic, Staff
from doctapp.db import db
from doctapp.seed import names
from doctapp.seed.bulk import write_for_ids

PASSWORD = "demo-demo-demo"  # noqa: S105 - printed at every start of the demo
SINCE = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class Demo:
    """Somebody whose password everybody knows; `runs` and `works_at` are clinics."""

    email: str
    name: str
    language: str = "bn"
    phone: str = ""
    doctor: str = ""
    runs: tuple[str, ...] = ()
    works_at: tuple[str, ...] = ()
    admin: bool = False


DEMO = (
    Demo("patient@demo.test", "Rahima Khatun", phone="01700000001"),
    Demo("doctor@demo.test", "Rokeya Begum", "en", doctor="rokeya-begum"),
    Demo("desk@demo.test", "Nasrin Akter", works_at=("gomoti-hospital",)),
    Demo("admin@demo.test", "Farhan Kabir", "en", admin=True),
    Demo("karim@demo.test", "Karim Uddin", "en", doctor="karim-uddin"),
    Demo("tahmina@demo.test", "Tahmina Akter", "en", doctor="tahmina-akter", runs=("town-hall-clinic",)),
    Demo("manager@demo.test", "Mahbubul Alam", "en", runs=("gomoti-hospital",)),
    Demo("desk2@demo.test", "Shahana Parvin", works_at=("gomoti-hospital", "town-hall-clinic")),
)
# (whose, oneself, name, sex, age)
FAMILY = (
    ("patient@demo.test", True, "Rahima Khatun", "female", 34),
    ("patient@demo.test", False, "Abdul Karim", "male", 62),
    ("patient@demo.test", False, "Ayaan", "male", 4),
    ("karim@demo.test", True, "Karim Uddin", "male", 45),
)


def write_demo_people(*, now: datetime) -> dict[str, int]:
    """Make the demo's people who are not there yet; their ids by e-mail address."""
    known = {demo.email: people.owner_of("email", demo.email) for demo in DEMO}
    missing = [demo for demo in DEMO if known[demo.email] is None]
    stored = passwords.hashed(PASSWORD) if missing else ""
    made = {demo.email: _make(demo, stored, now=now) for demo in missing}
    for email, oneself, name, sex, age in FAMILY:
        if email in made:
            phone = next((phones.e164(demo.phone) for demo in DEMO if demo.email == email and demo.phone), None)
            patients.find_or_make(
                person=made[email], oneself=oneself, name=name, sex=sex, age=age, phone=phone, now=now - SINCE
            )
    return {email: person.id for email, person in (known | made).items() if person}


def _make(demo: Demo, stored: str, *, now: datetime) -> Person:
    since = now - SINCE
    person = people.find_or_make(kind="email", value=demo.email, shown=demo.email, language=demo.language, now=since)
    person.name, person.password_hash, person.admin = demo.name, stored, demo.admin
    if demo.phone:
        number = phones.e164(demo.phone)
        people.add_way_in(person_id=person.id, kind="phone", value=number, shown=demo.phone, now=since)
    for role, slugs in (("manager", demo.runs), ("clerk", demo.works_at)):
        for clinic_id in db.session.scalars(select(Clinic.id).where(Clinic.slug.in_(slugs)).order_by(Clinic.id)):
            db.session.add(Staff(clinic_id=clinic_id, person_id=person.id, role=role))
    db.session.flush()
    return person


@dataclass(slots=True)
class Guest:
    """Somebody an appointment is for; the ids are known once the crowd is written."""

    name: str
    language: str
    sex: str
    age: int
    phone: str
    person_id: int = 0
    patient_id: int = 0
    visits: int = 0


def family(email: str) -> dict[str, Guest]:
    """The patients of one of the demo's people, by name."""
    person = people.owner_of("email", email)
    assert person is not None
    way = people.proven(person.id, "phone")
    return {
        row.name: Guest(row.name, person.language, row.sex, 0, way.value if way else "", person.id, row.id)
        for row in patients.of_person(person.id)
    }


CHILD = 16
MOST_VISITS = 4
POOLS = {
    "children": "children",
    "newborns": "children",
    "childrens-surgery": "children",
    "womens-health": "women",
    "infertility": "women",
}


class Crowd:
    """Patients dealt in turn: nobody comes twice to one sitting, or has more ahead than the rules allow."""

    def __init__(self, described: Sequence[names.Person], *, first: int) -> None:
        self._pools: dict[str, deque[Guest]] = {"children": deque(), "women": deque(), "anyone": deque()}
        self._used: list[Guest] = []
        for n, person in enumerate(described):
            self._pools[_pool(n, person)].append(_guest(first + n, person))

    def next(self, specialty: str) -> Guest | None:
        """The next who may come to such a doctor; None when everybody has enough appointments."""
        pool = self._pools[POOLS.get(specialty, "anyone")]
        if not pool:
            return None
        guest = pool.popleft()
        guest.visits += 1
        if guest.visits == 1:
            self._used.append(guest)
        if guest.visits < MOST_VISITS:
            pool.append(guest)
        return guest

    def write(self, *, now: datetime) -> int:
        """Write those who come: a person without a way to sign in, and a patient each."""
        since = now - SINCE
        owners = [
            {"name": _owner(guest), "language": guest.language, "admin": False, "created_at": since}
            for guest in self._used
        ]
        for guest, person_id in zip(self._used, write_for_ids(Person, owners), strict=True):
            guest.person_id = person_id
        rows = [_patient(guest, now=now) for guest in self._used]
        for guest, patient_id in zip(self._used, write_for_ids(Patient, rows), strict=True):
            guest.patient_id = patient_id
        return len(rows)


def _pool(n: int, person: names.Person) -> str:
    if person.age < CHILD:
        return "children"
    return "women" if person.sex == "female" and person.age < 55 and n % 2 else "anyone"


def _guest(n: int, person: names.Person) -> Guest:
    in_bangla = n % 5 < 2
    name, language = (person.name_bn, "bn") if in_bangla else (person.name_en, "en")
    return Guest(name, language, person.sex, person.age, f"+880170{100_000 + n:07}")


def _owner(guest: Guest) -> str:
    """Children don't book for themselves; nobody asked their parent's name."""
    return "" if guest.age < CHILD else guest.name


def _patient(guest: Guest, *, now: datetime) -> dict[str, object]:
    return {
        "person_id": guest.person_id,
        "oneself": guest.age >= CHILD,
        "name": guest.name,
        "name_key": spelling.key(guest.name),
        "sex": guest.sex,
        "born": now.year - guest.age,
        "phone": guest.phone,
        "created_at": now - SINCE,
    }
