"""The doors of a row of the week: its form, saving, removing, and whoever stands in a change's way."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from doctapp import clock
from doctapp.appointments import conflicts
from doctapp.appointments.conflicts import InTheWay, Standing
from doctapp.appointments.relations import reads_of
from doctapp.audit import routes_reading
from doctapp.clock import local
from doctapp.db import transaction
from doctapp.digits import latin
from doctapp.doctors.models import Chamber
from doctapp.errors import DomainError, NotFound
from doctapp.schedules import hours, queries
from doctapp.schedules.forms import DAY, WEEK, HoursForm, RemovalForm, filled, numbered
from doctapp.schedules.hours import Span
from doctapp.schedules.models import WeeklyHours
from doctapp.schedules.routes import BIGGEST, DAY_NAMES, bp, chamber_of, note, row_of
from doctapp.schedules.wording import worded
from doctapp.web.access import signed_in
from doctapp.web.htmx import page_or_fragment, see_other, wants_fragment


@bp.get("/doctor/schedule/<int:chamber_id>/<which>/edit")
@signed_in
def edit(chamber_id: int, which: str) -> ResponseReturnValue:
    """The form of some hours, or of new ones on the day that is named."""
    chamber = chamber_of(chamber_id)
    row, weekday = _found(chamber, which)
    form = HoursForm(formdata=None, chamber=chamber.id, weekday=weekday)
    return _opened(chamber, filled(form, hours.of(row) if row else None), row.id if row else None)


def _found(chamber: Chamber, which: str) -> tuple[WeeklyHours | None, int]:
    if which in DAY_NAMES:
        return None, DAY_NAMES.index(which)
    for spans in queries.week(chamber.id).values():
        for row in spans:
            if str(row.id) == which:
                return row, row.weekday
    raise NotFound


def _opened(chamber: Chamber, form: Any, hours_id: int | None, status: int = 200, **more: Any) -> ResponseReturnValue:
    """The row with its form open; without htmx a page of its own."""
    weekday = form.weekday.data if form.weekday.data in WEEK else WEEK[0]
    form = numbered(form, str(hours_id or DAY_NAMES[weekday]))
    removal = RemovalForm(formdata=None) if hours_id else None
    row = row_of(chamber, weekday, form=form, key=hours_id, removal=removal, swapped=wants_fragment(), **more)
    return page_or_fragment("schedules/edit.html", "schedules/_day.html", status, row=row, chamber=chamber)


@bp.post("/doctor/schedule")
@signed_in
def create() -> ResponseReturnValue:
    """Save the hours of a weekday; they count at once. Where somebody is booked outside them, the list comes first."""
    form = HoursForm()
    chamber = chamber_of(form.chamber.data)
    hours_id = _hours_id()
    if not form.validate_on_submit():
        return _opened(chamber, form, hours_id, 422)
    try:
        with transaction():
            changed = _save(chamber_of(chamber.id), form, hours_id)
    except InTheWay as refusal:
        return _in_the_way(refusal, chamber_of(chamber.id), form, hours_id)
    except DomainError as refusal:
        form.form_errors.append(worded(refusal))
        return _opened(chamber_of(chamber.id), form, hours_id, 409)
    return _saved(chamber_of(chamber.id), form.weekday.data, ok="saved" if changed else "same")


def _hours_id() -> int | None:
    wanted = latin(request.args.get("hours", ""))
    return int(wanted) if wanted.isdecimal() and int(wanted) <= BIGGEST else None


def _save(chamber: Chamber, form: HoursForm, hours_id: int | None) -> bool:
    now = clock.now()
    change = hours.weigh(chamber, form.span, hours_id=hours_id, now=now)
    conflicts.settle(change.sittings, seen=form.seen.data or "", now=now)
    changed = hours.save(change, form.span, chamber=chamber, unused=conflicts.unused(), now=now)
    if changed:
        note("set_hours", chamber, kind="chamber", row_id=chamber.id)
    return changed


@bp.post("/doctor/schedule/<int:chamber_id>/<int:hours_id>/removal")
@signed_in
def removal(chamber_id: int, hours_id: int) -> ResponseReturnValue:
    """Take hours away; where somebody is booked, the list comes first."""
    chamber = chamber_of(chamber_id)
    row, weekday = _found(chamber, str(hours_id))
    assert row is not None
    form = RemovalForm()
    try:
        with transaction():
            _remove(chamber_of(chamber_id), hours_id, seen=form.seen.data or "")
    except InTheWay as refusal:
        return _in_the_way(refusal, chamber_of(chamber_id), None, hours_id)
    return _saved(chamber_of(chamber_id), weekday, ok="removed")


def _remove(chamber: Chamber, hours_id: int, *, seen: str) -> None:
    now = clock.now()
    change = hours.weigh(chamber, None, hours_id=hours_id, now=now)
    conflicts.settle(change.sittings, seen=seen, now=now)
    hours.remove(change, unused=conflicts.unused(), now=now)
    note("remove_hours", chamber, kind="chamber", row_id=chamber.id)


def _saved(chamber: Chamber, weekday: int, *, ok: str) -> ResponseReturnValue:
    """The row as it is now; without htmx the week, at that row."""
    if wants_fragment():
        return render_template("schedules/_day.html", row=row_of(chamber, weekday, told=ok))
    anchor = f"day-{chamber.id}-{DAY_NAMES[weekday]}"
    return see_other(url_for("schedules.index", chamber=chamber.id, ok=ok, day=DAY_NAMES[weekday], _anchor=anchor))


def _in_the_way(
    refusal: InTheWay, chamber: Chamber, form: HoursForm | None, hours_id: int | None
) -> ResponseReturnValue:
    """409: who is booked outside the hours that were asked for; with `form` none at all any more."""
    standing = conflicts.among(refusal.ids, now=clock.now())
    row, weekday = _found(chamber, str(hours_id)) if hours_id else (None, form.weekday.data if form else 0)
    given: dict[str, Any] = {
        "again": bool(request.form.get("seen")),
        "standing": standing,
        "outside": outside(standing, form.span if form else None),
        "seen": conflicts.digest(standing),
        "hours_id": hours_id or (standing[0].sitting.hours_id if standing else None),
        "span": form.span if form else None,
        "typed": form,
        "token": RemovalForm(formdata=None),
    }
    shown = row_of(chamber, row.weekday if row else weekday, conflict=given)
    named = [row for each in standing for row in each.rows]
    reads = reads_of(named, current_user, now=clock.now())
    page = page_or_fragment("schedules/edit.html", "schedules/_day.html", 409, row=shown, chamber=chamber)
    routes_reading.note(reads)
    return page


def outside(standing: Sequence[Standing], span: Span | None) -> set[int]:
    """The ids of appointments whose time would fall outside these hours."""
    return {row.id for each in standing for row in each.rows if span is None or not _within(each, row, span)}


def _within(each: Standing, row: Any, span: Span) -> bool:
    at = local(row.about_at, each.sitting.chamber.clinic.zone).replace(tzinfo=None)
    minutes = (at.date() - each.sitting.local_date).days * DAY + at.hour * 60 + at.minute
    return each.sitting.local_date.weekday() == span.weekday and span.start <= minutes < span.until
