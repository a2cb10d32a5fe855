"""What a person is told of their own account: a notice in the pages, and a letter to every proven phone and address.

Whoever took an account over would be told too; the owner is, by the ways that were there before.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from flask import current_app

from doctapp.accounts import people
from doctapp.accounts.models import Person, WayIn
from doctapp.db import db
from doctapp.notifications import outbox
from doctapp.notifications.code_letters import CHANNEL
from doctapp.notifications.telling import notify

WAYS = "/account/ways"
APP = "/account/authenticator"


def password_changed(person_id: int, *, now: datetime) -> None:
    """A new password was set; everything else that was open is signed out."""
    _tell(person_id, "password_changed", link="/account/password", to=people.all_proven(person_id), facts={}, now=now)


def way_added(person_id: int, way: WayIn, *, now: datetime) -> None:
    """A phone or an address was added: told to all that were there before."""
    before = [other for other in people.all_proven(person_id) if other.id != way.id]
    _tell(person_id, "way_added", link=WAYS, to=before, facts=_named(way), now=now)


def way_removed(person_id: int, way: WayIn, *, now: datetime) -> None:
    """A phone or an address was taken away: told to those that are left, and to the one that went."""
    went = [way] if way.proven_at else []
    _tell(person_id, "way_removed", link=WAYS, to=[*people.all_proven(person_id), *went], facts=_named(way), now=now)


def app_added(person_id: int, *, now: datetime) -> None:
    """An authenticator app was set up."""
    _tell(person_id, "app_added", link=APP, to=people.all_proven(person_id), facts={}, now=now)


def app_removed(person_id: int, *, now: datetime) -> None:
    """The authenticator app was taken away."""
    _tell(person_id, "app_removed", link=APP, to=people.all_proven(person_id), facts={}, now=now)


def number_used(person_id: int, number: str, *, now: datetime) -> None:
    """A number that nobody proved for twelve months signed in: told to every other way, for it may be recycled."""
    ways = people.all_proven(person_id)
    used = next(way for way in ways if (way.kind, way.value) == ("phone", number))
    others = [way for way in ways if way is not used]
    _tell(person_id, "number_used", link=WAYS, to=others, facts=_named(used), now=now)


def joined(person_id: int, shown: str, *, now: datetime) -> None:
    """Two accounts are one now: told to all ways of both, which are the survivor's."""
    facts = {"way": shown, "kind": "phone"}
    _tell(person_id, "joined", link=WAYS, to=people.all_proven(person_id), facts=facts, now=now)


def _named(way: WayIn) -> dict[str, str]:
    return {"way": way.shown, "kind": way.kind}


def _tell(person_id: int, kind: str, *, link: str, to: Collection[WayIn], facts: dict[str, str], now: datetime) -> None:
    cause = f"{kind}:{now:%Y%m%d%H%M%S%f}"
    notify(person_id=person_id, kind=kind, cause=cause, link=link, facts=facts, now=now)
    person = db.session.get(Person, person_id)
    said: dict[str, Any] = {**facts, "url": f"{current_app.config['SETTINGS'].public_url}{link}", "at": now}
    for way in (one for one in to if one.kind in CHANNEL):
        outbox.write(
            channel=CHANNEL[way.kind],
            kind=kind,
            cause=cause,
            about="",
            address=way.value,
            language=person.language if person else "bn",
            facts=said,
            now=now,
        )
