"""The doors of extra sittings and of a chamber's settings."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from flask import request, url_for
from flask.typing import ResponseReturnValue

from doctapp import clock
from doctapp.appointments import conflicts
from doctapp.appointments import queries as appointments
from doctapp.db import db, transaction
from doctapp.doctors.fees import POISHA
from doctapp.doctors.models import Chamber
from doctapp.errors import DomainError, NotFound
from doctapp.gateways import payments
from doctapp.payments import wording
from doctapp.schedules import extras, queries, settings
from doctapp.schedules.forms import ExtraForm, RemovalForm, SettingsForm
from doctapp.schedules.models import Sitting
from doctapp.schedules.routes import BIGGEST, asked, bp, chamber_of, mine, note
from doctapp.schedules.wording import worded
from doctapp.web import cookies, formkey
from doctapp.web.access import signed_in
from doctapp.web.fields import offered
from doctapp.web.htmx import page_or_fragment, see_other


@bp.get("/doctor/schedule/extras")
@signed_in
def extra_index() -> ResponseReturnValue:
    """The extra sittings of a chamber that are ahead, and the form for one more."""
    chamber = asked()
    return _extras(chamber, ExtraForm(formdata=None, chamber=chamber.id))


def _extras(chamber: Chamber, form: ExtraForm, status: int = 200, refusal: str = "") -> ResponseReturnValue:
    now = clock.now()
    form.form_key.data = formkey.draw()
    rows = queries.extras([chamber.id], now=now)
    return page_or_fragment(
        "schedules/extras.html",
        "schedules/_extras.html",
        status,
        chamber=chamber,
        chambers=mine(),
        rows=rows,
        booked=conflicts.booked([row.id for row in rows], now=now),
        form=form,
        token=RemovalForm(formdata=None),
        refusal=refusal,
        ok=request.args.get("ok", ""),
    )


@bp.post("/doctor/schedule/extras")
@signed_in
def create_extra() -> ResponseReturnValue:
    """Add a sitting on one date; open for bookings at once."""
    form = ExtraForm()
    chamber = chamber_of(form.chamber.data)
    if not form.validate_on_submit():
        return _extras(chamber, form, 422)
    led_to = url_for("schedules.extra_index", chamber=chamber.id, ok="added")
    chamber_id = chamber.id
    try:
        with transaction():
            now = clock.now()
            formkey.spend(bearer=cookies.bearer(), key=form.form_key.data or "", led_to=led_to, now=now)
            row = extras.add(chamber_of(chamber_id), form.wanted, now=now)
            note("add_sitting", chamber_of(chamber_id), kind="sitting", row_id=row.id)
    except DomainError as refusal:
        form.form_errors.append(worded(refusal))
        return _extras(chamber_of(chamber_id), form, refusal.status)
    return see_other(led_to)


@bp.post("/doctor/schedule/extras/<int:sitting_id>/removal")
@signed_in
def remove_extra(sitting_id: int) -> ResponseReturnValue:
    """Take an extra sitting away while nobody was ever booked in it."""
    chamber_id = _extra(sitting_id).chamber_id
    try:
        with transaction():
            note("remove_sitting", chamber_of(chamber_id), kind="sitting", row_id=_extra(sitting_id).id)
            extras.remove(sitting_id, unused=conflicts.unused(), now=clock.now())
    except extras.NotEmpty as refusal:
        form = ExtraForm(formdata=None, chamber=chamber_id)
        return _extras(chamber_of(chamber_id), form, 409, str(refusal))
    return see_other(url_for("schedules.extra_index", chamber=chamber_id, ok="removed"))


def _extra(sitting_id: int) -> Sitting:
    row = db.session.get(Sitting, sitting_id) if sitting_id <= BIGGEST else None
    if row is None or not row.extra:
        raise NotFound
    chamber_of(row.chamber_id)
    return row


@bp.get("/doctor/schedule/<int:chamber_id>/settings")
@signed_in
def show_settings(chamber_id: int) -> ResponseReturnValue:
    """How the chamber takes bookings and money."""
    chamber = chamber_of(chamber_id)
    given = {
        "lead": chamber.lead_minutes,
        "cut_off": chamber.cut_off_minutes,
        "acceptance": chamber.acceptance,
        "ways": chamber.methods.split(),
        "online_part": chamber.online_part,
        "advance": chamber.advance // POISHA or None,
        "refund_hours": chamber.refund_minutes // 60,
        "refund_percent": chamber.refund_percent,
    }
    return _settings(chamber, _settings_form(formdata=None, **given))


def _settings_form(**given: Any) -> SettingsForm:
    """The form, with the ways to pay that this installation can reach."""
    return SettingsForm(offered=offered({way: wording.PAID_WITH[way] for way in payments.offered()}), **given)


def _settings(chamber: Chamber, form: SettingsForm, status: int = 200) -> ResponseReturnValue:
    ahead = appointments.asked_ahead(doctor_id=chamber.doctor_id, chamber_id=chamber.id, now=clock.now())
    given: dict[str, Any] = {"chamber": chamber, "chambers": mine(), "form": form, "ahead": ahead}
    given["ok"] = request.args.get("ok", "")
    return page_or_fragment("schedules/settings.html", "schedules/_settings.html", status, **given)


@bp.post("/doctor/schedule/<int:chamber_id>/settings")
@signed_in
def update_settings(chamber_id: int) -> ResponseReturnValue:
    """Save them; live at once, and bookings already made keep their cut-off and their refund rule."""
    chamber = chamber_of(chamber_id)
    form = _settings_form()
    if not form.validate_on_submit():
        return _settings(chamber, form, 422)
    wanted = {
        "lead_minutes": form.lead.data,
        "cut_off_minutes": form.cut_off.data,
        "acceptance": form.acceptance.data,
        "methods": _methods(chamber, form.ways.data or []),
        "online_part": form.online_part.data,
        "advance": (form.advance.data or 0) * POISHA,
        "refund_minutes": form.refund_hours.data * 60,
        "refund_percent": form.refund_percent.data,
    }
    with transaction():
        if settings.save(chamber_of(chamber_id), **wanted):
            note("set_chamber", chamber_of(chamber_id), kind="chamber", row_id=chamber_id)
    return see_other(url_for("schedules.show_settings", chamber_id=chamber_id, ok="saved"))


def _methods(chamber: Chamber, ticked: Collection[str]) -> str:
    """The ways to pay as the chamber has them: always there, those ticked, and those that nobody could tick just now."""
    reached = payments.offered()
    unreached = [way for way in chamber.methods.split() if way in wording.PAID_WITH and way not in reached]
    return " ".join(["chamber", *(way for way in reached if way in ticked), *unreached])
