"""Joining: proving a phone that is another person's asks, and only a phone-only person without roles is joined."""

import pytest
from sqlalchemy import select, update

from doctapp.accounts import people
from doctapp.accounts.models import Code, Patient, Person, Session, WayIn
from doctapp.appointments.models import Appointment
from doctapp.audit.models import AuditEntry
from doctapp.db import db
from doctapp.notifications.models import Notification
from tests import make
from tests.accounts.links import told
from tests.appointments.steps import answer, code_sent, look, send, take
from tests.people import ALICE, BOB, HOUR, NOW
from tests.see import see

EMAIL = "carol@c.test"
YEAR = 366 * 24 * HOUR


@pytest.fixture
def carol(app, client):
    """Somebody with an address, signed in; Bob's phone is hers too."""
    person = make.person(email=EMAIL, name="")
    make.sign_in(client, person)
    return person


def prove(client, phone=BOB):
    """Prove a phone on the page of ways; the page that comes then."""
    page = see(send(client, see(client.get("/account/ways")), "way", way=phone))
    return see(send(client, page, "code", code=code_sent())) if page.form("code") else page


def join(client):
    """Prove Bob's phone and say yes; the page that comes then."""
    return see(send(client, prove(client), "joining"))


def test_it_is_asked_with_what_comes_along(client, carol, bob, evening):
    make.appointment(evening.sitting, of=bob.patients[0])
    make.patient(bob, "Little Bob", 4)

    page = prove(client)

    assert page.h1 == "Is this other account yours too?"
    assert "1 booking comes to you" in page
    assert "2 people come to your family list" in page
    assert people.owner_of("phone", BOB).id == bob.id


def test_yes_moves_ways_patients_bookings_and_notices(client, carol, bob, evening):
    row = make.appointment(evening.sitting, of=bob.patients[0])
    make.saved(Notification(person_id=bob.id, cause="a", kind="joined", link="/", facts={"way": "x"}, at=NOW))

    page = join(client)

    db.session.expire_all()
    assert "The two accounts are one now" in page.alert
    assert people.owner_of("phone", BOB).id == carol.id
    assert {patient.person_id for patient in db.session.scalars(select(Patient))} == {carol.id}
    assert db.session.get(Appointment, row.id).person_id == carol.id
    assert set(db.session.scalars(select(Notification.person_id))) == {carol.id}
    assert db.session.get(Person, bob.id).joined_into_id == carol.id


def test_the_others_own_self_becomes_a_relative_and_nobody_is_merged(client, bob):
    carol = make.person(email=EMAIL)
    make.patient(carol, "Bob Barua", 41, sex="male", oneself=True)
    make.sign_in(client, carol)

    join(client)

    rows = db.session.execute(select(Patient.name, Patient.oneself).order_by(Patient.id)).all()
    assert sorted(rows) == [("Bob Barua", False), ("Bob Barua", True)]


def test_what_both_were_told_stays_once(client, carol, bob):
    for person in (carol, bob):
        make.saved(Notification(person_id=person.id, cause="same", kind="joined", link="/", facts={"way": "x"}, at=NOW))

    join(client)

    assert len(db.session.scalars(select(Notification).filter_by(cause="same")).all()) == 1


def test_the_other_is_signed_out(client, other, carol, bob):
    make.sign_in(other, bob)

    join(client)

    assert other.get("/appointments").status_code == 303
    assert db.session.scalars(select(Session.ended_why).filter_by(person_id=bob.id)).all() == ["joined"]


def test_both_are_told_and_it_is_written_to_the_audit(client, carol, bob):
    join(client)

    assert told("joined") == [("mail", EMAIL), ("sms", BOB)]
    entry = db.session.scalars(select(AuditEntry).filter_by(act="joined")).one()
    assert (entry.person_id, entry.row_id) == (carol.id, bob.id)


def test_the_nameless_survivor_takes_the_name(client, carol, bob):
    join(client)

    db.session.refresh(carol)
    assert carol.name == "Bob Barua"


def test_the_same_form_twice_joins_once(client, carol, bob):
    page = prove(client)
    form = page.form("joining")

    first, second = (client.post(form.action, data=form.fill()) for _ in range(2))

    assert (first.status_code, second.status_code) == (303, 303)
    assert first.headers["Location"] == second.headers["Location"]
    assert len(db.session.scalars(select(AuditEntry).filter_by(act="joined")).all()) == 1


def test_no_leaves_both_as_they_are(client, carol, bob):
    page = prove(client)

    see(client.get(page.link("No, leave both")))

    assert people.owner_of("phone", BOB).id == bob.id


def give_password(bob, evening):
    bob.password_hash = "x"


