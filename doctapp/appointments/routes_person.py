"""The door that asks whether who is booked for is somebody of the list, before a new patient is made."""

from __future__ import annotations

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from doctapp import clock
from doctapp.accounts import patients
from doctapp.appointments import requesting
from doctapp.appointments.models import Appointment
from doctapp.appointments.routes import bare, bp, find, proven_person
from doctapp.appointments.routes_booking import Elsewhere, held, strip
from doctapp.db import transaction
from doctapp.web.access import anyone
from doctapp.web.htmx import see_other


def proven(ref: str, *, posting: bool = False) -> Appointment:
    """The hold, once its holder has proven the phone: only then it is known whose list to look at."""
    row = held(ref, posting=posting)
    if row.person_id is None or row.person_id != proven_person():
        raise Elsewhere(see_other(url_for("appointments.code", ref=ref)))
    return row


@bp.get("/appointments/<ref>/person")
@anyone
def person(ref: str) -> ResponseReturnValue:
    """Is it the same person? Nothing of what was typed is lost."""
    row = proven(ref)
    now = clock.now()
    like = requesting.like_named(row, now=now)
    if not like:
        return redirect(url_for("appointments.payment", ref=ref), 303)
    known = [(one, patients.age(one, now=now)) for one in like]
    return render_template("appointments/person.html", known=known, form=bare(), **strip(row))


@bp.post("/appointments/<ref>/person")
@anyone
def update_person(ref: str) -> ResponseReturnValue:
    """Keep the answer, and go on to the check; one that names nobody is asked again."""
    proven(ref, posting=True)
    answered, now = request.form.get("same", ""), clock.now()
    with transaction():
        row = find(ref)
        like = requesting.like_named(row, now=now)
        same_as = next((one for one in like if str(one.id) == answered), None)
        if same_as or (like and answered == "another"):
            requesting.settle(row, same_as=same_as, now=now)
    return see_other(url_for("appointments.payment", ref=ref))
