"""One's family: oneself and up to six relatives, on one phone."""

import pytest
from sqlalchemy import select

from doctapp.accounts import patients
from doctapp.accounts.models import Patient
from doctapp.accounts.patients import RELATIVES
from doctapp.appointments.models import Appointment
from doctapp.audit.models import AuditEntry
from doctapp.db import db
from tests import make
from tests.appointments.steps import look, send, take
from tests.people import NOW
from tests.see import see

MOMENA = {"name": "Momena Bibi", "age": "58", "sex": "female"}


@pytest.fixture
def hers(client, alice):
    """Alice's browser."""
    return make.sign_in(client, alice)


@pytest.fixture
def momena(alice):
    """Alice's mother, on her list."""
    return make.patient(alice, "Momena Bibi", 58)


def family(browser, **query):
    return see(browser.get("/account/family", query_string=query))


def add(browser, **values):
    """Add somebody; the answer."""
    form = family(browser).form("relative")
    return browser.post(form.action, data=form.fill(**{**MOMENA, **values}))


def edit(browser, patient, **values):
    """Correct somebody; the answer."""
    form = see(browser.get(f"/account/family/{patient.id}")).form("relative")
    return browser.post(form.action, data=form.fill(**values))


def remove(browser, patient):
    form = see(browser.get(f"/account/family/{patient.id}")).form("removal")
    return browser.post(form.action, data=form.fill())


def listed(person):
    db.session.rollback()
    return [patient.name for patient in patients.of_person(person.id)]


def acts():
    rows = db.session.scalars(select(AuditEntry).order_by(AuditEntry.id))
    return [(row.act, row.patient_id) for row in rows]


def test_oneself_is_on_the_list(hers):
    page = family(hers)

    assert page.h1 == "My family"
    assert "Me · Alice Akter, 30, female" in page


def test_a_relative_is_added(hers, alice):
    answer = add(hers)

    assert answer.headers["Location"] == "/account/family?ok=added"
    assert listed(alice) == ["Alice Akter", "Momena Bibi"]
    assert "The person is on your list." in family(hers, ok="added").alert


def test_the_same_form_twice_adds_once(hers, alice):
    form = family(hers).form("relative")
    answers = [hers.post(form.action, data=form.fill(**MOMENA)) for _ in range(2)]

    assert [answer.headers["Location"] for answer in answers] == ["/account/family?ok=added"] * 2
    assert listed(alice) == ["Alice Akter", "Momena Bibi"]


def test_the_same_person_is_not_added_twice(hers, alice, momena):
    add(hers, name="momena  BIBI", age="৫৯")

    assert listed(alice) == ["Alice Akter", "Momena Bibi"]


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"name": "x"}, "Enter the name, as the doctor should call it out"),
        ({"age": "old"}, "Enter the age in years, from 0 to 120"),
        ({"age": "121"}, "Enter the age in years, from 0 to 120"),
        ({"sex": ""}, "Choose female, male or other"),
    ],
)
def test_what_is_wrong_is_said_and_what_was_typed_stays(hers, alice, typed, said):
    page = see(add(hers, **typed))

    assert page.code == 422
    assert page.errors == [said]
    assert page.form("relative").fields | {**MOMENA, **typed} == page.form("relative").fields
    assert listed(alice) == ["Alice Akter"]


def test_a_near_match_asks_and_loses_nothing(hers, alice, momena):
    page = see(add(hers, age="40"))

    assert page.code == 409
    assert page.h1 == "Is it the same person?"
    assert page.form("person").buttons == [
        "Yes, the same: Momena Bibi, 58, female",
        "No, another person: Momena Bibi, 40, female",
    ]
    assert listed(alice) == ["Alice Akter", "Momena Bibi"]


def test_the_same_is_the_one_that_was_there(hers, alice, momena):
    page = see(add(hers, age="40"))
    answer = hers.post(page.form("person").action, data=page.form("person").fill(same=momena.id))

    assert answer.headers["Location"] == "/account/family?ok=added"
    assert listed(alice) == ["Alice Akter", "Momena Bibi"]


def test_another_person_is_added(hers, alice, momena):
    page = see(add(hers, age="40"))
    hers.post(page.form("person").action, data=page.form("person").fill(same="another"))

    assert listed(alice) == ["Alice Akter", "Momena Bibi", "Momena Bibi"]


def test_six_relatives_fit_and_a_seventh_is_refused(hers, alice):
    form = family(hers).form("relative")
    for n in range(RELATIVES):
        make.patient(alice, f"Relative {'abcdef'[n]}")

    page = see(hers.post(form.action, data=form.fill(**MOMENA)))

    assert page.code == 409
    assert page.errors == ["You already keep six people here. Choose one of them, or call us: we help by phone."]
    assert "Six others are on your list" in page
    assert len(listed(alice)) == RELATIVES + 1


def test_who_has_not_said_who_they_are_may_say_so(client):
    person = make.person(phone="+8801744444444")
    make.sign_in(client, person)

    form = family(client).form("relative")
    client.post(form.action, data=form.fill(**MOMENA, oneself=True))

    assert db.session.scalars(select(Patient)).one().oneself
    assert "oneself" not in family(client).form("relative").fields


