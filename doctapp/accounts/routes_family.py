"""The doors of one's family: whom one may book for, and claiming what a chamber booked by phone."""

from __future__ import annotations

from typing import Any

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from doctapp import clock
from doctapp.accounts import claiming, patients, people
from doctapp.accounts.forms import RelativeForm
from doctapp.accounts.models import Patient
from doctapp.accounts.routes import bp
from doctapp.appointments import family as appointments_of_family
from doctapp.appointments import queries as appointments
from doctapp.db import transaction
from doctapp.errors import DomainError
from doctapp.notifications.telling import notify
from doctapp.web import cookies, formkey
from doctapp.web.access import account_owner
from doctapp.web.errors import with_wait
from doctapp.web.htmx import see_other


@bp.get("/account/family")
@account_owner
def family() -> ResponseReturnValue:
    """Oneself and up to six relatives."""
    return _family_page(_fresh_form())


@bp.post("/account/family")
@account_owner
def create_relative() -> ResponseReturnValue:
    """Add somebody; who is known already is not added twice, and a near match is asked about."""
    form, now = RelativeForm(), clock.now()
    if not form.validate_on_submit():
        return _family_page(_with_key(form), 422)
    way = people.proven(current_user.id, "phone")
    phone = way.value if way else None
    led_to = url_for("accounts.family", ok="added")
    try:
        with transaction():
            formkey.spend(bearer=cookies.bearer(), key=form.form_key.data or "", led_to=led_to, now=now)
            same_as = form.same.data or ""
            patients.add(person_id=current_user.id, same_as=same_as, phone=phone, now=now, **_typed(form))
    except patients.LikeNamed as question:
        known = [(one, patients.age(one, now=now)) for one in question.like]
        page = render_template("accounts/family_person.html", form=_with_key(form), known=known)
        return page, question.status
    except DomainError as refusal:
        form.form_errors.append(str(refusal))
        return _family_page(_with_key(form), refusal.status)
    return see_other(led_to)


@bp.get("/account/family/<int:patient_id>")
@account_owner
def relative(patient_id: int) -> ResponseReturnValue:
    """One of them, to correct or to take off the list."""
    patient = patients.own(patient_id, person_id=current_user.id)
    age = patients.age(patient, now=clock.now())
    return _relative_page(patient, RelativeForm(formdata=None, name=patient.name, age=age, sex=patient.sex))


@bp.post("/account/family/<int:patient_id>")
@account_owner
def update_relative(patient_id: int) -> ResponseReturnValue:
    """Correct name, age and sex, on all visits."""
    form, now = RelativeForm(), clock.now()
    patient = patients.own(patient_id, person_id=current_user.id)
    if not form.validate_on_submit():
        return _relative_page(patient, form, 422)
    given = {name: value for name, value in _typed(form).items() if name != "oneself"}
    try:
        with transaction():
            patients.change(patient_id, person_id=current_user.id, now=now, **given)
    except DomainError as refusal:
        form.form_errors.append(str(refusal))
        return _relative_page(patients.own(patient_id, person_id=current_user.id), form, refusal.status)
    return see_other(url_for("accounts.family", ok="changed"))


@bp.post("/account/family/<int:patient_id>/removal")
@account_owner
def remove_relative(patient_id: int) -> ResponseReturnValue:
    """Take a relative off the list, unless an appointment is ahead."""
    person_id = current_user.id
    try:
        with transaction():
            patients.locked(person_id)
            appointments_of_family.check_none_ahead(patients.own(patient_id, person_id=person_id))
            patients.hide(patient_id, person_id=person_id, now=clock.now())
    except appointments_of_family.StillAhead as refusal:
        patient = patients.own(patient_id, person_id=person_id)
        form = RelativeForm(formdata=None, age=patients.age(patient, now=clock.now()), obj=patient)
        form.form_errors.append(str(refusal))
        return _relative_page(patient, form, refusal.status)
    return see_other(url_for("accounts.family", ok="removed"))


@bp.get("/account/family/claims")
@account_owner
def claims() -> ResponseReturnValue:
    """Add what a chamber booked by phone: whoever proved that phone says whom it was for."""
    return _claims_page(_fresh_form())


@bp.post("/account/family/claims")
@account_owner
def create_claim() -> ResponseReturnValue:
    """Take it over; a wrong try is told the same, whatever is kept for that phone."""
    form, now, person_id = RelativeForm(), clock.now(), current_user.id
    if not form.validate_on_submit():
        return _claims_page(_with_key(form), 422)
    led_to = url_for("accounts.family", ok="claimed")
    key = {"bearer": cookies.bearer(), "key": form.form_key.data or ""}
    try:
        with transaction():
            patients.locked(person_id)
            formkey.check_unspent(**key)
            found = claiming.claim(person_id=person_id, now=now, **_typed(form))
            if found:
                formkey.spend(**key, led_to=led_to, now=now)
                _bring_appointments(found)
    except DomainError as refusal:
        form.form_errors.append(str(refusal))
        return with_wait(_claims_page(_with_key(form), refusal.status), refusal)
    if found is None:
        form.form_errors.append(str(claiming.NothingFound()))
        return _claims_page(_with_key(form), claiming.NothingFound.status)
    return see_other(led_to)


def _bring_appointments(found: claiming.Claim) -> None:
    """The claimed patient's appointments come along, and the person is told."""
    person_id, into = current_user.id, found.known.id if found.known else None
    appointments_of_family.hand_over(found.patient.id, person_id=person_id, into=into)
    notify(
        person_id=person_id,
        kind="claimed",
        cause=f"claim:{found.patient.id}",
        link=url_for("appointments.index"),
        facts={"patient": found.name},
        now=clock.now(),
    )


def _typed(form: RelativeForm) -> dict[str, Any]:
    return {"name": form.name.data, "age": form.age.data, "sex": form.sex.data, "oneself": form.oneself.data}


def _fresh_form() -> RelativeForm:
    return RelativeForm(formdata=None, form_key=formkey.draw())


def _with_key(form: RelativeForm) -> RelativeForm:
    form.form_key.data = formkey.draw()
    return form


def _family_page(form: RelativeForm, status: int = 200) -> ResponseReturnValue:
    mine, now = patients.of_person(current_user.id), clock.now()
    return render_template(
        "accounts/family.html",
        form=form,
        mine=[(one, patients.age(one, now=now)) for one in mine],
        me=any(one.oneself for one in mine),
        room=patients.has_room(mine),
        ok=request.args.get("ok", ""),
    ), status


def _relative_page(patient: Patient, form: RelativeForm, status: int = 200) -> ResponseReturnValue:
    live = appointments.live_of(patient.id)
    doctors = {row.doctor_id: row.sitting.chamber.doctor for row in live}
    return render_template(
        "accounts/relative.html", patient=patient, form=form, live=live, doctors=list(doctors.values())
    ), status


def _claims_page(form: RelativeForm, status: int = 200) -> ResponseReturnValue:
    person_id = current_user.id
    return render_template(
        "accounts/claims.html",
        form=form,
        me=any(one.oneself for one in patients.of_person(person_id)),
        phones=claiming.phones(person_id, now=clock.now()),
    ), status
