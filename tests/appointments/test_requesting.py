"""From a hold to a request."""

from datetime import timedelta

import pytest

from doctapp.accounts.patients import TooManyRelatives
from doctapp.appointments import holding, requesting
from doctapp.appointments.models import Appointment
from doctapp.db import db, transaction
from doctapp.errors import DomainError
from doctapp.notifications.models import Letter, Notification
from tests import make
from tests.people import HOUR, MINUTE, NOW

ANSWERS = {
    "who": "new",
    "name": "Momena Bibi",
    "age": 58,
    "sex": "female",
    "phone": "01711 111111",
    "visit": "new",
    "reason": "Cough",
}


def held_by(person, sitting, number=12, **changes):
    row = make.hold(sitting, number=number, browser=f"browser of {number}")
    with transaction():
        row = db.session.get(Appointment, row.id)
        requesting.answers(row, **{**ANSWERS, **changes})
        requesting.claim(row, person_id=person.id)
    return row


def request(row, *, now=NOW):
    with transaction():
        row = db.session.get(Appointment, row.id)
        requesting.request(row, method="chamber", now=now)
    return db.session.get(Appointment, row.id)


def test_a_hold_becomes_a_request_with_price_and_policy_copied(evening, alice):
    row = request(held_by(alice, evening.sitting))

    assert row.status == "requested"
    assert (row.price, row.currency, row.cut_off_minutes, row.method) == (70000, "BDT", 120, "chamber")
    assert (row.patient.name, row.patient.person_id) == ("Momena Bibi", alice.id)


def test_the_patient_and_the_doctor_are_told_in_the_same_transaction(evening, alice):
    request(held_by(alice, evening.sitting))

    told = db.session.execute(db.select(Notification.person_id, Notification.kind)).all()
    letters = db.session.execute(db.select(Letter.channel, Letter.kind, Letter.address)).all()
    assert sorted(told) == sorted([(alice.id, "requested"), (evening.doctor.person_id, "new_request")])
    assert sorted(letters) == [
        ("mail", "new_request", "doctor@demo.test"),
        ("sms", "requested", "+8801711111111"),
    ]


def test_a_chamber_that_accepts_by_itself_books_at_once(evening, alice):
    evening.chamber.acceptance = "auto"
    db.session.commit()

    row = request(held_by(alice, evening.sitting))

    assert row.status == "booked"
    assert db.session.scalars(db.select(Letter.kind)).all() == ["booked"]


def test_an_overdue_hold_cannot_be_requested_even_with_no_sweep(evening, alice):
    row = held_by(alice, evening.sitting)

    with pytest.raises(holding.HoldRanOut):
        request(row, now=NOW + 16 * MINUTE)


def test_a_request_is_made_once(evening, alice):
    row = request(held_by(alice, evening.sitting))

    with pytest.raises(requesting.AlreadyRequested):
        request(row)


def test_the_same_patient_has_one_serial_in_a_sitting_and_is_named(evening, alice):
    request(held_by(alice, evening.sitting, 12))
    second = held_by(alice, evening.sitting, 13)

    with pytest.raises(DomainError, match="Momena Bibi"):
        request(second)


def test_another_patient_of_the_same_person_may_sit_in_the_same_sitting(evening, alice):
    request(held_by(alice, evening.sitting, 12))

    assert request(held_by(alice, evening.sitting, 13, name="Abdul Karim", sex="male")).status == "requested"


@pytest.mark.parametrize(("age", "same"), [(57, True), (59, True), (60, False)])
def test_the_same_name_sex_and_age_within_a_year_is_the_same_patient(evening, alice, age, same):
    other = make.sitting(evening.chamber, days=2)
    first = request(held_by(alice, evening.sitting))

    again = held_by(alice, other, name=" momena  BIBI ", age=age)
    again.another_person = not same
    db.session.commit()
    second = request(again)

    assert (second.patient_id == first.patient_id) is same


def test_a_patient_has_at_most_five_appointments_ahead(evening, alice):
    for days in range(2, 7):
        request(held_by(alice, make.sitting(evening.chamber, days=days)))

    with pytest.raises(requesting.TooManyAhead):
        request(held_by(alice, evening.sitting))


def test_a_person_has_at_most_ten_appointments_ahead(evening, alice):
    for n in range(10):
        sitting = make.sitting(evening.chamber, days=2 + n)
        request(held_by(alice, sitting, name=f"Child {'abcde'[n % 5]}", age=n % 5 * 3))

    with pytest.raises(requesting.TooManyAhead):
        request(held_by(alice, evening.sitting, name="Grandmother Bibi", age=80))


def test_a_seventh_relative_is_refused(evening, alice):
    for letter in "abcdef":
        make.patient(alice, f"Relative {letter}")

    with pytest.raises(TooManyRelatives):
        request(held_by(alice, evening.sitting))


@pytest.mark.parametrize(
    ("ahead", "expected"),
    [
        (timedelta(hours=72), timedelta(hours=24)),
        (timedelta(hours=20), timedelta(hours=18)),
        (timedelta(hours=2, minutes=10), timedelta(minutes=30)),
        (timedelta(minutes=70), timedelta(minutes=30)),
        (timedelta(minutes=20), timedelta(minutes=20)),
    ],
)
def test_a_request_lapses_in_time_for_the_doctor_and_for_the_patient(ahead, expected):
    assert requesting.answer_by(NOW + ahead, now=NOW) == NOW + expected


def test_a_follow_up_fee_needs_a_completed_visit_here_within_its_days(evening, alice):
    me = alice.patients[0]
    past = make.sitting(evening.chamber, days=-10)
    make.appointment(past, status="completed", of=me)

    row = held_by(alice, evening.sitting, visit="follow_up", name=me.name, age=30, who="me")

    assert request(row).price == 50000


def test_a_follow_up_without_a_visit_here_costs_a_new_visit_and_says_why(evening, alice):
    row = held_by(alice, evening.sitting, visit="follow_up")

    fee = requesting.granted(row, None)

    assert (fee.visit, fee.price) == ("new", 70000)
    assert fee.not_seen_in_days == 30
    assert request(row).price == 70000


def test_a_visit_longer_ago_than_the_days_does_not_count(evening, alice):
    me = alice.patients[0]
    make.appointment(make.sitting(evening.chamber, days=-8), status="completed", of=me)

    row = held_by(alice, evening.sitting, visit="report", name=me.name, age=30, who="me")

    assert request(row).price == 70000


def test_a_request_by_one_who_has_no_answers_is_refused(evening, alice):
    row = make.hold(evening.sitting)
    row.person_id = alice.id
    db.session.commit()

    with pytest.raises(requesting.NotNamed):
        request(row)


def test_the_doctor_is_reminded_half_way(evening, alice):
    row = request(held_by(alice, evening.sitting))

    assert row.remind_at - NOW == (row.lapses_at - NOW) / 2
    assert row.lapses_at <= row.about_at - 2 * HOUR
