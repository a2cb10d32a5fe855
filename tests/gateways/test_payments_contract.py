"""What every gateway of money does: the sandbox, Stripe and SSLCommerz, each by its real client."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from doctapp.config import Settings
from doctapp.db import transaction
from doctapp.gateways import payments
from doctapp.gateways.payments import (
    CAPTURED,
    EXPIRED,
    FAILED,
    OPEN,
    Answer,
    NotProven,
    Refused,
    Unknown,
    Unreachable,
)
from tests.conftest import settings as settings_of_tests
from tests.gateways.paying import (
    NAMES,
    SERVERS,
    VENDORS,
    Hands,
    at_sandbox,
    at_sslcommerz,
    at_stripe,
    order,
    refund_of,
    sslcommerz_settings,
    stripe_settings,
)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings of demo mode; gateways need no database."""
    return settings_of_tests("sqlite:///none.db", tmp_path)


@pytest.fixture(params=NAMES)
def hands(request: pytest.FixtureRequest, settings: Settings) -> Iterator[Hands]:
    """Each gateway in turn."""
    yield from at(request.param, settings)


@pytest.fixture(params=VENDORS)
def vendor(request: pytest.FixtureRequest, settings: Settings) -> Iterator[Hands]:
    """Each gateway behind a server, in turn."""
    yield from at(request.param, settings)


def at(name: str, settings: Settings) -> Iterator[Hands]:
    if name == "sandbox":
        yield at_sandbox(settings)
        return
    with SERVERS[name]() as server:
        yield {"stripe": at_stripe, "sslcommerz": at_sslcommerz}[name](settings, server)


def test_an_order_that_was_started_has_a_page_and_is_open(hands):
    asked = order()

    started = hands.gateway.start(asked)

    assert started.session
    assert started.url.startswith("http")
    assert hands.gateway.query(asked.token, started.session) == Answer(asked.token, OPEN)


@pytest.mark.parametrize("name", ["sandbox", "stripe"])
def test_the_same_order_twice_is_one_session(name, settings):
    for hands in at(name, settings):
        asked = order()

        assert hands.gateway.start(asked) == hands.gateway.start(asked)


def test_money_is_told_and_found_with_its_amount_and_currency(hands):
    asked = order()
    started = hands.gateway.start(asked)

    message = hands.pay(asked.token)
    told = hands.gateway.read(message.headers, message.body)
    found = hands.gateway.query(asked.token, started.session)

    assert told.answer == found
    assert found == Answer(asked.token, CAPTURED, found.payment, 70000, "BDT", risky=False)
    assert found.payment


def test_a_repeated_message_is_one_event(hands):
    asked = order()
    hands.gateway.start(asked)
    message = hands.pay(asked.token)

    one, other = (hands.gateway.read(message.headers, message.body) for _ in range(2))

    assert one == other


def test_a_payment_that_fails_is_told_and_found(hands):
    asked = order()
    started = hands.gateway.start(asked)

    message = hands.fail(asked.token)

    assert hands.gateway.read(message.headers, message.body).answer == Answer(asked.token, FAILED)
    assert hands.gateway.query(asked.token, started.session) == Answer(asked.token, FAILED)


def test_an_order_whose_time_ran_out_is_told_and_found(hands):
    asked = order()
    started = hands.gateway.start(asked)

    message = hands.expire(asked.token)

    assert hands.gateway.read(message.headers, message.body).answer == Answer(asked.token, EXPIRED)
    assert hands.gateway.query(asked.token, started.session) == Answer(asked.token, EXPIRED)


def test_failure_and_money_are_two_events(hands):
    """The first must not hide the second from whoever remembers what was told."""
    failed, paid = order(), order()
    for asked in (failed, paid):
        hands.gateway.start(asked)
    messages = [hands.fail(failed.token), hands.pay(paid.token)]

    ids = {hands.gateway.read(message.headers, message.body).id for message in messages}

    assert len(ids) == 2


def test_an_order_that_is_closed_by_us_is_expired(hands):
    asked = order()
    started = hands.gateway.start(asked)

    answer = hands.gateway.expire(asked.token, started.session)

    expected = OPEN if hands.gateway.name == "sslcommerz" else EXPIRED  # SSLCommerz lets nobody close a session
    assert answer == Answer(asked.token, expected)


