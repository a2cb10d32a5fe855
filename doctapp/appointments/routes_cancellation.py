"""The patient cancels, and takes it back; the clinic takes back its own decision by the same address."""

from __future__ import annotations

from flask import render_template, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from doctapp import clock
from doctapp.appointments import cancelling, holding, life, queries, undoing
from doctapp.appointments.forms import CancellationForm, UndoForm
from doctapp.appointments.life import By
from doctapp.appointments.models import Appointment
from doctapp.appointments.routes import bp, find, related, taken, ticket
from doctapp.appointments.routes_requests import undo_by_clinic
from doctapp.db import transaction
from doctapp.errors import DomainError, NotFound
from doctapp.web.access import signed_in
from doctapp.web.htmx import see_other


def own(ref: str) -> Appointment:
    """The patient's own appointment; for everybody else it is not there."""
    row = find(ref)
    if not related(row).patient:
        raise NotFound
    return row


def _page(row: Appointment, form: CancellationForm, status: int = 200, *, changed: bool = False) -> ResponseReturnValue:
    event = life.last_event(row)
    return render_template(
        "appointments/cancellation.html",
        row=row,
        form=form,
        until=cancelling.cancel_until(row),
        now=clock.now(),
        event=event,
        actor=queries.actor(event) if changed else None,
    ), status


@bp.get("/appointments/<ref>/cancellation")
@signed_in
def cancellation(ref: str) -> ResponseReturnValue:
    """What cancelling means, then the button."""
    row = own(ref)
    until = cancelling.cancel_until(row)
    over = until is None or clock.now() >= until
    return _page(row, CancellationForm(formdata=None), 409 if over else 200)


@bp.post("/appointments/<ref>/cancellation")
@signed_in
def create_cancellation(ref: str) -> ResponseReturnValue:
    """Cancel; undone within ten minutes while the number is free."""
    row = own(ref)
    form = CancellationForm()
    if not form.validate_on_submit():
        return _page(row, form, 422)
    try:
        with transaction():
            by = By("patient", current_user.id)
            reason, seen = form.reason.data or "", form.event.data
            cancelling.cancel(find(ref), reason=reason, by=by, now=clock.now(), seen=seen)
    except cancelling.ChangedMeanwhile:
        return _page(find(ref), form, 409, changed=True)
    except DomainError:
        row = find(ref)
        if row.status == "cancelled":
            return see_other(url_for("appointments.show", ref=ref))
        return _page(row, form, 409)
    return see_other(url_for("appointments.show", ref=ref, ok="cancelled"))


@bp.post("/appointments/<ref>/undo")
@signed_in
def undo(ref: str) -> ResponseReturnValue:
    """Take back the named event: the patient one of the patient's, the clinic one of the clinic's."""
    row = find(ref)
    eyes = related(row)
    if not eyes.patient and not eyes.decides:
        raise NotFound
    form = UndoForm()
    if not form.validate_on_submit():
        raise undoing.TooLateToUndo
    if not eyes.patient:
        return undo_by_clinic(row, event_id=form.event.data)
    return _undo_by_patient(row, event_id=form.event.data)


def _undo_by_patient(row: Appointment, *, event_id: int) -> ResponseReturnValue:
    ref, sitting_id, number = row.ref, row.sitting_id, row.number
    try:
        with transaction():
            undoing.undo(find(ref), event_id=event_id, by=By("patient", current_user.id), now=clock.now())
    except holding.NotTaken as refusal:
        return taken(refusal, sitting_id=sitting_id, number=number)
    except undoing.TooLateToUndo as refusal:
        return ticket(find(ref), 409, str(refusal))
    return see_other(url_for("appointments.show", ref=ref, ok="undone"))
