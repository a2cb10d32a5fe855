from collections import Counter, defaultdict
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from sqlalchemy import func, select

from doctapp import clock
from doctapp.accounts import names, passwords, people
from doctapp.accounts.models import Patient, Person
from doctapp.appointments import places
from doctapp.appointments import queries as appointments
from doctapp.appointments.models import Appointment, Event
from doctapp.clinics.models import Area, Clinic, Staff
from doctapp.db import Row, db
from doctapp.doctors.models import Chamber, Doctor, Specialty
from doctapp.notifications.models import Letter, Notification
from doctapp.payments.models import Attempt, Receipt
from doctapp.schedules.models import Leave, Sitting, WeeklyHours
from doctapp.seed import ledger, payment
from doctapp.seed.rows import write_world
from doctapp.seed.world import describe
from tests.conftest import DATABASES, make_app
from tests.people import NOW
from tests.servers import postgres

DOCTORS = 40
ZONE = "Asia/Dhaka"
AHEAD = ("requested", "booked")
SATURDAY = datetime(2026, 12, 12, 13, 30, tzinfo=UTC)


@contextmanager
def fresh(kind, folder):
    """An application on a new database of its own: a whole world is slow to delete row by row."""
    is_sqlite = kind == "sqlite"
    url = f"sqlite:///{folder}/doctapp.db" if is_sqlite else postgres.new_database(postgres.postgres_url())
    with make_app(url, folder).app_context():
        yield
        db.session.remove()
        db.engine.dispose()
    if not is_sqlite:
        postgres.drop_database(url)


@pytest.fixture(scope="module", params=DATABASES)
def world(request, tmp_path_factory):
    """The demo world, written once for this file's tests on each database; what was said meanwhile."""
    with fresh(request.param, tmp_path_factory.mktemp("world")):
        said = []
        write_world(doctors=DOCTORS, now=NOW, say=said.append)
        yield said


@pytest.fixture(params=DATABASES)
def empty(request, tmp_path):
    """Empty tables, for a test that writes a world of its own."""
    with fresh(request.param, tmp_path):
        yield


def count(row, *where):
    return db.session.scalar(select(func.count()).select_from(row).where(*where))


def tagged(tag):
    slugs = [doctor.slug for doctor in describe(DOCTORS).doctors if tag in doctor.tags]
    found = db.session.scalars(select(Doctor).where(Doctor.slug.in_(slugs))).all()
    assert len(found) == len(slugs) > 0
    return found


def doctor(slug):
    return db.session.scalars(select(Doctor).filter_by(slug=slug)).one()


def coming(row):
    query = select(Sitting).where(Sitting.doctor_id == row.id, Sitting.starts_at > NOW)
    return db.session.scalars(query.order_by(Sitting.starts_at)).all()


def every_row():
    return {table.name: count(table) for table in Row.metadata.sorted_tables}


def test_there_are_doctors_clinics_areas_and_two_months_of_sittings(world):
    assert count(Doctor) == DOCTORS
    assert (count(Clinic), count(Specialty)) == (68, 31)
    assert count(Area) > 200
    days = [local_date for (local_date,) in db.session.execute(select(Sitting.local_date).distinct())]
    assert (max(days) - clock.local(NOW, ZONE).date()).days in {58, 59}
    assert count(Sitting) > 30 * DOCTORS


def test_a_second_call_writes_nothing_and_says_so(world):
    before, said = every_row(), []

    write_world(doctors=DOCTORS, now=NOW + timedelta(hours=3), say=said.append)

    assert every_row() == before
    assert "nothing was written" in said[-1]


def test_progress_is_told_in_numbers(world):
    assert f"{DOCTORS} of {DOCTORS} doctors" in world[-2]
    assert f"{count(Sitting):,} sittings" in world[-1]


def test_every_doctor_has_words_to_be_found_by_in_both_scripts(world):
    for row in db.session.scalars(select(Doctor)):
        assert names.key(row.name_en) in row.search
        assert names.key(row.name_bn) in row.search


def test_special_cases_are_there_as_rows(world):
    assert {row.status for row in tagged("applicant")} == {"applicant"}
    assert {row.status for row in tagged("suspended")} == {"suspended"}
    assert all(row.rating_tenths is None for row in tagged("new"))
    assert any(chamber.acceptance == "auto" for row in tagged("automatic") for chamber in row.chambers)
    assert len({row.name_en for row in tagged("equal-names")}) == 1
    assert not any(coming(row) for row in tagged("no-hours"))
    (late,) = tagged("past-midnight")
    assert all(clock.local(s.ends_at, ZONE).date() > s.local_date for s in coming(late))
    days = [Counter(s.local_date for s in coming(row)) for row in tagged("two-chambers-one-day")]
    assert all(max(of_doctor.values()) > 1 for of_doctor in days)


