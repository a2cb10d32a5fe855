"""Cancelling by the patient, the clinic or an admin, and taking a step back: one address for all of them."""

from __future__ import annotations

from typing import Any

from flask import render_template, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from doctapp import clock
from doctapp.appointments import cancelling, giving_back, holding, life, moving, queries, undoing
from doctapp.appointments.forms import CancellationForm, ReasonForm, UndoForm
from doctapp.appointments.life import By
from doctapp.appointments.models import Appointment, Event
from doctapp.appointments.relations import reads
from doctapp.appointments.routes import bp, find, related, taken, ticket, undoable
from doctapp.appointments.routes_move import not_moved
from doctapp.appointments.routes_requests import acting, noted, too_late, undo_by_clinic
from doctapp.db import transaction
from doctapp.errors import DomainError, NotFound, SignInNeeded
from doctapp.web.access import anyone
from doctapp.web.htmx import see_other

IN_THE_INBOX = ("accept", "decline")


def canceller(row: Appointment) -> By:
    """On which side this viewer may cancel it; for everybody else it is not there.

    Who gave the ticket's reference and the phone's digits is on the patient's side, and nobody knows who it is.
    """
    eyes = related(row)
    if eyes.looked and not eyes.decides:
        return By("patient")
    if not current_user.is_authenticated:
        raise SignInNeeded
    if eyes.admin and not eyes.patient and not eyes.decides and row.requested_at is not None:
        return By("admin", int(current_user.id))
    return acting(row)


def reason_form(by: By, **given: Any) -> CancellationForm | ReasonForm:
    """Why it is cancelled: patients may leave it out, the clinic and admins may not."""
    if by.side == "patient":
        return CancellationForm(**given)
    return ReasonForm(reasons=cancelling.ADMIN_REASONS if by.side == "admin" else cancelling.CLINIC_REASONS, **given)


def _page(
    row: Appointment, by: By, form: CancellationForm | ReasonForm, status: int = 200, *, changed: bool = False
) -> ResponseReturnValue:
    event, now = life.last_event(row), clock.now()
    until = cancelling.cancel_until(row) if by.side == "patient" else None
    page = render_template(
        "appointments/cancellation.html",
        row=row,
        side=by.side,
        form=form,
        until=until,
        open=cancelling.refusal(row, side=by.side, now=now) is None,
        money=giving_back.planned(row, side=by.side, now=now),
        whole_until=giving_back.whole_until(row),
        movable=by.side != "admin" and by.person_id is not None and moving.refusal(row, side=by.side, now=now) is None,
        now=now,
        event=event,
        actor=queries.actor(event),
        changed=changed,
    )
    return noted((page, status), reads(row, related(row)))


@bp.get("/appointments/<ref>/cancellation")
@anyone
def cancellation(ref: str) -> ResponseReturnValue:
    """What cancelling means, then the button."""
    row = find(ref)
    by = canceller(row)
    refused = cancelling.refusal(row, side=by.side, now=clock.now())
    return _page(row, by, reason_form(by, formdata=None), 409 if refused else 200)


@bp.post("/appointments/<ref>/cancellation")
@anyone
def create_cancellation(ref: str) -> ResponseReturnValue:
    """Cancel; undone within ten minutes while the number is free."""
    row = find(ref)
    by = canceller(row)
    form = reason_form(by)
    if not form.validate_on_submit():
        return _page(row, by, form, 422)
    why = form.why if isinstance(form, ReasonForm) else form.reason.data or ""
    try:
        with transaction():
            cancelling.cancel(find(ref), reason=why, by=by, now=clock.now(), seen=form.event.data)
    except cancelling.ChangedMeanwhile:
        return _page(find(ref), by, form, 409, changed=True)
    except DomainError as refused:
        if _is_own(refused.facts.get("event"), by):
            return see_other(url_for("appointments.show", ref=ref))
        return _page(find(ref), by, form, 409, changed=True)
    return see_other(url_for("appointments.show", ref=ref, ok="cancelled"))


def _is_own(event: Event | None, by: By) -> bool:
    """Whether it was this person who cancelled it already: a repeated tap."""
    return event is not None and event.act == "cancel" and (event.side, event.person_id) == (by.side, by.person_id)


@bp.post("/appointments/<ref>/undo")
@anyone
def undo(ref: str) -> ResponseReturnValue:
    """Take back the named event: the patient one of the patient's, the clinic one of the clinic's."""
    row = find(ref)
    by, event = canceller(row), life.last_event(row)
    if by.side == "admin":
        raise NotFound
    form = UndoForm()
    if not form.validate_on_submit() or (by.person_id is None and not undoable(event, related(row))):
        raise undoing.TooLateToUndo
    if by.side == "clinic" and event and event.act in IN_THE_INBOX:
        return undo_by_clinic(row, event_id=form.event.data)
    return _undo_on_ticket(ref, event_id=form.event.data, by=by)


def _undo_on_ticket(ref: str, *, event_id: int, by: By) -> ResponseReturnValue:
    try:
        with transaction():
            undoing.undo(find(ref), event_id=event_id, by=by, now=clock.now())
    except holding.NotTaken as refusal:
        return _place_is_gone(find(ref), by, refusal)
    except DomainError as refusal:
        return ticket(find(ref), 409, str(refusal))
    return see_other(url_for("appointments.show", ref=ref, ok="undone"))


def _place_is_gone(row: Appointment, by: By, refusal: holding.NotTaken) -> ResponseReturnValue:
    """409 with the three nearest: as a move where it still lives, else as a new booking."""
    event = life.last_event(row)
    if event and event.act == "move" and event.was_sitting_id and event.was_number:
        return not_moved(row, by, refusal, sitting_id=event.was_sitting_id, number=event.was_number)
    if by.side == "clinic":
        return too_late(row.ref, str(refusal), gone=True)
    return taken(refusal, sitting_id=row.sitting_id, number=row.number)