def test_closing_an_order_that_was_paid_finds_the_money(hands):
    asked = order()
    started = hands.gateway.start(asked)
    hands.pay(asked.token)

    answer = hands.gateway.expire(asked.token, started.session)

    assert (answer.state, answer.amount, answer.currency) == (CAPTURED, 70000, "BDT")


def paid(hands):
    asked = order()
    started = hands.gateway.start(asked)
    hands.pay(asked.token)
    return asked, hands.gateway.query(asked.token, started.session).payment


def test_a_refund_arrives_and_is_found(hands):
    back = refund_of(*paid(hands))

    answer = hands.gateway.refund(back)
    state = hands.gateway.refund_state(replace(back, gateway_ref=answer.gateway_ref))

    assert answer.state in {"pending", "refunded"}
    assert answer.gateway_ref
    assert (state.state, state.gateway_ref) == ("refunded", answer.gateway_ref)


def test_the_same_refund_twice_is_one(hands):
    back = refund_of(*paid(hands), 40000)

    one, other = hands.gateway.refund(back), hands.gateway.refund(back)

    assert one.gateway_ref == other.gateway_ref


def test_two_parts_go_back_but_never_more_than_came(hands):
    asked, payment = paid(hands)
    for amount in (40000, 30000):
        assert hands.gateway.refund(refund_of(asked, payment, amount)).state in {"pending", "refunded"}

    try:
        state = hands.gateway.refund(refund_of(asked, payment, 1)).state
    except Refused:
        state = "failed"

    assert state == "failed"


@pytest.mark.parametrize("name", ["sandbox", "stripe"])
def test_a_refund_that_was_never_asked_for_is_not_known(name, settings):
    for hands in at(name, settings):
        assert hands.gateway.refund_state(refund_of(*paid(hands))).state == "none"


@pytest.mark.parametrize("name", ["sandbox", "stripe"])
def test_a_refund_whose_answer_was_lost_is_found_by_our_id(name, settings):
    for hands in at(name, settings):
        back = refund_of(*paid(hands))
        made = hands.gateway.refund(back)

        assert hands.gateway.refund_state(back) == made


def test_nothing_is_done_inside_a_transaction(app, hands):
    asked = order()
    back = refund_of(asked, "x")
    calls = [
        lambda: hands.gateway.start(asked),
        lambda: hands.gateway.read({}, b""),
        lambda: hands.gateway.query(asked.token, "x"),
        lambda: hands.gateway.expire(asked.token, "x"),
        lambda: hands.gateway.refund(back),
        lambda: hands.gateway.refund_state(back),
    ]
    for call in calls:
        with pytest.raises(RuntimeError, match="outside transactions"), transaction():
            call()

    assert hands.server is None or hands.server.requests == []


def test_a_message_without_proof_is_refused(hands):
    asked = order()
    hands.gateway.start(asked)
    message = hands.pay(asked.token)

    for headers, body in (({}, message.body[:-1]), (message.headers, message.body[:-1] + b"x"), ({}, b"\xff\x00")):
        with pytest.raises(NotProven):
            hands.gateway.read(headers, body)


# behind a server


def calls_of(vendor):
    asked = order()
    started = vendor.gateway.start(asked)
    vendor.pay(asked.token)
    payment = vendor.gateway.query(asked.token, started.session).payment
    again, back = order(), refund_of(asked, payment)
    return {
        "start": lambda: vendor.gateway.start(again),
        "query": lambda: vendor.gateway.query(asked.token, started.session),
        "expire": lambda: vendor.gateway.expire(asked.token, started.session),
        "refund": lambda: vendor.gateway.refund(back),
        "refund_state": lambda: vendor.gateway.refund_state(replace(back, gateway_ref="re_unknown")),
    }


@pytest.mark.parametrize("call", ["start", "query", "expire", "refund", "refund_state"])
@pytest.mark.parametrize(
    ("status", "ends"), [(500, Unknown), (503, Unknown), (429, Unreachable)], ids=["500", "503", "429"]
)
def test_a_gateway_that_fails_leaves_it_open_what_was_done(vendor, call, status, ends):
    act = calls_of(vendor)[call]
    vendor.server.fail(status)

    with pytest.raises(ends, match=str(status)):
        act()


