"""`flask payments check`: plain sentences, and exit code 1 where something is wrong."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from doctapp import config
from doctapp.gateways.payments.checking import check
from tests.conftest import settings as settings_of_tests
from tests.gateways.paying import sslcommerz_settings, stripe_settings
from tests.house.test_modes import DEMO, PRODUCTION
from tests.servers.sslcommerz import SslCommerzServer
from tests.servers.stripe import StripeServer


@pytest.fixture
def stripe() -> Iterator[StripeServer]:
    with StripeServer() as running:
        yield running


@pytest.fixture
def sslcommerz() -> Iterator[SslCommerzServer]:
    with SslCommerzServer() as running:
        yield running


@pytest.fixture
def settings(tmp_path, stripe, sslcommerz):
    """Everything as it should be on a developer's machine."""
    given = settings_of_tests("sqlite:///none.db", tmp_path, public_url="http://127.0.0.1:8000")
    return sslcommerz_settings(stripe_settings(given, stripe), sslcommerz)


def wrong(settings) -> list[str]:
    return [f"{finding.about}: {finding.sentence}" for finding in check(settings) if finding.wrong]


def test_test_keys_in_demo_mode_are_right(settings):
    said = " ".join(f"{finding.about}: {finding.sentence}" for finding in check(settings))

    assert wrong(settings) == []
    assert "Stripe: configured with a test key." in said
    assert "Stripe: answers, and knows us." in said
    assert "SSLCommerz: configured with the sandbox store doctapplive." in said
    assert "SSLCommerz: answers, and knows us." in said
    assert "PUBLIC_URL: http://127.0.0.1:8000 can't be reached by a gateway" in said


def test_live_keys_in_production_are_right(settings, stripe):
    stripe.key = "sk_live_fake"
    live = {"stripe_secret_key": "sk_live_fake", "sslcommerz_live": True, "public_url": "https://doctapp.example"}

    found = wrong(replace(settings, mode="production", **live))

    assert found == [  # only that the tests' servers are not the real ones
        "Stripe: STRIPE_API_BASE names another address than Stripe's. Leave it empty in production.",
        "SSLCommerz: SSLCOMMERZ_HOST names another address than SSLCommerz'. Leave it empty.",
    ]


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"stripe_webhook_secret": ""}, "Add a webhook to http://127.0.0.1:8000/payments/stripe/webhook"),
        ({"stripe_webhook_secret": "secret"}, "begins with something else than whsec_"),
        ({"stripe_secret_key": "pk_test_x"}, "no secret key"),
        ({"stripe_secret_key": "sk_test_wrong"}, "Stripe: does not let us in: Stripe answered 401"),
        ({"stripe_secret_key": "sk_live_x"}, "Stripe: this is demo mode, but it would take real money"),
        ({"mode": "production"}, "Stripe: anybody can book with a test card"),
        ({"mode": "production"}, "SSLCommerz: anybody can book with a test card"),
        ({"sslcommerz_password": ""}, "only one of SSLCOMMERZ_STORE and SSLCOMMERZ_PASSWORD"),
        ({"sslcommerz_store": ""}, "only one of SSLCOMMERZ_STORE and SSLCOMMERZ_PASSWORD"),
        ({"sslcommerz_password": "wrong"}, "SSLCommerz: does not let us in: SSLCommerz answered FAILED"),
        ({"sslcommerz_live": True}, "SSLCommerz: this is demo mode, but it would take real money"),
        ({"public_url": "http://doctapp.example"}, "is not https"),
    ],
)
def test_what_is_wrong_is_said_with_what_to_do(settings, changes, sentence):
    assert any(sentence in one for one in wrong(replace(settings, **changes)))


@pytest.mark.parametrize("live", [True, False])
def test_a_host_that_contradicts_the_store_is_said(settings, live, monkeypatch):
    monkeypatch.setattr("doctapp.gateways.payments.sslcommerz.SslCommerz.knock", lambda _: None)
    host = "https://sandbox.sslcommerz.com" if live else "https://securepay.sslcommerz.com"

    assert any("contradict" in one for one in wrong(replace(settings, sslcommerz_live=live, sslcommerz_host=host)))


def test_a_gateway_that_does_not_answer_is_said(settings, stripe, sslcommerz):
    stripe.down()
    sslcommerz.fail(500)

    assert [one for one in wrong(settings) if "could not be asked" in one] == [
        "Stripe: could not be asked: the gateway could not be reached. Look at the network of this machine, and try again.",
        "SSLCommerz: could not be asked: SSLCommerz answered 500. Look at the network of this machine, and try again.",
    ]


def test_nothing_is_configured(tmp_path):
    given = settings_of_tests("sqlite:///none.db", tmp_path)

    assert wrong(given) == []
    assert check(replace(given, mode="production"))[-1].sentence.startswith("nobody can pay online")


def test_no_sentence_holds_a_secret(settings):
    said = str(check(replace(settings, stripe_secret_key="sk_test_hidden", sslcommerz_password="hidden")))

    assert "hidden" not in said


def test_the_command_ends_with_one_where_something_is_wrong(app, settings, monkeypatch):
    def run(given):
        monkeypatch.setitem(app.config, "SETTINGS", given)
        return app.test_cli_runner().invoke(args=["payments", "check"])

    right, bad = run(settings), run(replace(settings, sslcommerz_password="wrong"))

    assert (right.exit_code, bad.exit_code) == (0, 1)
    assert "Stripe: answers, and knows us." in right.output
    assert "SSLCommerz: does not let us in" in bad.output


@pytest.mark.parametrize(
    ("given", "variable"),
    [
        ({"STRIPE_SECRET_KEY": "sk_test_x"}, "STRIPE_WEBHOOK_SECRET"),
        ({"STRIPE_WEBHOOK_SECRET": "whsec_x"}, "STRIPE_SECRET_KEY"),
        ({"STRIPE_SECRET_KEY": "pk_test_x", "STRIPE_WEBHOOK_SECRET": "whsec_x"}, "STRIPE_SECRET_KEY"),
        ({"SSLCOMMERZ_STORE": "x"}, "SSLCOMMERZ_PASSWORD"),
        ({"SSLCOMMERZ_PASSWORD": "x"}, "SSLCOMMERZ_STORE"),
    ],
)
@pytest.mark.parametrize("env", [PRODUCTION, DEMO], ids=["production", "demo"])
def test_half_a_gateway_does_not_start(env, given, variable):
    with pytest.raises(config.BadSetting, match=f"^{variable} ") as refused:
        config.read({**env, **given})
    assert "_x" not in str(refused.value)


def test_whole_gateways_are_read():
    given = config.read({**DEMO, "SSLCOMMERZ_STORE": " s ", "SSLCOMMERZ_PASSWORD": "p", "SSLCOMMERZ_HOST": "http://x/"})

    assert (given.sslcommerz_store, given.sslcommerz_live, given.sslcommerz_host) == ("s", False, "http://x")