def test_chambers_are_live_but_those_of_applicants(world):
    applicants = {row.id for row in tagged("applicant")}
    for chamber in db.session.scalars(select(Chamber)):
        assert (chamber.live_at is None) == (chamber.doctor_id in applicants)
        assert chamber.live_at is None or chamber.live_at < NOW
    assert count(WeeklyHours) > DOCTORS
    assert count(Sitting, Sitting.doctor_id.in_(applicants)) == 0


def test_doctors_on_leave_do_not_sit_for_two_weeks_or_three(world):
    today = clock.local(NOW, ZONE).date()
    for row in tagged("on-leave"):
        leave = db.session.scalars(select(Leave).filter_by(doctor_id=row.id)).one()
        assert leave.first <= today
        assert 14 <= (leave.last - today).days <= 21
        assert min(s.local_date for s in coming(row)) > leave.last


def test_no_sittings_of_a_doctor_overlap(world):
    spans = defaultdict(list)
    for sitting in db.session.scalars(select(Sitting).order_by(Sitting.starts_at)):
        spans[sitting.doctor_id].append((sitting.starts_at, sitting.ends_at))
    for of_doctor in spans.values():
        assert all(before[1] <= after[0] for before, after in pairwise(of_doctor))


@pytest.mark.parametrize(
    "email", ["patient@demo.test", "doctor@demo.test", "desk@demo.test", "admin@demo.test", "karim@demo.test"]
)
def test_demo_people_have_their_password(world, email):
    assert passwords.is_right(people.owner_of("email", email).password_hash, "demo-demo-demo")


def test_the_demo_patient_has_a_phone_and_a_family(world):
    rahima = people.owner_of("phone", "+8801700000001")

    assert rahima.name == "Rahima Khatun"
    assert people.proven(rahima.id, "email").value == "patient@demo.test"
    assert people.proven(rahima.id, "phone").shown == "01700000001"
    assert [(p.name, p.oneself, NOW.year - p.born) for p in rahima.patients] == [
        ("Rahima Khatun", True, 34),
        ("Abdul Karim", False, 62),
        ("Ayaan", False, 4),
    ]


def test_doctors_and_staff_are_who_they_should_be(world):
    assert doctor("rokeya-begum").person_id == people.owner_of("email", "doctor@demo.test").id
    assert doctor("karim-uddin").person_id == people.owner_of("email", "karim@demo.test").id
    assert people.owner_of("email", "admin@demo.test").admin
    rows = select(Staff.role, Clinic.slug).join(Clinic)
    roles = {}
    for email in ("desk@demo.test", "desk2@demo.test", "manager@demo.test", "tahmina@demo.test"):
        person = people.owner_of("email", email)
        roles[email] = {tuple(row) for row in db.session.execute(rows.where(Staff.person_id == person.id))}
    assert roles == {
        "desk@demo.test": {("clerk", "gomoti-hospital")},
        "desk2@demo.test": {("clerk", "gomoti-hospital"), ("clerk", "town-hall-clinic")},
        "manager@demo.test": {("manager", "gomoti-hospital")},
        "tahmina@demo.test": {("manager", "town-hall-clinic")},
    }
    assert doctor("tahmina-akter").person_id == people.owner_of("email", "tahmina@demo.test").id


def test_full_doctors_are_full_for_three_sittings_and_free_later(world):
    for row in tagged("full"):
        assert not places.free(coming(row)[:3], now=NOW)
        assert places.free(coming(row)[3:], now=NOW)


def test_forty_requests_wait_with_time_left_to_answer_them(world):
    (row,) = tagged("forty-requests")
    waiting = appointments.waiting(doctor_id=row.id, clinic_ids=frozenset(), person_id=row.person_id)

    assert len(waiting) == 40
    assert all(r.requested_at < NOW < r.remind_at < r.lapses_at < r.about_at for r in waiting)


def test_rokeya_has_six_requests_and_free_places_on_most_days(world):
    rokeya = doctor("rokeya-begum")
    today = clock.local(NOW, ZONE).date()
    days = [today + timedelta(days=n) for n in range(14)]
    with_places = [day for day in days if places.free(places.open_sittings([rokeya.id], now=NOW, day=day), now=NOW)]

    assert count(Appointment, Appointment.doctor_id == rokeya.id, Appointment.status == "requested") == 6
    assert len(with_places) >= 11


def test_the_demo_patient_has_appointments_behind_and_ahead(world):
    rahima = people.owner_of("email", "patient@demo.test")
    rows = db.session.scalars(select(Appointment).where(Appointment.person_id == rahima.id)).all()
    by_status = {row.status: row for row in rows if not row.paid}
    rokeya = doctor("rokeya-begum").id

    assert set(by_status) == {"completed", "booked", "requested", "cancelled"}
    assert len(rows) == 5
    assert by_status["completed"].doctor_id == by_status["booked"].doctor_id == rokeya
    assert 10 <= (NOW - by_status["completed"].about_at).days <= 13
    assert by_status["booked"].about_at > NOW + timedelta(days=4)
    assert (by_status["booked"].visit, by_status["booked"].price) == ("follow_up", 50_000)
    assert by_status["requested"].doctor_id != rokeya
    assert by_status["requested"].lapses_at > by_status["requested"].remind_at > NOW


