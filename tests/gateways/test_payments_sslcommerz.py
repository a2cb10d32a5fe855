"""SSLCommerz alone: its hash field by field, its stores and hosts, what only its own answer confirms."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import parse_qsl, urlencode

import pytest

from doctapp.gateways.payments import (
    CAPTURED,
    FAILED,
    OPEN,
    Answer,
    NotAdmitted,
    NotProven,
    Refused,
    Unknowable,
    Unknown,
)
from doctapp.gateways.payments.sslcommerz import SslCommerz, poisha, taka
from tests.conftest import settings as settings_of_tests
from tests.gateways.paying import order, refund_of, sslcommerz_settings
from tests.servers.sslcommerz import SslCommerzServer, signed

SAMPLE = json.loads((Path(__file__).parent / "sslcommerz-sample.json").read_text())
FIELDS = {
    **SAMPLE["fields"],
    **{name: SAMPLE[name] for name in ("verify_key", "verify_sign", "verify_sign_sha2")},
}


@pytest.fixture
def server() -> Iterator[SslCommerzServer]:
    with SslCommerzServer() as running:
        yield running


@pytest.fixture
def settings(tmp_path: Path, server: SslCommerzServer):
    return sslcommerz_settings(settings_of_tests("sqlite:///none.db", tmp_path), server)


@pytest.fixture
def gateway(settings) -> SslCommerz:
    return SslCommerz(settings)


@pytest.fixture
def asked(gateway):
    asked = order()
    gateway.start(asked)
    return asked


@pytest.fixture
def of_sample(settings, server) -> SslCommerz:
    """The gateway of the published sample's store, with a server that knows its payment."""
    server.store, server.password = FIELDS["store_id"], SAMPLE["store_password"]
    server.tries.append({**SAMPLE["fields"]})
    return SslCommerz(sslcommerz_settings(settings, server))


def body(fields) -> bytes:
    return urlencode(fields).encode()


def fields_of(message) -> dict[str, str]:
    return dict(parse_qsl(message.body.decode(), keep_blank_values=True))


# the hash


def test_the_published_sample_is_proven(of_sample):
    event = of_sample.read({}, body(FIELDS))

    assert event.id == FIELDS["val_id"]
    assert event.answer == Answer("5E121A0D01F92", CAPTURED, "200105225825DBgSoRGLvczhFjj", 1000, "BDT")


def test_the_published_hashes_are_those_of_the_fake():
    made = signed(SAMPLE["fields"], SAMPLE["store_password"])

    assert {name: made[name] for name in ("verify_sign", "verify_sign_sha2")} == {
        name: SAMPLE[name] for name in ("verify_sign", "verify_sign_sha2")
    }


@pytest.mark.parametrize("field", sorted({*FIELDS} - {"verify_sign"}))
def test_a_field_that_was_changed_is_not_proven(of_sample, server, field):
    with pytest.raises(NotProven):
        of_sample.read({}, body({**FIELDS, field: f"{FIELDS[field]}1"}))
    assert server.requests == []


@pytest.mark.parametrize("field", sorted({*FIELDS} - {"verify_sign"}))
def test_a_field_that_was_removed_is_not_proven(of_sample, server, field):
    with pytest.raises(NotProven):
        of_sample.read({}, body({name: value for name, value in FIELDS.items() if name != field}))
    assert server.requests == []


NAMES = FIELDS["verify_key"].split(",")
SORTED = sorted([*NAMES, "store_passwd"])
FOLDABLE = [pair for pair in zip(SORTED, SORTED[1:], strict=False) if "store_passwd" not in pair]


