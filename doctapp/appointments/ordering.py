"""What a gateway is told when an attempt begins: the amount, and as little of the visit as it needs."""

from __future__ import annotations

from flask import current_app
from flask_babel import force_locale
from flask_babel import gettext as _

from doctapp.accounts import people
from doctapp.appointments.models import Appointment
from doctapp.db import db
from doctapp.gateways.payments import Order
from doctapp.payments.models import Attempt
from doctapp.web.filters import digits


def order(attempt: Attempt) -> Order:
    """The order of this attempt; nothing of why the patient comes."""
    row = db.session.get(Appointment, attempt.appointment_id)
    assert row is not None
    phone = people.proven(row.person_id, "phone") if row.person_id is not None else None
    mail = people.proven(row.person_id, "email") if row.person_id is not None else None
    with force_locale(row.language):
        title = _("Serial %(number)s · DoctApp %(ref)s", number=digits(row.number), ref=row.ref)
    return Order(
        token=attempt.token,
        amount=attempt.amount,
        currency=attempt.currency,
        title=title,
        name=row.typed_name,
        phone=phone.value if phone else "",
        email=mail.value if mail else "",
        back_url=f"{current_app.config['SETTINGS'].public_url}/payments/{attempt.token}?back=1",
        language=row.language,
    )
