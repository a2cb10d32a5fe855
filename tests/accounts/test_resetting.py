"""A forgotten password: one link, one hour, once; and changing the password while signed in."""

import pytest
from sqlalchemy import select

from doctapp.accounts import people
from doctapp.accounts.models import Device, PasswordReset, Person, Session
from doctapp.audit.models import AuditEntry
from doctapp.db import db
from doctapp.notifications import jobs
from doctapp.notifications.models import Notification
from tests import make
from tests.accounts.links import letters, link, told, words
from tests.appointments.steps import send
from tests.people import ALICE, HOUR, NOW, PASSWORD
from tests.see import see

NEW = "violet rickshaw 9"
EMAIL = "alice@a.test"


@pytest.fixture
def owner(app):
    """Alice with phone, address and password."""
    return make.person(phone=ALICE, email=EMAIL, name="Alice Akter", password=PASSWORD)


def forget(client, email=EMAIL):
    """Ask for a link; the page that comes then."""
    return see(send(client, see(client.get("/password/forgot")), "forgot", email=email))


def reset(client, path=None, password=NEW):
    """Choose a new password by the link."""
    return send(client, see(client.get(path or link("reset"))), "reset", password=password)


def sign_in(client, password, email=EMAIL):
    """Whether this password opens the account."""
    send(client, see(client.get("/login")), "login", email=email, password=password)
    return client.get("/appointments").status_code == 200


def test_the_page_is_linked_from_sign_in(client):
    assert see(client.get("/login")).link("Forgot the password?") == "/password/forgot"


def test_the_link_sets_a_new_password_and_signs_in(client, other, owner):
    forget(client)

    page = see(reset(client))

    assert "Your new password is saved" in page.alert
    assert client.get("/appointments").status_code == 200
    assert not sign_in(other, PASSWORD)
    assert sign_in(other, NEW)


def test_a_known_and_an_unknown_address_are_answered_the_same_bytes(client, other, owner):
    answers = []
    for browser, email in ((client, EMAIL), (other, "nobody@a.test")):
        page = see(browser.get("/password/forgot"))
        answer = browser.post("/password/forgot", data=page.form("forgot").fill(email=email))
        shown = see(browser.get(answer.headers["Location"]))
        answers.append((answer.status_code, answer.headers["Location"], answer.data, shown.text))

    assert answers[0] == answers[1]
    assert told("reset") == [("mail", EMAIL)]


def test_what_is_no_address_is_said(client):
    page = see(send(client, see(client.get("/password/forgot")), "forgot", email="who@"))

    assert page.errors == ["Enter an e-mail address like name@example.com"]


def test_who_has_only_a_phone_has_no_reset(client, alice):
    forget(client)

    assert told("reset") == []


def test_a_suspended_person_is_sent_none(client, owner):
    owner.suspended_at = NOW
    db.session.commit()

    forget(client)

    assert told("reset") == []


def test_the_letter_that_takes_the_time_is_never_sent_and_forgets_what_it_said(client):
    forget(client, "nobody@a.test")
    letter_id = letters("reset")[0].id

    assert jobs.send(letter_id) is None

    letter = letters("reset")[0]
    assert (letter.state, letter.body, letter.html) == ("expired", None, None)
    assert db.session.scalars(select(PasswordReset)).all() == []


def test_three_links_an_hour_are_sent(client, owner):
    for _ in range(4):
        forget(client)

    assert len(letters("reset")) == 3


def test_the_link_works_once(client, other, owner):
    forget(client)
    path = link("reset")
    reset(client, path)

    answer = other.get(path)

    page = see(answer)
    assert (answer.status_code, page.h1) == (410, "This link no longer works")
    assert page.link("Ask for a new link") == "/password/forgot"


def test_the_form_of_a_link_used_meanwhile_changes_nothing(client, other, owner):
    forget(client)
    page = see(other.get(link("reset")))
    reset(client)

    answer = send(other, page, "reset", password="another password 1")

    assert answer.status_code == 410
    assert sign_in(other, NEW)


