"""The doors of leave: the list, adding days or ticked holidays, removing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user
from wtforms.fields.choices import SelectChoice

from doctapp import clock
from doctapp.appointments import conflicts, sitting_cancellation
from doctapp.appointments.conflicts import InTheWay
from doctapp.appointments.life import By
from doctapp.appointments.relations import reads_of
from doctapp.audit import routes_reading
from doctapp.db import db, transaction
from doctapp.doctors.models import Chamber
from doctapp.errors import NotFound
from doctapp.schedules import holidays, leave, queries
from doctapp.schedules.forms import ConflictForm, HolidaysForm, LeaveForm, RemovalForm, numbered
from doctapp.schedules.leave import Away
from doctapp.schedules.models import Leave
from doctapp.schedules.routes import BIGGEST, asked, bp, is_own, mine, note, today
from doctapp.web import cookies, formkey
from doctapp.web.access import signed_in
from doctapp.web.filters import said
from doctapp.web.htmx import page_or_fragment, see_other


@bp.get("/doctor/leave")
@signed_in
def leave_index() -> ResponseReturnValue:
    """A doctor's leave ahead, and the forms to add some."""
    return _page(asked())


def _page(chamber: Chamber, status: int = 200, **forms: Any) -> ResponseReturnValue:
    ids = [one.id for one in _of_doctor(chamber)]
    rows = queries.leave([chamber.doctor_id], ids, since=today(chamber))
    return page_or_fragment(
        "schedules/leave.html",
        "schedules/_leave.html",
        status,
        chamber=chamber,
        chambers=_choices(),
        rows=rows,
        removable={row.id for row in rows if row.chamber_id or is_own(chamber)},
        form=forms.get("form") or _fresh(_leave_form(chamber, formdata=None)),
        ticks=forms.get("ticks") or _fresh(_holidays_form(chamber, formdata=None)),
        token=RemovalForm(formdata=None),
        ok=request.args.get("ok", ""),
    )


def _fresh(form: Any) -> Any:
    form.form_key.data = formkey.draw()
    return form


def _choices() -> list[Chamber]:
    """One chamber for all of one's own, and each of the others."""
    every = mine()
    return [one for n, one in enumerate(every) if not is_own(one) or n == 0]


def _of_doctor(chamber: Chamber) -> Sequence[Chamber]:
    """The chambers for which this viewer may write leave of this doctor."""
    return [one for one in mine() if one.doctor_id == chamber.doctor_id]


def _places(chamber: Chamber) -> list[SelectChoice]:
    """Where a leave counts: everywhere is the doctor's own to say."""
    places = [SelectChoice(str(one.id), said(one.clinic, "name")) for one in _of_doctor(chamber)]
    return [SelectChoice("", _("Everywhere")), *places] if is_own(chamber) else places


def _leave_form(chamber: Chamber, **given: Any) -> LeaveForm:
    return LeaveForm(places=_places(chamber), today=today(chamber), **given)


def _holidays_form(chamber: Chamber, **given: Any) -> HolidaysForm:
    days = holidays.coming(today(chamber))
    offered = [SelectChoice(each.day.isoformat(), said(vars(each), "name")) for each in days]
    form = HolidaysForm(offered=offered, places=_places(chamber), **given)
    numbered(form, "holidays")
    return form


@bp.post("/doctor/leave")
@signed_in
def create_leave() -> ResponseReturnValue:
    """Add leave; where patients are booked inside, the list comes first."""
    chamber = asked()
    form = _leave_form(chamber)
    if not form.validate_on_submit():
        return _page(chamber, 422, form=_fresh(form))
    return _add(chamber, form, [form.away])


