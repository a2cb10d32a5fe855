"""What the owner of a device is told when an old sign-in of it was used: in the pages, by mail, else by SMS."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import current_app

from doctapp.accounts import people
from doctapp.accounts.models import Person
from doctapp.db import db
from doctapp.notifications import outbox
from doctapp.notifications.telling import notify

PAGE = "/account/devices"


def reused(*, device_id: int, person_id: int, name: str, now: datetime) -> None:
    """An old token of this device was used, and the device is signed out; told once a device."""
    cause, facts = f"device:{device_id}", {"device": name}
    notify(person_id=person_id, kind="device_reused", cause=cause, link=PAGE, facts=facts, now=now)
    person = db.session.get(Person, person_id)
    way = people.proven(person_id, "email") or people.proven(person_id, "phone")
    if person is None or way is None:
        return
    said: dict[str, Any] = {**facts, "url": f"{current_app.config['SETTINGS'].public_url}{PAGE}", "at": now}
    outbox.write(
        channel="mail" if way.kind == "email" else "sms",
        kind="device_reused",
        cause=cause,
        about="",
        address=way.value,
        language=person.language,
        facts=said,
        now=now,
    )
