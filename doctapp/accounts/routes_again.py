"""The doors of showing once more that it is still oneself, before ways in, devices' owners or money change."""

from __future__ import annotations

from typing import Any

from flask import redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from doctapp import clock
from doctapp.accounts import again as rule
from doctapp.accounts import codes, passwords, sessions
from doctapp.accounts.forms import AgainForm, CodeForm, WayForm
from doctapp.accounts.models import Code, WayIn
from doctapp.accounts.routes import bp, code_sent, next_page, send_code
from doctapp.accounts.ways import Way
from doctapp.db import transaction
from doctapp.errors import DomainError, NotFound
from doctapp.web import cookies
from doctapp.web.access import signed_in
from doctapp.web.errors import with_wait
from doctapp.web.htmx import see_other


def _ways() -> dict[str, WayIn]:
    """The ways in that a code may be sent to, by their ids."""
    mine = rule.ways(current_user.id, session_id=current_user.session_id, now=clock.now())
    return {str(way.id): way for way in mine}


def _code_sent() -> Code | None:
    """The code that this browser waits for, if it went to one of the person's own."""
    waiting = code_sent()
    return (
        waiting
        if waiting and waiting.used_at is None and waiting.address in {way.value for way in _ways().values()}
        else None
    )


def _way_form(*, fresh: bool) -> WayForm:
    mine = _ways()
    form = WayForm(**({"formdata": None, "way": next(iter(mine), None)} if fresh else {}))
    form.way.choices = [(way_id, way.shown) for way_id, way in mine.items()]
    return form


def _page(status: int = 200, **forms: Any) -> ResponseReturnValue:
    forms.setdefault("password", AgainForm(formdata=None))
    forms.setdefault("way", _way_form(fresh=True))
    known = rule.has_password(current_user.id)
    return render_template("accounts/again.html", next=next_page(), has_password=known, **forms), status


@bp.get("/login/again")
@signed_in
def again() -> ResponseReturnValue:
    """Ask for the password, or offer a code."""
    if current_user.is_fresh(clock.now()):
        return redirect(next_page(), 303)
    return _page()


@bp.post("/login/again")
@signed_in
def authenticate() -> ResponseReturnValue:
    """Show that it is still oneself, by the password."""
    form = AgainForm()
    if not form.validate_on_submit():
        return _page(422, password=form)
    person_id, now = current_user.id, clock.now()
    try:
        with transaction():
            stored = rule.begin_try(person_id, now=now)
        if not passwords.is_right(stored, form.password.data or ""):
            raise rule.WrongPassword
        with transaction():
            sessions.admit(person_id, password_hash=stored)
            rule.forgive(person_id)
            _authenticated()
    except DomainError as refusal:
        form.password.errors = [str(refusal)]
        return with_wait(_page(refusal.status, password=form), refusal)
    return see_other(next_page())


def _authenticated() -> None:
    """The session goes on under a new token: whoever knew the old one knows nothing now."""
    token = cookies.hashed(cookies.start_session())
    if not sessions.authenticate(current_user.session_id, token_hash=token, now=clock.now()):
        raise NotFound


@bp.post("/login/again/codes")
@signed_in
def create_own_code() -> ResponseReturnValue:
    """Send a code to one of one's own phones or addresses."""
    form = _way_form(fresh=False)
    if not form.validate_on_submit():
        return _page(422, way=form)
    way = _ways()[form.way.data]
    try:
        with transaction():
            send_code(Way(way.kind, way.value, way.shown))
    except DomainError as refusal:
        form.way.errors = [str(refusal)]
        return with_wait(_page(refusal.status, way=form), refusal)
    return see_other(url_for("accounts.own_code", next=next_page()))


def _code_page(waiting: Code, form: CodeForm, status: int = 200) -> ResponseReturnValue:
    ways = {way.value: way_id for way_id, way in _ways().items()}
    resend = WayForm(formdata=None, way=ways[waiting.address])
    return render_template("accounts/again_code.html", sent=waiting, form=form, again=resend, next=next_page()), status


@bp.get("/login/again/code")
@signed_in
def own_code() -> ResponseReturnValue:
    """Type the code; looking at this page never sends one."""
    waiting = _code_sent()
    if waiting is None:
        return redirect(url_for("accounts.again", next=next_page()), 303)
    return _code_page(waiting, CodeForm(formdata=None))


@bp.post("/login/again/code")
@signed_in
def prove_own_code() -> ResponseReturnValue:
    """Show that it is still oneself, by the code."""
    waiting, form = _code_sent(), CodeForm()
    if waiting is None:
        return see_other(url_for("accounts.again", next=next_page()))
    if not form.validate_on_submit():
        return _code_page(waiting, form, 422)
    with transaction():
        sessions.admit(current_user.id)
        refusal = codes.prove(
            browser_hash=cookies.browser_hash(), address=waiting.address, typed=form.code.data or "", now=clock.now()
        )
        if refusal is None:
            _authenticated()
    if refusal:
        form.code.errors = [str(refusal)]
        return with_wait(_code_page(waiting, form, refusal.status), refusal)
    return see_other(next_page())
