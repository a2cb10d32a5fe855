"""The doors of an appointment: taking a place, the ticket, its calendar file, and the list of one's own."""

from __future__ import annotations

from datetime import datetime
from typing import TypeGuard

from flask import Blueprint, Response, current_app, make_response, redirect, render_template, request, url_for
from flask.blueprints import BlueprintSetupState
from flask.typing import ResponseReturnValue
from flask_babel import get_locale
from flask_babel import gettext as _
from flask_login import current_user

from doctapp import clock
from doctapp.accounts import limits, patients, people
from doctapp.appointments import (
    cancelling,
    closing,
    deciding,
    holding,
    life,
    moving,
    places,
    queries,
    references,
    sitting_cancellation,
    telling,
    undoing,
    waiting,
)
from doctapp.appointments.calendar import file, google_link
from doctapp.appointments.forms import BareForm, OutcomeForm, PlaceForm, UndoForm
from doctapp.appointments.models import KEPT, Appointment, Event
from doctapp.appointments.relations import Relation, reads, relation
from doctapp.audit import routes_reading
from doctapp.db import transaction
from doctapp.errors import NotFound
from doctapp.payments import queries as money
from doctapp.web import cookies
from doctapp.web.access import Viewer, anyone, signed_in
from doctapp.web.context import count
from doctapp.web.filters import said
from doctapp.web.htmx import page_or_fragment, see_other
from doctapp.web.paging import Page, page_number

PLACES_AGAIN = 6
DONE_ON_TICKET = ("outcome", "cancel", "move")

bp = Blueprint("appointments", __name__)
WORDS = {"STATE_WORDS": life.WORDS, "VISIT_WORDS": life.VISIT_WORDS, "SEX_WORDS": patients.SEX_WORDS}


@bp.record_once
def give_words(state: BlueprintSetupState) -> None:
    """Let templates say states, visits and sexes by the tables of this room."""
    state.app.jinja_env.globals.update(WORDS)


@count("waiting_count")
def waiting_count(viewer: Viewer) -> int:
    """The number beside "Requests" in the navigation."""
    if not viewer.works:
        return 0
    return queries.waiting_count(doctor_id=viewer.doctor_id, clinic_ids=viewer.clinic_ids, person_id=viewer.id)


def find(ref: str) -> Appointment:
    """The appointment of a reference; an unknown and a malformed one are the same 404."""
    row = queries.by_ref(ref) if references.read(ref) == ref else None
    if row is None:
        raise NotFound
    return row


def related(row: Appointment) -> Relation:
    """What this request's viewer is to the appointment."""
    browser = cookies.browser_hash() if cookies.has_browser() else None
    return relation(row, current_user, browser_hash=browser, now=clock.now())


@bp.post("/appointments")
@anyone
def create() -> ResponseReturnValue:
    """Hold a number. A browser without its cookie gets one first, so that both taps of a double tap bear the same."""
    if not cookies.has_browser() and "again" not in request.args:
        cookies.keep_browser()
        return redirect(url_for("appointments.create", again=1), 307)
    form = PlaceForm()
    if not form.validate_on_submit():
        sitting = None if form.sitting.errors else places.sitting(form.sitting.data)
        return render_template("appointments/no_choice.html", form=form, sitting=sitting), 422
    sitting_id, number = form.sitting.data, form.number.data
    try:
        with transaction():
            row = holding.hold(
                sitting_id=sitting_id,
                number=number,
                browser_hash=cookies.browser_hash(),
                person_id=proven_person(),
                address=limits.address_key(request.remote_addr or ""),
                language=str(get_locale()),
                now=clock.now(),
            )
            ref, status = row.ref, row.status
    except holding.NotTaken as refusal:
        return taken(refusal, sitting_id=sitting_id, number=number)
    cookies.keep_browser()
    if status not in KEPT:
        return see_other(url_for("appointments.show", ref=ref))
    return see_other(url_for("appointments.patient", ref=ref))


def proven_person() -> int | None:
    """The signed-in person, if a phone of theirs is proven."""
    if not current_user.is_authenticated or people.proven(current_user.id, "phone") is None:
        return None
    return int(current_user.id)


def taken(refusal: holding.NotTaken, *, sitting_id: int, number: int) -> ResponseReturnValue:
    """409: what happened, and the three nearest places as buttons; where the sitting is full, one may wait for it."""
    now, sitting = clock.now(), places.sitting(sitting_id)
    near = places.nearest(sitting_id, number, now=now)
    free_here = any(place.sitting.id == sitting_id for place in near)
    full = [sitting] if sitting and not free_here and waiting.refusal(sitting, now=now) is None else []
    page = render_template(
        "appointments/taken.html", refusal=refusal, number=number, sitting=sitting, near=near, full=full
    )
    return page, 409


@bp.get("/appointments/<ref>")
@anyone
def show(ref: str) -> ResponseReturnValue:
    """The ticket: number, about-time and state for whoever has the reference; more for those concerned."""
    row = find(ref)
    return ticket(row)


