"""The doors of a doctor's own profile and of a chamber's fees."""

from __future__ import annotations

import re
from typing import Any

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from doctapp import clock
from doctapp.appointments import queries as appointments
from doctapp.db import transaction
from doctapp.doctors import fees, profile
from doctapp.doctors.forms import FeesForm, ProfileForm
from doctapp.doctors.models import Chamber, Doctor
from doctapp.errors import NotFound
from doctapp.web.access import signed_in
from doctapp.web.filters import said
from doctapp.web.htmx import see_other

bp = Blueprint("doctors", __name__)
TEXTS = [f"{name}_{script}" for name in profile.FIELDS for script in ("en", "bn")]


def find() -> Doctor:
    """The viewer's own profile, or draft."""
    doctor = profile.own(current_user.id)
    if doctor is None:
        raise NotFound
    return doctor


def codes(languages: str) -> list[str]:
    """Stored languages, one by one."""
    return re.findall(r"[a-z]+", languages)


def _profile_form(doctor: Doctor, *, fresh: bool) -> ProfileForm:
    typed: dict[str, Any] = {name: getattr(doctor, name) for name in (*TEXTS, "passing_year")}
    typed["languages"] = codes(doctor.languages)
    chosen = {"data": {"specialties": [str(one.id) for one in doctor.specialties], **typed}}
    return ProfileForm(
        specialties={str(one.id): said(one, "name") for one in profile.specialties()},
        this_year=clock.now().year,
        **({"formdata": None, **chosen} if fresh else {}),
    )


@bp.get("/doctor/profile")
@signed_in
def own_profile() -> ResponseReturnValue:
    """What patients read about the doctor."""
    doctor = find()
    return _profile_page(doctor, _profile_form(doctor, fresh=True))


@bp.post("/doctor/profile")
@signed_in
def update_profile() -> ResponseReturnValue:
    """Keep it; the public page and the search follow at once."""
    doctor = find()
    form = _profile_form(doctor, fresh=False)
    if not form.validate_on_submit():
        return _profile_page(doctor, form, 422)
    with transaction():
        profile.save(
            find().id,
            texts={name: form[name].data for name in TEXTS},
            passing_year=form.passing_year.data,
            specialty_ids=[int(one) for one in form.specialties.data or []],
            languages=form.languages.data or [],
            person_id=current_user.id,
            now=clock.now(),
        )
    return see_other(url_for("doctors.own_profile", ok="saved"))


def _profile_page(doctor: Doctor, form: ProfileForm, status: int = 200) -> ResponseReturnValue:
    return render_template(
        "doctors/profile.html",
        doctor=doctor,
        form=form,
        ahead=appointments.asked_ahead(doctor_id=doctor.id, now=clock.now()),
        ok=request.args.get("ok", ""),
    ), status


def find_chamber(chamber_id: int) -> Chamber:
    """A chamber of the doctor's own, or of a clinic the viewer is staff of."""
    chamber = fees.chamber_of(chamber_id, doctor_id=current_user.doctor_id, clinic_ids=current_user.clinic_ids)
    if chamber is None:
        raise NotFound
    return chamber


@bp.get("/doctor/chambers/<int:chamber_id>/fees")
@signed_in
def chamber_fees(chamber_id: int) -> ResponseReturnValue:
    """What a visit costs there."""
    chamber = find_chamber(chamber_id)
    names = ("follow_up_days", "report_days", "room_en", "room_bn")
    typed = {name: getattr(chamber, name) for name in names}
    return _fees_page(
        chamber, FeesForm(formdata=None, data={**fees.in_taka(chamber), **typed, "languages": codes(chamber.languages)})
    )


@bp.post("/doctor/chambers/<int:chamber_id>/fees")
@signed_in
def update_fees(chamber_id: int) -> ResponseReturnValue:
    """Keep the fees for whoever asks from now on."""
    form, chamber = FeesForm(), find_chamber(chamber_id)
    if not form.validate_on_submit():
        return _fees_page(chamber, form, 422)
    with transaction():
        find_chamber(chamber_id)
        fees.save(
            chamber_id,
            taka={name: form[name].data for name in fees.MONEY},
            days={name: form[name].data for name in ("follow_up_days", "report_days")},
            rooms={name: form[name].data for name in ("room_en", "room_bn")},
            languages=form.languages.data or [],
            person_id=current_user.id,
            now=clock.now(),
        )
    return see_other(url_for("doctors.chamber_fees", chamber_id=chamber_id, ok="saved"))


def _fees_page(chamber: Chamber, form: FeesForm, status: int = 200) -> ResponseReturnValue:
    ahead = appointments.asked_ahead(doctor_id=chamber.doctor_id, chamber_id=chamber.id, now=clock.now())
    return render_template(
        "doctors/fees.html",
        chamber=chamber,
        form=form,
        ahead=ahead,
        own=chamber.doctor_id == current_user.doctor_id,
        ok=request.args.get("ok", ""),
    ), status
