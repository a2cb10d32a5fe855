"""A sitting as its doctor and the clinic's staff see it: who comes, how late the doctor is, and cancelling all of it."""

from __future__ import annotations

from typing import Any

from flask import g, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from doctapp import clock
from doctapp.accounts import patients
from doctapp.accounts.models import Person
from doctapp.appointments import lateness, places, queries, sitting_cancellation
from doctapp.appointments.forms import BIGGEST, LatenessForm, SittingCancellationForm
from doctapp.appointments.life import By
from doctapp.appointments.models import LIVE, Appointment
from doctapp.appointments.routes import bp
from doctapp.audit import routes_reading
from doctapp.audit.reading import Read
from doctapp.db import db, transaction
from doctapp.errors import DomainError, NotFound
from doctapp.schedules.models import Sitting
from doctapp.web.access import doctor_or_staff, signed_in
from doctapp.web.htmx import see_other
from doctapp.web.paging import Page, page_number

SITTINGS_A_PAGE = 10


@bp.get("/doctor/sittings")
@doctor_or_staff
def sittings() -> ResponseReturnValue:
    """The sittings of this doctor, or of this person's clinics, that are not over: soonest first."""
    now, number = clock.now(), page_number()
    who = {"doctor_id": current_user.doctor_id, "clinic_ids": current_user.clinic_ids}
    rows, total = queries.sittings(**who, now=now, page=number, size=SITTINGS_A_PAGE)
    return render_template(
        "appointments/sittings.html",
        page=Page(rows, number, SITTINGS_A_PAGE, total),
        counts=queries.counts([row.id for row in rows]),
        now=now,
    )


@bp.get("/doctor/sittings/<int:sitting_id>")
@signed_in
def sitting(sitting_id: int) -> ResponseReturnValue:
    """Who comes, with how late the doctor is and the cancelling of all of it."""
    return _page(_concerned(sitting_id))


def _concerned(sitting_id: int) -> Sitting:
    """The sitting, for its doctor and the clinic's staff; for everybody else it is not there."""
    row = places.sitting(sitting_id) if 0 < sitting_id <= BIGGEST else None
    if row is None or not (_is_doctor(row) or row.chamber.clinic_id in current_user.clinic_ids):
        raise NotFound
    g.here = url_for("appointments.sitting", sitting_id=sitting_id)
    return row


def _is_doctor(row: Sitting) -> bool:
    return current_user.doctor_id is not None and current_user.doctor_id == row.doctor_id


def _by(row: Sitting) -> By:
    return By("clinic", int(current_user.id), row.chamber.clinic_id)


def _page(
    row: Sitting,
    status: int = 200,
    *,
    late: LatenessForm | None = None,
    cancellation: SittingCancellationForm | None = None,
    refusal: str = "",
) -> ResponseReturnValue:
    now = clock.now()
    rows = queries.of_sitting(row.id, now=now)
    told, holds = sitting_cancellation.concerned(row.id)
    page = render_template(
        "appointments/sitting.html",
        sitting=row,
        live=[_line(one, row, now=now) for one in rows if one.status in LIVE],
        ended=[_line(one, row, now=now) for one in rows if one.status not in LIVE],
        told=told,
        holds=holds,
        late_form=late or LatenessForm(formdata=None, minutes=row.late_minutes),
        cancellation=cancellation or SittingCancellationForm(formdata=None),
        is_open=row.cancelled_at is None and row.ends_at > now,
        is_told=lateness.is_told(row, now=now),
        why=sitting_cancellation.said(row.cancelled_why),
        by=db.session.get(Person, row.cancelled_by_id) if row.cancelled_by_id else None,
        refusal=refusal,
        ok=request.args.get("ok", ""),
    )
    routes_reading.note(_reads(rows, row))
    return page, status


def _line(one: Appointment, row: Sitting, *, now: Any) -> dict[str, Any]:
    return {
        "row": one,
        "age": patients.age(one.patient, now=now) if one.patient else None,
        "come": places.come_between(row, one.about_at),
    }


def _reads(rows: Any, row: Sitting) -> list[Read]:
    """What the audit is told of showing these names; nothing of the viewer's own."""
    side, clinic_id = "doctor" if _is_doctor(row) else "staff", row.chamber.clinic_id
    return [
        Read("appointment", one.id, one.patient_id, side, clinic_id)
        for one in rows
        if one.patient_id is not None and one.person_id != current_user.id
    ]


@bp.post("/doctor/sittings/<int:sitting_id>/lateness")
@signed_in
def create_lateness(sitting_id: int) -> ResponseReturnValue:
    """Say how late the doctor is; who is coming is told by the bell right after, or by the sweep."""
    row = _concerned(sitting_id)
    form = LatenessForm()
    if not form.validate_on_submit():
        return _page(row, 422, late=form)
    try:
        with transaction():
            lateness.announce(sitting_id, minutes=form.minutes.data, by=_by(_concerned(sitting_id)), now=clock.now())
    except DomainError as refusal:
        return _page(_concerned(sitting_id), refusal.status, refusal=str(refusal))
    return see_other(url_for("appointments.sitting", sitting_id=sitting_id, ok="late"))


@bp.post("/doctor/sittings/<int:sitting_id>/cancellation")
@signed_in
def create_sitting_cancellation(sitting_id: int) -> ResponseReturnValue:
    """Close the sitting now; its appointments end by the bell right after, or by the sweep."""
    row = _concerned(sitting_id)
    form = SittingCancellationForm()
    if not form.validate_on_submit():
        return _page(row, 422, cancellation=form)
    try:
        with transaction():
            by = _by(_concerned(sitting_id))
            sitting_cancellation.cancel(sitting_id, why=form.reason.data, by=by, now=clock.now())
    except DomainError as refusal:
        return _page(_concerned(sitting_id), refusal.status, refusal=str(refusal))
    return see_other(url_for("appointments.sitting", sitting_id=sitting_id, ok="cancelled"))