@pytest.mark.parametrize("call", ["start", "refund"])
def test_an_answer_that_is_lost_leaves_it_open_what_was_done(vendor, call):
    act = calls_of(vendor)[call]
    vendor.server.lose_answers(1)

    with pytest.raises(Unknown):
        act()


@pytest.mark.parametrize("call", ["start", "refund"])
def test_an_answer_that_is_late_leaves_it_open_what_was_done(vendor, call, monkeypatch):
    act = calls_of(vendor)[call]
    gateway = vendor.gateway
    if gateway.name == "stripe":
        monkeypatch.setattr(gateway.client._requestor._client, "_timeout", (1.0, 0.2))
    else:
        monkeypatch.setattr("doctapp.gateways.payments.sslcommerz.TIMEOUTS", (1.0, 0.2))
    vendor.server.late(1)

    with pytest.raises(Unknown):
        act()


@pytest.mark.parametrize("call", ["start", "query", "expire", "refund", "refund_state"])
def test_where_nobody_listens_nothing_was_done(vendor, call):
    act = calls_of(vendor)[call]
    vendor.server.down()

    with pytest.raises(Unreachable):
        act()


def test_an_order_whose_answer_was_lost_can_be_started_and_paid(vendor):
    asked = order()
    vendor.server.lose_answers(1)
    with pytest.raises(Unknown):
        vendor.gateway.start(asked)

    started = vendor.gateway.start(asked)
    vendor.pay(asked.token)

    assert vendor.gateway.query(asked.token, started.session).state == CAPTURED


def test_money_that_was_not_asked_for_is_answered_as_it_is(vendor):
    asked = order()
    started = vendor.gateway.start(asked)
    vendor.server.lie(amount=69999, currency="USD")

    message = vendor.pay(asked.token)
    told = vendor.gateway.read(message.headers, message.body).answer

    assert (told.amount, told.currency) == (69999, "USD")
    assert vendor.gateway.query(asked.token, started.session) == told


def test_money_of_another_order_is_not_ours(vendor):
    asked = order()
    started = vendor.gateway.start(asked)
    vendor.pay(asked.token)
    vendor.server.lie(token="another")

    try:
        state = vendor.gateway.query(asked.token, started.session).state
    except Unknown:
        state = OPEN

    assert state == OPEN


def test_a_risk_is_told_and_found(vendor):
    asked = order()
    started = vendor.gateway.start(asked)
    vendor.server.risk()

    message = vendor.pay(asked.token)

    assert vendor.gateway.read(message.headers, message.body).answer.risky
    assert vendor.gateway.query(asked.token, started.session).risky


@pytest.mark.parametrize(("ends", "state"), [("pending", "pending"), ("refunded", "refunded"), ("failed", "failed")])
def test_a_refund_ends_as_the_gateway_says(vendor, ends, state):
    back = refund_of(*paid(vendor))
    vendor.server.let_refunds_end("pending")
    ref = vendor.gateway.refund(back).gateway_ref

    vendor.server.let_refunds_end(ends)

    assert vendor.gateway.refund_state(replace(back, gateway_ref=ref)).state == state


def test_no_error_holds_a_key_or_an_address(vendor):
    settings = (
        (vendor.server.key, vendor.server.secret) if vendor.gateway.name == "stripe" else (vendor.server.password,)
    )
    for throw in (vendor.server.fail, lambda: vendor.server.fail(400), vendor.server.down):
        throw()
        with pytest.raises(payments.NotSent) as failed:
            vendor.gateway.start(order())
        assert failed.value.__suppress_context__ or failed.value.__context__ is None
        for secret in (*settings, vendor.server.url):
            assert secret not in str(failed.value)


@pytest.mark.parametrize("name", NAMES)
def test_the_gateways_of_the_settings_are_offered(app, settings, name, monkeypatch):
    assert payments.offered() == ("sandbox",)

    with SERVERS["stripe"]() as one, SERVERS["sslcommerz"]() as other:
        given = sslcommerz_settings(stripe_settings(settings, one), other)
    monkeypatch.setitem(app.config, "SETTINGS", given)

    assert payments.offered() == ("sslcommerz", "stripe", "sandbox")
    assert payments.gateway(name).name == name


def test_the_sandbox_is_for_demo_mode(app, settings, monkeypatch):
    monkeypatch.setitem(app.config, "SETTINGS", replace(settings, mode="production"))

    with pytest.raises(KeyError):
        payments.gateway("sandbox")
