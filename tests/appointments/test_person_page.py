"""Is it the same person? A near match asks, in the booking, before a new patient is made."""

import pytest
from sqlalchemy import select

from doctapp.accounts import patients
from doctapp.accounts.models import Patient
from doctapp.appointments import requesting
from doctapp.appointments.models import Appointment
from doctapp.db import db
from tests import make
from tests.appointments.steps import answer, look, prove, send, take
from tests.people import ALICE, NOW
from tests.see import see


@pytest.fixture
def momena(alice):
    """Alice's mother, as the list has her."""
    return make.patient(alice, "Momena Bibi", 40)


@pytest.fixture
def row(client, evening, alice, momena):
    """A hold of Alice's, who is signed in."""
    make.sign_in(client, alice)
    return take(client, evening.sitting)


def named(row):
    return db.session.get(Appointment, row.id)


def test_a_known_name_of_another_age_is_asked_about(client, row):
    page = answer(client, row)

    assert page.h1 == "Is it the same person?"
    assert "You typed Momena Bibi, 58, female." in page
    assert page.form("person").buttons == [
        "Yes, the same: Momena Bibi, 40, female",
        "No, another person: Momena Bibi, 58, female",
    ]


def test_the_same_is_booked_as_the_list_has_her(client, row, momena):
    page = see(send(client, answer(client, row, reason="Cough"), "person", same=momena.id))

    assert page.h1 == "Book for Momena Bibi"
    assert "Momena Bibi, 40, female" in page and "Cough" in page
    see(send(client, page, "payment"))
    assert named(row).patient_id == momena.id


def test_another_person_is_added_and_nobody_asks_again(client, row, momena, alice):
    page = see(send(client, answer(client, row, reason="Cough"), "person", same="another"))

    assert page.h1 == "Book for Momena Bibi"
    assert "Momena Bibi, 58, female" in page and "Cough" in page
    see(send(client, page, "payment"))
    assert named(row).patient_id not in {None, momena.id}
    assert len(patients.of_person(alice.id)) == 3


def test_other_answers_are_asked_about_anew(client, row):
    send(client, answer(client, row), "person", same="another")

    assert answer(client, row, age="20").h1 == "Is it the same person?"
    assert answer(client, row, name="Somebody Else").h1 == "Book for Somebody Else"


def test_the_question_is_asked_as_soon_as_the_phone_is_proven_and_not_before(client, evening, momena):
    row = take(client, evening.sitting)

    page = answer(client, row, phone=ALICE)
    assert page.h1 != "Is it the same person?" and "40" not in page.select("main")[0].get_text()
    assert prove(client, page).h1 == "Is it the same person?"


def test_an_answer_that_names_nobody_is_asked_again(client, row, bob):
    foreign = make.patient(bob, "Momena Bibi", 44)
    page = answer(client, row)

    for wrong in (str(foreign.id), "", "999999999999"):
        data = {**page.form("person").fill(), "same": wrong}
        assert see(client.post(page.form("person").action, data=data, follow_redirects=True)).h1 == page.h1
    assert named(row).typed_age == 58


def test_without_a_near_match_the_page_leads_on(client, row):
    answer(client, row, name="Somebody Else")

    assert client.get(f"/appointments/{row.ref}/person").headers["Location"] == f"/appointments/{row.ref}/payment"


def test_another_browser_is_not_asked(client, other, row):
    answer(client, row)

    page = look(other, row, "person")

    assert page.h1 == "Serial 12 is kept for somebody"
    assert "Momena" not in page


def test_whoever_was_taken_off_the_list_is_asked_about_and_comes_back(client, row, momena):
    db.session.get(Patient, momena.id).hidden_at = NOW
    db.session.commit()

    page = look(client, row, "patient")
    assert "Momena Bibi" not in page
    page = see(send(client, answer(client, row), "person", same=momena.id))
    assert "Momena Bibi" in look(client, row, "patient")
    see(send(client, page, "payment"))

    assert db.session.get(Patient, momena.id).hidden_at is None
    assert named(row).patient_id == momena.id


def test_the_same_person_taken_off_the_list_comes_back_by_booking(client, row, momena):
    db.session.get(Patient, momena.id).hidden_at = NOW
    db.session.commit()

    see(send(client, answer(client, row, age="41"), "payment"))

    assert db.session.get(Patient, momena.id).hidden_at is None


def test_the_rule_asks_even_where_the_page_was_passed_by(evening, alice, momena):
    typed = {"typed_who": "new", "typed_name": "Momena Bibi", "typed_age": 58, "typed_sex": "female"}
    row = make.hold(evening.sitting, person_id=alice.id, **typed)

    with pytest.raises(requesting.SamePerson):
        requesting.request(row, method="chamber", now=NOW)


def test_who_was_chosen_from_the_list_stays_chosen_when_the_name_is_corrected(client, row, alice, momena):
    page = see(send(client, look(client, row, "patient"), "patient", who=str(momena.id)))
    patients.change(momena.id, person_id=alice.id, name="Momena Khatun", sex="female", age=41, now=NOW)
    db.session.commit()

    see(send(client, page, "payment"))

    assert named(row).patient_id == momena.id
    assert len(db.session.scalars(select(Patient)).all()) == 2
