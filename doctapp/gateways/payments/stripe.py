"""Stripe Checkout: a page of Stripe's on which one pays by card; its own API says what became of it."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import cast

import stripe
from stripe.checkout import Session

from doctapp.config import Settings
from doctapp.gateways.connections import TIMEOUTS, outcome
from doctapp.gateways.outcomes import Refused, Unknown, Unreachable, refuse_in_transaction
from doctapp.gateways.payments import (
    CAPTURED,
    EXPIRED,
    FAILED,
    OPEN,
    Answer,
    Event,
    NotAdmitted,
    NotProven,
    Order,
    RefundAnswer,
    RefundOrder,
    Started,
)

OLDEST_EVENT = 300  # seconds
RISKY = {"elevated", "highest"}
TAKEN = {"paid", "no_payment_required"}
COMPLETED = "checkout.session.completed"  # paid, or on its way where the money takes days
TOLD = {
    COMPLETED: OPEN,
    "checkout.session.async_payment_succeeded": OPEN,
    "checkout.session.async_payment_failed": FAILED,
    "checkout.session.expired": EXPIRED,
}
REFUNDS = {"succeeded": "refunded", "failed": "failed", "canceled": "failed"}
WHOLE = ["payment_intent.latest_charge"]

logging.getLogger("stripe").setLevel(logging.WARNING)  # what is below holds whole requests


def is_live(key: str) -> bool:
    """Whether this secret key takes real money."""
    return key.startswith(("sk_live_", "rk_live_"))


class Stripe:
    """Stripe Checkout with the keys of the settings; no error it raises holds more than Stripe's status and code."""

    name = "stripe"

    def __init__(self, settings: Settings) -> None:
        self.live = is_live(settings.stripe_secret_key)
        self.webhook_secret = settings.stripe_webhook_secret
        self.client = stripe.StripeClient(
            settings.stripe_secret_key,
            base_addresses={"api": settings.stripe_api_base} if settings.stripe_api_base else None,
            http_client=stripe.RequestsClient(timeout=TIMEOUTS),
            max_network_retries=0,
        )
        self.sessions = self.client.v1.checkout.sessions
        self.refunds = self.client.v1.refunds

    def start(self, order: Order) -> Started:
        """Open a session; the order's token is Stripe's idempotency key, so asked again it answers the same one."""
        refuse_in_transaction()
        with _outcomes():
            session = self.sessions.create(
                {
                    "mode": "payment",
                    "client_reference_id": order.token,
                    "metadata": {"token": order.token},
                    "payment_intent_data": {"metadata": {"token": order.token}},
                    "line_items": [
                        {
                            "quantity": 1,
                            "price_data": {
                                "currency": order.currency.lower(),
                                "unit_amount": order.amount,
                                "product_data": {"name": order.title},
                            },
                        }
                    ],
                    "success_url": order.back_url,
                    "cancel_url": order.back_url,
                    "locale": "en" if order.language == "en" else "auto",  # Stripe knows no Bangla
                },
                {"idempotency_key": f"start-{order.token}"},
            )
        if not session.url:
            raise Refused("Stripe opened a session without a page")
        return Started(session.id, session.url)

    def read(self, headers: Mapping[str, str], body: bytes) -> Event:
        """The event in a webhook, proven by its signature over the raw body; money in it is looked up, for its risk.

        An event that tells nothing of an order has an answer without a token.
        """
        refuse_in_transaction()
        try:
            event = self.client.construct_event(
                body, headers.get("Stripe-Signature"), self.webhook_secret, OLDEST_EVENT
            )
        except (ValueError, stripe.SignatureVerificationError):
            raise NotProven("the signature is not Stripe's, or is old") from None
        if event.livemode != self.live:
            raise NotProven("a test event for a live key, or the other way round")
        if event.type not in TOLD:
            return Event(event.id, Answer("", OPEN))
        session = cast(Session, event.data.object)
        token = session.client_reference_id or ""
        if token and session.payment_status in TAKEN:
            return Event(event.id, self.query(token, session.id))
        return Event(event.id, Answer(token, TOLD[event.type]))

    def query(self, token: str, session: str) -> Answer:
        """How the session stands; one whose id we never learnt can't be paid, for nobody was shown its page."""
        refuse_in_transaction()
        if not session:
            return Answer(token, OPEN)
        with _outcomes():
            return _answer(token, self.sessions.retrieve(session, {"expand": WHOLE}))

    def expire(self, token: str, session: str) -> Answer:
        """Close the session; one that is closed already is asked how it ended."""
        refuse_in_transaction()
        if not session:
            return Answer(token, EXPIRED)
        try:
            with _outcomes():
                return _answer(token, self.sessions.expire(session, {"expand": WHOLE}))
        except Refused:
            return self.query(token, session)

    def refund(self, order: RefundOrder) -> RefundAnswer:
        """Send money back; the refund's token is Stripe's idempotency key."""
        refuse_in_transaction()
        with _outcomes():
            return _refund_answer(
                self.refunds.create(
                    {"payment_intent": order.payment, "amount": order.amount, "metadata": {"token": order.token}},
                    {"idempotency_key": f"refund-{order.token}"},
                )
            )

    def refund_state(self, order: RefundOrder) -> RefundAnswer:
        """What became of a refund: by Stripe's id of it, else the one of the payment that bears our token."""
        refuse_in_transaction()
        with _outcomes():
            if order.gateway_ref:
                return _refund_answer(self.refunds.retrieve(order.gateway_ref))
            listed = self.refunds.list({"payment_intent": order.payment, "limit": 100})
            for refund in listed.auto_paging_iter():
                if refund.metadata and "token" in refund.metadata and refund.metadata["token"] == order.token:
                    return _refund_answer(refund)
        return RefundAnswer("none")

    def knock(self) -> None:
        """Ask for one session, to hear whether Stripe lets us in."""
        refuse_in_transaction()
        with _outcomes():
            self.sessions.list({"limit": 1})


