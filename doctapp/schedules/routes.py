"""The doors of those who plan a chamber: the week as a list, and what all doors of this room ask first."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from flask import Blueprint, render_template, request, url_for
from flask.blueprints import BlueprintSetupState
from flask.typing import ResponseReturnValue
from flask_login import current_user

from doctapp import clock
from doctapp.audit.recording import record
from doctapp.clock import local
from doctapp.digits import latin
from doctapp.doctors.models import Chamber
from doctapp.errors import NotFound
from doctapp.notifications.telling import notify
from doctapp.schedules import queries
from doctapp.schedules.forms import WEEK, HoursForm
from doctapp.schedules.models import WeeklyHours
from doctapp.web.access import signed_in
from doctapp.web.filters import WEEKDAYS, day_long

bp = Blueprint("schedules", __name__)
DAY_NAMES = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
BIGGEST = 2**31 - 1
SOON = 3


@bp.record_once
def give_words(state: BlueprintSetupState) -> None:
    """Let templates say weekdays, Monday being 0."""
    state.app.jinja_env.globals.update(WEEKDAYS=WEEKDAYS, DAY_NAMES=DAY_NAMES)


@bp.app_template_filter()
def iso_day(text: str) -> str:
    """A day that stands as text in a form: "Monday 23 November"."""
    return day_long(date.fromisoformat(text))


def mine() -> Sequence[Chamber]:
    """The chambers this viewer plans; who plans none finds nothing here."""
    found = queries.chambers(current_user.doctor_id, current_user.clinic_ids)
    if not found:
        raise NotFound
    return found


def chamber_of(chamber_id: object) -> Chamber:
    """The chamber of this id, if the viewer plans it; any other is not there."""
    wanted = latin(str(chamber_id))
    for chamber in mine():
        if str(chamber.id) == wanted:
            return chamber
    raise NotFound


def asked() -> Chamber:
    """The chamber that the address asks for, or the first."""
    wanted = request.args.get("chamber", "")
    return chamber_of(wanted) if wanted else mine()[0]


def is_own(chamber: Chamber) -> bool:
    """Whether the viewer is the doctor of the chamber."""
    return bool(chamber.doctor_id == current_user.doctor_id)


def today(chamber: Chamber) -> date:
    """The date at the chamber."""
    return local(clock.now(), chamber.clinic.zone).date()


@bp.get("/doctor/schedule")
@signed_in
def index() -> ResponseReturnValue:
    """A chamber's week, from Saturday to Friday, with the next leave and extra sittings."""
    chamber = asked()
    days = queries.week(chamber.id)
    return render_template(
        "schedules/index.html",
        chamber=chamber,
        chambers=mine(),
        week=[row_of(chamber, weekday, days[weekday]) for weekday in WEEK],
        leaves=queries.leave([chamber.doctor_id], [chamber.id], since=today(chamber))[:SOON],
        extras=queries.extras([chamber.id], now=clock.now())[:SOON],
        form=HoursForm(formdata=None, chamber=chamber.id, weekday=WEEK[0]),
        ok=request.args.get("ok", ""),
        said=request.args.get("day", ""),
    )


def row_of(chamber: Chamber, weekday: int, spans: Sequence[WeeklyHours] | None = None, **opened: Any) -> dict[str, Any]:
    """What one row of the week shows: the hours of a weekday; with `form` those of `key` are open."""
    spans = queries.week(chamber.id)[weekday] if spans is None else spans
    return {"chamber": chamber, "weekday": weekday, "name": DAY_NAMES[weekday], "spans": spans, **opened}


def note(act: str, chamber: Chamber | None, *, kind: str, row_id: int) -> None:
    """Write a change into the audit; the doctor is told of what somebody else changed. Inside the door's transaction.

    Doctor-wide leave has no chamber: it is the doctor's own.
    """
    now, clinic_id = clock.now(), chamber.clinic_id if chamber else None
    record(act, kind=kind, row_id=row_id, person_id=current_user.id, side="clinic", clinic_id=clinic_id, now=now)
    if chamber is None or is_own(chamber) or chamber.doctor.person_id is None:
        return
    clinic = chamber.clinic
    notify(
        person_id=chamber.doctor.person_id,
        kind="hours_changed",
        cause=f"{act}:{row_id}:{now.isoformat()}",
        link=url_for("schedules.index", chamber=chamber.id),
        facts={"act": act, "by": current_user.name, "clinic_en": clinic.name_en, "clinic_bn": clinic.name_bn},
        now=now,
    )
