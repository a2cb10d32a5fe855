"""An attempt to pay: one for the same agreement, found by its token, one asker at a time."""

import pytest
from sqlalchemy.exc import IntegrityError

from doctapp.db import db, transaction
from doctapp.payments import attempts, queries
from doctapp.payments.models import Attempt
from tests.payments.steps import PRICE, again, attempt_of, begun, heard
from tests.people import MINUTE, NOW


def claim(attempt, **given):
    with transaction():
        return attempts.claim(attempt.id, **{"now": NOW, **given})


def test_the_address_of_a_payment_is_128_bits_in_at_most_30_letters(held):
    token = begun(held).token

    assert 21 <= len(token) <= 30
    assert attempts.by_token(token).id
    assert attempts.by_token(token[:-1] + ("A" if token[-1] != "A" else "B")) is None


def test_two_payments_have_two_addresses(held):
    assert len({attempt_of(held).token for _ in range(20)}) == 20


def test_a_payment_that_ended_is_begun_anew(held):
    first = begun(held)
    heard(first, "failed")

    assert begun(held).id != first.id


def test_one_asks_at_a_time_and_the_next_after_a_minute(held):
    attempt = attempt_of(held)

    assert claim(attempt) is not None
    assert claim(attempt) is None
    assert claim(attempt, now=NOW + MINUTE) is not None


def test_there_is_nothing_to_ask_about_what_is_over(held):
    attempt = begun(held)
    heard(attempt, "failed")

    assert claim(attempt) is None


def test_only_what_has_no_session_yet_is_claimed_to_be_started(held):
    assert claim(attempt_of(held, session=""), started=False) is not None
    assert claim(attempt_of(held, session="cs_1"), started=False) is None


def test_a_session_is_kept_once(held):
    attempt = attempt_of(held, session="")
    for session in ("first", "second"):
        with transaction():
            attempts.keep_session(again(attempt), session=session, url=f"http://pay/{session}", now=NOW)

    assert (again(attempt).session, again(attempt).url) == ("first", "http://pay/first")


def test_what_may_be_open_is_known(held):
    assert attempts.open_of(held.id) is None
    attempt = begun(held)
    assert attempts.open_of(held.id).id == attempt.id

    heard(attempt, "expired")

    assert attempts.open_of(held.id) is None


@pytest.mark.parametrize(("given", "word"), [({"url": ""}, "starting"), ({"url": "http://pay"}, "waiting")])
def test_the_word_for_what_is_open(held, given, word):
    assert queries.state(attempt_of(held, **given)) == word


@pytest.mark.parametrize("wrong", [{"amount": 0}, {"amount": PRICE + 1}, {"provider": "cash"}, {"state": "captured"}])
def test_the_database_refuses_what_makes_no_sense(held, wrong):
    with pytest.raises(IntegrityError):
        attempt_of(held, **wrong)
    db.session.rollback()

    assert db.session.scalar(db.select(db.func.count(Attempt.id))) == 0
