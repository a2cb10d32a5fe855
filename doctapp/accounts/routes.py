"""What the doors of accounts share: signing a browser in and out, remembering it, sending it codes."""

from __future__ import annotations

from datetime import timedelta

from flask import Blueprint, request, url_for
from flask_babel import get_locale
from flask_login import current_user

from doctapp import clock
from doctapp.accounts import codes, devices, limits, people, sessions, ways
from doctapp.accounts.devices import Token
from doctapp.accounts.models import Code
from doctapp.clinics.queries import works_at
from doctapp.db import transaction
from doctapp.doctors.queries import of_person
from doctapp.notifications import account_telling, code_letters
from doctapp.web import cookies
from doctapp.web.urls import local_path

bp = Blueprint("accounts", __name__)


def roles_of(person_id: int) -> tuple[str, ...]:
    """The roles a person has now, whose limits bind."""
    return sessions.roles(
        admin=sessions.is_admin(person_id), staff=bool(works_at(person_id)), doctor=of_person(person_id) is not None
    )


def sign_in(
    person_id: int, *, authenticated: bool = True, bookings_only: bool = False, device_id: int | None = None
) -> None:
    """Open a session for this person and let the answer carry its cookie; for doors, inside their transaction.

    Whoever was signed in here until now is signed out, and another person's device is forgotten by this browser.
    Raises Suspended.
    """
    now = clock.now()
    sessions.admit(person_id)
    if current_user.is_authenticated:
        sessions.end(current_user.session_id, now=now, why="another")
    own = _own_device(person_id) if device_id is None else device_id
    sessions.start(
        person_id=person_id,
        token_hash=cookies.hashed(cookies.start_session()),
        now=now,
        authenticated=authenticated,
        bookings_only=bookings_only,
        device_id=own,
    )


def _own_device(person_id: int) -> int | None:
    """The device that this browser already is of the person who signs in; another person's ends here."""
    token = Token.read(cookies.device_token())
    held = devices.held(token, now=clock.now()) if token else None
    if held and held.person_id == person_id:
        return int(held.id)
    if held:
        devices.end(held.id, now=clock.now(), why="another", by=person_id)
    cookies.forget_device()
    return None


def remember(person_id: int, *, way_in_id: int | None = None) -> int | None:
    """Remember this browser for the person, inside the door's transaction: the new device's id, for `sign_in`.

    With a proven phone it is their own phone. None for staff and admins, who are never remembered.
    """
    lasts, now, token = devices.kept_for(roles_of(person_id)), clock.now(), Token.draw()
    if lasts is None:
        return None
    sessions.admit(person_id)
    before = Token.read(cookies.device_token())
    held = devices.held(before, now=now) if before else None
    if held:
        devices.end(held.id, now=now, why="another", by=person_id)
    name = devices.name_from(request.user_agent.string)
    device_id = devices.make(person_id=person_id, token=token, name=name, lasts=lasts, now=now, way_in_id=way_in_id)
    cookies.remember_device(token.cookie, lasts=lasts)
    return device_id


def own_phone_of(person_id: int, number: str) -> int | None:
    """Remember this browser as the person's own phone: it proves the number that was just proven."""
    return remember(person_id, way_in_id=devices.number_of(person_id, number))


def remember_here(person_id: int, number: str) -> None:
    """The same for somebody who is signed in: the session goes on, and from now on ends with the device."""
    own = current_user.device_id
    if own is not None:
        devices.make_own_phone(own, way_in_id=devices.number_of(person_id, number))
    elif not current_user.bookings_only:
        made = own_phone_of(person_id, number)
        if made is not None:
            sessions.join_device(current_user.session_id, device_id=made)


def sign_in_by_code(way: ways.Way, *, language: str, own_phone: bool = False) -> int:
    """Sign in whoever has just proven this phone or address; the person's id. On one's own phone it is remembered.

    A number that nobody proved for twelve months opens bookings only, and is not remembered.
    """
    now = clock.now()
    bookings_only = people.is_unproven_for_long(way.kind, way.value, now=now)
    person = people.find_or_make(kind=way.kind, value=way.value, shown=way.shown, language=language, now=now)
    device_id = own_phone_of(person.id, way.value) if own_phone and not bookings_only else None
    sign_in(person.id, bookings_only=bookings_only, device_id=device_id)
    if bookings_only:
        account_telling.number_used(person.id, way.value, now=now)
    return person.id


def leave() -> None:
    """End this session and this browser's device, and take their cookies away."""
    now, token = clock.now(), Token.read(cookies.device_token())
    with transaction():
        sessions.end(current_user.session_id, now=now)
        held = devices.held(token, now=now) if token else None
        for device_id in {current_user.device_id, held.id if held else None} - {None}:
            devices.end(device_id, now=now, why="signed_out", by=current_user.id)
    cookies.end_session()


def send_code(way: ways.Way) -> bool:
    """Draw a code for this browser and write its letter, inside the door's transaction; False within the minute."""
    now = clock.now()
    drawn = codes.draw(kind=way.kind, address=way.value, shown=way.shown, browser_hash=cookies.browser_hash(), now=now)
    if drawn is None:
        return False
    code, digits = drawn
    code_letters.write(
        code_id=code.id, kind=way.kind, address=way.value, digits=digits, language=str(get_locale()), now=now
    )
    return True


def code_sent() -> Code | None:
    """The code that this browser waits for."""
    newest = codes.newest_of(cookies.browser_hash()) if cookies.has_browser() else None
    return newest if newest and newest.sent_at > clock.now() - timedelta(hours=1) else None


def next_page() -> str:
    """Where this was on the way to."""
    return local_path(request.values.get("next"), url_for("pages.home"))


def network() -> str:
    """What this request's network address is counted under."""
    return limits.address_key(request.remote_addr or "")
