"""The gateways' own doors: signed and unsigned, repeated and reordered, lying, and the way back of a browser."""

import json
import time
from urllib.parse import parse_qsl, urlencode

import pytest

from doctapp.db import db
from doctapp.gateways.payments import sandbox
from doctapp.payments import jobs
from doctapp.payments.models import GatewayEvent
from tests.payments.steps import PRICE, again, begun, kept, refunds
from tests.people import NOW
from tests.servers.sslcommerz import signed
from tests.servers.stripe import KEY

FOREIGN = {"Origin": "https://securepay.sslcommerz.com", "Sec-Fetch-Site": "cross-site"}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def started(row, provider):
    attempt = begun(row, provider=provider)
    jobs.start(attempt.id, NOW)
    return again(attempt)


def post(client, path, headers, body):
    return client.post(f"/payments/{path}", headers=headers, data=body)


def state(attempt):
    return again(attempt).state


def events():
    return db.session.scalar(db.select(db.func.count(GatewayEvent.id)))


class Till:
    """One gateway under test: who pays there, and what it then posts to which door."""

    def __init__(self, name, attempt, server):
        self.name, self.attempt, self.server = name, attempt, server
        self.path = {"sslcommerz": "sslcommerz/ipn"}.get(name, f"{name}/webhook")

    def pay(self):
        """Somebody pays; headers and body of the message."""
        token = self.attempt.token
        if self.name == "sandbox":
            self.server.become(token, "captured")
            return self.server.event(token)
        message = self.server.pay(token)
        return message.headers, message.body


@pytest.fixture(params=["sandbox", "stripe", "sslcommerz"])
def till(request, app, held):
    """Each gateway, with a payment that has begun there."""
    if request.param == "sandbox":
        server = sandbox.Sandbox(app.config["SETTINGS"])
    else:
        server = request.getfixturevalue(request.param)
    return Till(request.param, started(held, request.param), server)


@pytest.fixture
def at_stripe(stripe, held):
    return started(held, "stripe")


@pytest.fixture
def at_sslcommerz(sslcommerz, held):
    return started(held, "sslcommerz")


def test_a_proven_message_books(client, held, till):
    assert post(client, till.path, *till.pay()).status_code == 200

    assert (state(till.attempt), again(held).status, again(held).paid) == ("captured", "booked", PRICE)


def test_the_same_message_ten_times_books_once(client, held, till):
    message = till.pay()

    assert {post(client, till.path, *message).status_code for _ in range(10)} == {200}
    assert (again(held).status, refunds(), events()) == ("booked", [], 1)


def test_nobody_needs_a_cookie_a_token_or_our_own_origin(client, till):
    headers, body = till.pay()

    assert post(client, till.path, {**headers, **FOREIGN}, body).status_code == 200
    assert state(till.attempt) == "captured"


@pytest.mark.parametrize("how", ["no proof", "no body", "another body", "rubbish", "binary"])
def test_without_proof_it_is_400_and_nothing_happens(client, held, till, how):
    headers, body = till.pay()
    if how == "no proof":
        headers, body = {}, urlencode({"tran_id": till.attempt.token, "status": "VALID"}).encode()
    elif how == "no body":
        body = b""
    elif how == "another body":
        body = body.replace(till.attempt.token.encode(), b"x" * len(till.attempt.token))
    else:
        body = b"{" if how == "rubbish" else bytes(range(256))

    assert post(client, till.path, headers, body).status_code == 400
    assert (state(till.attempt), again(held).status, events()) == ("started", "held", 0)


def test_nothing_is_proven_to_a_gateway_that_is_not_set_up(client, evening):
    assert post(client, "stripe/webhook", {}, b"{}").status_code == 400
    assert post(client, "sslcommerz/ipn", {}, b"").status_code == 400


def test_only_posts_come_in(client, till):
    assert client.get(f"/payments/{till.path}").status_code in {404, 405}


@pytest.mark.parametrize("provider", ["stripe", "sslcommerz"])
def test_a_gateway_that_is_down_when_it_is_asked_back_is_503_and_the_repeat_books(client, held, request, provider):
    server = request.getfixturevalue(provider)
    till = Till(provider, started(held, provider), server)
    message = till.pay()
    till.server.down()
    refused = post(client, till.path, *message)
    assert (refused.status_code, refused.headers["Retry-After"]) == (503, "60")
    assert (state(till.attempt), events()) == ("started", 0)

    till.server.up()
    assert post(client, till.path, *message).status_code == 200
    assert again(held).status == "booked"


# Stripe


