"""Claiming what a chamber booked by phone: by the proven phone, and by knowing whom it was for."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from doctapp.accounts import patients
from doctapp.accounts.models import Patient, Person, WayIn
from doctapp.accounts.patients import RELATIVES
from doctapp.appointments.models import Appointment
from doctapp.audit.models import AuditEntry
from doctapp.db import db
from doctapp.notifications.models import Notification
from tests import make
from tests.appointments.steps import look
from tests.people import ALICE, BOB, NOW
from tests.see import see

MOMENA = {"name": "Momena Bibi", "age": "58", "sex": "female"}
NOTHING = "We found no booking under this name, age and sex with your phone. Type them as you said them by phone."
TOKENS = re.compile(r'(name="(csrf_token|form_key)" value="[^"]*"|X-CSRFToken[^}]*)')


def called(name="Momena Bibi", age=58, sex="female", phone=ALICE):
    """Whom a desk booked for a caller."""
    row = patients.make_for_caller(name=name, sex=sex, age=age, phone=phone, now=NOW)
    db.session.commit()
    return row


@pytest.fixture
def hers(client, alice):
    """Alice's browser."""
    return make.sign_in(client, alice)


@pytest.fixture
def booked(evening):
    """Serial 12, which the desk gave to a caller with Alice's phone."""
    return make.appointment(evening.sitting, of=called(), phone=ALICE)


def claim(browser, **values):
    """Type whom it was for; the answer."""
    form = see(browser.get("/account/family/claims")).form("claim")
    return browser.post(form.action, data=form.fill(**{**MOMENA, **values}))


def row_of(row):
    db.session.rollback()
    return db.session.get(type(row), row.id)


def test_the_family_page_offers_it_whether_or_not_there_is_anything(hers):
    before = see(hers.get("/account/family")).text
    called()

    assert see(hers.get("/account/family")).text == before
    assert see(hers.get("/account/family")).link("Add that booking") == "/account/family/claims"


def test_who_proved_the_phone_and_names_the_patient_has_the_booking(hers, alice, booked):
    assert claim(hers).headers["Location"] == "/account/family?ok=claimed"

    assert row_of(booked).person_id == alice.id
    assert row_of(booked).patient.person_id == alice.id
    assert "Momena Bibi" in look(hers, booked)
    assert "Momena Bibi" in see(hers.get("/appointments"))


def test_a_claim_is_audited_and_told(hers, alice, booked):
    claim(hers)

    assert [row.act for row in db.session.scalars(select(AuditEntry))] == ["claim_patient"]
    assert db.session.scalars(select(Notification)).one().person_id == alice.id
    assert "A booking made by phone is yours now" in see(hers.get("/notifications"))


def test_the_answer_sent_again_leads_to_where_the_first_led(hers, booked):
    form = see(hers.get("/account/family/claims")).form("claim")
    answers = [hers.post(form.action, data=form.fill(**MOMENA)) for _ in range(2)]

    assert [answer.headers["Location"] for answer in answers] == ["/account/family?ok=claimed"] * 2


@pytest.mark.parametrize("typed", [{"name": "Momena Begum"}, {"age": "56"}, {"sex": "other"}])
def test_a_mistyped_phone_gives_its_holder_neither_name_nor_booking(hers, booked, typed):
    page = see(claim(hers, **typed))

    assert page.code == 422
    assert page.errors == [NOTHING]
    assert row_of(booked).person_id is None and row_of(booked).patient.person_id is None
    for address in ("/account/family", "/account/family/claims", "/appointments", "/notifications", "/"):
        assert "Momena" not in see(hers.get(address))
    assert "Momena" not in look(hers, booked)


def test_a_wrong_try_is_told_the_same_whether_anything_is_kept_or_not(hers, alice):
    nothing = TOKENS.sub("", claim(hers, name="Somebody").text)
    called()
    something = TOKENS.sub("", claim(hers, name="Somebody").text)

    assert nothing == something


def test_another_phone_claims_nothing(hers, evening):
    row = make.appointment(evening.sitting, of=called(phone=BOB), phone=BOB)

    assert see(claim(hers)).errors == [NOTHING]
    assert row_of(row).person_id is None


def test_somebodys_own_patient_is_never_claimed(hers, bob):
    theirs = make.patient(bob, "Momena Bibi", 58, phone=ALICE)

    assert see(claim(hers)).errors == [NOTHING]
    assert row_of(theirs).person_id == bob.id


