"""An SSLCommerz on loopback: sessions, signed IPNs and returns, validation, queries and refunds."""

import html
import secrets
from hashlib import md5, sha256
from typing import Any
from urllib.parse import urlencode

from tests.servers.door import Asked, Said
from tests.servers.money import Message, MoneyServer, page

STORE, PASSWORD = "doctapplive", "doctapplive@ssl"
NEEDED = (
    "total_amount", "currency", "tran_id", "success_url", "fail_url", "cancel_url", "cus_name", "cus_email", "cus_add1",
    "cus_city", "cus_postcode", "cus_country", "cus_phone", "shipping_method", "num_of_item", "product_name",
    "product_category", "product_profile",
)  # fmt: skip
REFUND_STATES = {"": "refunded", "refunded": "refunded", "pending": "processing", "failed": "cancelled"}
UNSIGNED = {"verify_key", "verify_sign", "verify_sign_sha2", "error"}

Fields = dict[str, str]


def signed(fields: Fields, password: str, names: list[str] | None = None) -> Fields:
    """The fields with SSLCommerz' two hashes over those named (all of them, if none are)."""
    names = sorted(names if names is not None else fields.keys() - UNSIGNED)
    hashes = {}
    for hashed, name in ((md5, "verify_sign"), (sha256, "verify_sign_sha2")):
        key = hashed(password.encode()).hexdigest()
        pairs = sorted({**{one: fields[one] for one in names}, "store_passwd": key}.items())
        hashes[name] = hashed("&".join(f"{one}={value}" for one, value in pairs).encode()).hexdigest()
    return {**fields, "verify_key": ",".join(names), **hashes}


