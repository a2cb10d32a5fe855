"""The three gateways of money under one set of hands: what a person does at each, and what each then sends."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from secrets import token_urlsafe

from doctapp.config import Settings
from doctapp.gateways import payments
from doctapp.gateways.payments import Gateway, Order, RefundOrder, sandbox, sslcommerz, stripe
from tests.servers import sslcommerz as sslcommerz_server
from tests.servers import stripe as stripe_server
from tests.servers.money import Message, MoneyServer
from tests.servers.sslcommerz import SslCommerzServer
from tests.servers.stripe import StripeServer

NAMES = ("sandbox", "stripe", "sslcommerz")
VENDORS = ("stripe", "sslcommerz")
Act = Callable[[str], Message]


def order(token: str = "", **changes: object) -> Order:
    """Seven hundred taka for Dr Rokeya."""
    given = Order(
        token=token or token_urlsafe(16),
        amount=70000,
        currency="BDT",
        title="Serial 12, Dr Rokeya Begum",
        name="Momena Bibi",
        phone="+8801711111111",
        email="",
        back_url="http://localhost/payments/x",
        language="bn",
    )
    return replace(given, **changes)  # type: ignore[arg-type]


def refund_of(paid: Order, payment: str, amount: int = 70000, **changes: object) -> RefundOrder:
    """All of it back."""
    given = RefundOrder(token_urlsafe(16), payment, "", paid.token, amount, paid.currency)
    return replace(given, **changes)  # type: ignore[arg-type]


def stripe_settings(settings: Settings, server: StripeServer) -> Settings:
    """The settings with this Stripe."""
    keys = {"stripe_secret_key": server.key, "stripe_webhook_secret": server.secret}
    return replace(settings, **keys, stripe_api_base=server.url)


def sslcommerz_settings(settings: Settings, server: SslCommerzServer) -> Settings:
    """The settings with this SSLCommerz."""
    keys = {"sslcommerz_store": server.store, "sslcommerz_password": server.password}
    return replace(settings, **keys, sslcommerz_host=server.url)


@dataclass(frozen=True)
class Hands:
    """A gateway, the server behind it (none for the sandbox), and what a person may do there."""

    gateway: Gateway
    server: MoneyServer | None
    pay: Act
    fail: Act
    expire: Act


def at_stripe(settings: Settings, server: StripeServer) -> Hands:
    """A person at Stripe."""
    return Hands(
        stripe.Stripe(stripe_settings(settings, server)), server, server.pay, server.fail_payment, server.expire
    )


def at_sslcommerz(settings: Settings, server: SslCommerzServer) -> Hands:
    """A person at SSLCommerz."""
    gateway = sslcommerz.SslCommerz(sslcommerz_settings(settings, server))
    return Hands(gateway, server, server.pay, server.fail_payment, server.expire)


def at_sandbox(settings: Settings) -> Hands:
    """A person at the sandbox."""
    gateway = sandbox.Sandbox(settings)

    def act(state: str) -> Act:
        def done(token: str) -> Message:
            gateway.become(token, state)
            return Message(state, "", *gateway.event(token))

        return done

    return Hands(gateway, None, act(payments.CAPTURED), act(payments.FAILED), act(payments.EXPIRED))


SERVERS = {"stripe": stripe_server.StripeServer, "sslcommerz": sslcommerz_server.SslCommerzServer}