def test_a_phone_merely_typed_or_proven_long_ago_claims_nothing(hers, alice, booked):
    form = see(hers.get("/account/family/claims")).form("claim")
    way = db.session.scalars(select(WayIn).filter_by(person_id=alice.id)).one()
    way.proven_at = way.last_proven_at = NOW - timedelta(days=366)
    db.session.commit()

    page = see(hers.post(form.action, data=form.fill(**MOMENA)))

    assert page.code == 409
    assert "Prove the phone first" in page.errors[0]
    assert "claim" not in [form.id for form in page.forms]
    assert row_of(booked).person_id is None


def test_five_tries_a_day(hers, booked):
    for _ in range(5):
        assert claim(hers, name="Somebody").status_code == 422

    refused = claim(hers)

    assert refused.status_code == 429
    assert int(refused.headers["Retry-After"]) > 80_000
    assert see(refused).form("claim").fields["name"] == "Momena Bibi"
    assert row_of(booked).person_id is None


def test_the_tries_of_a_phone_follow_it_to_another_person(hers, other, alice, booked):
    for _ in range(5):
        claim(hers, name="Somebody")
    way = db.session.scalars(select(WayIn).filter_by(person_id=alice.id)).one()
    way.person_id = make.person(name="Somebody Else").id
    db.session.commit()
    make.sign_in(other, db.session.get(Person, way.person_id))

    assert claim(other).status_code == 429


def test_what_is_typed_wrongly_is_no_try(hers):
    for _ in range(6):
        assert see(claim(hers, age="old")).errors == ["Enter the age in years, from 0 to 120"]

    assert see(claim(hers)).errors == [NOTHING]


def test_beyond_six_relatives_it_is_refused_whatever_is_typed(hers, alice, booked):
    for n in range(RELATIVES):
        make.patient(alice, f"Relative {'abcdef'[n]}")

    for name in ("Momena Bibi", "Somebody"):
        page = see(claim(hers, name=name))
        assert page.code == 409
        assert page.errors[0].startswith("You already keep six people here.")
    assert row_of(booked).person_id is None


def test_it_may_be_oneself_where_nobody_is_that_yet(client, evening):
    person = make.person(phone=BOB)
    row = make.appointment(evening.sitting, of=called(phone=BOB), phone=BOB)
    make.sign_in(client, person)

    claim(client, oneself=True)

    assert row_of(row).patient.oneself
    assert row_of(person).name == "Momena Bibi"


def test_who_is_on_the_list_already_is_there_once_and_has_the_booking(hers, alice, booked):
    momena = make.patient(alice, "Momena Bibi", 58)

    claim(hers)

    assert row_of(booked).patient_id == momena.id and row_of(booked).person_id == alice.id
    assert [one.name for one in patients.of_person(alice.id)] == ["Alice Akter", "Momena Bibi"]


def test_two_serials_of_one_patient_in_one_sitting_both_stay(hers, alice, evening, booked):
    momena = make.patient(alice, "Momena Bibi", 58)
    own = make.appointment(evening.sitting, number=3, of=momena)

    claim(hers)

    assert row_of(own).patient_id == momena.id
    assert row_of(booked).person_id == alice.id and row_of(booked).status == "booked"
    assert "Momena Bibi" in look(hers, booked)


def test_an_appointment_that_is_a_persons_already_stays_theirs(hers, alice, bob, evening):
    row = make.appointment(evening.sitting, of=called(), phone=ALICE, person_id=bob.id)

    claim(hers)

    assert row_of(row).person_id == bob.id


def test_the_other_callers_of_a_phone_stay_unknown(hers, booked):
    other = called("Abdul Karim", 62, "male")
    claim(hers)

    assert row_of(other).person_id is None
    assert "Abdul" not in see(hers.get("/account/family"))


def test_a_claimed_patient_is_nobody_elses_any_more(hers, other, alice, bob, booked):
    claim(hers)
    db.session.add(WayIn(person_id=bob.id, kind="phone", value="+8801755555555", shown="x", proven_at=NOW))
    db.session.commit()
    make.sign_in(other, bob)

    assert see(claim(other)).errors == [NOTHING]
    assert db.session.scalars(select(Patient).filter_by(name="Momena Bibi")).one().person_id == alice.id
    assert db.session.scalars(select(Appointment)).one().person_id == alice.id
