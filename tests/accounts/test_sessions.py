"""Sessions are rows that end: by sign-out, by idleness, by age."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from doctapp.accounts import jobs, passwords, sessions
from doctapp.accounts.models import Session
from doctapp.accounts.passwords import TooManyPasswords
from doctapp.db import db
from tests import make
from tests.people import HOUR, MINUTE, NOW, PASSWORD

SECOND = timedelta(seconds=1)
HOUSES = passwords.hasher  # before the stage makes it cheap
LIMITS = [
    ("patient", 30 * MINUTE, 12 * HOUR),
    ("doctor", 2 * HOUR, 12 * HOUR),
    ("desk", 10 * MINUTE, 8 * HOUR),
    ("admin", 10 * MINUTE, 4 * HOUR),
]


@pytest.fixture
def session(alice):
    sessions.start(person_id=alice.id, token_hash="h" * 64, now=NOW)
    return sessions.find("h" * 64)


def test_a_session_is_found_with_its_person_in_one_row(alice, session):
    first = (alice.id, "Alice Akter", "en", False, NOW, NOW, NOW, False)
    assert session[1:] == (*first, None, False, None, None, None, None)


def test_another_token_finds_nothing(session):
    assert sessions.find("x" * 64) is None
    assert sessions.find("") is None


def test_an_ended_one_is_not_found(session):
    sessions.end(session[0], now=NOW)

    assert sessions.find("h" * 64) is None


def test_the_first_end_stands(session):
    sessions.end(session[0], now=NOW)
    sessions.end(session[0], now=NOW + HOUR)

    assert db.session.scalar(select(Session.ended_at)) == NOW


def is_over(*roles, seen, opened=timedelta(0), remembered=True):
    return sessions.is_over(
        roles, remembered=remembered, created_at=NOW - max(opened, seen), last_seen_at=NOW - seen, now=NOW
    )


@pytest.mark.parametrize(("role", "idle", "absolute"), LIMITS)
def test_how_long_a_role_may_be_idle_and_open(role, idle, absolute):
    assert not is_over(role, seen=idle)
    assert is_over(role, seen=idle + SECOND)
    assert not is_over(role, seen=SECOND, opened=absolute)
    assert is_over(role, seen=SECOND, opened=absolute + SECOND)


def test_a_doctor_without_a_remembered_device_is_held_to_a_patients_limits():
    assert not is_over("doctor", seen=30 * MINUTE, remembered=False)
    assert is_over("doctor", seen=31 * MINUTE, remembered=False)
    assert is_over("doctor", seen=SECOND, opened=12 * HOUR + SECOND, remembered=False)


def test_of_several_roles_the_strictest_binds():
    assert is_over("doctor", "desk", seen=11 * MINUTE)
    assert is_over("desk", "admin", seen=SECOND, opened=4 * HOUR + SECOND)
    assert not is_over("doctor", "admin", seen=10 * MINUTE, opened=4 * HOUR)


def test_everybody_may_be_a_patient_so_that_role_binds_those_without_another():
    assert sessions.roles(admin=False, staff=False, doctor=False) == ("patient",)
    assert sessions.roles(admin=False, staff=False, doctor=True) == ("doctor",)
    assert sessions.roles(admin=True, staff=True, doctor=True) == ("admin", "desk", "doctor")


def test_being_seen_keeps_it_open(session):
    sessions.seen(session[0], now=NOW + 29 * MINUTE)

    assert sessions.find("h" * 64)[6] == NOW + 29 * MINUTE


def test_two_sessions_of_a_person_are_two(alice, session):
    sessions.start(person_id=alice.id, token_hash="i" * 64, now=NOW)
    sessions.end(session[0], now=NOW)

    assert sessions.find("i" * 64)


def test_sessions_nobody_used_for_a_month_are_forgotten(alice, session):
    sessions.start(person_id=alice.id, token_hash="o" * 64, now=NOW - timedelta(days=31))
    db.session.commit()

    jobs.purge(NOW)

    assert db.session.scalars(select(Session.token_hash)).all() == ["h" * 64]


# Passwords


def test_a_password_is_stored_as_argon2_and_never_twice_the_same(app):
    one, other = passwords.hashed(PASSWORD), passwords.hashed(PASSWORD)

    assert one.startswith("$argon2id$")
    assert one != other
    assert passwords.is_right(one, PASSWORD)
    assert not passwords.is_right(one, PASSWORD + " ")


def test_a_password_costs_what_rfc_9106_asks_where_memory_is_short():
    hasher = HOUSES()

    assert (hasher.time_cost, hasher.memory_cost, hasher.parallelism) == (3, 64 * 1024, 4)


@pytest.mark.parametrize("stored", [None, "", "$argon2id$broken", "plain"])
def test_where_nothing_good_is_stored_nothing_is_right(app, stored):
    assert not passwords.is_right(stored, PASSWORD)
    assert not passwords.is_right(stored, "nobody has this password")


def test_ten_tries_an_hour_for_an_address_known_or_not(app):
    make.person(email="known@a.test", password=PASSWORD)
    for email in ("known@a.test", "unknown@a.test"):
        for _ in range(10):
            passwords.begin_try(email=email, now=NOW)

        with pytest.raises(TooManyPasswords) as refusal:
            passwords.begin_try(email=email, now=NOW + 20 * MINUTE)
        assert refusal.value.retry_after == 40 * 60


def test_the_right_password_forgives_the_wrong_ones(app):
    for _ in range(9):
        passwords.begin_try(email="known@a.test", now=NOW)

    passwords.forgive(email="known@a.test")

    for _ in range(10):
        passwords.begin_try(email="known@a.test", now=NOW)
