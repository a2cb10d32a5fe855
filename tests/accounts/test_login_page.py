"""Signing in: by a code, or by e-mail and password; what was typed stays, and the way leads back."""

import pytest
from sqlalchemy import func, select

from doctapp.accounts.models import Code, Person
from doctapp.db import db
from tests import make, people
from tests.appointments.steps import code_sent, send
from tests.see import see


def codes():
    """How many codes were sent."""
    return db.session.scalar(select(func.count()).select_from(Code))


def ask_code(client, phone="01711 111111", where="/login"):
    """Ask for a code; the page that comes then."""
    return see(send(client, see(client.get(where)), "login-phone", phone=phone))


def test_the_page_says_that_booking_needs_no_sign_in(client):
    page = see(client.get("/login"))

    assert page.h1 == "Sign in"
    assert "You don’t need to sign in to book" in page
    assert page.form("login").action == "/login"
    assert page.form("login-phone").action == "/login/codes"
    assert page.form("login").fields["remember"] is None


def test_a_code_signs_a_known_phone_in_and_leads_back(client, alice):
    page = ask_code(client, where="/login?next=/appointments")
    assert "01711 111111" in page

    answer = client.post("/login/code", data=page.form("code").fill(code=code_sent()))

    assert (answer.status_code, answer.headers["Location"]) == (303, "/appointments")
    assert see(client.get("/appointments")).h1 == "My bookings"


def test_a_code_makes_a_person_of_a_new_phone(client):
    page = ask_code(client, "01799 999999")

    client.post("/login/code", data=page.form("code").fill(code=code_sent()))

    assert db.session.scalar(select(func.count()).select_from(Person)) == 1
    assert client.get("/appointments").status_code == 200


def test_a_code_can_go_to_a_mail_address(client):
    page = ask_code(client, "new@example.org")

    assert "new@example.org" in page
    assert "from the mail of DoctApp" in page


@pytest.mark.parametrize(("typed", "sentence"), [
    ("", "Enter a mobile number with 11 digits, like 01712 345678"),
    ("12345", "Enter a mobile number with 11 digits, like 01712 345678"),
    ("who@", "Enter an e-mail address like name@example.com, or a mobile number like 01712 345678"),
])  # fmt: skip
def test_a_wrong_phone_says_what_to_type_and_is_kept(client, typed, sentence):
    answer = send(client, see(client.get("/login?next=/appointments")), "login-phone", phone=typed)

    page = see(answer)
    assert answer.status_code == 422
    assert page.title.startswith("Error: ")
    assert page.errors == [sentence]
    assert page.form("login-phone").fields["phone"] == typed
    assert page.form("login-phone").fields["next"] == "/appointments"
    assert codes() == 0


def test_a_wrong_code_says_so_and_lets_one_try_again(client, alice):
    page = ask_code(client)
    wrong = "00000" if code_sent() != "00000" else "11111"

    answer = client.post("/login/code", data=page.form("code").fill(code=wrong))

    page = see(answer)
    assert answer.status_code == 422
    assert page.title.startswith("Error: ")
    assert "That is not the code we sent" in page.errors[0]
    assert page.form("code")
    assert page.form("resend").fields["phone"] == "01711 111111"


def test_another_code_goes_to_a_corrected_number(client, alice):
    page = ask_code(client, "01799 999999")

    page = see(send(client, page, "resend", phone="01711 111111"))

    assert "01711 111111" in page
    assert codes() == 2


def test_looking_at_the_code_page_sends_nothing(client, alice):
    ask_code(client)

    client.get("/login/code")

    assert codes() == 1


def test_the_code_page_without_a_code_leads_to_sign_in(client):
    answer = client.get("/login/code?next=/appointments")

    assert (answer.status_code, answer.headers["Location"]) == (303, "/login?next=/appointments")


def test_e_mail_and_password_sign_in(client, nasrin):
    page = see(client.get("/login?next=/doctor/requests"))

    answer = client.post("/login", data=page.form("login").fill(email="desk@demo.test", password=people.PASSWORD))

    assert (answer.status_code, answer.headers["Location"]) == (303, "/doctor/requests")


def test_a_wrong_password_keeps_the_address_and_not_the_password(client, nasrin):
    answer = send(client, see(client.get("/login")), "login", email="desk@demo.test", password="wrong")

    page = see(answer)
    assert "E-mail or password is not right" in page.errors[0]
    assert page.form("login").fields["email"] == "desk@demo.test"
    assert not page.form("login").fields["password"]


def test_nothing_typed_names_both_fields(client):
    page = see(send(client, see(client.get("/login")), "login"))

    assert page.errors == ["Enter your e-mail address", "Enter your password"]


def test_another_host_as_next_leads_home(client, nasrin):
    form = see(client.get("/login?next=https://evil.example/")).form("login")

    answer = client.post("/login", data=form.fill(email="desk@demo.test", password=people.PASSWORD))

    assert answer.headers["Location"] == "/"


def test_who_is_signed_in_is_led_on(client, alice):
    make.sign_in(client, alice)

    assert client.get("/login?next=/appointments").headers["Location"] == "/appointments"


def test_the_page_reads_in_bangla(client):
    client.set_cookie("lang", "bn")

    assert see(client.get("/login")).form("login-phone")
