"""The secrets a browser holds: the `session` cookie of who signed in, the `browser` cookie of who holds a place, and the
`device` cookie of a browser that is remembered.

All are 256 random bits; only their hashes are stored. CSRF tokens and form keys are bound to the session where there
is one, else to the browser (domain.md, "Headers, sessions, modes").
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from datetime import datetime, timedelta
from typing import Any

from flask import Flask, Request, Response, current_app, g, request
from flask.sessions import SessionInterface, SessionMixin

from doctapp import clock
from doctapp.config import Settings

BROWSER_SECONDS = 40 * 60
SIGNS_IN = ("new_session", "session_ended", "new_device", "device_seconds", "device_ended")


def _settings() -> Settings:
    settings: Settings = current_app.config["SETTINGS"]
    return settings


def name_of(cookie: str) -> str:
    """The cookie's name on the wire: `__Host-` binds it to https and this very host; http is for demo mode only."""
    return f"__Host-{cookie}" if _settings().https else cookie


def hashed(token: str) -> str:
    """What is stored of a token."""
    return hashlib.sha256(token.encode()).hexdigest()


def session_token() -> str | None:
    """The session cookie of this request, or the one that this answer will set."""
    return g.get("new_session") or request.cookies.get(name_of("session"))


def browser_token() -> str:
    """The browser cookie of this request; a browser without one is given one by the answer."""
    token = g.get("new_browser") or request.cookies.get(name_of("browser"))
    if not token:
        token = g.new_browser = secrets.token_urlsafe(32)
    return str(token)


def has_browser() -> bool:
    """Whether the browser came with its cookie."""
    return bool(request.cookies.get(name_of("browser")))


def browser_hash() -> str:
    """What a hold stores of the browser that holds it."""
    return hashed(browser_token())


def bearer() -> str:
    """What form keys are bound to: the session where there is one, else the browser."""
    return hashed(session_token() or browser_token())


def keep_browser(until: datetime | None = None) -> None:
    """A hold was gained: let the browser cookie end forty minutes from now, or when what was gained ends, if later."""
    g.new_browser = browser_token()
    longer = (until - clock.now()).total_seconds() if until else 0
    g.browser_seconds = max(BROWSER_SECONDS, int(longer))


def start_session(token: str | None = None) -> str:
    """A new session token for this answer's cookie; a sign-in never keeps the old one."""
    g.new_session = token or secrets.token_urlsafe(32)
    return str(g.new_session)


def end_session() -> None:
    """Take all cookies away with this answer: on a shared phone a hold is not left to the next person."""
    g.new_session = None
    g.session_ended = True
    forget_device()


def device_token() -> str | None:
    """The device cookie of this request, or the one that this answer will set."""
    return None if g.get("device_ended") else g.get("new_device") or request.cookies.get(name_of("device"))


def remember_device(token: str, *, lasts: timedelta) -> None:
    """Let this answer's device cookie be this one, for so long."""
    g.new_device, g.device_seconds, g.device_ended = token, int(lasts.total_seconds()), False


def forget_device() -> None:
    """Take the device cookie away with this answer."""
    g.new_device = None
    g.device_ended = bool(request.cookies.get(name_of("device")))


def are_written() -> bool:
    """Whether this answer sets or takes away a cookie: such a one is nobody else's to see."""
    return any(g.get(name) for name in (*SIGNS_IN, "new_browser"))


def asked_for() -> dict[str, Any]:
    """What the request asked of the cookies of who signs in, so that a view that runs once more begins there."""
    return {name: g.get(name) for name in SIGNS_IN}


def ask_for(before: dict[str, Any]) -> None:
    """Forget what a view asked for since then: it was rolled back."""
    for name, value in before.items():
        setattr(g, name, value)


def _set(response: Response, cookie: str, token: str, seconds: int | None = None) -> None:
    response.set_cookie(
        name_of(cookie), token, max_age=seconds, secure=_settings().https, httponly=True, samesite="Lax", path="/"
    )


def _take(cookie: str, response: Response) -> None:
    response.delete_cookie(name_of(cookie), secure=_settings().https, httponly=True, samesite="Lax", path="/")


def write(response: Response) -> Response:
    """Set and take away what the request asked for."""
    if g.get("new_session"):
        _set(response, "session", g.new_session)
    elif g.get("session_ended"):
        _take("session", response)
        _take("browser", response)
    if g.get("new_device"):
        _set(response, "device", g.new_device, g.device_seconds)
    elif g.get("device_ended"):
        _take("device", response)
    if g.get("new_browser"):
        _set(response, "browser", g.new_browser, g.get("browser_seconds"))
    return response


class BoundSession(dict[str, Any], SessionMixin):
    """Flask's session without a cookie of its own: it knows the CSRF secret, derived from what the browser holds."""

    def __contains__(self, key: object) -> bool:
        return key == "csrf_token" or super().__contains__(key)

    def __getitem__(self, key: str) -> Any:
        if key == "csrf_token":
            held = session_token() or browser_token()
            return hmac.new(current_app.config["SECRET_KEY"].encode(), held.encode(), hashlib.sha256).hexdigest()
        return super().__getitem__(key)


class BoundSessions(SessionInterface):
    """Opens a BoundSession for each request and saves nothing."""

    def open_session(self, app: Flask, request: Request) -> BoundSession:
        return BoundSession()

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        return None


def init_app(app: Flask) -> None:
    """Replace Flask's signed session by the bound one, and write cookies with each answer."""
    app.session_interface = BoundSessions()
    app.after_request(write)
