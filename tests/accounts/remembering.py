"""Browsers that are remembered, and what happens to them while nobody looks."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask.testing import FlaskClient
from sqlalchemy import select, update

from doctapp import clock
from doctapp.accounts import devices
from doctapp.accounts.devices import Token
from doctapp.accounts.models import Device, Person, Session, WayIn
from doctapp.db import db
from tests import make
from tests.see import see

PHONE_AGENT = "Mozilla/5.0 (Linux; Android 14; SM-A155F) AppleWebKit/537.36 Chrome/126.0.0.0 Mobile Safari/537.36"


def remembered(client: FlaskClient, person: Person, *, own_phone: WayIn | None = None, **given: Any) -> Device:
    """Let this browser be a device of the person, with nobody signed in; the row."""
    token = Token.draw()
    device_id = devices.make(
        person_id=person.id,
        token=token,
        name="Chrome on Android",
        lasts=timedelta(days=180),
        now=clock.now(),
        way_in_id=own_phone.id if own_phone else None,
    )
    device = db.session.get_one(Device, device_id)
    for name, value in given.items():
        setattr(device, name, value)
    client.set_cookie("device", token.cookie)
    return make.saved(device)


def signed_in(client: FlaskClient, person: Person, device: Device, **given: Any) -> None:
    """The same browser with a session that the device opened."""
    make.sign_in(client, person, device_id=device.id, authenticated_at=None, **given)


def held(client: FlaskClient, name: str = "device") -> str | None:
    """What the browser holds of a cookie."""
    cookie = client.get_cookie(name)
    return cookie.value if cookie else None


def bearing(client: FlaskClient, **cookies: str | None) -> FlaskClient:
    """Another browser that bears copies of these cookies and no others."""
    copy = client.application.test_client()
    copy.set_cookie("lang", "en")
    for name, value in cookies.items():
        copy.set_cookie(name, value or "")
    return copy


def opens(client: FlaskClient) -> bool:
    """Whether this browser's cookies open what is one person's."""
    return client.get("/appointments").status_code == 200


def short_session_over(client: FlaskClient) -> None:
    """The browser was closed, or not used for long: every session is over, the device's cookie stays."""
    db.session.execute(update(Session).values(last_seen_at=clock.now() - timedelta(hours=3)))
    db.session.commit()


def sessions() -> list[Session]:
    return list(db.session.scalars(select(Session).order_by(Session.id)))


def the_device() -> Device:
    return db.session.scalars(select(Device)).one()


def sign_out(client: FlaskClient) -> Any:
    return client.post("/logout", data=see(client.get("/appointments")).form("logout").fill())
