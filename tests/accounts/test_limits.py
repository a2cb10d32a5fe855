"""Limits are counted in rows, under a lock, and say when one more is allowed."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from doctapp.accounts import limits
from doctapp.accounts.limits import DAY, HOUR, TooMany
from doctapp.accounts.models import Tally, TallyLock
from doctapp.db import db
from tests.people import MINUTE, NOW


def count(many, kind="code", key="k", at=NOW):
    for _ in range(many):
        limits.count(kind, key, now=at)


def check(most=3, kind="code", key="k", now=NOW, per=HOUR):
    limits.check(kind, key, most=most, per=per, now=now)


def test_as_many_as_allowed_are_allowed(app):
    for _ in range(3):
        check()
        count(1)

    with pytest.raises(TooMany) as refusal:
        check()

    assert refusal.value.status == 429
    assert refusal.value.retry_after == 3600


def test_looking_does_not_count(app):
    for _ in range(10):
        check(most=1)

    assert limits.used("code", "k", since=NOW - HOUR) == 0


def test_the_refusal_says_when_the_first_one_will_be_an_hour_old(app):
    count(1, at=NOW - 50 * MINUTE)
    count(2)

    with pytest.raises(TooMany) as refusal:
        check()

    assert refusal.value.retry_after == 600


def test_after_that_time_one_more_is_allowed(app):
    count(1, at=NOW - 50 * MINUTE)
    count(2)

    check(now=NOW + 10 * MINUTE)


def test_it_never_says_to_wait_for_nothing(app):
    count(3, at=NOW - HOUR + timedelta(milliseconds=1))

    with pytest.raises(TooMany) as refusal:
        check()

    assert refusal.value.retry_after == 1


@pytest.mark.parametrize("other", [{"kind": "password"}, {"key": "another"}])
def test_kinds_and_keys_are_counted_apart(app, other):
    count(3)

    check(**other)


def test_an_hour_and_a_day_see_different_ones(app):
    count(3, at=NOW - 2 * HOUR)

    check()
    with pytest.raises(TooMany):
        check(per=DAY)


def test_forgetting_starts_anew_for_this_key_only(app):
    count(3)
    count(3, key="another")

    limits.forget("code", "k")

    check()
    assert limits.used("code", "another", since=NOW - HOUR) == 3


def test_locking_twice_is_one_row(app):
    limits.lock("code", "k", now=NOW)
    limits.lock("code", "k", now=NOW + MINUTE)

    assert db.session.scalars(select(TallyLock.at)).all() == [NOW + MINUTE]


def test_what_no_limit_looks_at_any_more_is_forgotten(app):
    count(1, at=NOW - timedelta(days=2, seconds=1))
    count(1, at=NOW - timedelta(days=1))
    limits.lock("code", "old", now=NOW - timedelta(days=3))

    limits.purge(now=NOW)

    assert db.session.scalar(select(func.count()).select_from(Tally)) == 1
    assert db.session.scalar(select(func.count()).select_from(TallyLock)) == 0


def test_an_address_is_stored_as_a_keyed_hash_only(app):
    assert "203.0.113.7" not in limits.address_key("203.0.113.7")
    assert len(limits.address_key("203.0.113.7")) == 64


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("203.0.113.7", "203.0.113.7", True),
        ("203.0.113.7", "203.0.113.8", False),
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("::ffff:203.0.113.7", "203.0.113.7", True),
        ("::ffff:203.0.113.7", "::ffff:203.0.113.8", False),
        ("fe80::1%eth0", "fe80::2%eth1", True),
        ("unknown", "", False),
        ("203.0.113.7:5000", "203.0.113.7", False),
    ],
)
def test_one_address_is_counted_as_one_and_a_home_of_ipv6_too(app, one, other, same):
    assert (limits.address_key(one) == limits.address_key(other)) is same
