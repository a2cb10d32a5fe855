"""Whose request it is: the session's person, or the person of a remembered device, which opens a session anew.

A device is renewed only where a browser asks for a page to show (domain.md, "Headers, sessions, modes").
"""

from __future__ import annotations

import secrets
from datetime import datetime
from typing import Any

from flask import Request, current_app, request
from flask_login import current_user
from sqlalchemy.engine import Row
from sqlalchemy.exc import OperationalError

from doctapp import clock
from doctapp.accounts import devices, sessions
from doctapp.accounts.devices import Token
from doctapp.accounts.routes import bp, roles_of
from doctapp.accounts.sessions import Found
from doctapp.clinics.queries import works_at
from doctapp.db import Busy, in_transaction, transaction
from doctapp.doctors.queries import of_person
from doctapp.extensions import login as login_manager
from doctapp.notifications import device_letters
from doctapp.web import cookies, htmx
from doctapp.web.access import Viewer, Visitor

login_manager.anonymous_user = Visitor
login_manager.session_protection = None
NO_PAGES = {"assets.show", "pages.healthz"}


@bp.before_app_request
def come_back() -> None:
    """Know the person of a remembered browser before anything is drawn for it: tokens are bound to the session."""
    if cookies.device_token() and _may_renew():
        _ = current_user.is_authenticated


@login_manager.request_loader
def load_viewer(request: Request) -> Viewer | None:
    """Whose session the cookie is, else whose device; None where both are over."""
    now, sent = clock.now(), request.cookies.get(cookies.name_of("session"))
    device = Token.read(cookies.device_token())
    found = sessions.find(cookies.hashed(sent)) if sent else None
    viewer = _viewer(found, now) if found else None
    if found is None or viewer is None:
        return _renewed(device, now) if cookies.device_token() and _may_renew() else None
    if device and device.selector_hash == found.selector_hash and device.hash != found.token_hash:
        return viewer if _note_device(device, now, is_next=device.hash == found.next_hash) else None
    if now - found.last_seen_at > sessions.SEEN_EVERY and not _is_quiet():
        _noted(lambda: sessions.seen(viewer.session_id, now=now))
    return viewer


def _viewer(found: Found, now: datetime) -> Viewer | None:
    """The person of an open session with their roles as they are now; None where it was idle or open for too long."""
    second_step_due = _owes_second_step(found)
    viewer = Viewer(
        found.person_id,
        found.name,
        found.language,
        found.session_id,
        found.admin and not second_step_due,
        second_step_due,
        of_person(found.person_id),
        works_at(found.person_id),
        device_id=found.device_id,
        authenticated_at=found.authenticated_at,
        bookings_only=found.bookings_only,
    )
    roles = sessions.roles(admin=found.admin, staff=viewer.is_staff, doctor=viewer.is_doctor)
    over = sessions.is_over(
        roles,
        remembered=found.device_id is not None,
        created_at=found.created_at,
        last_seen_at=found.last_seen_at,
        now=now,
    )
    return None if over else viewer


def _owes_second_step(found: Found) -> bool:
    """Whether an admin has yet to give a code of the authenticator app; in demo mode only one who set an app up."""
    asked = found.has_authenticator or not current_app.config["SETTINGS"].demo
    return found.admin and asked and found.second_factor_at is None


def _is_quiet() -> bool:
    return bool(getattr(current_app.view_functions.get(request.endpoint or ""), "quiet", False))


def _may_renew() -> bool:
    return htmx.is_navigation() and request.endpoint not in NO_PAGES and not _is_quiet() and not in_transaction()


def _noted(note: Any) -> None:
    """Write a small thing down; where that must wait it is left for the next page."""
    if in_transaction():
        return
    try:
        with transaction():
            note()
    except (Busy, OperationalError):
        current_app.logger.info("the database was busy: what was seen is noted with the next page")


def _note_device(token: Token, now: datetime, *, is_next: bool) -> bool:
    """The successor came back with its session, or an old token did; False where the session ended by it."""
    if is_next:
        _noted(lambda: devices.note_seen(token))
        return True
    with transaction():
        reused = _end_if_reused(token, now)
    if reused:
        cookies.forget_device()
    return not reused


def _end_if_reused(token: Token, now: datetime) -> bool:
    ended = devices.end_if_reused(token, now=now)
    if ended:
        device_letters.reused(device_id=ended.id, person_id=ended.person_id, name=ended.name, now=now)
    return ended is not None


def _renewed(token: Token | None, now: datetime) -> Viewer | None:
    """Open a session for the device this token is of; a token that is no good is taken from the browser."""
    try:
        opened = _open(token, now) if token else None
    except sessions.Suspended:
        opened = None
    except (Busy, OperationalError):
        current_app.logger.info("the database was busy: the device is asked again with the next page")
        return None
    found = sessions.find(cookies.hashed(opened[0])) if opened else None
    if token is None or opened is None or found is None:
        cookies.forget_device()
        return None
    cookies.start_session(opened[0])
    cookies.remember_device(token.successor.cookie, lasts=opened[1] - now)
    return _viewer(found, now)


def _open(token: Token, now: datetime) -> tuple[str, datetime] | None:
    """The token of the session that a good device opens, and until when the device is kept."""
    with transaction():
        person_id = devices.owner(token)
        if person_id is None:
            return None
        sessions.admit(person_id)
        device = devices.renew(token, now=now)
        if device is None:
            _end_if_reused(token, now)
            return None
        lasts = devices.kept_for(roles_of(person_id))
        if lasts is None or device.created_at + lasts <= now:
            devices.end(device.id, now=now, why="role")
            return None
        return _session_token(token, device, now), device.expires_at


def _session_token(token: Token, device: Row[int, int, datetime, datetime], now: datetime) -> str:
    """One session for the tabs that came back together; a new one where that is over."""
    shared, alone = token.session_token, secrets.token_urlsafe(32)
    given = {"person_id": device.person_id, "device_id": device.id, "now": now}
    if sessions.resume(token_hash=cookies.hashed(shared), **given):
        return shared
    found = sessions.find(cookies.hashed(shared))
    if found and _viewer(found, now):
        return shared
    sessions.resume(token_hash=cookies.hashed(alone), **given)
    return alone
