"""Another number for an appointment, in this or another sitting of its chamber: the days, the places, the move."""

from __future__ import annotations

from datetime import date
from itertools import groupby
from typing import Any

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue

from doctapp import clock
from doctapp.appointments import cancelling, holding, life, moving, places, queries
from doctapp.appointments.forms import MoveForm
from doctapp.appointments.life import By
from doctapp.appointments.models import Appointment, Event
from doctapp.appointments.relations import reads
from doctapp.appointments.routes import bp, find, related, zone
from doctapp.appointments.routes_requests import acting, noted
from doctapp.db import transaction
from doctapp.directory import asking, days
from doctapp.directory.routes import STRIP_DAYS
from doctapp.errors import DomainError
from doctapp.web.access import signed_in
from doctapp.web.htmx import page_or_fragment, see_other, wants_fragment


@bp.get("/appointments/<ref>/move")
@signed_in
def move(ref: str) -> ResponseReturnValue:
    """The days of the chamber and the places of one; where it can't be moved, why."""
    row = find(ref)
    return _page_or_why_not(row, acting(row))


@bp.post("/appointments/<ref>/move")
@signed_in
def create_move(ref: str) -> ResponseReturnValue:
    """Move it to the chosen place at once; undone within ten minutes while the old one is free."""
    row = find(ref)
    by, form = acting(row), MoveForm()
    if not form.validate_on_submit():
        form.sitting.id = form.number.id = form.event.id = "places"  # where the summary leads
        return _page_or_why_not(row, by, 422, form=form)
    sitting_id, number = form.sitting.data, form.number.data
    try:
        with transaction():
            row = find(ref)
            moving.move(row, sitting_id=sitting_id, number=number, by=by, now=clock.now(), seen=form.event.data)
    except moving.AlreadyThere:
        pass
    except holding.NotTaken as refused:
        return not_moved(find(ref), by, refused, sitting_id=sitting_id, number=number)
    except moving.MovedMeanwhile:
        row = find(ref)
        return _page_or_why_not(row, by, 409, event=life.last_event(row))
    except DomainError as refused:
        return _page_or_why_not(find(ref), by, 409, refusal=str(refused))
    return see_other(url_for("appointments.show", ref=ref, ok="moved"))


def _page_or_why_not(row: Appointment, by: By, status: int = 200, **given: Any) -> ResponseReturnValue:
    """The page of the move, or 409 and why it can't be moved: also where that became so only a moment ago."""
    refused = moving.refusal(row, side=by.side, now=clock.now())
    return _stays(row, by, refused) if refused else _page(row, by, status, **given)


def _page(row: Appointment, by: By, status: int = 200, **given: Any) -> ResponseReturnValue:
    shown = {"form": None, "event": None, "refusal": "", **_common(row, by), **_days(row, by), **given}
    shown["actor"] = queries.actor(shown["event"])
    template = ("appointments/move.html", "appointments/_move.html")
    read = reads(row, related(row))
    return noted(page_or_fragment(*template, status, exact=wants_fragment(), **shown), read)


def _common(row: Appointment, by: By) -> dict[str, Any]:
    """What all pages of a move show."""
    return {
        "row": row,
        "works": by.side != "patient",
        "until": cancelling.cancel_until(row) if by.side == "patient" else None,
        "left_over": moving.MOST_BY_PATIENT - row.patient_moves,
        "token": MoveForm(formdata=None),
        "now": clock.now(),
    }


def _days(row: Appointment, by: By) -> dict[str, Any]:
    """The strip of the chamber's days, and the places of the one asked for, else of the appointment's own."""
    now, lead = clock.now(), moving.lead(row.sitting, side=by.side)
    today = clock.local(now, zone(row)).date()
    asked = asking.read_number(request.values.get("sitting", "")), asking.read_number(request.values.get("number", ""))
    sittings = places.open_sittings([row.doctor_id], now=now, chamber_id=row.sitting.chamber_id)
    gone = (places.refused if by.side == "patient" else places.taken)(sittings, now=now)
    sheets = [days.sheet(s, gone=gone[s.id], asked=asked, now=now, lead=lead) for s in sittings]
    by_day = groupby((sheet for sheet in sheets if sheet.places), key=lambda sheet: sheet.sitting.local_date)
    coming = [days.Day(day, sum(sheet.free for sheet in there)) for day, there in by_day]
    wanted = asking.read_day(request.args.get("day", ""), today=today)
    wanted = wanted or next((s.local_date for s in sittings if s.id == asked[0]), None)
    day = days.choose(coming, wanted or _own_day(row, coming))
    strip = coming[:STRIP_DAYS]
    return {
        "strip": [one for one in coming[STRIP_DAYS:] if one.date == day] + strip,
        "last_day": coming[-1].date if len(coming) > len(strip) else None,
        "day": day,
        "sheets": [sheet for sheet in sheets if sheet.sitting.local_date == day],
        "free": sum(one.free for one in coming if one.date == day),
        "asked": asked,
        "today": today,
    }


def _own_day(row: Appointment, coming: list[days.Day]) -> date | None:
    """The day it is on now, while there is something free on it."""
    return next((day.date for day in coming if day.date == row.sitting.local_date and day.free), None)


def not_moved(row: Appointment, by: By, refusal: DomainError, *, sitting_id: int, number: int) -> ResponseReturnValue:
    """409: the place can't be had, nothing changed, and the three nearest as buttons."""
    refused = moving.refusal(row, side=by.side, now=clock.now())
    if refused and not isinstance(refused, moving.MovedOften):
        return _stays(row, by, refused)
    lead = moving.lead(row.sitting, side=by.side)
    chamber_id = row.sitting.chamber_id
    near = places.nearest(sitting_id, number, now=clock.now(), chamber_id=chamber_id, lead=lead)
    page = render_template(
        "appointments/move_lost.html",
        refusal=refusal,
        number=number,
        near=[] if refused else near,
        **_common(row, by),
    )
    return noted((page, 409), reads(row, related(row)))


def _stays(row: Appointment, by: By, refusal: DomainError) -> ResponseReturnValue:
    """409: it can't be moved, why, and what one can do instead."""
    event: Event | None = refusal.facts.get("event")
    page = render_template(
        "appointments/move_refused.html",
        refusal=refusal,
        event=event,
        actor=queries.actor(event),
        too_late=not isinstance(refusal, moving.NotMovable),
        **_common(row, by),
    )
    return noted((page, 409), reads(row, related(row)))
