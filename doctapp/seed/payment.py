"""The demo's patient pays for a serial with Dr Rokeya in the sandbox: by the rules and the gateway, as everybody does."""

from __future__ import annotations

from datetime import datetime, timedelta

from flask import current_app
from sqlalchemy import delete, exists, select

from doctapp.accounts import people
from doctapp.appointments import holding, paying, places, requesting
from doctapp.appointments.models import Appointment
from doctapp.db import db, transaction
from doctapp.doctors.models import Doctor
from doctapp.gateways.payments import CAPTURED
from doctapp.gateways.payments.sandbox import Sandbox
from doctapp.notifications.models import Letter
from doctapp.payments import jobs
from doctapp.payments.models import Attempt
from doctapp.schedules.models import Sitting
from doctapp.seed import story
from doctapp.seed.people import family

SOON, AHEAD = timedelta(days=2), timedelta(days=6)
AGO, TO_CHOOSE = timedelta(hours=20), timedelta(minutes=4)


def pay(*, now: datetime) -> bool:
    """Let her have paid yesterday, unless somebody ever did; whether she did. What she was texted then waits no more."""
    if db.session.scalar(select(exists().where(Attempt.id.is_not(None)))):
        return False
    then = now - AGO
    with transaction():
        row = choose(now=then - TO_CHOOSE)
        if row is None:
            return False
        attempt_id = paying.begin(row, provider="sandbox", part="whole", fee_seen=None, now=then - TO_CHOOSE).id
        ref = row.ref
    jobs.start(attempt_id, then)
    token = db.session.get_one(Attempt, attempt_id).token
    Sandbox(current_app.config["SETTINGS"]).become(token, CAPTURED)
    jobs.ask(attempt_id, then + TO_CHOOSE)
    with transaction():
        db.session.execute(delete(Letter).where(Letter.about == ref))
    return True


def choose(*, now: datetime) -> Appointment | None:
    """A serial that she keeps for herself, with everything said, in a sitting to which she does not go anyway.

    It is six days ahead or more, and nearer only where the world ends before; None where there is none.
    """
    rahima = family(story.PATIENT)["Rahima Khatun"]
    goes = exists().where(Appointment.sitting_id == Sitting.id, Appointment.patient_id == rahima.patient_id)
    rokeyas = select(Sitting).join(Doctor, Doctor.id == Sitting.doctor_id).where(Doctor.slug == story.ROKEYA, ~goes)
    rokeyas = rokeyas.where(Sitting.starts_at > now + SOON)
    later = db.session.scalars(rokeyas.order_by(Sitting.starts_at <= now + AHEAD, Sitting.starts_at)).all()
    free = next((found for each in later if (found := places.free([each], now=now))), None)
    if free is None:
        return None
    place = free[len(free) // 2]
    row = holding.hold(
        sitting_id=place.sitting.id,
        number=place.number,
        browser_hash="seed",
        person_id=rahima.person_id,
        address="seed",
        language=rahima.language,
        now=now,
    )
    way = people.proven(rahima.person_id, "phone")
    said = {"name": rahima.name, "sex": rahima.sex, "visit": "new", "reason": "মাথা ঘোরে, দুর্বল লাগে"}
    requesting.answers(row, who=str(rahima.patient_id), age=34, phone=way.shown if way else "", **said)
    return row
