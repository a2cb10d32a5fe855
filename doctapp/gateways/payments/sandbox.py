"""The sandbox of payments: orders lie in files, are paid at /sandbox/checkout/<token>, and are told by a signed webhook."""

from __future__ import annotations

import fcntl
import hmac
import json
import os
import re
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from hashlib import sha256
from pathlib import Path
from typing import Any

from doctapp import clock
from doctapp.config import Settings
from doctapp.gateways.outcomes import Refused, refuse_in_transaction
from doctapp.gateways.payments import (
    CAPTURED,
    EXPIRED,
    FAILED,
    OPEN,
    Answer,
    Event,
    NotProven,
    Order,
    RefundAnswer,
    RefundOrder,
    Started,
)

LATE = "late"  # somebody pays, but it takes its time; to everybody else the order is open
SIGNATURE = "Sandbox-Signature"
OLDEST_EVENT = 300  # seconds
TOKEN = re.compile(r"[\w-]{1,64}", re.ASCII)

Kept = dict[str, Any]


class Sandbox:
    """A gateway that takes no money; what it knows lies in files, so that all processes know the same."""

    name = "sandbox"

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    def start(self, order: Order) -> Started:
        """Keep the order, or find the one that is kept."""
        refuse_in_transaction()
        if not TOKEN.fullmatch(order.token):
            raise Refused("an order's id is made of letters, digits, - and _")
        with self.changing(order.token) as kept:
            if not kept:
                kept.update(asdict(order), state=OPEN, session=f"sandbox-{secrets.token_hex(8)}", refunds={})
        return Started(kept["session"], f"{self.settings.public_url}/sandbox/checkout/{order.token}")

    def read(self, headers: Mapping[str, str], body: bytes) -> Event:
        """The event of a webhook that bears our own fresh signature."""
        refuse_in_transaction()
        moment, _, signature = headers.get(SIGNATURE, "").partition(".")
        age = abs(clock.now().timestamp() - int(moment)) if re.fullmatch("[0-9]{1,12}", moment) else OLDEST_EVENT + 1
        expected = f"{moment}.{signature}".encode()
        if age > OLDEST_EVENT or not hmac.compare_digest(self.sign(body, int(moment)).encode(), expected):
            raise NotProven("the signature is not the sandbox's, or is old")
        told = json.loads(body)
        return Event(told["id"], Answer(**told["answer"]))

    def query(self, token: str, session: str) -> Answer:
        """How the order stands."""
        refuse_in_transaction()
        return answer(token, self.kept(token))

    def expire(self, token: str, session: str) -> Answer:
        """Let nobody begin to pay the order any more."""
        refuse_in_transaction()
        return answer(token, self.become(token, EXPIRED))

    def refund(self, order: RefundOrder) -> RefundAnswer:
        """Send money back at once, never more than came."""
        refuse_in_transaction()
        with self.changing(order.order) as kept:
            refunds = kept.get("refunds", {})
            left = (kept["amount"] if kept.get("state") == CAPTURED else 0) - sum(refunds.values())
            if order.token not in refunds and order.amount > left:
                raise Refused("more than what is left of this payment")
            refunds.setdefault(order.token, order.amount)
        return RefundAnswer("refunded", gateway_ref=f"sandbox-refund-{order.token}")

    def refund_state(self, order: RefundOrder) -> RefundAnswer:
        """Whether this refund is known."""
        refuse_in_transaction()
        if order.token not in self.kept(order.order).get("refunds", {}):
            return RefundAnswer("none")
        return RefundAnswer("refunded", gateway_ref=f"sandbox-refund-{order.token}")

    def kept(self, token: str) -> Kept:
        """The order as it is kept; empty where there is none."""
        try:
            kept: Kept = json.loads(self._file(token).read_text()) if TOKEN.fullmatch(token) else {}
        except FileNotFoundError:
            return {}
        return kept

    def become(self, token: str, state: str) -> Kept:
        """Let an open order become this, and a late one paid or failed; the order as it stands then."""
        with self.changing(token) as kept:
            if kept.get("state") == OPEN or (kept.get("state") == LATE and state in {CAPTURED, FAILED}):
                kept["state"] = state
        return kept

    @contextmanager
    def changing(self, token: str) -> Iterator[Kept]:
        """The order, nobody else's to change until it is written; readers see it before or after, never between."""
        file = self._file(token)
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with (file.parent / "lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            kept = self.kept(token)
            before = json.dumps(kept)
            yield kept
            if (after := json.dumps(kept)) != before:
                written = file.with_suffix(".new")
                written.write_text(after)
                os.replace(written, file)

    def event(self, token: str) -> tuple[dict[str, str], bytes]:
        """The headers and body of a webhook about the order as it stands; about the same it is the same event."""
        told = answer(token, self.kept(token))
        body = json.dumps({"id": f"{token}:{told.state}", "answer": asdict(told)}).encode()
        signature = self.sign(body, int(clock.now().timestamp()))
        return {"Content-Type": "application/json", SIGNATURE: signature}, body

    def sign(self, body: bytes, moment: int) -> str:
        """The signature of a body at a moment (in seconds), by a key that is made from ours."""
        key = hmac.digest(self.settings.secret_key.encode(), b"doctapp sandbox payments", sha256)
        return f"{moment}.{hmac.new(key, str(moment).encode() + b'.' + body, sha256).hexdigest()}"

    def _file(self, token: str) -> Path:
        return self.settings.instance / "sandbox" / "orders" / f"{token}.json"


def answer(token: str, kept: Kept) -> Answer:
    """What the sandbox says of an order."""
    if kept.get("state") == CAPTURED:
        return Answer(token, CAPTURED, f"sandbox-payment-{token}", kept["amount"], kept["currency"])
    return Answer(token, kept["state"] if kept.get("state") in {FAILED, EXPIRED} else OPEN)
