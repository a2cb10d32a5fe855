"""The sandbox's checkout page: one chooses how the payment ends, and the sandbox tells it as a real gateway would."""

from __future__ import annotations

import logging
import threading
import time
import urllib.request

from flask import abort, current_app, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import RadioField
from wtforms.validators import InputRequired

from doctapp.config import Settings
from doctapp.gateways.letters_inbox import bp
from doctapp.gateways.payments import CAPTURED, EXPIRED, FAILED, OPEN
from doctapp.gateways.payments.sandbox import LATE, Kept, Sandbox
from doctapp.web.access import demo_only
from doctapp.web.fields import offered
from doctapp.web.htmx import see_other

__all__ = ["bp"]

log = logging.getLogger(__name__)
SOON = 1.0  # seconds until the webhook, where the browser goes first
PATIENCE = 5.0

OUTCOMES = {
    "paid": _l("Pay"),
    "failed": _l("The payment fails"),
    "cancelled": _l("Cancel"),
    "late": _l("Pay, but too late"),
    "twice": _l("Pay, and tell it twice"),
    "before": _l("Pay, and tell it before I am back"),
    "never": _l("Pay, and never tell it"),
}
BECOMES = dict.fromkeys(OUTCOMES, CAPTURED) | {"failed": FAILED, "cancelled": FAILED, "late": LATE}
TOLD = {"never": 0, "late": 0, "twice": 2}


class CheckoutForm(FlaskForm):
    """How the payment shall end."""

    outcome = RadioField(
        _l("How does it end?"),
        choices=offered(OUTCOMES),
        default="paid",
        validators=[InputRequired(_l("Choose how it ends"))],
    )


def _sandbox() -> Sandbox:
    return Sandbox(current_app.config["SETTINGS"])


def _order(token: str) -> Kept:
    kept = _sandbox().kept(token)
    if not kept:
        abort(404)
    return kept


@bp.get("/sandbox/checkout/<token>")
@demo_only
def checkout(token: str) -> ResponseReturnValue:
    """The checkout, or how it ended."""
    return _page(_order(token), CheckoutForm())


@bp.post("/sandbox/checkout/<token>")
@demo_only
def check_out(token: str) -> ResponseReturnValue:
    """Let the payment end as chosen, tell it, and lead back; what has ended is told again as it is."""
    order = _order(token)
    form = CheckoutForm()
    if not form.validate_on_submit():
        return _page(order, form), 422
    outcome = form.outcome.data
    order = _sandbox().become(token, BECOMES[outcome])
    if order["state"] in {LATE, EXPIRED}:
        return see_other(url_for("sandbox.checkout", token=token))
    _tell(current_app.config["SETTINGS"], token, times=TOLD.get(outcome, 1), at_once=outcome == "before")
    return see_other(order["back_url"])


def _page(order: Kept, form: CheckoutForm) -> str:
    return render_template("sandbox/checkout.html", order=order, form=form, OPEN=OPEN, LATE=LATE, CAPTURED=CAPTURED)


def _tell(settings: Settings, token: str, *, times: int, at_once: bool) -> None:
    """Send the webhook: before the browser is led back, or a little after it."""
    if at_once:
        _send(settings, token)
    elif times:
        threading.Thread(target=_send_soon, args=(settings, token, times), daemon=True).start()


def _send_soon(settings: Settings, token: str, times: int) -> None:
    for _ in range(times):
        time.sleep(SOON)
        _send(settings, token)


def _send(settings: Settings, token: str) -> None:
    """Post the event to our own door; where nobody takes it, the sweep asks the sandbox instead."""
    headers, body = Sandbox(settings).event(token)
    address = f"{settings.public_url}/payments/sandbox/webhook"
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with direct.open(urllib.request.Request(address, body, headers), timeout=PATIENCE):  # noqa: S310 - ours
            pass
    except OSError as failed:
        log.warning("the sandbox's webhook was not taken (%s)", type(failed).__name__)
