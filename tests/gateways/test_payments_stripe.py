"""Stripe alone: what the SDK sends, signatures and their age, slow money, what it will not tell us."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from doctapp.gateways.payments import CAPTURED, EXPIRED, FAILED, OPEN, Answer, NotAdmitted, NotProven, Refused, Unknown
from doctapp.gateways.payments.stripe import Stripe
from tests.conftest import settings as settings_of_tests
from tests.gateways.paying import order, refund_of, stripe_settings
from tests.servers.stripe import StripeServer


@pytest.fixture
def server() -> Iterator[StripeServer]:
    with StripeServer() as running:
        yield running


@pytest.fixture
def settings(tmp_path: Path, server: StripeServer):
    return stripe_settings(settings_of_tests("sqlite:///none.db", tmp_path), server)


@pytest.fixture
def gateway(settings) -> Stripe:
    return Stripe(settings)


@pytest.fixture
def started(gateway):
    asked = order()
    return asked, gateway.start(asked).session


def test_a_session_says_what_is_paid_and_where_one_comes_back(gateway, server):
    asked = order(language="en")
    gateway.start(asked)
    sent = server.requests[-1]

    assert sent.headers["Idempotency-Key"] == f"start-{asked.token}"
    assert sent.values["line_items[0][price_data][unit_amount]"] == "70000"
    assert sent.values["line_items[0][price_data][currency]"] == "bdt"
    assert sent.values["success_url"] == sent.values["cancel_url"] == asked.back_url
    assert sent.values["payment_intent_data[metadata][token]"] == asked.token
    assert sent.values["locale"] == "en"
    assert "expires_at" not in sent.values


def test_stripe_is_told_nothing_of_the_patient(gateway, server):
    gateway.start(order(name="Momena Bibi", phone="+8801733333333", email="momena@example.org"))

    said = str(server.requests[-1].values)
    assert not [word for word in ("Momena", "1733333333", "momena@") if word in said]


def test_the_same_id_with_another_amount_is_never_taken_for_done_or_undone(gateway):
    asked = order()
    gateway.start(asked)

    with pytest.raises(Unknown, match="IdempotencyError"):
        gateway.start(replace(asked, amount=1))


@pytest.mark.parametrize("age", [301, 3600])
def test_an_old_webhook_is_not_proven(gateway, server, started, age):
    server.pay(started[0].token)
    message = server.message(started[0].token, "completed", at=time.time() - age)

    with pytest.raises(NotProven):
        gateway.read(message.headers, message.body)


def test_a_webhook_of_another_secret_is_not_proven(gateway, server, started):
    message = server.message(started[0].token, "completed", secret="whsec_another")

    with pytest.raises(NotProven):
        gateway.read(message.headers, message.body)


def test_a_webhook_is_proven_over_the_raw_body(gateway, server, started):
    message = server.pay(started[0].token)

    with pytest.raises(NotProven):
        gateway.read(message.headers, message.body.replace(b'": ', b'":'))


def test_a_test_event_is_nothing_to_a_live_key(settings, server, started):
    message = server.pay(started[0].token)

    with pytest.raises(NotProven):
        Stripe(replace(settings, stripe_secret_key="sk_live_x")).read(message.headers, message.body)


def test_events_of_other_things_tell_nothing(gateway, server, started):
    for kind in ("customer.created", "charge.refunded", "checkout.session.unheard_of"):
        message = server.message(started[0].token, kind)

        assert gateway.read(message.headers, message.body).answer == Answer("", OPEN)


def test_a_session_that_is_none_of_ours_tells_nothing(gateway, server, started):
    server.lie(token=None)
    message = server.pay(started[0].token)

    assert gateway.read(message.headers, message.body).answer.token == ""


def test_money_that_takes_days_is_open_until_it_arrives(gateway, server, started):
    asked, session = started
    heard = [gateway.read(m.headers, m.body).answer.state for m in (server.pay_slowly(asked.token),)]
    heard.append(gateway.query(asked.token, session).state)
    message = server.arrive(asked.token)
    heard.append(gateway.read(message.headers, message.body).answer.state)

    assert heard == [OPEN, OPEN, CAPTURED]


def test_money_that_takes_days_may_never_arrive(gateway, server, started):
    asked, session = started
    server.pay_slowly(asked.token)
    message = server.fail_payment(asked.token)

    assert gateway.read(message.headers, message.body).answer.state == FAILED
    assert gateway.query(asked.token, session).state == FAILED


def test_an_order_whose_session_we_never_learnt_is_open_and_can_be_closed(gateway, server):
    assert gateway.query("t", "") == Answer("t", OPEN)
    assert gateway.expire("t", "") == Answer("t", EXPIRED)
    assert server.requests == []


def test_a_session_that_is_closed_twice_is_expired(gateway, started):
    asked, session = started

    assert [gateway.expire(asked.token, session).state for _ in range(2)] == [EXPIRED, EXPIRED]


def test_money_that_comes_while_we_close_is_found(gateway, server, started):
    asked, session = started
    server.pay(asked.token)

    assert gateway.expire(asked.token, session).state == CAPTURED


@pytest.mark.parametrize("status", [401, 403])
def test_a_key_that_stripe_does_not_know_did_nothing(gateway, server, status):
    server.fail(status)

    with pytest.raises(NotAdmitted):
        gateway.start(order())


def test_a_wrong_key_is_never_shown(settings, caplog):
    caplog.set_level(logging.DEBUG)
    with pytest.raises(NotAdmitted) as refused:
        Stripe(replace(settings, stripe_secret_key="sk_test_secretsecret")).start(order(name="Momena"))

    assert "secretsecret" not in str(refused.value) + caplog.text
    assert "sk_test" not in str(refused.value)


def test_a_session_that_is_not_there_is_refused(gateway):
    with pytest.raises(Refused):
        gateway.query("t", "cs_test_unknown")


def test_a_refund_of_a_payment_that_is_not_there_is_refused(gateway):
    with pytest.raises(Refused):
        gateway.refund(refund_of(order(), "pi_unknown"))


def test_a_refund_that_fails_says_why(gateway, server, started):
    asked, session = started
    server.pay(asked.token)
    server.let_refunds_end("failed")

    answer = gateway.refund(refund_of(asked, gateway.query(asked.token, session).payment))

    assert (answer.state, answer.fault) == ("failed", "lost_or_stolen_card")


def test_the_fake_sends_its_webhooks_as_it_is_told(server, gateway, started):
    asked = started[0]
    server.hook = server.url + "/v1/checkout/sessions"  # anything that answers
    server.repeat(2)
    server.pay(asked.token)
    server.hold()
    for kind in ("completed", "expired"):
        server.tell(server.message(asked.token, kind))
    server.release([3, 0])

    names = [name.rpartition(".")[2] for name, _ in server.answers]
    assert names == ["completed", "completed", "expired", "completed"]