@bp.post("/doctor/leave/holidays")
@signed_in
def create_holidays() -> ResponseReturnValue:
    """Add the holidays that are ticked, each as a day of leave."""
    chamber = asked()
    form = _holidays_form(chamber)
    if not form.validate_on_submit():
        return _page(chamber, 422, ticks=_fresh(form))
    days = {each.day.isoformat(): each for each in holidays.coming(today(chamber))}
    ticked = [days[day] for day in form.days.data]
    return _add(chamber, form, [Away(form.chamber_id, each.day, each.day, reason=each.reason) for each in ticked])


def _add(chamber: Chamber, form: Any, aways: Sequence[Away]) -> ResponseReturnValue:
    led_to = url_for("schedules.leave_index", chamber=chamber.id, ok="added")
    doctor_id = chamber.doctor_id
    try:
        with transaction():
            now = clock.now()
            formkey.spend(bearer=cookies.bearer(), key=form.form_key.data or "", led_to=led_to, now=now)
            _write(doctor_id, aways, form)
    except InTheWay as refusal:
        return _in_the_way(refusal, asked(), form)
    return see_other(led_to)


def _write(doctor_id: int, aways: Sequence[Away], form: ConflictForm) -> None:
    """The leave, with what becomes of the sittings inside: gone, shut, kept, or cancelled with a word to the patients."""
    now = clock.now()
    added = [leave.add(doctor_id, away, unused=conflicts.unused(), now=now) for away in aways]
    seen = form.seen.data or "" if form.then.data else ""
    left = [sitting_id for _row, ids in added for sitting_id in ids]
    busy = {each.sitting.id for each in conflicts.settle(left, seen=seen, now=now, empty=False)}
    for row, ids in added:
        leave.close(row, [sitting_id for sitting_id in ids if sitting_id not in busy], now=now)
        note("add_leave", _chamber(row), kind="leave", row_id=row.id)
        for sitting_id in sorted(busy & set(ids)) if form.then.data == "cancel" else ():
            sitting_cancellation.cancel(sitting_id, why=row.reason or "away", by=_by(row), now=now)


def _chamber(row: Leave) -> Chamber | None:
    return db.session.get(Chamber, row.chamber_id) if row.chamber_id else None


def _by(row: Leave) -> By:
    chamber = _chamber(row)
    return By("clinic", current_user.id, chamber.clinic_id if chamber else None)


def _in_the_way(refusal: InTheWay, chamber: Chamber, form: Any) -> ResponseReturnValue:
    """409: who is booked inside the leave."""
    standing = conflicts.among(refusal.ids, now=clock.now(), empty=False)
    reads = reads_of([row for each in standing for row in each.rows], current_user, now=clock.now())
    page = page_or_fragment(
        "schedules/leave_conflict.html",
        "schedules/_leave_conflict.html",
        409,
        chamber=chamber,
        form=form,
        again=bool(form.seen.data),
        standing=standing,
        patients=sum(len(each.rows) for each in standing),
        seen=conflicts.digest(standing),
    )
    routes_reading.note(reads)
    return page


@bp.post("/doctor/leave/<int:leave_id>/removal")
@signed_in
def remove_leave(leave_id: int) -> ResponseReturnValue:
    """Take leave away: sittings come back by the weekly hours; what was cancelled stays so."""
    row = _removable(leave_id)
    chamber_id = next(one.id for one in mine() if one.doctor_id == row.doctor_id)
    with transaction():
        note("remove_leave", _chamber(_removable(leave_id)), kind="leave", row_id=leave_id)
        leave.remove(leave_id, now=clock.now())
    return see_other(url_for("schedules.leave_index", chamber=chamber_id, ok="removed"))


def _removable(leave_id: int) -> Leave:
    """Leave that this viewer may take away: of a chamber they plan, and doctor-wide only one's own."""
    row = db.session.get(Leave, leave_id) if leave_id <= BIGGEST else None
    if row is not None:
        of_chamber = row.chamber_id in {one.id for one in mine()}
        if of_chamber or (row.chamber_id is None and row.doctor_id == current_user.doctor_id):
            return row
    raise NotFound
