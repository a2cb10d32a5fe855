"""SSLCommerz v4: cards, bKash, Nagad and banks of Bangladesh; what it posts is a hint, what it answers is the truth."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from decimal import Decimal
from email.utils import parseaddr
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qsl

import requests

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
    Unknowable,
)

LIVE, SANDBOX = "https://securepay.sslcommerz.com", "https://sandbox.sslcommerz.com"
START = "/gwprocess/v4/api.php"
VALIDATION = "/validator/api/validationserverAPI.php"
TRANSACTIONS = "/validator/api/merchantTransIDvalidationAPI.php"  # queries and refunds too

PAID = {"VALID", "VALIDATED"}
ENDED = {"FAILED": FAILED, "CANCELLED": FAILED, "EXPIRED": EXPIRED}
REFUNDS = {"refunded": "refunded", "processing": "pending", "cancelled": "failed"}
SIGNED = {"tran_id", "status", "amount", "store_id"}  # at least
LONGEST_ID = 30
MOST_FIELDS = 100


class SslCommerz:
    """The store of the settings; no error it raises holds an address, which would hold the password."""

    name = "sslcommerz"

    def __init__(self, settings: Settings) -> None:
        self.host = settings.sslcommerz_host or (LIVE if settings.sslcommerz_live else SANDBOX)
        self.store, self.password = settings.sslcommerz_store, settings.sslcommerz_password
        self.doors = f"{settings.public_url}/payments/sslcommerz"
        self.our_address = parseaddr(settings.mail_sender)[1]

    def start(self, order: Order) -> Started:
        """Open a session; asked again SSLCommerz opens another of the same id, and only the last was shown to anybody."""
        refuse_in_transaction()
        if len(order.token) > LONGEST_ID:
            raise Refused(f"an order's id has at most {LONGEST_ID} letters at SSLCommerz")
        said = self._ask("POST", START, self._asked(order))
        if said.get("status") != "SUCCESS":
            reason = str(said.get("failedreason", ""))[:200]
            raise (NotAdmitted if "redential" in reason else Refused)(f"SSLCommerz opened no session: {reason}")
        session, url = str(said.get("sessionkey") or ""), str(said.get("GatewayPageURL") or "")
        if not session or not url:
            raise Refused("SSLCommerz opened a session without a page")
        return Started(session, url)

    def read(self, headers: Mapping[str, str], body: bytes) -> Event:
        """The event in an IPN or a return: proven by its hash, and believed only as far as SSLCommerz answers the same.

        The same fact comes under the same id: a payment under its val_id, all else under the order and how it stands.
        """
        refuse_in_transaction()
        told = self._proven(body)
        token, val_id = told["tran_id"], told.get("val_id", "")
        if told["status"] not in PAID or not val_id:
            answer = self.query(token, "")
        else:
            answer = self._validated(token, val_id)
        return Event(val_id if val_id and answer.state == CAPTURED else f"{token}:{answer.state}", answer)

    def query(self, token: str, session: str) -> Answer:
        """How the order stands: paid if any of its tries was, and for a person to look at if two of them were."""
        refuse_in_transaction()
        said = self._ask("GET", TRANSACTIONS, {"tran_id": token})
        tries = [one for one in _listed(said) if one.get("tran_id") == token]
        paid = [one for one in tries if one.get("status") in PAID]
        if paid:
            return _captured(token, paid[0], twice=len({one.get("bank_tran_id") for one in paid}) > 1)
        states = {ENDED.get(str(one.get("status")), OPEN) for one in tries} or {OPEN}
        return Answer(token, next(state for state in (OPEN, FAILED, EXPIRED) if state in states))

    def expire(self, token: str, session: str) -> Answer:
        """SSLCommerz lets nobody close a session: only ask how it stands."""
        return self.query(token, session)

    def refund(self, order: RefundOrder) -> RefundAnswer:
        """Ask for money to go back; SSLCommerz does it in some days, and `refund_state` says when."""
        refuse_in_transaction()
        asked = {"bank_tran_id": order.payment, "refund_trans_id": order.token, "refe_id": order.token}
        asked |= {"refund_amount": taka(order.amount), "refund_remarks": f"Refund {order.token}"}
        said = self._ask("GET", TRANSACTIONS, asked)
        status, ref = said.get("status"), str(said.get("refund_ref_id") or "")
        if status == "failed":
            return RefundAnswer("failed", fault=_reason(said))
        if status not in {"success", "processing"} or not ref:
            raise Unknown("SSLCommerz did not say what became of the refund")
        return RefundAnswer("pending", gateway_ref=ref)

    def refund_state(self, order: RefundOrder) -> RefundAnswer:
        """What became of a refund; SSLCommerz knows it by its own id only, so without that nobody can tell."""
        refuse_in_transaction()
        if not order.gateway_ref:
            raise Unknowable("SSLCommerz finds no refund without its own number: look for it in the merchant panel")
        said = self._ask("GET", TRANSACTIONS, {"refund_ref_id": order.gateway_ref})
        state = REFUNDS.get(str(said.get("status")))
        if state is None or said.get("refund_ref_id") != order.gateway_ref:
            raise Unknown("SSLCommerz did not say what became of the refund")
        return RefundAnswer(state, gateway_ref=order.gateway_ref, fault=_reason(said) if state == "failed" else "")

    def knock(self) -> None:
        """Ask for an order that is not there, to hear whether SSLCommerz lets us in."""
        refuse_in_transaction()
        self._ask("GET", TRANSACTIONS, {"tran_id": "doctapp-check"})

    def _asked(self, order: Order) -> dict[str, Any]:
        back = f"{self.doors}/return"
        return {
            "tran_id": order.token,
            "value_a": order.token,
            "total_amount": taka(order.amount),
            "currency": order.currency,
            "success_url": back,
            "fail_url": back,
            "cancel_url": back,
            "ipn_url": f"{self.doors}/ipn",
            "cus_name": order.name[:50],
            "cus_email": order.email[:50] or self.our_address,
            "cus_phone": order.phone[:20],
            "cus_add1": "Bangladesh",
            "cus_city": "Dhaka",
            "cus_postcode": "1000",
            "cus_country": "Bangladesh",
            "shipping_method": "NO",
            "num_of_item": 1,
            "product_name": order.title[:255],
            "product_category": "healthcare",
            "product_profile": "non-physical-goods",
        }

    def _proven(self, body: bytes) -> dict[str, str]:
        """The fields of a post of SSLCommerz about our store; its hash proves that it knew our password, not each field."""
        try:
            told = dict(parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=MOST_FIELDS))
        except ValueError:
            raise NotProven("no form that can be read") from None
        names = set(told.get("verify_key", "").split(","))
        if not names >= SIGNED or not names <= told.keys():
            raise NotProven("fields are missing, or not signed")
        if not hmac.compare_digest(_sign(told, names, self.password), told.get("verify_sign_sha2", "").encode()):
            raise NotProven("the hash is not SSLCommerz'")
        if told["store_id"] != self.store or not told["tran_id"]:
            raise NotProven("the post is about another store")
        return told

    def _validated(self, token: str, val_id: str) -> Answer:
        """What SSLCommerz answers of a payment; raises NotProven where it knows none such, or another order's."""
        said = self._ask("GET", VALIDATION, {"val_id": val_id, "v": 1})
        status = said.get("status")
        if said.get("tran_id") != token or said.get("val_id") != val_id or status not in PAID | {"PENDING"}:
            raise NotProven("SSLCommerz does not confirm this payment")
        return _captured(token, said) if status in PAID else Answer(token, OPEN)

    def _ask(self, method: str, path: str, values: dict[str, Any]) -> dict[str, Any]:
        asked = {"store_id": self.store, "store_passwd": self.password, "format": "json", **values}
        sent = {"data": asked} if method == "POST" else {"params": asked}
        try:
            answer = requests.request(method, self.host + path, timeout=TIMEOUTS, allow_redirects=False, **sent)  # type: ignore[arg-type]
        except requests.RequestException as failed:
            raise outcome(failed) from None
        if answer.status_code != 200:
            raise _kind(answer.status_code)(f"SSLCommerz answered {answer.status_code}")
        try:
            said = answer.json(parse_float=str)
        except ValueError:
            said = None
        if not isinstance(said, dict):
            raise Unknown("SSLCommerz' answer could not be read")
        if said.get("APIConnect", "DONE") != "DONE":
            raise NotAdmitted(f"SSLCommerz answered {str(said['APIConnect'])[:30]}")
        return said