def test_the_link_works_for_an_hour(client, owner):
    forget(client)
    row = db.session.scalars(select(PasswordReset)).one()
    assert row.expires_at - row.created_at == HOUR
    row.expires_at = NOW
    db.session.commit()

    assert client.get(link("reset")).status_code == 410


def test_an_unknown_link_is_not_here(client):
    assert client.get("/password/reset/abc").status_code == 404


def test_the_other_links_end_with_the_first_that_is_used(client, owner):
    forget(client)
    first = link("reset")
    forget(client)
    reset(client)

    assert client.get(first).status_code == 410


def test_everything_that_was_open_ends(client, other, owner):
    make.sign_in(other, owner)
    forget(client)

    reset(client)

    assert other.get("/appointments").status_code == 303
    assert set(db.session.scalars(select(Session.ended_why))) == {"password", ""}


def test_the_owner_is_told_by_every_way_in(client, owner):
    forget(client)

    reset(client)

    assert told("password_changed") == [("mail", EMAIL), ("sms", ALICE)]
    assert db.session.scalars(select(Notification.kind).filter_by(person_id=owner.id)).all() == ["password_changed"]
    assert "password_changed" in db.session.scalars(select(AuditEntry.act)).all()


@pytest.mark.parametrize("password", ["short", "password12", "alice akter", EMAIL])
def test_a_poor_password_is_refused_and_the_link_still_works(client, owner, password):
    forget(client)

    answer = reset(client, password=password)

    assert answer.status_code == 422
    assert client.get(link("reset")).status_code == 200


def test_the_letter_is_secret_and_says_where_it_leads(client, owner):
    forget(client)

    letter = letters("reset")[0]
    assert letter.secret
    assert "http://localhost/password/reset/" in words(letter)
    assert "/password/reset/" not in (letter.body or "")


def change(client, **given):
    """Change the password while signed in; the page that comes then."""
    return see(send(client, see(client.get("/account/password")), "password", **given))


def test_a_change_keeps_this_browser_and_ends_the_others(client, other, owner):
    make.sign_in(client, owner)
    make.sign_in(other, owner)

    page = change(client, current=PASSWORD, password=NEW)

    assert "signed out everywhere else" in page.alert
    assert client.get("/appointments").status_code == 200
    assert other.get("/appointments").status_code == 303
    assert told("password_changed") == [("mail", EMAIL), ("sms", ALICE)]


def test_a_change_ends_remembered_devices(client, owner):
    make.sign_in(client, owner)
    device = Device(
        person_id=owner.id,
        selector_hash="s",
        token_hash="t",
        created_at=NOW,
        last_used_at=NOW,
        expires_at=NOW + HOUR,
    )
    make.saved(device)

    change(client, current=PASSWORD, password=NEW)

    db.session.refresh(device)
    assert device.ended_why == "password"


def test_the_password_of_now_is_asked_for(client, owner):
    make.sign_in(client, owner)

    page = change(client, current="something else", password=NEW)

    assert page.code == 422
    assert "That is not your password" in page.errors[0]


def test_the_first_password_needs_no_other(client):
    owner = make.person(email=EMAIL, name="Alice Akter")
    make.sign_in(client, owner)

    change(client, password=NEW)

    assert db.session.scalar(select(Person.password_hash))


def test_a_password_goes_with_an_address(client, alice):
    make.sign_in(client, alice)

    page = see(client.get("/account/password"))

    assert page.link("Add an address") == "/account/ways"


def test_changing_asks_whether_it_is_still_oneself(client, owner):
    make.sign_in(client, owner, authenticated_at=NOW - HOUR)

    assert client.get("/account/password").headers["Location"].startswith("/login/again")


def test_the_reset_proves_the_address_anew(client, owner):
    way = people.proven(owner.id, "email")
    way.last_proven_at = way.proven_at = NOW - 24 * 100 * HOUR
    db.session.commit()
    forget(client)

    reset(client)

    assert people.proven(owner.id, "email").last_proven_at > NOW - HOUR
