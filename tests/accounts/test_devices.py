"""A device is a browser that is remembered by a token that is renewed; an old one that comes back is a copy."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from doctapp.accounts import devices, jobs, sessions
from doctapp.accounts.devices import Token
from doctapp.accounts.models import Device, Session
from doctapp.audit.models import AuditEntry
from doctapp.db import db
from doctapp.errors import NotFound
from tests import make
from tests.people import MINUTE, NOW

DAY = timedelta(days=1)


@pytest.fixture
def first(alice):
    """The token of a new device of Alice's."""
    token = Token.draw()
    devices.make(person_id=alice.id, token=token, name="Chrome on Android", lasts=180 * DAY, now=NOW)
    db.session.commit()
    return token


def device():
    return db.session.scalars(select(Device).execution_options(populate_existing=True)).one()


def opened(device_id, token_hash="s" * 64):
    sessions.resume(person_id=device().person_id, device_id=device_id, token_hash=token_hash, now=NOW)


def ended_why():
    return db.session.scalars(select(Session.ended_why).order_by(Session.id)).all()


# The token


def test_only_hashes_are_stored(first):
    stored = [str(value) for value in vars(device()).values()]

    assert not any(first.secret in value or first.selector in value for value in stored)
    assert first.cookie == f"{first.selector}.{first.secret}"


def test_the_successor_is_the_same_for_whoever_asks_with_this_token(first):
    assert first.successor == Token.read(first.cookie).successor
    assert first.successor.selector == first.selector
    assert len({first.secret, first.successor.secret, first.successor.successor.secret, first.session_token}) == 4


def test_nobody_derives_a_successor_without_our_key(app, first, monkeypatch):
    ours = first.successor
    monkeypatch.setitem(app.config, "SECRET_KEY", "another secret that is long enough")

    assert first.successor != ours


def test_two_devices_with_one_token_have_different_successors(app):
    one, other = Token("selector-of-one-device", "x" * 43), Token("selector-of-the-other", "x" * 43)

    assert one.successor.secret != other.successor.secret


@pytest.mark.parametrize("cookie", [None, "", ".", "a.b", "a" * 22, "ক" * 22 + "." + "ক" * 43, "a" * 22 + ".b.c" * 15])
def test_what_is_no_cookie_of_ours_is_no_token(cookie):
    assert Token.read(cookie) is None


# Renewal


def test_a_renewal_notes_the_successor_and_the_use(first):
    renewed = devices.renew(first, now=NOW + DAY)

    row = device()
    assert renewed.id == row.id
    assert (row.token_hash, row.next_hash, row.last_used_at) == (first.hash, first.successor.hash, NOW + DAY)


def test_the_old_token_stays_good_until_its_successor_was_seen(first):
    for minutes in range(3):
        assert devices.renew(first, now=NOW + minutes * MINUTE)

    assert device().next_hash == first.successor.hash


def test_the_successor_that_comes_back_is_the_token_from_then_on(first):
    devices.renew(first, now=NOW)

    devices.note_seen(first.successor)

    assert (device().token_hash, device().next_hash) == (first.successor.hash, None)
    assert devices.renew(first, now=NOW) is None


def test_a_successor_that_comes_back_to_be_renewed_is_seen_by_that(first):
    devices.renew(first, now=NOW)
    second = first.successor

    assert devices.renew(second, now=NOW + DAY)

    assert (device().token_hash, device().next_hash) == (second.hash, second.successor.hash)


def test_what_was_never_given_out_is_not_renewed(first):
    assert devices.renew(Token(first.selector, "x" * 43), now=NOW) is None
    assert devices.renew(Token.draw(), now=NOW) is None
    assert devices.renew(first.successor, now=NOW) is None


def test_a_device_ends_with_its_day(first):
    assert devices.renew(first, now=NOW + 180 * DAY - MINUTE)
    assert devices.renew(first, now=NOW + 180 * DAY) is None


# An old token


def test_an_old_token_ends_the_device_and_its_sessions_once(first):
    devices.renew(first, now=NOW)
    devices.note_seen(first.successor)
    opened(device().id)

    ended = [devices.end_if_reused(first, now=NOW + MINUTE) for _ in range(2)]

    assert [bool(row) for row in ended] == [True, False]
    assert (device().ended_at, device().ended_why) == (NOW + MINUTE, "reuse")
    assert ended_why() == ["reuse"]
    assert db.session.scalars(select(AuditEntry.act).order_by(AuditEntry.id)).all()[-1:] == ["reuse_device"]


def test_a_good_token_is_no_reuse(first):
    devices.renew(first, now=NOW)

    assert devices.end_if_reused(first, now=NOW) is None
    assert devices.end_if_reused(first.successor, now=NOW) is None
    assert device().ended_at is None