def taka(poisha: int) -> str:
    """An amount as SSLCommerz writes it: 70000 poisha are "700.00"."""
    return f"{poisha // 100}.{poisha % 100:02}"


def poisha(taka: object) -> int:
    """An amount of SSLCommerz in whole poisha; raises Unknown where it is none."""
    try:
        amount = Decimal(str(taka)) * 100
        if amount == amount.to_integral_value():
            return int(amount)
    except (ArithmeticError, ValueError):
        pass
    raise Unknown("SSLCommerz named an amount that can't be read")


def _sign(told: Mapping[str, str], names: set[str], password: str) -> bytes:
    """The hash over these fields and the password, in the order of their names."""
    signed = {**{name: told[name] for name in names}, "store_passwd": sha256(password.encode()).hexdigest()}
    return sha256("&".join(f"{name}={signed[name]}" for name in sorted(signed)).encode()).hexdigest().encode()


def _captured(token: str, said: Mapping[str, Any], *, twice: bool = False) -> Answer:
    """Money as SSLCommerz answers it: what was asked, in the order's own currency (`amount` is that in taka)."""
    return Answer(
        token,
        CAPTURED,
        payment=str(said.get("bank_tran_id") or ""),
        amount=poisha(said.get("currency_amount") or said.get("amount")),
        currency=str(said.get("currency_type") or said.get("currency") or ""),
        risky=str(said.get("risk_level")) == "1" or twice,
    )


def _listed(said: Mapping[str, Any]) -> list[dict[str, Any]]:
    found = said.get("element") or []
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def _reason(said: Mapping[str, Any]) -> str:
    return str(said.get("errorReason") or "")[:200]


def _kind(status: int) -> type[Refused | Unknown | Unreachable]:
    if status == 429 or 300 <= status < 400:
        return Unreachable
    return Refused if 400 <= status < 500 else Unknown
