"""The doors of the waiting list: put oneself on it, take up what is offered, leave it."""

from __future__ import annotations

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import get_locale

from doctapp import clock
from doctapp.accounts import limits, phones
from doctapp.appointments import offering, places, waiting
from doctapp.appointments.forms import BIGGEST, BareForm, WaitingForm
from doctapp.appointments.models import Waiting
from doctapp.appointments.routes import bp, proven_person
from doctapp.db import transaction
from doctapp.directory.asking import read_number
from doctapp.errors import DomainError, NotFound
from doctapp.schedules.models import Sitting
from doctapp.web import cookies
from doctapp.web.access import anyone
from doctapp.web.errors import with_wait
from doctapp.web.htmx import see_other


@bp.get("/waiting")
@anyone
def waiting_list() -> ResponseReturnValue:
    """The list of one sitting: what one may expect who is on it, or the form."""
    return _list(_sitting(read_number(request.args.get("sitting", ""))))


def _sitting(sitting_id: int | None) -> Sitting:
    sitting = places.sitting(sitting_id) if sitting_id and sitting_id <= BIGGEST else None
    if sitting is None:
        raise NotFound
    return sitting


def _list(
    sitting: Sitting, status: int = 200, form: WaitingForm | None = None, refusal: str = ""
) -> ResponseReturnValue:
    why_not = waiting.refusal(sitting, now=clock.now())
    page = render_template(
        "appointments/waiting_list.html",
        sitting=sitting,
        form=form or WaitingForm(formdata=None, sitting=sitting.id),
        refusal=refusal or str(why_not or ""),
        open=why_not is None,
        over=isinstance(why_not, waiting.NoList),
        ok=request.args.get("ok", ""),
    )
    return page, status


@bp.post("/waiting")
@anyone
def create_waiting() -> ResponseReturnValue:
    """Put a phone on the list; who is on it already is told the same, and whose number is on a list is told to nobody."""
    form = WaitingForm()
    valid = form.validate_on_submit()
    if form.sitting.errors:
        raise NotFound
    sitting = _sitting(form.sitting.data)
    if not valid:
        return _list(sitting, 422, form)
    sitting_id = sitting.id
    try:
        with transaction():
            waiting.join(
                sitting_id=sitting_id,
                phone=phones.e164(form.phone.data),
                shown=form.phone.data,
                person_id=proven_person(),
                address=limits.address_key(request.remote_addr or ""),
                language=str(get_locale()),
                now=clock.now(),
            )
    except DomainError as refusal:
        return with_wait(_list(_sitting(sitting_id), refusal.status, form, str(refusal)), refusal)
    return see_other(url_for("appointments.waiting_list", sitting=sitting_id, ok="joined"))


@bp.get("/waiting/<token>")
@anyone
def offer(token: str) -> ResponseReturnValue:
    """What is offered to whoever has the letter's link, and until when; looking takes nothing."""
    waiter = _waiter(token)
    row = offering.current(waiter, now=clock.now())
    if row is None and waiter.state == "taken":
        return see_other(url_for("appointments.show", ref=offering.ref_of(waiter)))
    return _offer(token, waiter, 200 if row or waiter.state == "left" else 410)


def _waiter(token: str) -> Waiting:
    waiter = waiting.by_token(token)
    if waiter is None:
        raise NotFound
    return waiter


def _offer(token: str, waiter: Waiting, status: int = 200, refusal: str = "") -> ResponseReturnValue:
    now = clock.now()
    row, sitting = offering.current(waiter, now=now), _sitting(waiter.sitting_id)
    page = render_template(
        "appointments/waiting.html",
        row=row,
        waiter=waiter,
        sitting=sitting,
        token=token,
        form=BareForm(formdata=None),
        full=[sitting] if waiting.refusal(sitting, now=now) is None else [],
        refusal=refusal,
    )
    return page, status


@bp.post("/waiting/<token>")
@anyone
def take_up(token: str) -> ResponseReturnValue:
    """Give this browser what is offered, and lead on to the booking."""
    waiter = _waiter(token)
    try:
        with transaction():
            row = offering.take_up(
                waiter, browser_hash=cookies.browser_hash(), person_id=proven_person(), now=clock.now()
            )
            ref, until = row.ref, row.held_until
    except (offering.OfferOver, offering.TakenUpElsewhere) as refusal:
        return _offer(token, _waiter(token), refusal.status, str(refusal))
    cookies.keep_browser(until)
    return see_other(url_for("appointments.patient", ref=ref))


@bp.post("/waiting/<token>/leaving")
@anyone
def leave_list(token: str) -> ResponseReturnValue:
    """Leave the list: what was offered goes to the next one."""
    waiter = _waiter(token)
    try:
        with transaction():
            offering.give_up(waiter, browser_hash=cookies.browser_hash(), person_id=proven_person(), now=clock.now())
    except (offering.OfferOver, offering.TakenUpElsewhere) as refusal:
        return _offer(token, _waiter(token), refusal.status, str(refusal))
    return see_other(url_for("appointments.offer", token=token))
