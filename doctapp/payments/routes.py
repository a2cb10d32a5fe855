"""The doors of money: the truth about a payment, its receipt, and the gateways' messages."""

from __future__ import annotations

from datetime import datetime

from flask import Blueprint, current_app, render_template, request, url_for
from flask.blueprints import BlueprintSetupState
from flask.typing import ResponseReturnValue
from flask_login import current_user

from doctapp import clock
from doctapp.accounts import limits
from doctapp.appointments import holding, paying, places
from doctapp.appointments.models import Appointment
from doctapp.appointments.relations import Relation, relation
from doctapp.db import db, transaction
from doctapp.errors import DomainError, NotFound, SignInNeeded
from doctapp.gateways import payments as gateways
from doctapp.gateways.payments import NotProven, NotSent
from doctapp.payments import attempts, jobs, queries, receipts, settling, wording
from doctapp.payments.forms import ClaimForm
from doctapp.payments.models import Attempt
from doctapp.web import cookies
from doctapp.web.access import anyone, proves_itself, quiet
from doctapp.web.errors import with_wait
from doctapp.web.htmx import nothing_new, page_or_fragment, see_other, wants_fragment

CLAIMS_AN_HOUR = 5
LONGEST_TOKEN = 32
NOT_BEGUN = ("starting", "waiting")
RETURNED = ("refund_due", "refunding", "refunded")

bp = Blueprint("payments", __name__)


def find(token: str) -> Attempt:
    """The attempt of an address; an unknown and a malformed one are the same 404."""
    attempt = attempts.by_token(token) if len(token) <= LONGEST_TOKEN else None
    if attempt is None:
        raise NotFound
    return attempt


def related(attempt: Attempt, *, now: datetime) -> tuple[Appointment, Relation]:
    """The attempt's appointment, and what this request's viewer is to it."""
    row = db.session.get(Appointment, attempt.appointment_id)
    assert row is not None
    browser = cookies.browser_hash() if cookies.has_browser() else None
    return row, relation(row, current_user, browser_hash=browser, now=now)


@bp.record_once
def give_words(state: BlueprintSetupState) -> None:
    """Let templates say the ways to pay."""
    state.app.jinja_env.globals.update(METHOD_WORDS=wording.METHODS, PAID_WITH=wording.PAID_WITH)


@bp.get("/payments/<token>")
@anyone
@quiet
def show(token: str) -> ResponseReturnValue:
    """What is true of a payment; it confirms nothing by itself, and needs no session: apps return into another browser."""
    return truth(find(token), ClaimForm(formdata=None))


def truth(attempt: Attempt, form: ClaimForm, status: int = 200) -> ResponseReturnValue:
    """The page, or the fragment that it refreshes itself with; 204 to a poll that has `seen` what is still so."""
    now = clock.now()
    row, eyes = related(attempt, now=now)
    payment, held = queries.payment(attempt), holding.is_held(row, now=now)
    payable = held or (row.status in paying.STANDS and not row.paid)
    state = _shown(payment.state, payable=payable)
    if wants_fragment() and request.args.get("seen") == state:
        return nothing_new()
    knows = eyes.holder or eyes.patient or eyes.admin
    lost = knows and payment.state in RETURNED and row.status == "expired"
    return page_or_fragment(
        "payments/show.html",
        "payments/_payment.html",
        status,
        payment=payment,
        row=row,
        knows=knows,
        reads_receipt=payment.receipt is not None and _reads_receipt(eyes),
        state=state,
        held=held,
        payable=payable,
        near=places.nearest(row.sitting_id, row.number, now=now) if lost else [],
        returned="back" in request.args,
        swapped=wants_fragment(),
        now=now,
        ok=request.args.get("ok", ""),
        form=form,
    )


def _shown(state: str, *, payable: bool) -> str:
    """What the page says: how the payment stands, and of an open one whether somebody came back from the gateway.

    It is `over` where there is no number any more to pay for.
    """
    if state not in NOT_BEGUN:
        return state
    if "back" in request.args:
        return "checking"
    return state if payable else "over"


def _reads_receipt(eyes: Relation) -> bool:
    """Whose the receipt is: the patient's owner, the clinic's and an admin's (domain.md)."""
    return eyes.patient or eyes.staff or eyes.admin


@bp.post("/payments/<token>")
@anyone
def claim(token: str) -> ResponseReturnValue:
    """Somebody says that they paid: the gateway is asked at once."""
    attempt, form, now = find(token), ClaimForm(), clock.now()
    if not form.validate_on_submit():
        return truth(attempt, form, 422)
    try:
        with transaction():
            limits.check("claim", token, most=CLAIMS_AN_HOUR, per=limits.HOUR, now=now, error=limits.TooMany)
            limits.count("claim", token, now=now)
            attempts.note_claim(attempt, reference=form.reference.data or "")
    except DomainError as refusal:
        form.reference.errors = [str(refusal)]
        return with_wait(truth(attempt, form, refusal.status), refusal)
    answered = jobs.look(attempt.id, clock.now())
    return see_other(url_for("payments.show", token=token, ok="asked" if answered else "unanswered"))


@bp.get("/payments/<token>/receipt")
@anyone
def receipt(token: str) -> ResponseReturnValue:
    """The receipt, to print: for the patient's owner, the clinic and an admin."""
    attempt = find(token)
    row, eyes = related(attempt, now=clock.now())
    given = receipts.of(attempt)
    if not _reads_receipt(eyes) or given is None:
        raise NotFound if current_user.is_authenticated else SignInNeeded
    at = clock.local(given.at, row.sitting.chamber.clinic.zone)
    return render_template("payments/receipt.html", payment=queries.payment(attempt), row=row, at=at)


def hear(provider: str) -> None:
    """Let a gateway's message have its effect; raises NotProven, or NotSent where the gateway could not be asked back."""
    event = gateways.gateway(provider).read(dict(request.headers), request.get_data())
    with transaction():
        attempt = settling.heard(provider, event, now=clock.now())
        if attempt is not None:
            paying.hear(attempt, event.answer, now=clock.now())


def answered(provider: str) -> ResponseReturnValue:
    """What a gateway's machine is told: 400 without proof, 503 where it should come again."""
    try:
        hear(provider)
    except (KeyError, NotProven):  # nobody can prove anything of a gateway that is not set up
        return "not proven", 400
    except NotSent as why:
        current_app.logger.warning("%s could not be asked back: %s", provider, why)
        return "come again", 503, {"Retry-After": "60"}
    return "ok", 200


@bp.post("/payments/<any(stripe, sandbox):provider>/webhook")
@anyone
@proves_itself
def webhook(provider: str) -> ResponseReturnValue:
    """Stripe's messages, and the sandbox's; each is signed."""
    return answered(provider)


@bp.post("/payments/sslcommerz/ipn")
@anyone
@proves_itself
def ipn() -> ResponseReturnValue:
    """SSLCommerz' messages; each is hashed, and believed only as far as their server confirms it."""
    return answered("sslcommerz")


@bp.post("/payments/sslcommerz/return")
@anyone
@proves_itself
def back() -> ResponseReturnValue:
    """The browser's way back from SSLCommerz: a cross-site POST without our cookies, which proves nothing by itself."""
    body = request.get_data()
    attempt = attempts.by_token(request.form.get("tran_id", ""))
    if attempt is None or attempt.provider != "sslcommerz":
        return "unknown", 400
    try:
        hear("sslcommerz")
    except (KeyError, NotProven, NotSent) as why:
        current_app.logger.info("a way back of %s bytes proved nothing (%s)", len(body), type(why).__name__)
    return see_other(url_for("payments.show", token=attempt.token, back=1))
