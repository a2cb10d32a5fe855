"""Whoever asks too often is told when to come again, and nobody learns who is known."""

import re

from sqlalchemy import select

from doctapp.accounts import limits, passwords
from doctapp.accounts.models import Code, Session
from doctapp.appointments.models import Appointment
from doctapp.db import db
from tests import make
from tests.appointments.steps import answer, code_sent, send, take
from tests.conftest import english
from tests.people import PASSWORD
from tests.see import see
from tests.web.sending import TOKENS, count, later, post, tell_many, typed_answers

# Limits


def told_to_wait(response, most):
    assert response.status_code == 429
    assert 0 < int(response.headers["Retry-After"]) <= most
    return see(response)


def ask_for_code(app, phone="01799 999999"):
    client = english(app)
    client.set_cookie("browser", f"browser-{count(Code)}")
    return post(client, "/login/codes", phone=phone)


def test_a_number_gets_three_codes_an_hour_from_all_browsers_together(app):
    first = [ask_for_code(app).status_code for _ in range(3)]

    page = told_to_wait(ask_for_code(app, phone="+880 1799 999999"), 3600)

    assert first == [303] * 3
    assert page.errors == ["We already sent several codes to this number. Wait an hour, or call us: we help by phone."]
    assert page.form("login-phone").fields["phone"] == "+880 1799 999999"
    assert ask_for_code(app, phone="01799 999998").status_code == 303


def test_a_number_gets_six_codes_a_day(app):
    for _ in range(6):
        assert ask_for_code(app).status_code == 303
        later(hours=1.1)

    told_to_wait(ask_for_code(app), 24 * 3600)
    later(hours=18)
    assert ask_for_code(app).status_code == 303


def test_the_limits_of_codes_hold_while_booking_too(client, evening):
    row = take(client, evening.sitting)
    tell_many("code", "+8801712345678", 3)

    answered = post(client, f"/appointments/{row.ref}/patient", **typed_answers())

    page = told_to_wait(answered, 3600)
    assert page.form("patient").fields["name"] == "Momena Bibi"
    assert page.link("We already sent several codes") == "#phone"


def test_asking_for_another_code_within_the_minute_says_when_to_come_again(client, evening):
    row = take(client, evening.sitting)
    page = answer(client, row)

    told_to_wait(send(client, page, "resend"), 60)


def test_the_sms_of_all_have_a_budget_an_hour(app):
    tell_many("sms-budget", "all", app.config["SETTINGS"].sms_hourly_budget)

    page = told_to_wait(ask_for_code(app), 3600)

    assert "We can't send SMS for the moment" in page.errors[0]
    assert ask_for_code(app, phone="somebody@a.test").status_code == 303


def wrong_code():
    return f"{(int(code_sent()) + 1) % 100_000:05}"


def test_a_code_takes_five_tries(client):
    post(client, "/login/codes", phone="01799 999999")

    tries = [see(post(client, "/login/code", code=wrong_code())).errors[0] for _ in range(5)]
    right = see(post(client, "/login/code", code=code_sent()))

    assert [words.startswith("That is not the code") for words in tries] == [True, True, True, True, False]
    assert right.errors == ["This code no longer works. Ask for a new one below."]


def test_after_ten_wrong_tries_a_day_the_right_one_is_refused_too(client):
    post(client, "/login/codes", phone="01799 999999")
    tell_many("wrong-code", "+8801799999999", 10)

    page = told_to_wait(post(client, "/login/code", code=code_sent()), 24 * 3600)

    assert page.errors[0].startswith("Too many wrong codes were typed for this number.")
    assert count(Session) == 0


def test_a_browser_holds_five_times_an_hour(client, evening):
    for number in range(1, 6):
        take(client, evening.sitting, number)

    answered = client.post("/appointments", data={"sitting": evening.sitting.id, "number": 6})

    page = told_to_wait(answered, 3600)
    assert "Go on with the one you hold" in page
    assert db.session.scalars(select(Appointment.number).filter_by(status="held")).all() == [5]


def test_an_address_holds_a_hundred_and_twenty_times_an_hour(app, client, other, evening):
    tell_many("hold-address", limits.address_key("10.0.0.1"), 120)
    fields = {"sitting": evening.sitting.id, "number": 3}

    here = client.post("/appointments?again=1", data=fields, environ_overrides={"REMOTE_ADDR": "10.0.0.1"})
    there = other.post("/appointments?again=1", data=fields, environ_overrides={"REMOTE_ADDR": "10.0.0.2"})

    told_to_wait(here, 3600)
    assert there.status_code == 303


def test_ten_wrong_passwords_an_hour_shut_the_door_to_the_right_one(client):
    make.person(email="rahima@a.test", password=PASSWORD)
    tell_many("password", "rahima@a.test", 10)

    page = told_to_wait(post(client, "/login", email="Rahima@A.test", password=PASSWORD), 3600)

    assert page.errors == ["Too many wrong passwords. Wait an hour, or sign in with a code instead."]
    assert page.form("login").fields["email"] == "Rahima@A.test"


# Who is known


class Counting:
    """Counts how often a password is looked at."""

    def __init__(self, hasher):
        self.hasher, self.looks = hasher, 0

    def verify(self, *given):
        self.looks += 1
        return self.hasher.verify(*given)


def test_a_known_and_an_unknown_address_are_answered_alike_and_with_the_same_work(client, monkeypatch):
    make.person(email="known@a.test", password=PASSWORD)
    make.person(email="empty@a.test")
    counting = Counting(passwords.hasher())
    passwords.is_right(None, "make the dummy")
    monkeypatch.setattr(passwords, "hasher", lambda: counting)

    pages = [post(client, "/login", email=f"{who}@a.test", password="wrong") for who in ("known", "empty", "unheard")]

    texts = {re.sub(r"\w+@a.test", "", TOKENS.sub("", page.text)) for page in pages}
    assert {page.status_code for page in pages} == {422}
    assert len(texts) == 1
    assert counting.looks == 3


def test_asking_for_a_code_says_nothing_about_who_is_known(app):
    make.person(email="known@a.test", phone="+8801711111111")
    asked = [ask_for_code(app, way) for way in ("known@a.test", "never@a.test", "01711111111", "01799999999")]

    assert {(one.status_code, one.headers["Location"], one.data) for one in asked} == {
        (303, "/login/code?next=/", asked[0].data)
    }
    assert count(Code) == 4