@contextmanager
def _outcomes() -> Iterator[None]:
    """Stripe's errors as ours; what it says of a 5xx, and of a key used otherwise or just now, is that it may be done."""
    try:
        yield
    except stripe.APIConnectionError as failed:
        raise outcome(failed.__cause__) from None
    except stripe.StripeError as failed:
        said = f"Stripe answered {failed.http_status} ({failed.code or type(failed).__name__})"
        raise _kind(failed)(said) from None


def _kind(failed: stripe.StripeError) -> type[Refused | Unknown | Unreachable]:
    status = failed.http_status or 0
    if status in {401, 403}:
        return NotAdmitted
    if status == 429 or isinstance(failed, stripe.RateLimitError):
        return Unreachable
    if status in {400, 402, 404} and not isinstance(failed, stripe.IdempotencyError):
        return Refused
    return Unknown


def _answer(token: str, session: Session) -> Answer:
    """The session as an answer; raises Unknown where it is not this order's."""
    if session.client_reference_id != token:
        raise Unknown("Stripe answered of another order")
    intent = session.payment_intent if isinstance(session.payment_intent, stripe.PaymentIntent) else None
    if session.payment_status in TAKEN:
        return Answer(
            token,
            CAPTURED,
            payment=intent.id if intent else str(session.payment_intent or ""),
            amount=session.amount_total or 0,
            currency=(session.currency or "").upper(),
            risky=_is_risky(intent),
        )
    if session.status == "expired":
        return Answer(token, EXPIRED)
    if session.status == "complete" and intent and intent.status in {"requires_payment_method", "canceled"}:
        return Answer(token, FAILED)
    return Answer(token, OPEN)


def _is_risky(intent: stripe.PaymentIntent | None) -> bool:
    charge = intent.latest_charge if intent else None
    if not isinstance(charge, stripe.Charge) or not charge.outcome:
        return False
    return getattr(charge.outcome, "risk_level", "") in RISKY


def _refund_answer(refund: stripe.Refund) -> RefundAnswer:
    state = REFUNDS.get(refund.status or "", "pending")
    fault = str(getattr(refund, "failure_reason", None) or "") if state == "failed" else ""
    return RefundAnswer(state, gateway_ref=refund.id, fault=fault)