@pytest.mark.parametrize(("into", "field"), FOLDABLE, ids=lambda name: name)
def test_a_field_that_was_folded_into_another_confirms_nothing_else(of_sample, into, field):
    """`into=x&field=y` hashes as two fields or as one; whatever then stands in the field's place is not signed."""
    forged = {**FIELDS, into: f"{FIELDS[into]}&{field}={FIELDS[field]}", field: "9999.00"}
    forged["verify_key"] = ",".join(name for name in NAMES if name != field)

    try:
        answer = of_sample.read({}, body(forged)).answer
    except NotProven:
        return

    assert (answer.token, answer.amount, answer.currency) == ("5E121A0D01F92", 1000, "BDT")


def test_the_password_can_not_be_named_among_the_fields(of_sample):
    forged = {**FIELDS, "store_passwd": "known", "verify_key": f"{FIELDS['verify_key']},store_passwd"}
    forged = signed(forged, "known", forged["verify_key"].split(","))

    with pytest.raises(NotProven):
        of_sample.read({}, body(forged))


@pytest.mark.parametrize("wrong", [b"", b"\xff", b"a", b"&" * 500, b"x=1&" * 200, b"verify_key=&tran_id=1"])
def test_what_is_no_form_is_not_proven(gateway, wrong):
    with pytest.raises(NotProven):
        gateway.read({}, wrong)


# stores and hosts


def test_a_post_about_another_store_is_not_proven(gateway, server, asked):
    server.pay(asked.token)
    message = server.message(asked.token, store_id="another")

    with pytest.raises(NotProven, match="another store"):
        gateway.read(message.headers, message.body)


def test_a_payment_of_the_sandbox_confirms_nothing_in_live(settings, server, asked):
    """The same store and password at both hosts: the proof is good, and the live host knows no such payment."""
    message = server.pay(asked.token)
    with SslCommerzServer() as live:
        with pytest.raises(NotProven, match="does not confirm"):
            SslCommerz(replace(settings, sslcommerz_host=live.url)).read(message.headers, message.body)
        assert [one.path for one in live.requests] == ["/validator/api/validationserverAPI.php"]


@pytest.mark.parametrize(
    ("live", "host"), [(False, "https://sandbox.sslcommerz.com"), (True, "https://securepay.sslcommerz.com")]
)
def test_the_host_is_that_of_the_settings(settings, live, host):
    assert SslCommerz(replace(settings, sslcommerz_live=live, sslcommerz_host="")).host == host


def test_a_wrong_password_did_nothing_and_is_never_shown(settings, caplog):
    caplog.set_level(logging.DEBUG)
    wrong = SslCommerz(replace(settings, sslcommerz_password="secretsecret"))
    for call in (lambda: wrong.start(order()), lambda: wrong.query("t", ""), wrong.knock):
        with pytest.raises(NotAdmitted) as refused:
            call()
        assert "secretsecret" not in str(refused.value) + caplog.text


# what is asked, and what is believed


def test_a_session_says_what_is_paid_and_where_one_comes_back(gateway, server):
    asked = order(amount=70050, name="M" * 60)
    gateway.start(asked)
    sent = server.requests[-1].values

    assert (sent["tran_id"], sent["value_a"], sent["total_amount"]) == (asked.token, asked.token, "700.50")
    assert (
        sent["success_url"] == sent["fail_url"] == sent["cancel_url"] == "http://localhost/payments/sslcommerz/return"
    )
    assert sent["ipn_url"] == "http://localhost/payments/sslcommerz/ipn"
    assert len(sent["cus_name"]) == 50
    assert sent["cus_email"] == "no-reply@localhost"


def test_an_id_that_is_too_long_is_refused_before_it_is_asked(gateway, server):
    with pytest.raises(Refused):
        gateway.start(order("x" * 31))
    assert server.requests == []


def test_what_sslcommerz_misses_is_refused_with_its_reason(gateway):
    with pytest.raises(Refused, match="cus_phone"):
        gateway.start(order(phone=""))


def test_a_failure_is_not_believed_where_the_order_was_paid(gateway, server, asked):
    server.pay(asked.token)
    told = {"status": "FAILED", "tran_id": asked.token, "store_id": server.store, "amount": "700.00"}

    event = gateway.read({}, body(signed(told, server.password)))

    assert event.answer.state == CAPTURED