class SslCommerzServer(MoneyServer):
    """SSLCommerz with one store; its IPNs go where each session says."""

    def __init__(self) -> None:
        super().__init__()
        self.store, self.password = STORE, PASSWORD
        self.sessions: dict[str, Fields] = {}
        self.tries: list[Fields] = []
        self.refunds: dict[str, Fields] = {}

    def let_refunds_end(self, state: str) -> None:
        super().let_refunds_end(state)
        for refund in self.refunds.values():
            if refund["status"] == "processing":
                refund["status"] = REFUND_STATES[state]

    def session_of(self, token: str) -> Fields:
        """The newest session of an order."""
        return [one for one in self.sessions.values() if one["tran_id"] == token][-1]

    def pay(self, token: str) -> Message:
        """Somebody pays; an order that was paid can be paid again."""
        return self._ends(token, "VALID")

    def fail_payment(self, token: str) -> Message:
        """A try fails; the session lives on."""
        return self._ends(token, "FAILED")

    def cancel(self, token: str) -> Message:
        """Somebody goes back."""
        return self._ends(token, "CANCELLED")

    def expire(self, token: str) -> Message:
        """The session's time runs out."""
        return self._ends(token, "EXPIRED")

    def message(self, token: str, **changes: str) -> Message:
        """A signed IPN about the last try of an order."""
        last = next(one for one in reversed(self.tries) if one["tran_id"] == token)
        fields = signed({**self._told(last), **changes}, self.password)
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        return Message(last["status"], self.session_of(token).get("ipn_url", ""), headers, urlencode(fields).encode())

    def _ends(self, token: str, status: str) -> Message:
        with self._turn:
            session = self.session_of(token)
            paid = status == "VALID"
            self.tries.append(
                {
                    "tran_id": token,
                    "val_id": secrets.token_hex(10) if paid else "",
                    "bank_tran_id": secrets.token_hex(10) if paid else "",
                    "status": status,
                    "amount": session["total_amount"],
                    "currency": session["currency"],
                    "currency_amount": session["total_amount"],
                    "currency_type": session["currency"],
                    "card_issuer": "TRUST BANK, LTD. & SONS",
                    "card_no": "418117XXXXXX6675",
                    "tran_date": "2026-11-23 18:00:00",
                    "value_a": session.get("value_a", ""),
                    "risk_level": "1" if self.risky else "0",
                }
            )
            message = self.message(token)
        self.tell(message)
        return message

    def _told(self, one: Fields) -> Fields:
        """A try as it is told, with the lies of the day."""
        lies: Fields = {}
        if "amount" in self.lies:
            lies["amount"] = lies["currency_amount"] = f"{self.lies['amount'] / 100:.2f}"
        if "currency" in self.lies:
            lies["currency"] = lies["currency_type"] = self.lies["currency"]
        if "token" in self.lies:
            lies["tran_id"] = self.lies["token"]
        status = "VALID" if one["status"] == "VALIDATED" else one["status"]
        return {**one, **lies, "status": status, "store_id": self.store}

    def do(self, asked: Asked) -> Said:
        """One call of the client, or a page for a browser."""
        values = asked.values
        if asked.path.startswith("/pay/"):
            return self._page(asked, self.sessions[asked.path.removeprefix("/pay/")])
        admitted = (values.get("store_id"), values.get("store_passwd")) == (self.store, self.password)
        if asked.path == "/gwprocess/v4/api.php":
            return Said(200, self._open(values, admitted=admitted))
        if not admitted:
            return Said(200, {"APIConnect": "FAILED"})
        if asked.path == "/validator/api/validationserverAPI.php":
            return Said(200, self._validate(values["val_id"]))
        if "refund_ref_id" in values:
            return Said(200, {"APIConnect": "DONE", **self.refunds.get(values["refund_ref_id"], {})})
        if "bank_tran_id" in values:
            return Said(200, {"APIConnect": "DONE", **self._refund(values)})
        found = [
            {**self._told(one), "status": one["status"]} for one in self.tries if one["tran_id"] == values["tran_id"]
        ]
        return Said(200, {"APIConnect": "DONE", "no_of_trans_found": len(found), "element": found})

    def _open(self, values: Fields, *, admitted: bool) -> Fields:
        missing = [name for name in NEEDED if not values.get(name)]
        if not admitted:
            return {"status": "FAILED", "failedreason": "Store Credential Error Or Store is De-active"}
        if missing or len(values["tran_id"]) > 30:
            return {
                "status": "FAILED",
                "failedreason": f"Invalid Information! {missing or 'tran_id'} is missing or wrong.",
            }
        key = secrets.token_hex(16).upper()
        self.sessions[key] = {**values, "sessionkey": key}
        return {"status": "SUCCESS", "sessionkey": key, "GatewayPageURL": f"{self.url}/pay/{key}"}

    def _validate(self, val_id: str) -> dict[str, Any]:
        for one in self.tries:
            if val_id and one["val_id"] == val_id:
                told = {**self._told(one), "status": one["status"], "APIConnect": "DONE"}
                one["status"] = "VALIDATED"
                return told
        return {"status": "INVALID_TRANSACTION", "APIConnect": "DONE"}

    def _refund(self, values: Fields) -> Fields:
        known = [one for one in self.refunds.values() if one["refund_trans_id"] == values["refund_trans_id"]]
        if known:
            return {**known[0], "status": "processing"}
        paid = [one for one in self.tries if one["bank_tran_id"] == values["bank_tran_id"] and values["bank_tran_id"]]
        if not paid or self._left(paid[0]) < float(values["refund_amount"]):
            return {"status": "failed", "errorReason": "Refund amount is more than the balance"}
        ref = secrets.token_hex(8)
        asked = {name: values[name] for name in ("refund_trans_id", "bank_tran_id", "refund_amount")}
        self.refunds[ref] = {**asked, "refund_ref_id": ref, "status": REFUND_STATES[self.refunds_end]}
        return {**self.refunds[ref], "status": "success"}

    def _left(self, paid: Fields) -> float:
        sent = [one for one in self.refunds.values() if one["bank_tran_id"] == paid["bank_tran_id"]]
        return float(paid["amount"]) - sum(float(one["refund_amount"]) for one in sent if one["status"] != "cancelled")

    def _page(self, asked: Asked, session: Fields) -> Said:
        ends = {"pay": (self.pay, "success"), "fail": (self.fail_payment, "fail"), "cancel": (self.cancel, "cancel")}
        title = f"SSLCommerz: {session['product_name']}"
        if asked.method == "GET":
            buttons = "".join(f'<button name="outcome" value="{one}">{one.title()}</button>' for one in ends)
            action = f"/pay/{session['sessionkey']}"
            return Said(200, page(title, f'<form id="sslcommerz" method="post" action="{action}">{buttons}</form>'))
        end, door = ends[asked.values["outcome"]]
        message = end(session["tran_id"])
        inputs = "".join(
            f'<input type="hidden" name="{name}" value="{html.escape(value)}">'
            for name, value in signed(self._told(self.tries[-1]), self.password).items()
        )
        back = f'<form id="back" method="post" action="{session[f"{door}_url"]}">{inputs}<button>Back</button></form>'
        return Said(200, page(f"{title}: {message.name}", f"{back}<script>document.forms[0].submit()</script>"))
