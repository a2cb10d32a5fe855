"""Showing once more that it is still oneself: by the password, by a code; and what it is asked for."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from doctapp import clock
from doctapp.accounts.models import Code, Person
from doctapp.db import db
from doctapp.errors import SignInAgain
from doctapp.web import cookies
from doctapp.web.access import FRESH_FOR, RECORDS_FOR, Viewer, fresh
from tests import make
from tests.access.test_table import token
from tests.accounts.remembering import bearing, held, opens, remembered, sessions, signed_in
from tests.appointments.steps import code_sent
from tests.people import ALICE, NOW, PASSWORD
from tests.see import see

PAGE = "/login/again?next=/account/devices"
SECOND = timedelta(seconds=1)


@pytest.fixture
def stale(client, alice):
    """Alice, whose session a remembered device opened; she has a phone and a password."""
    alice.password_hash = make.passwords.hashed(PASSWORD)
    make.saved(alice)
    signed_in(client, alice, remembered(client, alice))
    return alice


def by_password(client, password=PASSWORD):
    form = see(client.get(PAGE)).form("again")
    return client.post(form.action, data=form.fill(password=password))


def ask_for_code(client):
    form = see(client.get(PAGE)).form("again-code")
    return client.post(form.action, data=form.fill())


def type_code(client, code=None):
    form = see(client.get("/login/again/code?next=/account/devices")).form("code")
    return client.post(form.action, data=form.fill(code=code or code_sent()))


def authenticated_at():
    return sessions()[-1].authenticated_at


# The rule


def viewer(**given):
    return Viewer(1, "", "en", 1, **given)


def test_who_showed_it_within_ten_minutes_is_not_asked():
    assert viewer(authenticated_at=NOW - FRESH_FOR).is_fresh(NOW)
    assert not viewer(authenticated_at=NOW - FRESH_FOR - SECOND).is_fresh(NOW)
    assert not viewer(authenticated_at=None).is_fresh(NOW)


def test_a_number_nobody_proved_for_a_year_shows_nothing():
    assert not viewer(authenticated_at=NOW, bookings_only=True).is_fresh(NOW)
    assert not viewer(authenticated_at=NOW, bookings_only=True).may_open_records(NOW)


@pytest.mark.parametrize("works", [{"doctor_id": 1}, {"clinic_ids": frozenset({1})}])
def test_who_works_is_asked_before_records_after_half_an_hour(works):
    assert viewer(authenticated_at=NOW - RECORDS_FOR, **works).may_open_records(NOW)
    assert not viewer(authenticated_at=NOW - RECORDS_FOR - SECOND, **works).may_open_records(NOW)
    assert not viewer(authenticated_at=None, **works).may_open_records(NOW)


def test_a_patient_is_not_asked_before_their_own_records():
    assert viewer(authenticated_at=None).may_open_records(NOW)


@pytest.fixture
def behind_it(app, monkeypatch):
    """The page of one's devices as if it were behind the rule."""
    monkeypatch.setitem(app.view_functions, "accounts.account_devices", fresh(lambda: "inside"))
    monkeypatch.setitem(app.view_functions, "accounts.revoke_elsewhere", fresh(lambda: "done"))
    return "/account/devices"


def test_the_rule_lets_in_who_just_signed_in(client, alice, behind_it):
    make.sign_in(client, alice)

    assert client.get(behind_it).text == "inside"


def test_the_rule_leads_others_to_show_it_and_back(client, stale, behind_it):
    answered = client.get(f"{behind_it}?ok=x")
    assert (answered.status_code, answered.location) == (303, "/login/again?next=/account/devices?ok%3Dx")

    by_htmx = client.get(behind_it, headers={"HX-Request": "true"})
    assert (by_htmx.status_code, by_htmx.headers["HX-Redirect"]) == (401, "/login/again?next=/account/devices")


def test_a_form_that_was_sent_too_late_leads_back_to_its_page(client, stale, behind_it):
    data, path = {"csrf_token": token(client)}, f"{behind_it}/revocation"

    ours = client.post(path, data=data, headers={"Referer": "http://localhost/account/devices?ok=1"})
    foreign = client.post(path, data=data, headers={"Referer": "http://evil.example/account/devices"})

    assert ours.location == "/login/again?next=/account/devices?ok%3D1"
    assert foreign.location == "/login/again"


def test_who_is_not_signed_in_signs_in(client, behind_it):
    assert client.get(behind_it).location.startswith("/login?")


def test_the_refusal_is_told_apart_from_signing_in(app):
    assert SignInAgain.status == 401


# By the password


def test_the_password_shows_it_and_leads_on(client, stale):
    answered = by_password(client)

    assert (answered.status_code, answered.location) == (303, "/account/devices")
    assert clock.now() - authenticated_at() < timedelta(minutes=1)


def test_the_session_goes_on_under_a_new_token_only(client, stale):
    """Fixation: whoever planted or copied the session before does not come along."""
    copy = bearing(client, session=held(client, "session"))
    assert opens(copy)

    by_password(client)

    assert not opens(copy)
    assert opens(client)
    assert [row.token_hash for row in sessions()] == [cookies.hashed(held(client, "session"))]


def test_a_wrong_password_shows_nothing(client, stale):
    answered = by_password(client, "wrong")

    page = see(answered)
    assert answered.status_code == 422
    assert page.errors == ["That is not your password. Type it again, or let us send you a code."]
    assert page.form("again").fields["next"] == "/account/devices"
    assert authenticated_at() is None