def ticket(
    row: Appointment, status: int = 200, refusal: str = "", *, outcome: OutcomeForm | None = None, raced: bool = False
) -> ResponseReturnValue:
    """The ticket's page as this viewer may see it; `raced` where somebody else was first, which it then says."""
    eyes, now = related(row), clock.now()
    event = life.last_event(row)
    may = undoable(event, eyes) and undoing.may_undo(event, side=event.side, now=now)
    undo = event if may and event and undoing.leads_back(row, event, now=now) else None
    turn_until = closing.turn_until(row) if eyes.decides else None
    context = {
        "row": row,
        "eyes": eyes,
        "now": now,
        "event": event,
        "undo": undo,
        "undo_until": life.undo_until(undo),
        "undo_form": UndoForm(formdata=None, event=undo.id) if undo else None,
        "come": places.come_between(row.sitting, row.about_at),
        "held": holding.is_held(row, now=now),
        "cancel_until": cancelling.cancel_until(row) if eyes.cancels else None,
        "may": changes(row, eyes, now=now),
        "was": telling.left(event) if event and event.was_sitting_id else None,
        "again": places.next_sitting(row.sitting, most=PLACES_AGAIN, now=now) if ended_by_clinic(row, event) else [],
        "payments": money.payments(row.id) if eyes.sees_contact or eyes.holder else [],
        "google": google_link(row, doctor=doctor_name(row), place=place_name(row), url=ticket_url(row)),
        "url": ticket_url(row),
        "turn_until": turn_until if turn_until and now < turn_until else None,
        "outcome": outcome or OutcomeForm(formdata=None),
        "outcomes": closing.outcomes(row),
        "refusal": refusal,
        "raced": raced,
        "ok": request.args.get("ok", ""),
        "actor": queries.actor(event),
        "why": said_why(event) if event and (eyes.sees_contact or event.act == sitting_cancellation.ACT) else "",
        "phone": texted(row) if eyes.sees_contact else "",
        "patient_age": patients.age(row.patient, now=now) if row.patient else None,
        "today": clock.local(row.about_at, zone(row)).date() == clock.local(now, zone(row)).date(),
    }
    read, page = reads(row, eyes), render_template("appointments/show.html", **context)
    routes_reading.note(read)
    return page, status


def changes(row: Appointment, eyes: Relation, *, now: datetime) -> set[str]:
    """What this viewer may change of it now: the time, or that it is."""
    if eyes.patient or eyes.decides:
        side = "patient" if eyes.patient else "clinic"
        refusals = {"move": moving.refusal(row, side=side, now=now)}
    else:
        side, refusals = "patient" if eyes.looked else "admin", {}
    if eyes.cancels or eyes.decides or eyes.admin:
        refusals["cancel"] = cancelling.refusal(row, side=side, now=now)
    return {act for act, refused in refusals.items() if refused is None}


def undoable(event: Event | None, eyes: Relation) -> TypeGuard[Event]:
    """Whether the ticket may offer to undo it: the patient's own acts, and what the clinic did from there.

    Who has the ticket's code takes back only what was done by it.
    """
    if event is None:
        return False
    if event.side == "patient":
        return eyes.patient or (eyes.looked and event.person_id is None)
    return eyes.decides and event.side == "clinic" and event.act in DONE_ON_TICKET


def ended_by_clinic(row: Appointment, event: Event | None) -> bool:
    """Whether the chamber cancelled it: then its next free places are offered on the ticket."""
    return row.status == "cancelled" and event is not None and event.side == "clinic"


def said_why(event: Event) -> str:
    """Why it was declined or cancelled, in their words."""
    return cancelling.said(event) or str(deciding.REASONS.get(event.why, ""))


def texted(row: Appointment) -> str:
    """The phone that is texted, as its owner typed it."""
    person_id = row.person_id or proven_person()
    way = people.proven(person_id, "phone") if person_id else None
    return way.shown if way else row.typed_phone


def zone(row: Appointment) -> str:
    return row.sitting.chamber.clinic.zone


def doctor_name(row: Appointment) -> str:
    return str(_("Dr %(name)s", name=said(row.sitting.chamber.doctor, "name")))


def place_name(row: Appointment) -> str:
    clinic = row.sitting.chamber.clinic
    return f"{said(clinic, 'name')}, {said(clinic, 'address')}"


def ticket_url(row: Appointment) -> str:
    return f"{current_app.config['SETTINGS'].public_url}{url_for('appointments.show', ref=row.ref)}"


@bp.get("/appointments/<ref>.ics")
@anyone
def calendar(ref: str) -> Response:
    """The appointment as a calendar file; it names no patient."""
    row = find(ref)
    if row.requested_at is None:
        raise NotFound
    body = file(row, doctor=doctor_name(row), place=place_name(row), url=ticket_url(row), now=clock.now())
    response = make_response(body)
    response.headers["Content-Type"] = "text/calendar; charset=utf-8"
    response.headers["Content-Disposition"] = f'attachment; filename="{row.ref}.ics"'
    return response


@bp.get("/appointments")
@signed_in
def index() -> ResponseReturnValue:
    """Mine and my family's: upcoming, or past."""
    now, view = clock.now(), "past" if request.args.get("view") == "past" else "upcoming"
    coming = [(row, places.come_between(row.sitting, row.about_at)) for row in queries.upcoming(current_user.id, now)]
    number = page_number()
    ended, total = queries.past(current_user.id, now, page=number)
    page = Page(ended, number, 20, total)
    return page_or_fragment(
        "appointments/index.html",
        "appointments/_list.html",
        view=view,
        coming=coming,
        page=page,
        holds=queries.holds(current_user.id, now),
    )


def bare() -> BareForm:
    """A form that carries nothing but its token."""
    return BareForm(formdata=None)
