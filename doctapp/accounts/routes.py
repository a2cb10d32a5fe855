"""The doors of signing in and out."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import Blueprint, Request, Response, current_app, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import get_locale
from flask_login import current_user
from sqlalchemy.exc import OperationalError

from doctapp import clock
from doctapp.accounts import codes, passwords, people, sessions, ways
from doctapp.accounts.forms import CodeForm, LoginForm, PhoneLoginForm
from doctapp.accounts.models import Code
from doctapp.clinics.queries import works_at
from doctapp.db import Busy, transaction
from doctapp.doctors.queries import of_person
from doctapp.errors import DomainError
from doctapp.extensions import login as login_manager
from doctapp.notifications import code_letters
from doctapp.web import cookies
from doctapp.web.access import Viewer, Visitor, anyone, signed_in
from doctapp.web.errors import with_wait
from doctapp.web.htmx import see_other
from doctapp.web.urls import local_path

bp = Blueprint("accounts", __name__)
login_manager.anonymous_user = Visitor
login_manager.session_protection = None


@login_manager.request_loader
def load_viewer(request: Request) -> Viewer | None:
    """Whose session the cookie is; None where it is over."""
    token = request.cookies.get(cookies.name_of("session"))
    found = sessions.find(cookies.hashed(token)) if token else None
    if found is None:
        return None
    session_id, person_id, name, language, admin, created_at, last_seen_at = found
    viewer = Viewer(person_id, name, language, session_id, admin, of_person(person_id), works_at(person_id))
    now = clock.now()
    if sessions.is_over(_role(viewer), created_at=created_at, last_seen_at=last_seen_at, now=now):
        return None
    if now - last_seen_at > sessions.SEEN_EVERY and not _is_quiet(request):
        _note_seen(session_id)
    return viewer


def _role(viewer: Viewer) -> str:
    if viewer.admin:
        return "admin"
    if viewer.is_staff:
        return "desk"
    return "doctor" if viewer.is_doctor else "patient"


def _is_quiet(request: Request) -> bool:
    return bool(getattr(current_app.view_functions.get(request.endpoint or ""), "quiet", False))


def _note_seen(session_id: int) -> None:
    try:
        with transaction():
            sessions.seen(session_id, now=clock.now())
    except (Busy, OperationalError):
        current_app.logger.info("the database was busy: the session's last use is noted with the next page")


def sign_in(person_id: int) -> None:
    """Open a session for this person and let the answer carry its cookie; for doors, inside their transaction.

    Whoever was signed in here until now is signed out.
    """
    if current_user.is_authenticated:
        sessions.end(current_user.session_id, now=clock.now())
    sessions.start(person_id=person_id, token_hash=cookies.hashed(cookies.start_session()), now=clock.now())


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


def _page(status: int = 200, **forms: Any) -> ResponseReturnValue:
    forms.setdefault("login", LoginForm(formdata=None))
    forms.setdefault("phone", PhoneLoginForm(formdata=None))
    return render_template("accounts/login.html", next=_next(), **forms), status


def _next() -> str:
    return local_path(request.values.get("next"), url_for("pages.home"))


@bp.get("/login")
@anyone
def login() -> ResponseReturnValue:
    """Sign in by a code, or by e-mail and password."""
    if current_user.is_authenticated:
        return redirect(_next(), 303)
    return _page()


@bp.post("/login")
@anyone
def create_session() -> ResponseReturnValue:
    """Sign in by e-mail and password."""
    form = LoginForm()
    if not form.validate_on_submit():
        return _page(422, login=form)
    email = form.email.data.casefold()[: ways.LONGEST]
    try:
        with transaction():
            person = passwords.begin_try(email=email, now=clock.now())
            person_id, stored = (person.id, person.password_hash) if person else (None, None)
        if not passwords.is_right(stored, form.password.data):
            raise passwords.WrongPassword
    except DomainError as refusal:
        form.form_errors.append(str(refusal))
        return with_wait(_page(refusal.status, login=form), refusal)
    assert person_id is not None
    with transaction():
        passwords.forgive(email=email)
        sign_in(person_id)
    return see_other(_next())


@bp.post("/login/codes")
@anyone
def create_code() -> ResponseReturnValue:
    """Send a code to the phone or address that was typed."""
    form = PhoneLoginForm()
    if not form.validate_on_submit():
        return _page(422, phone=form)
    try:
        with transaction():
            send_code(ways.read(form.phone.data))
    except DomainError as refusal:
        form.phone.errors = [str(refusal)]
        return with_wait(_page(refusal.status, phone=form), refusal)
    return see_other(url_for("accounts.code", next=_next()))


def _sent() -> Code | None:
    sent = codes.newest_of(cookies.browser_hash()) if cookies.has_browser() else None
    return sent if sent and sent.sent_at > clock.now() - timedelta(hours=1) else None


def _code_page(sent: Code, form: CodeForm, status: int = 200) -> ResponseReturnValue:
    again = PhoneLoginForm(formdata=None, phone=sent.shown)
    return render_template("accounts/code.html", sent=sent, form=form, again=again, next=_next()), status


@bp.get("/login/code")
@anyone
def code() -> ResponseReturnValue:
    """Type the code; looking at this page never sends one."""
    sent = _sent()
    if sent is None:
        return redirect(url_for("accounts.login", next=_next()), 303)
    return _code_page(sent, CodeForm(formdata=None))


@bp.post("/login/code")
@anyone
def prove_code() -> ResponseReturnValue:
    """Sign in by the code."""
    sent, form = _sent(), CodeForm()
    if sent is None:
        return redirect(url_for("accounts.login", next=_next()), 303)
    if not form.validate_on_submit():
        return _code_page(sent, form, 422)
    with transaction():
        refusal = codes.prove(
            browser_hash=cookies.browser_hash(), address=sent.address, typed=form.code.data, now=clock.now()
        )
        if refusal is None:
            person = people.find_or_make(
                kind=sent.kind, value=sent.address, shown=sent.shown, language=str(get_locale()), now=clock.now()
            )
            sign_in(person.id)
    if refusal:
        form.code.errors = [str(refusal)]
        return with_wait(_code_page(sent, form, refusal.status), refusal)
    return see_other(_next())


@bp.post("/logout")
@signed_in
def logout() -> Response:
    """End this session at once; nothing of it is served again."""
    with transaction():
        sessions.end(current_user.session_id, now=clock.now())
    cookies.end_session()
    response = see_other(url_for("pages.home"))
    response.headers["Clear-Site-Data"] = '"cache", "storage"'
    return response
