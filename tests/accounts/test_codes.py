"""Codes: five digits, fifteen minutes, five tries, and only for the browser that asked."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from doctapp.accounts import codes, jobs, limits
from doctapp.accounts.codes import BudgetSpent, CodeRanOut, TooManyCodes, TooManyTries, WrongCode
from doctapp.accounts.models import Code, Tally
from doctapp.db import db
from doctapp.digits import bangla
from tests.people import HOUR, MINUTE, NOW

PHONE = "+8801799999999"
SECOND = timedelta(seconds=1)


def draw(now=NOW, *, browser="a", address=PHONE, kind="phone"):
    """The digits that are sent; None where nothing is."""
    drawn = codes.draw(kind=kind, address=address, shown="01799 999999", browser_hash=browser, now=now)
    return drawn and drawn[1]


def prove(typed, now=NOW, *, browser="a", address=PHONE):
    """What the rule says of a try."""
    return type(codes.prove(browser_hash=browser, address=address, typed=typed, now=now))


def wrong(digits):
    return f"{(int(digits) + 1) % 100_000:05}"


RIGHT = type(None)


def test_a_code_is_five_digits_and_only_its_hash_is_stored(app):
    digits = draw()

    code = db.session.scalars(select(Code)).one()
    assert re.fullmatch(r"[0-9]{5}", digits)
    assert digits not in repr(vars(code))
    assert len(code.code_hash) == 64


def test_the_same_digits_for_another_address_have_another_hash(app, monkeypatch):
    monkeypatch.setattr(codes.secrets, "randbelow", lambda _: 7)
    draw()
    draw(address="+8801788888888")

    assert len(set(db.session.scalars(select(Code.code_hash)))) == 2
    assert prove("00007") is RIGHT


def test_the_right_code_proves_also_a_second_time(app):
    digits = draw()

    assert prove(digits) is RIGHT
    assert prove(digits, NOW + MINUTE) is RIGHT
    assert db.session.scalar(select(Code.used_at)) == NOW


@pytest.mark.parametrize("typed", [bangla, lambda d: f" {d[:2]} {d[2:]} ", lambda d: f"{d}\n", lambda d: " ".join(d)])
def test_bangla_digits_and_spaces_do_not_matter(app, typed):
    digits = draw()

    assert prove(typed(digits)) is RIGHT


@pytest.mark.parametrize("typed", ["", "x", "123456", "1234", "অআকখগ", "-1234", "12345" * 1000, "１２３４５"])
def test_what_is_no_code_is_wrong(app, typed, monkeypatch):
    monkeypatch.setattr(codes.secrets, "randbelow", lambda _: 99_999)
    draw()

    assert prove(typed) is WrongCode


def test_it_works_for_fifteen_minutes(app):
    digits = draw()

    assert prove(digits, NOW + 15 * MINUTE - SECOND) is RIGHT
    assert prove(digits, NOW + 15 * MINUTE) is CodeRanOut


def test_another_browser_cannot_use_it(app):
    digits = draw()

    assert prove(digits, browser="b") is CodeRanOut


def test_another_address_cannot_use_it(app):
    digits = draw()

    assert prove(digits, address="+8801788888888") is CodeRanOut


def test_a_new_code_ends_the_one_before(app):
    first = draw()
    second = draw(NOW + 2 * MINUTE)

    assert prove(second, NOW + 2 * MINUTE) is RIGHT
    assert first == second or prove(first, NOW + 2 * MINUTE) is WrongCode


def test_a_code_takes_five_tries(app):
    digits = draw()

    told = [prove(wrong(digits)) for _ in range(5)]

    assert told == [WrongCode] * 4 + [CodeRanOut]
    assert prove(digits) is CodeRanOut


def test_a_number_takes_ten_wrong_tries_a_day_over_all_codes_and_browsers(app):
    for n in range(2):
        digits = draw(NOW + n * MINUTE, browser=str(n))
        for _ in range(5):
            prove(wrong(digits), NOW + n * MINUTE, browser=str(n))
    last = draw(NOW + HOUR, browser="owner")

    refusal = codes.prove(browser_hash="owner", address=PHONE, typed=last, now=NOW + HOUR)

    assert type(refusal) is TooManyTries
    assert (refusal.status, refusal.retry_after) == (429, 86400)


def test_the_next_day_it_may_be_tried_again(app):
    for _ in range(10):
        limits.count("wrong-code", PHONE, now=NOW - timedelta(days=1))
    digits = draw()

    assert prove(digits) is RIGHT


def test_right_tries_do_not_count(app):
    digits = draw()
    for _ in range(12):
        prove(digits)

    assert prove(digits) is RIGHT


def test_a_second_one_within_the_minute_is_not_drawn(app):
    draw()

    assert draw(NOW + 59 * SECOND) is None
    assert draw(NOW + 60 * SECOND)


def test_who_used_the_last_one_gets_a_new_one_at_once(app):
    prove(draw())

    assert draw(NOW + SECOND)


def test_another_browser_gets_its_own_at_once(app):
    assert draw() and draw(browser="b")


def test_a_number_gets_three_an_hour(app):
    for n in range(3):
        assert draw(NOW + 2 * n * MINUTE)

    with pytest.raises(TooManyCodes) as refusal:
        draw(NOW + 10 * MINUTE, browser="b")

    assert refusal.value.retry_after == 50 * 60
    assert draw(NOW + HOUR)


def test_a_number_gets_six_a_day(app):
    for n in range(6):
        assert draw(NOW + n * HOUR)

    with pytest.raises(TooManyCodes) as refusal:
        draw(NOW + 7 * HOUR)

    assert refusal.value.retry_after == 17 * 3600
    assert draw(NOW + 24 * HOUR)


def test_the_limit_of_one_number_is_no_others(app):
    for n in range(3):
        draw(NOW + 2 * n * MINUTE)

    assert draw(NOW + 10 * MINUTE, address="+8801788888888")


def test_all_sms_of_an_hour_have_a_budget_and_its_end_is_an_alarm(app, monkeypatch, caplog):
    budget = app.config["SETTINGS"].sms_hourly_budget
    db.session.add_all([Tally(kind="sms-budget", key="all", at=NOW) for _ in range(budget)])
    db.session.flush()

    with pytest.raises(BudgetSpent):
        draw()

    assert caplog.records[-1].levelname == "CRITICAL"
    assert draw(kind="email", address="a@b.test")
    assert draw(NOW + HOUR)


def test_a_refused_code_counts_for_nothing(app):
    for n in range(3):
        draw(NOW + 2 * n * MINUTE)
    before = db.session.query(Tally).count()

    with pytest.raises(TooManyCodes):
        draw(NOW + 10 * MINUTE)

    assert db.session.query(Tally).count() == before


def test_the_newest_of_a_browser_is_the_last_it_asked_for(app):
    draw()
    draw(address="a@b.test", kind="email")
    draw(browser="b")

    assert codes.newest_of("a").address == "a@b.test"
    assert codes.newest(browser_hash="a", address=PHONE).address == PHONE
    assert codes.newest_of("c") is None


def test_codes_are_forgotten_after_two_days(app):
    draw(NOW - timedelta(days=2, seconds=1))
    draw(NOW - timedelta(days=1))
    db.session.commit()

    jobs.purge(NOW)

    assert db.session.query(Code).count() == 1