def test_details_are_corrected_on_all_visits_and_audited(hers, momena, evening):
    row = make.appointment(evening.sitting, of=momena)

    answer = edit(hers, momena, name="Momena Khatun", age="60")

    assert answer.headers["Location"] == "/account/family?ok=changed"
    assert "Momena Khatun" in look(hers, row)
    assert acts() == [("edit_patient", momena.id)]


def test_which_doctors_will_see_it_is_said_before(hers, momena, evening):
    make.appointment(evening.sitting, of=momena)

    page = see(hers.get(f"/account/family/{momena.id}"))

    assert "see the change at once, on the appointments ahead: Dr Rokeya Begum. Nobody is sent a message." in page


def test_saving_what_is_so_already_writes_nothing(hers, momena):
    edit(hers, momena)

    assert acts() == []


def test_two_may_not_become_one(hers, alice, momena):
    other = make.patient(alice, "Momena Khatun", 58)

    page = see(edit(hers, other, name="momena bibi"))

    assert page.code == 409
    assert "the two could not be told apart" in page.errors[0]
    assert listed(alice)[1:] == ["Momena Bibi", "Momena Khatun"]


def test_wrong_details_are_said_and_stay(hers, momena):
    page = see(edit(hers, momena, name="Momena Khatun", age="old"))

    assert page.code == 422
    assert page.form("relative").fields["name"] == "Momena Khatun"


def test_a_relative_is_taken_off_the_list_and_stays_on_past_visits(hers, alice, momena, evening):
    past = make.appointment(evening.sitting, of=momena, status="completed")

    answer = remove(hers, momena)

    assert answer.headers["Location"] == "/account/family?ok=removed"
    assert listed(alice) == ["Alice Akter"]
    assert acts() == [("hide_patient", momena.id)]
    assert "Momena Bibi" in look(hers, past)


def test_whoever_was_taken_off_is_not_offered_in_a_booking(hers, momena, evening):
    remove(hers, momena)

    assert "Momena" not in look(hers, take(hers, evening.sitting), "patient")


def test_adding_the_same_again_brings_them_back(hers, alice, momena):
    remove(hers, momena)
    add(hers)

    assert listed(alice) == ["Alice Akter", "Momena Bibi"]
    assert db.session.get(Patient, momena.id).hidden_at is None


def test_who_was_taken_off_makes_room_and_does_not_come_back_as_a_seventh(hers, alice, momena):
    remove(hers, momena)
    for n in range(RELATIVES):
        make.patient(alice, f"Relative {'abcdef'[n]}")

    with pytest.raises(patients.TooManyRelatives):
        patients.add(
            person_id=alice.id, oneself=False, name="Momena Bibi", sex="female", age=58, same_as="", phone=None, now=NOW
        )


def test_a_live_appointment_keeps_them_on_the_list_and_is_named(hers, alice, momena, evening):
    page = see(hers.get(f"/account/family/{momena.id}"))
    make.appointment(evening.sitting, of=momena)

    refused = see(hers.post(page.form("removal").action, data=page.form("removal").fill()))

    assert refused.code == 409
    assert refused.errors[0].startswith("Momena Bibi still has serial 12 on ")
    assert refused.link("Open serial 12").startswith("/appointments/")
    assert listed(alice) == ["Alice Akter", "Momena Bibi"]


def test_oneself_is_never_taken_off(hers, alice):
    me = alice.patients[0]
    page = see(hers.get(f"/account/family/{me.id}"))

    assert "removal" not in [form.id for form in page.forms]
    data = page.form("relative").fill()
    assert hers.post(f"/account/family/{me.id}/removal", data=data).status_code == 404


def test_my_own_name_is_that_of_my_account(hers, alice):
    edit(hers, alice.patients[0], name="Alice Begum")

    assert "Alice Begum" in see(hers.get("/account")).form("account").fields["name"]


@pytest.mark.parametrize("address", ["", "/removal"])
def test_anybody_elses_relative_is_unknown(hers, bob, address):
    foreign = make.patient(bob, "Momena Bibi", 44)
    data = family(hers).form("relative").fill(**MOMENA)

    for wanted in (foreign.id, 10**20, 0):
        assert hers.post(f"/account/family/{wanted}{address}", data=data).status_code == 404
    assert db.session.get(Patient, foreign.id).hidden_at is None


def test_one_phone_books_for_several_patients(hers, alice, momena, evening):
    for number, who in ((11, "me"), (12, str(momena.id))):
        row = take(hers, evening.sitting, number)
        page = see(send(hers, look(hers, row, "patient"), "patient", who=who))
        see(send(hers, page, "payment"))

    rows = db.session.scalars(select(Appointment).order_by(Appointment.number)).all()
    assert [(row.patient.name, row.status) for row in rows] == [
        ("Alice Akter", "requested"),
        ("Momena Bibi", "requested"),
    ]
    assert {row.person_id for row in rows} == {alice.id}


def test_the_page_speaks_bangla(hers, momena):
    hers.set_cookie("lang", "bn")

    assert "৫৮" in family(hers)
