"""Payments: an order is started at a gateway, and only the gateway's own answer says what became of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from flask import current_app

from doctapp.config import Settings
from doctapp.gateways.outcomes import NotSent, Refused, Unknown, Unreachable

__all__ = [
    "Answer", "Event", "Gateway", "NotAdmitted", "NotProven", "NotSent", "Order", "RefundAnswer", "RefundOrder", "Refused", "Started",
    "Unknowable", "Unknown", "Unreachable", "gateway", "offered",
]  # fmt: skip

OPEN, CAPTURED, FAILED, EXPIRED = "open", "captured", "failed", "expired"


class NotProven(Exception):
    """A call that claims to come from the gateway and does not prove it; the door answers 400."""


class NotAdmitted(Unreachable):
    """The gateway does not know our key or our store, or does not let it do this: surely nothing happened."""


class Unknowable(Unknown):
    """It was perhaps done, and this gateway can't be asked whether: only a person can find out."""


@dataclass(frozen=True)
class Order:
    """What is asked to be paid. `token` is our attempt's id, of at most 30 letters: the same order twice is one session."""

    token: str
    amount: int  # poisha
    currency: str
    title: str
    name: str
    phone: str
    email: str
    back_url: str
    language: str


@dataclass(frozen=True)
class Started:
    """The gateway's session, and the address at which one pays."""

    session: str
    url: str


@dataclass(frozen=True)
class Answer:
    """What the gateway itself says of an order: open, captured, failed or expired.

    `payment` is by what it knows the money, `amount` (poisha) and `currency` what it took.
    """

    token: str
    state: str
    payment: str = ""
    amount: int = 0
    currency: str = ""
    risky: bool = False


@dataclass(frozen=True)
class Event:
    """One proven message of the gateway: its id, which comes again with each repeat, and its own answer."""

    id: str
    answer: Answer


@dataclass(frozen=True)
class RefundOrder:
    """What goes back. `token` is our refund's id, of at most 30 letters: the same order twice is one refund."""

    token: str
    payment: str
    session: str
    order: str  # the attempt's token
    amount: int  # poisha
    currency: str
    gateway_ref: str = ""


@dataclass(frozen=True)
class RefundAnswer:
    """What became of a refund: pending, refunded, failed, or none where the gateway knows of none."""

    state: str
    gateway_ref: str = ""
    fault: str = ""


class Gateway(Protocol):
    """Whoever takes payments. Each method raises Refused, Unreachable or Unknown, and refuses to run in a transaction."""

    name: str

    def start(self, order: Order) -> Started:
        """Open a session, or give the one that this order has."""

    def read(self, headers: Mapping[str, str], body: bytes) -> Event:
        """The event in a call of the gateway; raises NotProven where it is not the gateway's, or not about our store."""

    def query(self, token: str, session: str) -> Answer:
        """What the gateway says of the order now."""

    def expire(self, token: str, session: str) -> Answer:
        """Let nobody pay it any more, as far as the gateway can, and say how it stands then."""

    def refund(self, order: RefundOrder) -> RefundAnswer:
        """Send money back, once an order's token."""

    def refund_state(self, order: RefundOrder) -> RefundAnswer:
        """What the gateway says of a refund that was asked for, or perhaps was."""


def offered(settings: Settings | None = None) -> tuple[str, ...]:
    """The gateways that these settings can reach, by name, in the order in which they are shown."""
    settings = settings or current_app.config["SETTINGS"]
    names = []
    if settings.sslcommerz_store:
        names.append("sslcommerz")
    if settings.stripe_secret_key:
        names.append("stripe")
    if settings.demo:
        names.append("sandbox")
    return tuple(names)


def gateway(name: str) -> Gateway:
    """The gateway of this name; raises KeyError where the settings don't know it."""
    from doctapp.gateways.payments.sandbox import Sandbox  # all know this module's dataclasses
    from doctapp.gateways.payments.sslcommerz import SslCommerz
    from doctapp.gateways.payments.stripe import Stripe

    settings: Settings = current_app.config["SETTINGS"]
    if name not in offered(settings):
        raise KeyError(name)
    known: dict[str, Callable[[Settings], Gateway]] = {"sandbox": Sandbox, "sslcommerz": SslCommerz, "stripe": Stripe}
    return known[name](settings)