@pytest.mark.parametrize(
    "given", [{"secret": "whsec_other"}, {"at": time.time() - 301}, {"livemode": True}], ids=["key", "old", "live"]
)
def test_stripes_message_of_another_key_an_old_one_or_a_live_one_is_400(client, stripe, at_stripe, given):
    stripe.pay(at_stripe.token)
    message = stripe.message(at_stripe.token, "completed", **given)

    assert post(client, "stripe/webhook", message.headers, message.body).status_code == 400
    assert state(at_stripe) == "started"


def test_stripes_messages_about_other_things_are_200_and_nothing_happens(client, stripe, at_stripe):
    for kind in ("customer.created", "charge.refunded"):
        message = stripe.message(at_stripe.token, kind)
        assert post(client, "stripe/webhook", message.headers, message.body).status_code == 200

    assert (state(at_stripe), events()) == ("started", 0)


def test_slow_money_books_when_it_arrives(client, held, stripe, at_stripe):
    slow = stripe.pay_slowly(at_stripe.token)
    assert post(client, "stripe/webhook", slow.headers, slow.body).status_code == 200
    assert (state(at_stripe), again(held).status) == ("started", "held")

    message = stripe.arrive(at_stripe.token)
    assert post(client, "stripe/webhook", message.headers, message.body).status_code == 200
    assert again(held).status == "booked"


def test_slow_money_that_does_not_arrive_fails(client, held, stripe, at_stripe):
    for act in (stripe.pay_slowly, stripe.fail_payment):
        message = act(at_stripe.token)
        post(client, "stripe/webhook", message.headers, message.body)

    assert (state(at_stripe), again(held).status) == ("failed", "held")


def test_stripes_messages_in_the_wrong_order_end_alike(client, held, stripe, at_stripe):
    messages = [stripe.pay_slowly(at_stripe.token), stripe.arrive(at_stripe.token)]
    for message in reversed(messages):
        assert post(client, "stripe/webhook", message.headers, message.body).status_code == 200

    assert (state(at_stripe), again(held).status, refunds()) == ("captured", "booked", [])


@pytest.mark.parametrize(
    ("lie", "flag"), [({"amount": 100}, "amount"), ({"currency": "usd"}, "currency"), ({}, "risk")]
)
@pytest.mark.parametrize("provider", ["stripe", "sslcommerz"])
def test_an_amount_or_a_currency_that_was_not_asked_and_a_risk_are_flagged(client, held, request, provider, lie, flag):
    server = request.getfixturevalue(provider)
    till = Till(provider, started(held, provider), server)
    server.lie(**({"currency": "USD"} if lie.get("currency") and provider == "sslcommerz" else lie))
    if flag == "risk":
        server.risk()

    assert post(client, till.path, *till.pay()).status_code == 200
    assert (again(till.attempt).flag, again(held).status, again(held).paid) == (flag, "requested", 0)


def test_an_answer_about_another_order_is_never_believed(client, held, stripe, at_stripe):
    message = stripe.pay(at_stripe.token)
    stripe.lie(token="another")

    assert post(client, "stripe/webhook", message.headers, message.body).status_code == 503
    assert (state(at_stripe), again(held).status) == ("started", "held")


def test_no_answer_of_ours_names_a_key(client, stripe, at_stripe):
    stripe.fail(500)
    message = stripe.pay(at_stripe.token)

    answer = post(client, "stripe/webhook", message.headers, message.body)

    assert KEY not in answer.get_data(as_text=True)


# SSLCommerz


def ipn_of(server, attempt, **changes):
    """A signed IPN in which some fields are others than what it validates."""
    message = server.message(attempt.token, **changes)
    return message.headers, message.body


@pytest.mark.parametrize(
    "field",
    ["tran_id", "amount", "store_id", "status", "val_id", "currency", "bank_tran_id", "risk_level", "card_issuer"],
)
def test_each_field_of_an_ipn_that_was_changed_after_it_was_signed_is_400(client, sslcommerz, at_sslcommerz, field):
    sslcommerz.pay(at_sslcommerz.token)
    headers, body = ipn_of(sslcommerz, at_sslcommerz)
    fields = dict(parse_qsl(body.decode(), keep_blank_values=True))
    changed = urlencode({**fields, field: fields[field] + "1"}).encode()

    assert post(client, "sslcommerz/ipn", headers, changed).status_code == 400
    assert state(at_sslcommerz) == "started"


def test_whoever_knows_the_password_of_another_store_proves_nothing(client, sslcommerz, at_sslcommerz):
    sslcommerz.pay(at_sslcommerz.token)
    fields = dict(parse_qsl(ipn_of(sslcommerz, at_sslcommerz)[1].decode(), keep_blank_values=True))

    body = urlencode(signed({**fields}, "another password")).encode()

    assert post(client, "sslcommerz/ipn", FORM, body).status_code == 400


