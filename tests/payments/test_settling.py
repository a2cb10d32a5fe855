"""What a gateway says becomes ours: each event once, in any order, the captured amount that of its own answer."""

import pytest

from doctapp.db import db, transaction
from doctapp.gateways.payments import Answer, Event
from doctapp.payments import settling
from doctapp.payments.models import GatewayEvent
from tests.payments.steps import PRICE, ProcessDied, again, answer, attempt_of, die_after
from tests.people import NOW


@pytest.fixture
def attempt(held):
    """A payment that is open."""
    return attempt_of(held)


def settle(attempt, said):
    """Settle it, look, and take it back: what the money brings is another rule's."""
    with transaction():
        row = again(attempt)
        changed = settling.settle(row, said, now=NOW)
        seen = (row.state, row.captured_amount, row.captured_currency, row.payment, row.flag, row.next_query_at)
        db.session.rollback() if row.state == "captured" else None
    return changed, seen


def hear(event, token, provider="sandbox"):
    with transaction():
        return settling.heard(provider, Event(event, Answer(token, "open")), now=NOW)


def test_captured_keeps_what_the_gateway_itself_took(attempt):
    changed, seen = settle(attempt, answer(attempt, payment="pi_1"))

    assert changed
    assert seen == ("captured", PRICE, "BDT", "pi_1", "", None)


@pytest.mark.parametrize(
    ("said", "flag"),
    [
        ({}, ""),
        ({"risky": True}, "risk"),
        ({"amount": PRICE + 100}, "amount"),
        ({"amount": 1}, "amount"),
        ({"currency": "USD"}, "currency"),
        ({"currency": "USD", "amount": 1, "risky": True}, "currency"),
        ({"amount": 1, "risky": True}, "amount"),
    ],
)
def test_what_is_not_as_it_was_asked_is_flagged(attempt, said, flag):
    assert settle(attempt, answer(attempt, **said))[1][4] == flag


def test_nothing_is_captured_without_an_amount(attempt):
    assert settle(attempt, answer(attempt, amount=0)) == (False, ("started", None, "", "", "", NOW))


@pytest.mark.parametrize("state", ["failed", "expired"])
def test_what_is_open_ends(attempt, state):
    assert settle(attempt, answer(attempt, state))[1][0] == state
    assert settle(attempt, answer(attempt, "failed"))[0] is False


def test_what_is_open_stays_open(attempt):
    assert settle(attempt, answer(attempt, "open"))[0] is False


def test_an_event_is_heard_once(attempt):
    assert [hear("evt_1", attempt.token) is not None for _ in range(3)] == [True, False, False]
    assert hear("evt_2", attempt.token) is not None
    assert db.session.scalars(db.select(GatewayEvent.event).order_by(GatewayEvent.id)).all() == ["evt_1", "evt_2"]


def test_an_event_that_was_not_applied_in_the_end_is_heard_again(attempt):
    with pytest.raises(ProcessDied):
        die_after(lambda: settling.heard("sandbox", Event("evt_1", answer(attempt, "open")), now=NOW))

    assert hear("evt_1", attempt.token) is not None


def test_events_of_two_gateways_may_have_one_name(attempt, held):
    other = attempt_of(held, provider="stripe")

    assert hear("1", attempt.token) is not None
    assert hear("1", other.token, "stripe") is not None


@pytest.mark.parametrize(("token", "provider"), [("", "sandbox"), ("unknown", "sandbox"), (None, "stripe")])
def test_what_is_none_of_ours_is_not_heard(attempt, token, provider):
    assert hear("evt_1", attempt.token if token is None else token, provider) is None
    assert db.session.scalar(db.select(db.func.count(GatewayEvent.id))) == 0
