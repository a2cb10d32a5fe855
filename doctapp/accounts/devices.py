"""Devices: browsers that are remembered by a rotating token (domain.md, "Headers, sessions, modes").

The cookie is `<selector>.<token>`. A token's successor is derived from it, so that parallel tabs and a lost answer get
the same one. The old token stays good until its successor was first seen; what comes with it afterwards is a copy.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask import current_app
from sqlalchemy import and_, delete, or_, select, update
from sqlalchemy.engine import Row

from doctapp.accounts import sessions
from doctapp.accounts.models import Device, Session, WayIn
from doctapp.audit.recording import record
from doctapp.db import db
from doctapp.errors import NotFound

KEPT_FOR = {"patient": timedelta(days=180), "doctor": timedelta(days=30)}
FORGOTTEN_AFTER = timedelta(days=30)
COOKIE = re.compile(r"[\w-]{20,60}\.[\w-]{40,60}", re.ASCII)


@dataclass(frozen=True)
class Token:
    """What a device's cookie says: which device, and the token that is renewed."""

    selector: str
    secret: str

    @classmethod
    def draw(cls) -> Token:
        """A new device's first token."""
        return cls(secrets.token_urlsafe(16), secrets.token_urlsafe(32))

    @classmethod
    def read(cls, cookie: str | None) -> Token | None:
        """The token of a cookie; None where it is none of ours."""
        if not cookie or not COOKIE.fullmatch(cookie):
            return None
        return cls(*cookie.split("."))

    @property
    def cookie(self) -> str:
        return f"{self.selector}.{self.secret}"

    @property
    def selector_hash(self) -> str:
        return hashlib.sha256(self.selector.encode()).hexdigest()

    @property
    def hash(self) -> str:
        return hashlib.sha256(self.secret.encode()).hexdigest()

    @property
    def successor(self) -> Token:
        """The one token that follows: the same for whoever asks with this one."""
        return Token(self.selector, self._derived("device"))

    @property
    def session_token(self) -> str:
        """The token of the session this one opens: tabs that come back together share it."""
        return self._derived("session")

    def _derived(self, purpose: str) -> str:
        key = current_app.config["SECRET_KEY"].encode()
        digest = hmac.new(key, f"{purpose}|{self.selector}|{self.secret}".encode(), hashlib.sha256).digest()
        return urlsafe_b64encode(digest).decode().rstrip("=")


def kept_for(roles: Collection[str]) -> timedelta | None:
    """How long a browser of somebody with these roles is remembered; None for staff and admins, who never are."""
    if not set(roles) <= set(KEPT_FOR):
        return None
    return min(KEPT_FOR[role] for role in roles)


def make(
    *, person_id: int, token: Token, name: str, lasts: timedelta, now: datetime, way_in_id: int | None = None
) -> int:
    """Remember a browser for so long; with a way in it is the person's own phone and proves that number."""
    device = Device(
        person_id=person_id,
        way_in_id=way_in_id,
        selector_hash=token.selector_hash,
        token_hash=token.hash,
        name=name,
        created_at=now,
        last_used_at=now,
        expires_at=now + lasts,
    )
    db.session.add(device)
    db.session.flush()
    record("remember_device", kind="device", row_id=device.id, person_id=person_id, now=now)
    return device.id


def _open(token: Token, now: datetime) -> Any:
    return and_(Device.selector_hash == token.selector_hash, Device.ended_at.is_(None), Device.expires_at > now)


def note_seen(token: Token) -> None:
    """The successor came back: from here on it is the token, and the one before is an old one."""
    came = update(Device).where(Device.selector_hash == token.selector_hash, Device.next_hash == token.hash)
    db.session.execute(came.where(Device.ended_at.is_(None)).values(token_hash=token.hash, next_hash=None))


def owner(token: Token) -> int | None:
    """Whose device this is, whether or not the token is good."""
    return db.session.scalar(select(Device.person_id).where(Device.selector_hash == token.selector_hash))


def renew(token: Token, *, now: datetime) -> Row[int, int, datetime, datetime] | None:
    """Note the token's successor and this use; the device's id, person and moments, None where the token is not good.

    However many come with it at once, there is one successor.
    """
    note_seen(token)
    renewing = update(Device).where(_open(token, now), Device.token_hash == token.hash)
    renewing = renewing.values(next_hash=token.successor.hash, last_used_at=now)
    kept = renewing.returning(Device.id, Device.person_id, Device.created_at, Device.expires_at)
    return db.session.execute(kept).first()


