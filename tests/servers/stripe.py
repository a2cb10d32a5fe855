"""A Stripe on loopback for the real SDK: Checkout sessions, refunds, idempotency keys, signed webhooks."""

import hmac
import json
import secrets
import time
from hashlib import sha256
from typing import Any

from tests.servers.door import Asked, Said
from tests.servers.money import Message, MoneyServer, page

KEY, WEBHOOK_SECRET = "sk_test_fake", "whsec_fake"
REFUND_STATES = {"": "succeeded", "refunded": "succeeded", "pending": "pending", "failed": "failed"}

Thing = dict[str, Any]


def refusal(status: int, kind: str, code: str = "") -> Said:
    """An error as Stripe words it; its message holds what we must not log."""
    return Said(status, {"error": {"type": kind, "code": code or None, "message": f"No such thing for {KEY}"}})


class StripeServer(MoneyServer):
    """Stripe with one account; `hook` is where its webhooks go, none if empty."""

    def __init__(self, hook: str = "") -> None:
        super().__init__()
        self.hook = hook
        self.key, self.secret = KEY, WEBHOOK_SECRET
        self.sessions: dict[str, Thing] = {}
        self.intents: dict[str, Thing] = {}
        self.refunds: dict[str, Thing] = {}
        self._keys: dict[str, tuple[dict[str, str], Said]] = {}

    def let_refunds_end(self, state: str) -> None:
        super().let_refunds_end(state)
        for refund in self.refunds.values():
            if refund["status"] == "pending":
                refund["status"] = REFUND_STATES[state]

    def session_of(self, token: str) -> Thing:
        """The newest session of an order."""
        return [one for one in self.sessions.values() if one["client_reference_id"] == token][-1]

    def pay(self, token: str) -> Message:
        """Somebody pays by card."""
        return self._ends(token, "completed", "complete", "paid", "succeeded")

    def pay_slowly(self, token: str) -> Message:
        """Somebody pays by a bank that takes days."""
        return self._ends(token, "completed", "complete", "unpaid", "processing")

    def arrive(self, token: str) -> Message:
        """The slow money arrives."""
        return self._ends(token, "async_payment_succeeded", "complete", "paid", "succeeded")

    def fail_payment(self, token: str) -> Message:
        """The slow money does not arrive."""
        return self._ends(token, "async_payment_failed", "complete", "unpaid", "requires_payment_method")

    def expire(self, token: str) -> Message:
        """The session's time runs out."""
        return self._ends(token, "expired", "expired", "unpaid", "")

    def message(self, token: str, kind: str, *, at: float | None = None, secret: str = "", **event: Any) -> Message:
        """A signed event about an order as it stands now."""
        told = {
            "id": f"evt_{secrets.token_hex(8)}",
            "object": "event",
            "type": kind if "." in kind else f"checkout.session.{kind}",
            "livemode": False,
            "created": int(time.time()),
            "data": {"object": self._shown(self.session_of(token))},
            **event,
        }
        body = json.dumps(told).encode()
        moment = str(int(at or time.time()))
        signature = hmac.new((secret or self.secret).encode(), f"{moment}.".encode() + body, sha256).hexdigest()
        headers = {"Content-Type": "application/json", "Stripe-Signature": f"t={moment},v1={signature}"}
        return Message(told["type"], self.hook, headers, body)

    def _ends(self, token: str, kind: str, status: str, paid: str, intent: str) -> Message:
        with self._turn:
            session = self.session_of(token)
            session |= {"status": status, "payment_status": paid}
            if intent:
                session["payment_intent"] = self._intent(session, intent)["id"]
            message = self.message(token, kind)
        self.tell(message)
        return message

    def _intent(self, session: Thing, status: str) -> Thing:
        ref = session["payment_intent"] or f"pi_{secrets.token_hex(8)}"
        outcome = {"risk_level": "elevated" if self.risky else "normal", "type": "authorized"}
        charge = {"id": ref.replace("pi_", "ch_"), "object": "charge", "outcome": outcome}
        self.intents[ref] = {
            "id": ref,
            "object": "payment_intent",
            "amount": session["amount_total"],
            "currency": session["currency"],
            "status": status,
            "metadata": session["metadata"],
            "latest_charge": charge if status == "succeeded" else None,
        }
        return self.intents[ref]

    def _shown(self, session: Thing, *, expanded: bool = False) -> Thing:
        """A session as it is told, with the lies of the day."""
        names = {"amount": "amount_total", "token": "client_reference_id", "currency": "currency"}
        shown = {**session, **{names[name]: value for name, value in self.lies.items()}}
        if expanded and session["payment_intent"]:
            shown["payment_intent"] = self.intents[session["payment_intent"]]
        return shown

    def do(self, asked: Asked) -> Said:
        """One call of the SDK, or a page for a browser."""
        parts = asked.path.strip("/").split("/")
        if parts[0] == "pay":
            return self._page(asked, self.sessions[parts[1]])
        if asked.headers.get("Authorization") != f"Bearer {self.key}":
            return refusal(401, "invalid_request_error")
        key = asked.headers.get("Idempotency-Key")
        if key and key in self._keys:
            before, said = self._keys[key]
            return said if before == asked.values else refusal(400, "idempotency_error")
        said = self._api(asked.method, parts[1:], asked.values)
        if key:
            self._keys[key] = asked.values, said
        return said

    def _api(self, method: str, parts: list[str], values: dict[str, str]) -> Said:
        match method, parts:
            case "POST", ["checkout", "sessions"]:
                return Said(200, self._open(values))
            case "GET", ["checkout", "sessions"]:
                found = [self._shown(one) for one in self.sessions.values()]
                return Said(
                    200, {"object": "list", "data": found[:1], "has_more": False, "url": "/v1/checkout/sessions"}
                )
            case _, ["checkout", "sessions", id, *rest]:
                return self._one(id, closing=rest == ["expire"])
            case "POST", ["refunds"]:
                return self._refund(values)
            case "GET", ["refunds"]:
                found = [one for one in self.refunds.values() if one["payment_intent"] == values["payment_intent"]]
                return Said(200, {"object": "list", "data": found, "has_more": False, "url": "/v1/refunds"})
            case "GET", ["refunds", id] if id in self.refunds:
                return Said(200, self.refunds[id])
        return refusal(404, "invalid_request_error", "resource_missing")

    def _open(self, values: dict[str, str]) -> Thing:
        ref = f"cs_test_{secrets.token_hex(8)}"
        price = "line_items[0][price_data]"
        self.sessions[ref] = {
            "id": ref,
            "object": "checkout.session",
            "mode": values["mode"],
            "client_reference_id": values["client_reference_id"],
            "metadata": {"token": values["metadata[token]"]},
            "amount_total": int(values[f"{price}[unit_amount]"]) * int(values["line_items[0][quantity]"]),
            "currency": values[f"{price}[currency]"],
            "name": values[f"{price}[product_data][name]"],
            "success_url": values["success_url"],
            "cancel_url": values["cancel_url"],
            "status": "open",
            "payment_status": "unpaid",
            "payment_intent": None,
            "livemode": False,
            "url": f"{self.url}/pay/{ref}",
        }
        return self.sessions[ref]

    def _one(self, id: str, *, closing: bool) -> Said:
        if id not in self.sessions:
            return refusal(404, "invalid_request_error", "resource_missing")
        session = self.sessions[id]
        if closing and session["status"] != "open":
            return refusal(400, "invalid_request_error")
        if closing:
            session["status"] = "expired"
            self.tell(self.message(session["client_reference_id"], "expired"))
        return Said(200, self._shown(session, expanded=True))

    def _refund(self, values: dict[str, str]) -> Said:
        intent = self.intents.get(values["payment_intent"], {"amount": 0, "id": ""})
        sent = [one for one in self.refunds.values() if one["payment_intent"] == intent["id"]]
        back = sum(one["amount"] for one in sent if one["status"] != "failed")
        if int(values["amount"]) > intent["amount"] - back:
            return refusal(400, "invalid_request_error", "charge_already_refunded")
        ref = f"re_{secrets.token_hex(8)}"
        status = REFUND_STATES[self.refunds_end]
        self.refunds[ref] = {
            "id": ref,
            "object": "refund",
            "payment_intent": intent["id"],
            "amount": int(values["amount"]),
            "currency": intent["currency"],
            "metadata": {"token": values["metadata[token]"]},
            "status": status,
            "failure_reason": "lost_or_stolen_card" if status == "failed" else None,
        }
        return Said(200, self.refunds[ref])

    def _page(self, asked: Asked, session: Thing) -> Said:
        token = session["client_reference_id"]
        if asked.method == "POST" and session["status"] == "open":
            if asked.values.get("outcome") == "pay":
                self.pay(token)
            return Said(303, "", {"Location": session["success_url"]})
        buttons = "".join(f'<button name="outcome" value="{one}">{one.title()}</button>' for one in ("pay", "cancel"))
        form = f'<form id="stripe" method="post" action="{session["url"]}">{buttons}</form>'
        return Said(200, page(f"Stripe: {session['name']}", form if session["status"] == "open" else "<p>Over.</p>"))
