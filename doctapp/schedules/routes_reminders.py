"""The door of a clinic's switches: whether its patients are reminded a day and two hours before."""

from __future__ import annotations

from flask import url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from doctapp import clock
from doctapp.audit.recording import record
from doctapp.db import transaction
from doctapp.schedules import settings
from doctapp.schedules.forms import RemindersForm
from doctapp.schedules.routes import bp, chamber_of
from doctapp.web.access import signed_in
from doctapp.web.htmx import see_other


@bp.post("/doctor/schedule/<int:chamber_id>/reminders")
@signed_in
def update_reminders(chamber_id: int) -> ResponseReturnValue:
    """Turn the clinic's reminders on or off, for all who sit there."""
    chamber_of(chamber_id)
    form = RemindersForm()
    form.validate_on_submit()
    wanted = {"day_before": bool(form.day_before.data), "same_day": bool(form.same_day.data)}
    with transaction():
        clinic = chamber_of(chamber_id).clinic
        if settings.save_reminders(clinic, **wanted):
            record(
                "set_reminders", kind="clinic", row_id=clinic.id, person_id=current_user.id, side="clinic",
                clinic_id=clinic.id, now=clock.now(),
            )  # fmt: skip
    return see_other(url_for("schedules.show_settings", chamber_id=chamber_id, ok="saved"))