def end_if_reused(token: Token, *, now: datetime) -> Row[int, int, str] | None:
    """End the device whose old token this is, with its sessions; its id, person and name, once."""
    neither = and_(Device.token_hash != token.hash, or_(Device.next_hash.is_(None), Device.next_hash != token.hash))
    ending = update(Device).where(_open(token, now), neither).values(ended_at=now, ended_why="reuse")
    ended = db.session.execute(ending.returning(Device.id, Device.person_id, Device.name)).first()
    if ended:
        sessions.end_of_device(ended.id, now=now, why="reuse")
        record("reuse_device", kind="device", row_id=ended.id, person_id=None, side="time", now=now)
    return ended


def held(token: Token, *, now: datetime) -> Row[int, int] | None:
    """The id and person of the device that this good token is of."""
    good = or_(Device.token_hash == token.hash, Device.next_hash == token.hash)
    return db.session.execute(select(Device.id, Device.person_id).where(_open(token, now), good)).first()


def end(device_id: int, *, now: datetime, why: str, by: int | None = None) -> bool:
    """End a device and its sessions; False where it was over already. `by` is the person who did it."""
    ending = update(Device).where(Device.id == device_id, Device.ended_at.is_(None))
    done: Any = db.session.execute(ending.values(ended_at=now, ended_why=why))
    sessions.end_of_device(device_id, now=now, why=why)
    if done.rowcount:
        record("end_device", kind="device", row_id=device_id, person_id=by, now=now)
    return bool(done.rowcount)


def revoke(device_id: int, *, person_id: int, now: datetime) -> None:
    """The owner signs a device out; raises NotFound for another's."""
    if db.session.scalar(select(Device.id).filter_by(id=device_id, person_id=person_id)) is None:
        raise NotFound
    end(device_id, now=now, why="revoked", by=person_id)


def of_person(person_id: int, *, now: datetime) -> list[Row[Any]]:
    """The devices that are remembered, the last used first, with the number of an own phone."""
    query = select(Device.id, Device.name, Device.created_at, Device.last_used_at, Device.expires_at, WayIn.shown)
    query = query.outerjoin(WayIn, (WayIn.id == Device.way_in_id) & (WayIn.person_id == Device.person_id))
    query = query.where(Device.person_id == person_id, Device.ended_at.is_(None), Device.expires_at > now)
    return list(db.session.execute(query.order_by(Device.last_used_at.desc(), Device.id.desc())))


def number_of(person_id: int, value: str) -> int | None:
    """The way in that this number is of the person's; None for what is no proven phone of theirs."""
    mine = select(WayIn.id).filter_by(person_id=person_id, kind="phone", value=value)
    return db.session.scalar(mine.where(WayIn.proven_at.is_not(None)))


def make_own_phone(device_id: int, *, way_in_id: int | None) -> None:
    """Let a device that is remembered be its person's own phone: it proves this number."""
    db.session.execute(update(Device).where(Device.id == device_id).values(way_in_id=way_in_id))


def forget_number(way_in_id: int) -> None:
    """A number left its person: no device is anybody's own phone by it any more."""
    db.session.execute(update(Device).where(Device.way_in_id == way_in_id).values(way_in_id=None))


def purge(*, now: datetime) -> None:
    """Forget devices that ended or ran out a month ago, and the sessions they opened."""
    old = or_(Device.ended_at < now - FORGOTTEN_AFTER, Device.expires_at < now - FORGOTTEN_AFTER)
    gone = select(Device.id).where(old).scalar_subquery()
    db.session.execute(delete(Session).where(Session.device_id.in_(gone)))
    db.session.execute(delete(Device).where(old))


BROWSERS = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("UCBrowser/", "UC Browser"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
SYSTEMS = (
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("CrOS", "Chromebook"),
    ("Mac OS X", "Mac"),
    ("Linux", "Linux"),
)


def name_from(user_agent: str) -> str:
    """What a browser calls itself, in words its owner knows: "Chrome on Android"; empty where it says nothing known."""
    browser, system = (next((n for mark, n in known if mark in user_agent), "") for known in (BROWSERS, SYSTEMS))
    return " on ".join(filter(None, (browser, system)))