def test_the_demo_patient_has_paid_for_one_and_has_its_receipt(world):
    row = db.session.scalars(select(Appointment).where(Appointment.paid > 0)).one()

    assert (row.status, row.paid, row.method) == ("booked", row.price, "sandbox")
    assert row.person_id == people.owner_of("email", "patient@demo.test").id
    assert count(Receipt) == 1


def test_she_pays_for_a_sitting_to_which_she_does_not_go_anyway(world):
    goes = db.session.scalars(select(Appointment.sitting_id).where(Appointment.paid > 0)).one()

    row = payment.choose(now=NOW - payment.AGO)

    assert row.sitting_id != goes
    db.session.rollback()


def test_where_there_is_no_such_sitting_she_pays_nothing(empty, monkeypatch):
    monkeypatch.setattr(payment, "SOON", timedelta(days=99))

    write_world(doctors=20, now=NOW, say=[].append)

    assert count(Attempt) == 0


def test_chambers_take_money_in_more_than_one_way(world):
    rokeya = db.session.scalars(select(Chamber).where(Chamber.doctor_id == doctor("rokeya-begum").id)).first()

    assert (rokeya.methods, rokeya.online_part, rokeya.advance) == (
        "chamber sslcommerz stripe sandbox",
        "either",
        10_000,
    )
    assert len(set(db.session.scalars(select(Chamber.online_part)))) == 3
    assert count(Chamber, Chamber.methods == "chamber") > 0


def test_only_the_demo_people_were_told_and_no_letter_waits(world):
    told = set(db.session.scalars(select(Notification.person_id).distinct()))
    emails = ("patient@demo.test", "doctor@demo.test", "karim@demo.test")

    assert told == {people.owner_of("email", email).id for email in emails}
    assert count(Letter) == 0
    for notice in db.session.scalars(select(Notification)):
        assert notice.cause == f"event:{db.session.get(Event, int(notice.cause[6:])).id}"
        assert notice.at <= NOW


def test_each_appointment_tells_its_life_without_a_gap(world):
    lives = defaultdict(list)
    for event in db.session.scalars(select(Event).order_by(Event.id)):
        lives[event.appointment_id].append(event)
    for row in db.session.scalars(select(Appointment)):
        events = lives[row.id]
        assert row.last_event_id == events[-1].id
        assert row.status == events[-1].became
        assert [event.was for event in events] == [None, *(event.became for event in events[:-1])]
        assert all(before.at <= after.at for before, after in pairwise(events))
        assert events[-1].at <= NOW


def test_appointments_obey_the_rules_of_booking(world):
    for row in db.session.scalars(select(Appointment)):
        assert row.about_at == places.about(row.sitting, row.number)
        assert 1 <= row.number <= row.sitting.capacity
        assert row.doctor_id == row.sitting.doctor_id
        assert row.created_at < row.requested_at <= (row.booked_at or NOW) <= NOW
        assert row.booked_at is None or row.lapses_at is None or row.booked_at < row.lapses_at
        assert row.patient.person_id == row.person_id is not None
    ahead = Counter(
        db.session.scalars(
            select(Appointment.patient_id).where(Appointment.status.in_(AHEAD), Appointment.about_at > NOW)
        )
    )
    assert max(ahead.values()) <= 5
    assert count(Appointment, Appointment.doctor_id.in_([row.id for row in tagged("suspended")])) == 0


def test_the_crowd_has_no_way_in_and_only_the_cast_would_get_letters(world):
    assert count(Patient) > 300
    assert count(Person, ~Person.ways_in.any()) > 300
    written_to = select(Appointment.doctor_id).where(Appointment.phone.is_not(None)).distinct()
    assert len(db.session.scalars(written_to).all()) < 10


def test_a_world_that_was_cut_short_is_completed(empty):
    write_world(doctors=20, now=NOW, say=lambda text: None)

    write_world(doctors=30, now=NOW, say=lambda text: None)

    assert count(Doctor) == 30
    assert count(Doctor, Doctor.slug == "rokeya-begum") == 1


def test_a_world_too_small_is_refused_with_a_sentence():
    with pytest.raises(SystemExit, match="at least 20"):
        write_world(doctors=5, now=NOW, say=lambda text: None)


@pytest.mark.parametrize("now", [NOW, SATURDAY], ids=["now", "when no evening of the week is five days ahead"])
def test_many_doctors_sit_for_a_week(empty, monkeypatch, now):
    monkeypatch.setattr("doctapp.seed.rows.MANY", 19)
    monkeypatch.setattr(clock, "now", lambda: now)
    said = []

    write_world(doctors=20, now=now, say=said.append)

    assert "7 days of sittings" in said[1]
    last = db.session.scalar(select(func.max(Sitting.local_date)))
    assert (last - clock.local(now, ZONE).date()).days <= 6


def test_references_never_repeat():
    assert len({ledger.reference(n) for n in range(100_000)}) == 100_000
    assert len(ledger.reference(7)) == 7
