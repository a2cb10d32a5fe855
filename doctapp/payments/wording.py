"""What pages call the ways to pay."""

from __future__ import annotations

from flask_babel import LazyString
from flask_babel import lazy_gettext as _l

METHODS: dict[str, LazyString] = {
    "chamber": _l("Pay at the chamber"),
    "sslcommerz": _l("Pay now by bKash, Nagad, Rocket or card"),
    "stripe": _l("Pay now by an international card"),
    "sandbox": _l("Pay now, only for practice: no real money"),
}
PAID_WITH: dict[str, LazyString] = {
    "sslcommerz": _l("bKash, Nagad, Rocket or card, through SSLCommerz"),
    "stripe": _l("Card, through Stripe"),
    "sandbox": _l("Practice payment, no real money"),
}
PARTS: dict[str, LazyString] = {"advance": _l("Only the advance"), "whole": _l("The whole fee")}
