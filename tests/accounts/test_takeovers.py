"""Ways in which somebody might get into another's account; none gets in, and the owner is told where there is one."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from doctapp.accounts import codes, people
from doctapp.accounts.models import Session, WayIn
from doctapp.db import db, transaction
from tests import make
from tests.accounts.links import EMAIL, PASSWORD, letters, link, registering, told
from tests.appointments.steps import code_sent, send
from tests.conftest import english
from tests.people import ALICE, NOW, STRANGER
from tests.see import see

YEAR = timedelta(days=366)


@pytest.fixture
def owner(app):
    """Alice, who proved phone and address more than a year ago."""
    person = make.person(phone=ALICE, email="alice@a.test", name="Alice Akter", password="demo-demo-demo")
    for way in person.ways_in:
        way.proven_at = NOW - YEAR
    db.session.commit()
    return person


def sign_in_by_code(client, phone="01711 111111"):
    """Sign in by a code; the page that comes then."""
    page = see(send(client, see(client.get("/login")), "login-phone", phone=phone))
    return see(send(client, page, "code", code=code_sent()))


def newest_session():
    return db.session.scalars(select(Session).order_by(Session.id.desc())).first()


def test_a_recycled_number_opens_bookings_only(client, owner):
    sign_in_by_code(client)

    assert newest_session().bookings_only
    assert client.get("/appointments").status_code == 200
    assert client.get("/account/ways").headers["Location"].startswith("/login/again")


def test_the_owner_of_a_recycled_number_is_told_by_the_other_ways(client, owner):
    sign_in_by_code(client)

    assert told("number_used") == [("mail", "alice@a.test")]


def test_a_second_code_to_a_recycled_number_opens_no_more(client, other, owner):
    sign_in_by_code(client)
    sign_in_by_code(other)

    assert newest_session().bookings_only


def test_a_number_proven_within_the_year_opens_everything(client, owner):
    people.proven(owner.id, "phone").last_proven_at = NOW - timedelta(days=300)
    db.session.commit()

    sign_in_by_code(client)

    assert not newest_session().bookings_only
    assert people.proven(owner.id, "phone").last_proven_at > NOW - timedelta(hours=1)
    assert told("number_used") == []


def test_the_password_opens_everything(client, owner):
    send(client, see(client.get("/login")), "login", email="alice@a.test", password="demo-demo-demo")

    assert not newest_session().bookings_only
    assert client.get("/account/ways").status_code == 200


def test_a_recycled_number_adds_no_phone_through_a_booking(client, owner, evening):
    make.sign_in(client, owner, bookings_only=True)
    client.post("/appointments", data={"sitting": evening.sitting.id, "number": 3}, follow_redirects=True)
    ref = db.session.execute(db.text("SELECT ref FROM appointment")).scalar()
    db.session.execute(db.text("UPDATE appointment SET typed_phone = '01733 333333'"))
    db.session.commit()
    token = see(client.get("/help")).select("input[name=csrf_token]")[0]["value"]
    client.post(f"/appointments/{ref}/codes", data={"csrf_token": token, "phone": "01733 333333"})

    answer = client.post(f"/appointments/{ref}/code", data={"csrf_token": token, "code": code_sent()})

    assert answer.status_code == 403
    assert people.owner_of("phone", STRANGER) is None


def test_a_stranger_who_registers_an_address_never_gets_its_proof(client, other):
    page = see(send(other, see(other.get("/register")), "register", **registering(name="Stranger")))
    assert page.h1 == "Look at your mail"

    page = see(client.get(link("verify")))

    assert page.h1 == "Verify your address"
    assert people.owner_of("email", EMAIL) is None
    assert send(other, see(other.get("/login")), "login", email=EMAIL, password=PASSWORD).status_code == 200
    assert other.get("/account").status_code == 303


def test_the_owner_of_that_address_signs_in_by_a_code_and_the_strangers_password_is_nothing(client, other):
    send(other, see(other.get("/register")), "register", **registering(name="Stranger"))

    sign_in_by_code(client, EMAIL)

    assert people.owner_of("email", EMAIL).name == ""
    page = see(send(other, see(other.get("/login")), "login", email=EMAIL, password=PASSWORD))
    assert page.errors == ["E-mail or password is not right. Check both, or sign in with a code instead."]
    assert see(other.get(link("verify"))).h1 == "This address already opens an account"


def test_a_phone_merely_typed_at_registration_opens_nothing(client, other, alice):
    send(client, see(client.get("/register")), "register", **registering(phone="01711 111111"))
    client.get(link("verify"))

    sign_in_by_code(other)

    assert people.owner_of("phone", ALICE).id == alice.id
    typed = db.session.scalars(select(WayIn).filter_by(value=ALICE).where(WayIn.proven_at.is_(None))).one()
    assert typed.person_id == people.owner_of("email", EMAIL).id
    assert newest_session().person_id == alice.id


def test_a_used_reset_link_opens_nothing(client, other, owner):
    send(client, see(client.get("/password/forgot")), "forgot", email="alice@a.test")
    path = link("reset")
    send(client, see(client.get(path)), "reset", password="violet rickshaw 9")

    assert other.get(path).status_code == 410
    assert told("password_changed") == [("mail", "alice@a.test"), ("sms", ALICE)]


def test_a_reset_link_dies_with_the_way_it_was_sent_to(client, other, owner):
    send(other, see(other.get("/password/forgot")), "forgot", email="alice@a.test")
    make.sign_in(client, owner)
    way = people.proven(owner.id, "email")

    send(client, see(client.get("/account/ways")), f"removal-{way.id}")

    assert other.get(link("reset")).status_code == 404


def guess(browser, code):
    """A browser that asks for a code to Alice's phone and types a wrong one five times."""
    page = see(send(browser, see(browser.get("/login")), "login-phone", phone="01711 111111"))
    wrong = f"{(int(code_sent()) + code) % 100_000:05}"
    return [send(browser, page, "code", code=wrong).status_code for _ in range(5)]