def test_money_after_a_failure_is_an_event_of_its_own(gateway, server, asked):
    failed, paid = server.fail_payment(asked.token), server.pay(asked.token)

    first = gateway.read(failed.headers, failed.body)
    second = gateway.read(paid.headers, paid.body)

    assert [first.answer.state, second.answer.state] == [CAPTURED, CAPTURED]
    assert second.id == fields_of(paid)["val_id"]
    assert first.id != second.id


def test_a_payment_that_is_validated_twice_is_the_same_event(gateway, server, asked):
    paid = server.pay(asked.token)

    assert gateway.read(paid.headers, paid.body) == gateway.read(paid.headers, paid.body)


def test_a_payment_of_another_order_under_this_one_is_not_proven(gateway, server, asked):
    server.pay(asked.token)
    other = order()
    gateway.start(other)
    paid = server.pay(other.token)

    with pytest.raises(NotProven):
        gateway.read({}, body(signed({**fields_of(paid), "tran_id": asked.token}, server.password)))


@pytest.mark.parametrize(
    ("ends", "state"),
    [(["fail_payment"], FAILED), (["cancel"], FAILED), ([], OPEN), (["fail_payment", "pay"], CAPTURED),
     (["pay", "fail_payment"], CAPTURED), (["cancel", "fail_payment"], FAILED)],
)  # fmt: skip
def test_an_order_is_paid_if_any_of_its_tries_was(gateway, server, asked, ends, state):
    for end in ends:
        getattr(server, end)(asked.token)

    assert gateway.query(asked.token, "").state == state


def test_an_order_that_was_paid_twice_is_for_a_person_to_look_at(gateway, server, asked):
    for _ in range(2):
        server.pay(asked.token)

    assert gateway.query(asked.token, "").risky


def test_a_lie_about_the_order_confirms_nothing(gateway, server, asked):
    paid = server.pay(asked.token)
    server.lie(token="another")

    with pytest.raises(NotProven):
        gateway.read(paid.headers, paid.body)


def test_a_refund_whose_number_we_never_learnt_can_not_be_known(gateway, server, asked):
    server.pay(asked.token)
    back = refund_of(asked, gateway.query(asked.token, "").payment)
    server.lose_answers(1)
    with pytest.raises(Unknown):
        gateway.refund(back)

    with pytest.raises(Unknowable, match="merchant panel"):
        gateway.refund_state(back)
    assert len(server.refunds) == 1


def test_a_refund_says_what_goes_back_of_what(gateway, server, asked):
    server.pay(asked.token)
    back = refund_of(asked, gateway.query(asked.token, "").payment, 12345)
    gateway.refund(back)
    sent = server.requests[-1].values

    assert (sent["refund_amount"], sent["bank_tran_id"]) == ("123.45", back.payment)
    assert sent["refund_trans_id"] == sent["refe_id"] == back.token


def test_a_refund_that_is_refused_says_why(gateway, asked):
    answer = gateway.refund(refund_of(asked, "unknown"))

    assert (answer.state, answer.fault) == ("failed", "Refund amount is more than the balance")


@pytest.mark.parametrize(
    ("written", "amount"), [("700.00", 70000), ("0.05", 5), ("700", 70000), ("700.5", 70050), (19.99, 1999)]
)
def test_amounts_are_read_to_the_poisha(written, amount):
    assert poisha(written) == amount


@pytest.mark.parametrize("written", ["", "x", "1.005", "NaN", "Infinity", None, "1,000.00"])
def test_an_amount_that_is_none_is_not_guessed(written):
    with pytest.raises(Unknown):
        poisha(written)


def test_amounts_are_written_with_two_decimals():
    assert [taka(one) for one in (70000, 5, 123456789, 100)] == ["700.00", "0.05", "1234567.89", "1.00"]
