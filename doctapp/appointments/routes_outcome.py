"""For five days the doctor or the clinic's staff says how an appointment really ended that time had closed."""

from __future__ import annotations

from flask import url_for
from flask.typing import ResponseReturnValue

from doctapp import clock
from doctapp.appointments import closing
from doctapp.appointments.forms import OutcomeForm
from doctapp.appointments.routes import bp, find, ticket
from doctapp.appointments.routes_requests import clinic_side, decidable
from doctapp.db import transaction
from doctapp.web.access import signed_in
from doctapp.web.htmx import see_other


@bp.post("/appointments/<ref>/outcome")
@signed_in
def outcome(ref: str) -> ResponseReturnValue:
    """Put it right; undone within sixty seconds. Who is second reads who was first, and when."""
    row = decidable(ref)
    form = OutcomeForm()
    if not form.validate_on_submit():
        return ticket(row, 422, outcome=form)
    try:
        with transaction():
            row = find(ref)
            closing.turn(row, outcome=form.outcome.data, seen=form.event.data, by=clinic_side(row), now=clock.now())
    except closing.TurnedMeanwhile:
        return ticket(find(ref), 409, raced=True)
    except (closing.NotTurnable, closing.TooLateToTurn) as refusal:
        return ticket(find(ref), 409, str(refusal))
    return see_other(url_for("appointments.show", ref=ref, ok="outcome"))