def test_an_ipn_of_another_store_is_400(client, sslcommerz, at_sslcommerz):
    sslcommerz.pay(at_sslcommerz.token)
    headers, body = ipn_of(sslcommerz, at_sslcommerz, store_id="another")

    assert post(client, "sslcommerz/ipn", headers, body).status_code == 400


def test_a_payment_of_another_order_does_not_pay_for_this_one(client, held, sslcommerz, at_sslcommerz, online, bob):
    cheap = started(kept(online.sitting, bob, number=13), "sslcommerz")
    sslcommerz.pay(cheap.token)
    sslcommerz.pay(at_sslcommerz.token)
    val_id = next(one["val_id"] for one in sslcommerz.tries if one["tran_id"] == cheap.token)

    headers, body = ipn_of(sslcommerz, at_sslcommerz, val_id=val_id)

    assert post(client, "sslcommerz/ipn", headers, body).status_code == 400
    assert (state(at_sslcommerz), again(held).status) == ("started", "held")


def test_the_amount_is_that_of_the_validation_not_of_the_ipn(client, held, sslcommerz, at_sslcommerz):
    sslcommerz.pay(at_sslcommerz.token)
    headers, body = ipn_of(sslcommerz, at_sslcommerz, amount="1.00", currency_amount="1.00")

    assert post(client, "sslcommerz/ipn", headers, body).status_code == 200
    assert again(at_sslcommerz).captured_amount == PRICE


def test_a_failed_try_leaves_time_and_a_later_one_books(client, held, sslcommerz, at_sslcommerz):
    for act, after in ((sslcommerz.fail_payment, "failed"), (sslcommerz.pay, "captured")):
        message = act(at_sslcommerz.token)
        assert post(client, "sslcommerz/ipn", message.headers, message.body).status_code == 200
        assert state(at_sslcommerz) == after

    assert again(held).status == "booked"


# the way back


def way_back(client, attempt, body=None):
    body = urlencode({"tran_id": attempt.token, "status": "VALID"}).encode() if body is None else body
    return client.post("/payments/sslcommerz/return", headers={**FORM, **FOREIGN}, data=body)


def test_the_way_back_from_another_site_without_cookies_leads_to_the_truth(client, sslcommerz, at_sslcommerz):
    message = sslcommerz.pay(at_sslcommerz.token)

    answer = way_back(client, at_sslcommerz, message.body)

    assert (answer.status_code, answer.location) == (303, f"/payments/{at_sslcommerz.token}?back=1")
    assert state(at_sslcommerz) == "captured"


def test_a_way_back_that_proves_nothing_leads_there_too_and_confirms_nothing(client, held, sslcommerz, at_sslcommerz):
    answer = way_back(client, at_sslcommerz)

    assert answer.status_code == 303
    assert (state(at_sslcommerz), again(held).status) == ("started", "held")


def test_a_way_back_while_the_gateway_is_down_leads_there_and_the_sweep_finds_the_money(
    client, held, sslcommerz, at_sslcommerz
):
    message = sslcommerz.pay(at_sslcommerz.token)
    sslcommerz.down()
    assert way_back(client, at_sslcommerz, message.body).status_code == 303
    assert state(at_sslcommerz) == "started"

    sslcommerz.up()
    jobs.ask_open(again(at_sslcommerz).next_query_at)

    assert again(held).status == "booked"


@pytest.mark.parametrize("token", ["", "unknown", "x" * 400])
def test_a_way_back_of_no_order_of_ours_is_400(client, sslcommerz, at_sslcommerz, token):
    assert way_back(client, at_sslcommerz, urlencode({"tran_id": token}).encode()).status_code == 400


def test_a_way_back_with_another_gateways_order_is_400(client, stripe, at_stripe):
    assert way_back(client, at_stripe).status_code == 400


def test_ipn_and_way_back_together_book_once(client, held, sslcommerz, at_sslcommerz):
    message = sslcommerz.pay(at_sslcommerz.token)
    for _ in range(2):
        post(client, "sslcommerz/ipn", message.headers, message.body)
        way_back(client, at_sslcommerz, message.body)

    assert (again(held).status, refunds(), events()) == ("booked", [], 1)


# the sandbox


@pytest.mark.parametrize("age", [301, -301])
def test_the_sandboxs_old_or_early_signature_is_400(client, app, held, age):
    till = sandbox.Sandbox(app.config["SETTINGS"])
    attempt = started(held, "sandbox")
    till.become(attempt.token, "captured")
    headers, body = till.event(attempt.token)
    moment = int(headers[sandbox.SIGNATURE].partition(".")[0])

    answer = post(client, "sandbox/webhook", {sandbox.SIGNATURE: till.sign(body, moment - age)}, body)

    assert answer.status_code == 400
    assert json.loads(body)["answer"]["state"] == "captured"
    assert state(attempt) == "started"
