"""The doors of money that needs a person: what was flagged, what did not go back, what nobody knows, what differs."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any, TypeVar

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from doctapp import clock
from doctapp.admin import queries
from doctapp.admin.forms import BareForm, DecisionForm, SettlementForm
from doctapp.admin.routes import bp
from doctapp.appointments import paying, telling
from doctapp.appointments.life import By
from doctapp.appointments.models import Appointment
from doctapp.audit.recording import record
from doctapp.db import db, transaction
from doctapp.errors import NotFound
from doctapp.payments import jobs, reconciling, refunding
from doctapp.payments.models import Attempt, Difference, Refund
from doctapp.web.access import admin_only
from doctapp.web.htmx import see_other

ACTS = {"stand": paying.let_stand, "back": paying.give_back}
PROVIDERS = {"stripe": "Stripe", "sslcommerz": "SSLCommerz", "sandbox": "Sandbox"}
Money = TypeVar("Money", Attempt, Refund, Difference)


def _page(
    status: int = 200, *, wrong: DecisionForm | SettlementForm | None = None, refusal: str = ""
) -> ResponseReturnValue:
    """All lists; the form that was sent wrongly stands in its place with what was typed."""
    lists = queries.money(clock.now())
    forms: dict[str, Any] = {}
    for case in lists["flagged"].cases:
        forms[f"decision-{case.row.id}"] = DecisionForm(case.row.id, formdata=None)
    for case in lists["failed"].cases:
        forms[f"settlement-{case.row.id}"] = SettlementForm(case.row.id, formdata=None)
    if wrong is not None:
        forms[wrong.form_id] = wrong
    return render_template(
        "admin/money.html",
        **lists,
        forms=forms,
        wrong=wrong,
        bare=BareForm(formdata=None),
        done=queries.money_done(),
        providers=PROVIDERS,
        refusal=refusal,
        ok=request.args.get("ok", ""),
    ), status


@bp.get("/admin/money")
@admin_only
def money() -> ResponseReturnValue:
    """Everything about money that waits for a person, and what was lately decided."""
    return _page()


@bp.post("/admin/money/attempts/<int:attempt_id>/decision")
@admin_only
def decide_attempt(attempt_id: int) -> ResponseReturnValue:
    """Let flagged money stand, which books its appointment, or give all of it back."""
    _find(Attempt, attempt_id)
    form = DecisionForm(attempt_id)
    if not form.validate_on_submit():
        return _page(422, wrong=form)
    by, decide = By("admin", current_user.id), ACTS[form.verdict.data]
    try:
        with transaction():
            decide(_find(Attempt, attempt_id), by=by, now=clock.now())
    except paying.DecidedMeanwhile as refusal:
        return _lost("payment", attempt_id, str(refusal))
    except paying.OtherCurrency as refusal:
        return _page(refusal.status, refusal=str(refusal))
    return see_other(url_for("admin.money", ok=form.verdict.data))


@bp.post("/admin/money/attempts/<int:attempt_id>/question")
@admin_only
def ask_again(attempt_id: int) -> ResponseReturnValue:
    """Ask the gateway once more about a payment of which it never said anything."""
    _bare(Attempt, attempt_id)
    if not jobs.look(attempt_id, clock.now()):
        return _page(409, refusal=_("The gateway did not answer. Try again later, or look the payment up there."))
    return see_other(url_for("admin.money", ok="asked"))


@bp.post("/admin/money/refunds/<int:refund_id>/retry")
@admin_only
def retry_refund(refund_id: int) -> ResponseReturnValue:
    """Let a failed refund be sent once more; the gateway is asked first whether it did it after all."""
    _bare(Refund, refund_id)
    return _done("retry_refund", Refund, refund_id, refunding.try_again, ok="retry")


@bp.post("/admin/money/refunds/<int:refund_id>/settlement")
@admin_only
def settle_refund(refund_id: int) -> ResponseReturnValue:
    """Note that a failed refund was paid back another way; the patient is told that it is back."""
    _find(Refund, refund_id)
    form = SettlementForm(refund_id)
    if not form.validate_on_submit():
        return _page(422, wrong=form)
    settle = partial(_pay_back_by_hand, reference=form.reference.data or "", by_id=current_user.id)
    return _done("settle_refund", Refund, refund_id, settle, ok="settled")


def _pay_back_by_hand(refund: Refund, *, reference: str, by_id: int, now: datetime) -> bool:
    """Settle it, and tell the patient; for doors, inside their transaction."""
    settled = refunding.settle_by_hand(refund, reference=reference, by_id=by_id, now=now)
    about = db.session.get(Appointment, refund.appointment_id)
    if settled and about is not None:
        telling.refunded(about, refund, now=now)
    return settled


@bp.post("/admin/money/differences/<int:difference_id>/settlement")
@admin_only
def settle_difference(difference_id: int) -> ResponseReturnValue:
    """Note that a person saw to what the gateway and we say differently."""
    _bare(Difference, difference_id)
    settle = partial(reconciling.settle, by_id=current_user.id)
    return _done("settle_difference", Difference, difference_id, settle, ok="difference")


def _find(row: type[Money], row_id: int) -> Money:
    found = db.session.get(row, row_id, populate_existing=True)
    if found is None:
        raise NotFound
    return found


def _bare(row: type[Money], row_id: int) -> None:
    """The row is there, and the form that was sent has nothing but its token."""
    if not BareForm().validate_on_submit():
        raise NotFound
    _find(row, row_id)


def _done(act: str, row: type[Money], row_id: int, rule: Callable[..., bool], *, ok: str) -> ResponseReturnValue:
    """Do it and write it down, in one transaction; who comes second is told who was first."""
    kind, now = queries.KINDS[row], clock.now()
    with transaction():
        done = rule(_find(row, row_id), now=now)
        if done:
            record(act, kind=kind, row_id=row_id, person_id=current_user.id, side="admin", now=now)
    if not done:
        return _lost(kind, row_id, _("Somebody was before you. Nothing was changed."))
    return see_other(url_for("admin.money", ok=ok))


def _lost(kind: str, row_id: int, otherwise: str) -> ResponseReturnValue:
    return _page(409, refusal=queries.who_was_first(kind, row_id) or otherwise)
