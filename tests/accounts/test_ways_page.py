"""One's ways in: the list, proving another by a code, taking one away; the others are told."""

import pytest
from sqlalchemy import select

from doctapp.accounts import people
from doctapp.accounts.models import Code, Device, PasswordReset, Session, WayIn
from doctapp.audit.models import AuditEntry
from doctapp.db import db
from tests import make
from tests.accounts.links import letters, told
from tests.appointments.steps import code_sent, send
from tests.people import ALICE, BOB, HOUR, NOW, PASSWORD, STRANGER
from tests.see import see

EMAIL = "alice@a.test"
YEAR = 366 * 24 * HOUR


@pytest.fixture
def owner(app, client):
    """Alice with phone and address, signed in."""
    person = make.person(phone=ALICE, email=EMAIL, name="Alice Akter", password=PASSWORD)
    make.sign_in(client, person)
    return person


def ask(client, way="01733 333333"):
    """Ask for a code to a new way; the page that comes then."""
    return see(send(client, see(client.get("/account/ways")), "way", way=way))


def add(client, way="01733 333333"):
    """Add a way by its code; the page that comes then."""
    return see(send(client, ask(client, way), "code", code=code_sent()))


def take_away(client, way):
    return send(client, see(client.get("/account/ways")), f"removal-{way.id}")


def test_the_list_names_each_way_and_since_when(client, owner):
    page = see(client.get("/account/ways"))

    assert ALICE in page
    assert EMAIL in page
    assert "Last proven by a code" in page


def test_a_phone_is_added_by_its_code(client, owner):
    page = add(client)

    assert "You can sign in with it from now on" in page.alert
    assert "01733 333333" in page
    assert people.owner_of("phone", STRANGER).id == owner.id


def test_an_address_is_added_by_its_code(client, owner):
    add(client, "second@a.test")

    assert people.owner_of("email", "second@a.test").id == owner.id


def test_what_is_only_typed_claims_nothing(client, owner):
    ask(client)

    assert people.owner_of("phone", STRANGER) is None


def test_a_wrong_code_adds_nothing(client, owner):
    page = ask(client)
    wrong = "00000" if code_sent() != "00000" else "11111"

    answer = send(client, page, "code", code=wrong)

    assert answer.status_code == 422
    assert people.owner_of("phone", STRANGER) is None


def test_all_ways_that_were_there_before_are_told(client, owner):
    add(client)

    assert told("way_added") == [("mail", EMAIL), ("sms", ALICE)]
    assert "A new way to sign in" in see(client.get("/notifications"))
    assert "way_added" in db.session.scalars(select(AuditEntry.act)).all()


def test_a_typed_phone_of_the_registration_is_proven_from_the_list(client, owner):
    row = make.saved(WayIn(person_id=owner.id, kind="phone", value=STRANGER, shown="01733 333333"))
    page = see(client.get("/account/ways"))
    assert "Not proven yet" in page

    page = see(send(client, page, f"proof-{row.id}"))
    send(client, page, "code", code=code_sent())

    mine = db.session.scalars(select(WayIn).filter_by(value=STRANGER)).all()
    assert [(way.person_id, way.proven_at is None) for way in mine] == [(owner.id, False)]


def test_one_is_taken_away_and_all_are_told(client, owner):
    way = people.proven(owner.id, "phone")

    page = see(take_away(client, way))

    assert "It no longer opens your account" in page.alert
    assert people.owner_of("phone", ALICE) is None
    assert told("way_removed") == [("mail", EMAIL), ("sms", ALICE)]
    assert "way_removed" in db.session.scalars(select(AuditEntry.act)).all()


def test_the_last_one_stays(client, alice):
    make.sign_in(client, alice)
    page = see(client.get("/account/ways"))
    way = people.proven(alice.id, "phone")
    assert f"removal-{way.id}" not in [form.id for form in page.forms]

    answer = client.post(f"/account/ways/{way.id}/removal", data={"csrf_token": page.form("way").fields["csrf_token"]})

    assert answer.status_code == 409
    assert "This is your only way in" in see(answer).alert
    assert people.owner_of("phone", ALICE).id == alice.id


def test_somebody_elses_is_not_here(client, owner, bob):
    page = see(client.get("/account/ways"))
    way = people.proven(bob.id, "phone")

    token = page.form("way").fields["csrf_token"]
    assert client.post(f"/account/ways/{way.id}/removal", data={"csrf_token": token}).status_code == 404
    assert people.owner_of("phone", BOB).id == bob.id


def test_the_devices_it_proved_end_with_it(client, owner):
    way = people.proven(owner.id, "phone")
    moments = {"created_at": NOW, "last_used_at": NOW, "expires_at": NOW + HOUR}
    device = make.saved(Device(person_id=owner.id, way_in_id=way.id, selector_hash="s", token_hash="t", **moments))
    session = make.saved(
        Session(person_id=owner.id, token_hash="x", device_id=device.id, created_at=NOW, last_seen_at=NOW)
    )

    take_away(client, way)

    db.session.refresh(device)
    db.session.refresh(session)
    assert (device.ended_why, session.ended_why) == ("way_removed", "way_removed")


def test_open_reset_links_end_with_their_address(client, owner):
    way = people.proven(owner.id, "email")
    make.saved(
        PasswordReset(person_id=owner.id, way_in_id=way.id, token_hash="r", created_at=NOW, expires_at=NOW + HOUR)
    )

    take_away(client, way)

    assert db.session.scalars(select(PasswordReset)).all() == []


def test_one_that_is_somebody_elses_is_refused_before_a_code_is_sent(client, owner):
    make.person(phone=BOB, email="bob@b.test")

    page = ask(client, BOB)

    assert page.code == 409
    assert "already belongs to somebody else" in page.errors[0]
    assert db.session.scalars(select(Code)).all() == []


def test_somebody_elses_address_is_refused(client, owner):
    make.person(email="bob@b.test")

    assert ask(client, "bob@b.test").code == 409


def test_ones_own_again_is_proven_anew(client, owner):
    way = people.proven(owner.id, "phone")
    way.proven_at = way.last_proven_at = NOW - YEAR
    db.session.commit()
    page = see(client.get("/account/ways"))
    assert "Not proven for a year" in page

    send(client, see(send(client, page, f"proof-{way.id}")), "code", code=code_sent())

    assert people.proven(owner.id, "phone").last_proven_at > NOW - HOUR
    assert told("way_added") == []


def test_changing_ways_asks_whether_it_is_still_oneself(client, alice):
    make.sign_in(client, alice, authenticated_at=NOW - HOUR)

    assert client.get("/account/ways").headers["Location"].startswith("/login/again")


def test_an_old_number_alone_opens_no_ways(client, owner):
    make.sign_in(client, owner, bookings_only=True)

    assert client.get("/account/ways").headers["Location"].startswith("/login/again")


def test_the_code_page_without_a_code_leads_to_the_list(client, owner):
    assert client.get("/account/ways/code").headers["Location"] == "/account/ways"


def test_the_page_reads_in_bangla(client, owner):
    client.set_cookie("lang", "bn")

    assert see(client.get("/account/ways")).form("way")
    assert letters() == []