def give_address(bob, evening):
    bob.ways_in.append(WayIn(kind="email", value="b@b.test", shown="b@b.test", proven_at=NOW))


def give_google(bob, evening):
    bob.ways_in.append(WayIn(kind="google", value="iss|1", shown="Bob", proven_at=NOW))


def make_admin(bob, evening):
    bob.admin = True


def suspend(bob, evening):
    bob.suspended_at = NOW


def make_doctor(bob, evening):
    evening.doctor.person_id = bob.id


def make_applicant(bob, evening):
    evening.doctor.person_id, evening.doctor.status = bob.id, "applicant"


def make_clerk(bob, evening):
    make.staff(bob, evening.clinic)


def long_ago(bob, evening):
    bob.ways_in[0].proven_at = NOW - YEAR


MORE = [
    give_password,
    give_address,
    give_google,
    make_admin,
    suspend,
    make_doctor,
    make_applicant,
    make_clerk,
    long_ago,
]


@pytest.mark.parametrize("more", MORE)
def test_who_has_more_than_a_phone_signs_in_there_first(client, carol, bob, evening, more):
    more(bob, evening)
    db.session.commit()

    page = see(send(client, see(client.get("/account/ways")), "way", way=BOB))

    assert page.code == 409
    assert "already belongs to somebody else" in page.errors[0]
    assert db.session.scalars(select(Code)).all() == []


@pytest.mark.parametrize("more", MORE)
def test_who_became_more_meanwhile_is_not_joined(client, carol, bob, evening, more):
    page = prove(client)
    more(bob, evening)
    db.session.commit()

    answered = send(client, page, "joining")

    assert answered.status_code == 409
    assert people.owner_of("phone", BOB).id == bob.id


def test_without_a_code_nothing_is_joined(client, carol, bob):
    token = see(client.get("/account/ways")).form("way").fields["csrf_token"]

    answered = client.post("/account/ways/joining", data={"csrf_token": token, "phone": BOB})

    assert answered.status_code == 409
    assert people.owner_of("phone", BOB).id == bob.id


def test_a_code_proven_too_long_ago_joins_nothing(client, carol, bob):
    page = prove(client)
    db.session.execute(update(Code).values(used_at=NOW - HOUR))
    db.session.commit()

    assert send(client, page, "joining").status_code == 409


def test_a_code_proven_in_another_browser_joins_nothing(client, other, carol, bob):
    page = prove(client)
    make.sign_in(other, carol)
    token = see(other.get("/account/ways")).form("way").fields["csrf_token"]

    answered = other.post(page.form("joining").action, data={"csrf_token": token, "phone": BOB})

    assert answered.status_code == 409


def test_who_was_joined_once_is_not_joined_again(client, other, carol, bob):
    page = prove(client)
    dave = make.person(email="dave@d.test")
    make.sign_in(other, dave)
    bobs = prove(other)
    send(client, page, "joining")

    answered = send(other, bobs, "joining")

    assert answered.status_code == 409
    assert people.owner_of("phone", BOB).id == carol.id


def test_the_question_without_a_proof_leads_to_the_list(client, carol, bob):
    assert client.get("/account/ways/joining").headers["Location"].startswith("/account/ways")


def test_the_booking_asks_too_and_goes_on_with_the_hold(client, carol, bob, evening):
    hold = take(client, evening.sitting)

    page = answer(client, hold, phone=BOB)
    page = see(send(client, page, "code", code=code_sent()))
    assert page.h1 == "Is this other account yours too?"
    page = see(send(client, page, "joining"))

    assert "/payment" in page.form("payment").action
    assert people.owner_of("phone", BOB).id == carol.id


def test_the_booking_goes_on_with_another_phone_after_a_no(client, carol, bob, evening):
    hold = take(client, evening.sitting)
    page = answer(client, hold, phone=BOB)
    page = see(send(client, page, "code", code=code_sent()))

    page = see(client.get(page.link("No, leave both")))

    assert page.form("resend")
    assert people.owner_of("phone", BOB).id == bob.id


def test_the_booking_refuses_the_phone_of_somebody_with_more(client, carol, evening):
    make.person(phone=ALICE, email="alice@a.test")
    hold = take(client, evening.sitting)

    page = see(
        send(client, look(client, hold, "patient"), "patient", who="new", name="A B", age=3, sex="male", phone=ALICE)
    )

    assert page.code == 409


def test_a_phone_added_by_a_booking_is_told(client, carol, evening):
    hold = take(client, evening.sitting)
    page = answer(client, hold)

    send(client, page, "code", code=code_sent())

    assert told("way_added") == [("mail", EMAIL)]
