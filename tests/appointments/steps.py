"""The steps of a booking as a browser takes them."""

import re
from typing import Any

from flask.testing import FlaskClient
from sqlalchemy import select

from doctapp.appointments.models import Appointment
from doctapp.db import db
from doctapp.notifications.models import Letter
from doctapp.schedules.models import Sitting
from doctapp.sealing import unseal
from tests.see import Page, see

MOMENA = {"who": "new", "name": "Momena Bibi", "age": "58", "sex": "female"}
PHONE = "01712 345678"


def take(client: FlaskClient, sitting: Sitting, number: int = 12) -> Appointment:
    """Take a number; the hold."""
    client.post("/appointments", data={"sitting": sitting.id, "number": number}, follow_redirects=True)
    return db.session.scalars(select(Appointment).filter_by(sitting_id=sitting.id, number=number, status="held")).one()


def look(client: FlaskClient, row: Appointment, step: str = "") -> Page:
    """The page of a step, or the ticket."""
    return see(client.get(f"/appointments/{row.ref}{step and '/' + step}"))


def send(client: FlaskClient, page: Page, form: str, **values: Any) -> Any:
    """Fill a form in and send it; the answer."""
    return client.post(page.form(form).action, data=page.form(form).fill(**values), follow_redirects=True)


def answer(client: FlaskClient, row: Appointment, **values: Any) -> Page:
    """Say whom it is for; the page that comes then."""
    page = look(client, row, "patient")
    asks = {"phone": PHONE} if "phone" in page.form("patient").fields else {}
    return see(send(client, page, "patient", **{**MOMENA, **asks, **values}))


def prove(client: FlaskClient, page: Page) -> Page:
    """Type the code that was sent; the page that comes then."""
    return see(send(client, page, "code", code=code_sent()))


def code_sent() -> str:
    """The digits of the newest SMS with a code."""
    letter = db.session.scalars(select(Letter).filter_by(kind="code").order_by(Letter.id.desc())).first()
    assert letter
    return re.findall(r"\d{5}", unseal(letter.body))[0]