def test_an_empty_password_is_asked_for(client, stale):
    assert see(by_password(client, "")).errors == ["Enter your password"]


def test_ten_wrong_passwords_are_enough(client, stale):
    csrf = token(client)
    tries = [client.post("/login/again", data={"password": "wrong", "csrf_token": csrf}) for _ in range(11)]

    assert [answered.status_code for answered in tries] == [422] * 10 + [429]
    assert int(tries[-1].headers["Retry-After"]) > 3000


def test_another_persons_password_is_not_ones_own(client, nasrin, stale):
    stale.password_hash = make.passwords.hashed("quite another one")
    make.saved(stale)

    assert by_password(client).status_code == 422


def test_next_leads_to_this_host_only(client, stale):
    form = see(client.get("/login/again?next=//evil.example")).form("again")

    answered = client.post(form.action, data={**form.fill(password=PASSWORD), "next": "https://evil.example"})

    assert answered.location == "/"


def test_who_just_showed_it_is_led_on(client, alice):
    make.sign_in(client, alice)

    assert client.get(PAGE).location == "/account/devices"


# By a code


def test_a_code_to_ones_own_phone_shows_it_and_leads_on(client, stale):
    assert ask_for_code(client).location == "/login/again/code?next=/account/devices"

    answered = type_code(client)

    assert (answered.status_code, answered.location) == (303, "/account/devices")
    assert authenticated_at() is not None


def test_who_has_no_password_is_offered_a_code_only(client, alice):
    signed_in(client, alice, remembered(client, alice))

    page = see(client.get(PAGE))

    assert [form.id for form in page.forms if form.id.startswith("again")] == ["again-code"]
    assert ALICE in page


def test_another_code_is_sent_to_the_same_phone(client, stale):
    ask_for_code(client)
    row = db.session.scalars(select(Code)).one()
    row.sent_at = clock.now() - timedelta(minutes=2)
    make.saved(row)

    form = see(client.get("/login/again/code?next=/account/devices")).form("resend")
    answered = client.post(form.action, data=form.fill())

    assert answered.location == "/login/again/code?next=/account/devices"
    assert [code.address for code in db.session.scalars(select(Code))] == [ALICE, ALICE]
    assert type_code(client).location == "/account/devices"


def test_a_wrong_code_shows_nothing(client, stale):
    ask_for_code(client)
    wrong = f"{(int(code_sent()) + 1) % 100_000:05}"

    answered = type_code(client, wrong)

    assert answered.status_code == 422
    assert authenticated_at() is None


def test_a_code_goes_to_ones_own_only(client, bob, stale):
    csrf = token(client)
    for way in (str(bob.ways_in[0].id), "0", "x", ""):
        answered = client.post("/login/again/codes", data={"way": way, "csrf_token": csrf})
        assert answered.status_code == 422

    assert db.session.scalars(select(Code)).all() == []


def test_a_code_to_another_number_shows_nothing(client, stale):
    """Taking over: whoever holds the device asks the sign-in page for a code to a phone of their own."""
    form = {"phone": "+8801799999999", "csrf_token": token(client)}
    client.post("/login/codes", data=form)

    answered = client.post("/login/again/code", data={"code": code_sent(), "csrf_token": token(client)})

    assert answered.location.startswith("/login/again?")
    assert authenticated_at() is None


def test_a_code_that_signed_in_before_shows_nothing_again(client, alice):
    form = see(client.get("/login")).form("login-phone")
    client.post(form.action, data=form.fill(phone=ALICE))
    form = see(client.get("/login/code")).form("code")
    client.post(form.action, data=form.fill(code=code_sent()))
    row = sessions()[0]
    row.authenticated_at = clock.now() - timedelta(minutes=11)
    make.saved(row)

    answered = client.post("/login/again/code", data={"code": code_sent(), "csrf_token": token(client)})

    assert answered.location.startswith("/login/again?")


def test_without_a_code_there_is_nothing_to_type(client, stale):
    assert client.get("/login/again/code").location.startswith("/login/again?")


def test_a_number_nobody_proved_for_a_year_gets_no_code(client, alice):
    way = alice.ways_in[0]
    way.proven_at = way.last_proven_at = clock.now() - timedelta(days=366)
    make.saved(way)
    signed_in(client, alice, remembered(client, alice))

    page = see(client.get(PAGE))

    assert "this number was not proven for a year" in page
    assert all(not form.id.startswith("again") for form in page.forms)


def test_what_was_proven_in_it_does_not_help_a_session_for_bookings_only(client, alice):
    """Taking over: a recycled number signs in, and its new holder proves it once more."""
    make.sign_in(client, alice, bookings_only=True, created_at=clock.now() - timedelta(minutes=5))
    way = alice.ways_in[0]
    way.last_proven_at = clock.now()
    make.saved(way)

    assert "this number was not proven for a year" in see(client.get(PAGE))


def test_the_password_makes_a_session_for_bookings_only_a_whole_one(client, stale):
    row = sessions()[0]
    row.bookings_only = True
    make.saved(row)

    by_password(client)

    assert not sessions()[0].bookings_only


def test_a_suspended_person_shows_nothing(client, stale):
    csrf = token(client)
    db.session.get(Person, stale.id).suspended_at = clock.now()
    db.session.commit()

    answered = client.post("/login/again", data={"password": PASSWORD, "csrf_token": csrf})

    assert answered.location.startswith("/login?") or answered.location == "/login"
    assert authenticated_at() is None