def test_only_the_sessions_of_that_device_end(alice, first):
    sessions.start(person_id=alice.id, token_hash="t" * 64, now=NOW)
    opened(device().id)

    devices.end_if_reused(Token(first.selector, "x" * 43), now=NOW)

    assert ended_why() == ["", "reuse"]


# Who is remembered, and for how long


@pytest.mark.parametrize(
    ("roles", "days"), [(("patient",), 180), (("doctor",), 30), (("desk",), None), (("admin", "doctor"), None)]
)
def test_how_long_a_role_is_remembered(roles, days):
    assert devices.kept_for(roles) == (days and timedelta(days=days))


# Ending


def test_its_owner_revokes_a_device_with_its_sessions(alice, first):
    opened(device().id)

    devices.revoke(device().id, person_id=alice.id, now=NOW)

    assert (device().ended_why, ended_why()) == ("revoked", ["revoked"])
    assert devices.renew(first, now=NOW) is None


def test_another_persons_device_is_not_there(bob, first):
    with pytest.raises(NotFound):
        devices.revoke(device().id, person_id=bob.id, now=NOW)

    assert device().ended_at is None


def test_all_sessions_and_devices_of_a_person_end_but_one(alice, bob, first):
    kept = device().id
    opened(kept)
    devices.make(person_id=alice.id, token=Token.draw(), name="", lasts=DAY, now=NOW)
    for person, token_hash in ((alice, "t" * 64), (bob, "u" * 64)):
        sessions.start(person_id=person.id, token_hash=token_hash, now=NOW)
    here = sessions.find("s" * 64).session_id

    sessions.end_all(alice.id, now=NOW, why="password", but=here)

    assert ended_why() == ["", "password", ""]
    assert db.session.scalars(select(Device.ended_why).order_by(Device.id)).all() == ["", "password"]


def test_all_sessions_and_devices_of_a_person_end(alice, first):
    opened(device().id)

    sessions.end_all(alice.id, now=NOW, why="suspended")

    assert (device().ended_why, ended_why()) == ("suspended", ["suspended"])


def test_a_number_that_left_its_person_is_nobodys_own_phone(alice, first):
    row = device()
    row.way_in_id = alice.ways_in[0].id
    db.session.commit()
    assert devices.of_person(alice.id, now=NOW)[0].shown == "+8801711111111"

    devices.forget_number(row.way_in_id)

    assert devices.of_person(alice.id, now=NOW)[0].shown is None


@pytest.mark.parametrize(("days", "left"), [(29, 1), (31, 0)])
def test_devices_that_ended_are_forgotten_after_thirty_days(first, days, left):
    opened(device().id)
    devices.end(device().id, now=NOW - timedelta(days=days), why="revoked")
    db.session.commit()

    jobs.purge(NOW)

    assert len(db.session.scalars(select(Device)).all()) == len(ended_why()) == left


def test_devices_that_ran_out_are_forgotten_thirty_days_later(first):
    jobs.purge(NOW + 209 * DAY)
    assert device()

    jobs.purge(NOW + 211 * DAY)

    assert db.session.scalars(select(Device)).all() == []


# Its name


@pytest.mark.parametrize(
    ("agent", "name"),
    [
        ("Mozilla/5.0 (Linux; Android 14; SM-A155F) AppleWebKit/537.36 Chrome/126 Safari/537.36", "Chrome on Android"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) Version/17.5 Safari/604.1", "Safari on iPhone"),
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:127.0) Gecko/20100101 Firefox/127.0", "Firefox on Windows"),
        ("Mozilla/5.0 (Windows NT 10.0) Chrome/126 Safari/537.36 Edg/126.0", "Edge on Windows"),
        ("Mozilla/5.0 (Linux; Android 13) SamsungBrowser/25.0 Chrome/121 Safari/537.36", "Samsung Internet on Android"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 14_5) Version/17.5 Safari/605.1.15", "Safari on Mac"),
        ("Mozilla/5.0 (X11; Linux x86_64) something else", "Linux"),
        ("<script>alert(1)</script>", ""),
        ("", ""),
    ],
)
def test_a_browser_is_called_in_words_its_owner_knows(agent, name):
    assert devices.name_from(agent) == name


# Suspended persons


def test_a_suspended_person_has_no_session(alice):
    sessions.start(person_id=alice.id, token_hash="t" * 64, now=NOW)
    alice.suspended_at = NOW
    make.saved(alice)

    assert sessions.find("t" * 64) is None
    with pytest.raises(sessions.Suspended):
        sessions.start(person_id=alice.id, token_hash="u" * 64, now=NOW)