def test_a_code_is_guessed_five_times(client, alice):
    guess(client, 1)

    page = see(client.get("/login/code"))
    answer = send(client, page, "code", code=code_sent())

    assert "no longer works" in see(answer).errors[0]


def test_codes_are_guessed_ten_times_a_day_whatever_the_browser(app, alice):
    for _ in range(2):
        guess(english(app), 1)
    third = english(app)
    page = see(send(third, see(third.get("/login")), "login-phone", phone="01711 111111"))

    answer = send(third, page, "code", code=code_sent())

    assert answer.status_code == 429
    assert third.get("/appointments").status_code == 303


def test_a_code_of_one_browser_is_nothing_in_another(client, other, alice):
    send(client, see(client.get("/login")), "login-phone", phone="01711 111111")
    mine = code_sent()
    page = see(send(other, see(other.get("/login")), "login-phone", phone="01711 111111"))
    assert mine != code_sent()

    assert send(other, page, "code", code=mine).status_code == 422


def test_ten_wrong_passwords_an_hour_count_on_the_link_as_at_sign_in(client, other):
    send(client, see(client.get("/register")), "register", **registering())
    login = see(other.get("/login"))
    for _ in range(10):
        send(other, login, "login", email=EMAIL, password="wrong")

    assert send(other, see(other.get(link("verify"))), "email", password=PASSWORD).status_code == 429


def test_a_remembered_browser_alone_adds_no_way(client, owner):
    make.sign_in(client, owner, authenticated_at=None)

    answer = client.post("/account/ways", data={"csrf_token": "x", "way": STRANGER})

    assert answer.status_code in {303, 400}
    assert letters("code") == []


def test_a_joined_person_is_signed_in_by_nothing(app, alice, bob):
    from doctapp.accounts import sessions

    bob.joined_into_id = alice.id
    db.session.commit()

    with pytest.raises(sessions.Suspended), transaction():
        sessions.start(person_id=bob.id, token_hash="x", now=NOW)
    assert codes.proven_lately("nobody", now=NOW) == []
