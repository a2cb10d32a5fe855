"""The inbox of the doctor and of the clinic's staff: accept, decline and undo in the row."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from math import ceil
from typing import Any, TypeVar

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from doctapp import clock
from doctapp.accounts import patients
from doctapp.appointments import deciding, holding, life, places, queries, undoing
from doctapp.appointments.forms import BareForm, RefusalForm, UndoForm
from doctapp.appointments.life import By
from doctapp.appointments.models import Appointment, Event
from doctapp.appointments.relations import reads, reads_of
from doctapp.appointments.routes import bp, find, related
from doctapp.audit import routes_reading
from doctapp.audit.reading import Read
from doctapp.db import transaction
from doctapp.digits import latin
from doctapp.errors import DomainError, Forbidden, NotFound
from doctapp.web.access import doctor_or_staff, quiet, signed_in
from doctapp.web.htmx import nothing_new, page_or_fragment, see_other, wants_fragment

Answer = TypeVar("Answer")
SHOWN_AFTER = timedelta(minutes=10)


def _mine() -> dict[str, Any]:
    return {
        "doctor_id": current_user.doctor_id,
        "clinic_ids": current_user.clinic_ids,
        "person_id": current_user.id,
    }


def card(
    row: Appointment,
    *,
    event: Event | None = None,
    refusal: str = "",
    form: RefusalForm | None = None,
    near: Sequence[places.Place] = (),
) -> dict[str, Any]:
    """What one row of the inbox shows: the request, or what became of it, by whom, and what is free near a lost place."""
    now = clock.now()
    undo = event if undoing.may_undo(event, side="clinic", now=now) else None
    until = life.undo_until(undo)
    form = form or RefusalForm(formdata=None)
    form.reason.id = f"reason-{row.ref}"
    return {
        "row": row,
        "age": patients.age(row.patient, now=now) if row.patient else None,
        "sees_reason": row.doctor_id == current_user.doctor_id,
        "come": places.come_between(row.sitting, row.about_at),
        "event": event,
        "actor": queries.actor(event),
        "mine": event is not None and event.person_id == current_user.id,
        "undo": undo,
        "undo_seconds": ceil((until - now).total_seconds()) if until else 0,
        "undo_form": UndoForm(formdata=None, event=undo.id) if undo else None,
        "acceptance": BareForm(formdata=None),
        "refusal_form": form,
        "refusal": refusal,
        "near": near,
    }


@bp.get("/doctor/requests")
@doctor_or_staff
def requests() -> ResponseReturnValue:
    """Requests, oldest first; what was just decided stays with its undo."""
    inbox = _inbox()
    return noted(page_or_fragment("appointments/requests.html", "appointments/_requests.html", **inbox), inbox["reads"])


def noted(answer: Answer, read: Sequence[Read]) -> Answer:
    """The answer, after a row in the audit for everything that it shows of patients."""
    routes_reading.note(read)
    return answer


def _inbox(open_ref: str = "", **opened: Any) -> dict[str, Any]:
    now = clock.now()
    seen = queries.newest_event()
    rows = queries.waiting(**_mine())
    cards = [card(row, **(opened if row.ref == open_ref else {})) for row in rows]
    decided = queries.decided(person_id=current_user.id, now=now, since=now - SHOWN_AFTER)
    decided = [(row, event) for row, event in decided if related(row).decides]
    shown = [*rows, *(row for row, _ in decided)]
    return {
        "reads": reads_of(shown, current_user, now=now),
        "cards": cards,
        "decided": [card(row, event=event) for row, event in decided],
        "total": queries.waiting_count(**_mine()),
        "seen": seen,
        "ok": request.args.get("ok", ""),
    }


@bp.get("/doctor/requests/news")
@doctor_or_staff
@quiet
def news() -> ResponseReturnValue:
    """A poll: 204 while nothing is newer than `after`, else a button that shows how many came."""
    after = latin(request.args.get("after", "0"))
    came = queries.waiting_count(**_mine(), after=int(after) if after.isdecimal() and len(after) < 16 else 0)
    if not came:
        return nothing_new()
    if not wants_fragment():
        return redirect(url_for("appointments.requests"), 303)
    return render_template("appointments/_news.html", came=came, after=after)


def decidable(ref: str) -> Appointment:
    """An appointment this viewer may decide: its doctor or the clinic's staff; not one's own."""
    row = find(ref)
    eyes = related(row)
    if eyes.patient:
        raise Forbidden
    if not eyes.decides:
        raise NotFound
    return row


def clinic_side(row: Appointment) -> By:
    """The viewer, acting for the clinic of this appointment."""
    return By("clinic", int(current_user.id), row.sitting.chamber.clinic_id)


def acting(row: Appointment) -> By:
    """On which side this viewer acts: for themselves where they are the patient, else for the clinic; else it is 404."""
    eyes = related(row)
    if eyes.patient:
        return By("patient", int(current_user.id))
    if eyes.decides:
        return clinic_side(row)
    raise NotFound


@bp.post("/appointments/<ref>/acceptance")
@signed_in
def acceptance(ref: str) -> ResponseReturnValue:
    """Accept; undone within sixty seconds."""
    decidable(ref)
    try:
        with transaction():
            row = find(ref)
            event = deciding.accept(row, by=clinic_side(row), now=clock.now())
            done = card(row, event=event)
    except deciding.AlreadyDecided:
        return too_late(ref)
    return answered(ref, done, ok="accepted")


@bp.post("/appointments/<ref>/refusal")
@signed_in
def refusal(ref: str) -> ResponseReturnValue:
    """Decline with a reason; undone within ten minutes while the number is free."""
    decidable(ref)
    form = RefusalForm()
    if not form.validate_on_submit():
        return again(ref, form)
    try:
        with transaction():
            row = find(ref)
            event = deciding.decline(row, reason=form.reason.data, by=clinic_side(row), now=clock.now())
            done = card(row, event=event)
    except deciding.AlreadyDecided:
        return too_late(ref)
    return answered(ref, done, ok="declined")


def undo_by_clinic(row: Appointment, *, event_id: int) -> ResponseReturnValue:
    """Take back a decision, from the row in the inbox."""
    ref = row.ref
    try:
        with transaction():
            row = find(ref)
            undoing.undo(row, event_id=event_id, by=clinic_side(row), now=clock.now())
            done = card(row)
    except DomainError as refusal:
        return too_late(ref, str(refusal), gone=isinstance(refusal, holding.NotTaken))
    return answered(ref, done, ok="undone")


def answered(ref: str, done: dict[str, Any], *, ok: str) -> ResponseReturnValue:
    """The row as it is now; without htmx the inbox, at that row."""
    if wants_fragment():
        return render_template("appointments/_request.html", swapped=True, card=done)
    return see_other(url_for("appointments.requests", ok=ok, _anchor=f"request-{ref}"))


def again(ref: str, form: RefusalForm) -> ResponseReturnValue:
    """422: the row with what is missing; 409 where it is decided by now."""
    row = find(ref)
    if row.status != "requested":
        return too_late(ref)
    read = reads(row, related(row))
    if wants_fragment():
        shown = card(row, form=form)
        return noted((render_template("appointments/_request.html", swapped=True, card=shown), 422), read)
    inbox = _inbox(ref, form=form)
    return noted((render_template("appointments/requests.html", **inbox), 422), inbox["reads"])


def too_late(ref: str, sentence: str = "", *, gone: bool = False) -> ResponseReturnValue:
    """409: somebody else was first; the row says who and when, and where the number is gone what is free near it."""
    row = find(ref)
    read = reads(row, related(row))
    near = places.nearest(row.sitting_id, row.number, now=clock.now()) if gone else []
    shown = card(row, event=life.last_event(row), refusal=sentence, near=near)
    if wants_fragment():
        return noted((render_template("appointments/_request.html", swapped=True, card=shown), 409), read)
    return noted((render_template("appointments/decided.html", card=shown), 409), read)
