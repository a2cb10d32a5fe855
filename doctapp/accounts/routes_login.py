"""The doors of signing in, by a code or by e-mail and password, and of signing out."""

from __future__ import annotations

from typing import Any

from flask import Response, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import get_locale
from flask_login import current_user

from doctapp import clock
from doctapp.accounts import codes, passwords, registering, sessions, ways
from doctapp.accounts.forms import REMEMBER_ME, CodeForm, LoginForm, PhoneLoginForm
from doctapp.accounts.models import Code
from doctapp.accounts.routes import (
    bp,
    code_sent,
    leave,
    network,
    next_page,
    remember,
    send_code,
    sign_in,
    sign_in_by_code,
)
from doctapp.db import transaction
from doctapp.errors import DomainError
from doctapp.notifications import link_letters
from doctapp.web import cookies
from doctapp.web.access import anyone, signed_in
from doctapp.web.errors import with_wait
from doctapp.web.htmx import see_other


def _page(status: int = 200, **forms: Any) -> ResponseReturnValue:
    forms.setdefault("login", LoginForm(formdata=None))
    forms.setdefault("phone", PhoneLoginForm(formdata=None))
    return render_template("accounts/login.html", next=next_page(), **forms), status


@bp.get("/login")
@anyone
def login() -> ResponseReturnValue:
    """Sign in by a code, or by e-mail and password."""
    if current_user.is_authenticated:
        return redirect(next_page(), 303)
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
            unverified = None if person else registering.waiting(email, now=clock.now())
            stored = unverified.password_hash if unverified else stored
        if not passwords.is_right(stored, form.password.data):
            raise passwords.WrongPassword
        if person_id is None:
            return _mail_again(email)
        with transaction():
            sessions.admit(person_id, password_hash=stored)
            passwords.forgive(email=email)
            sign_in(person_id, device_id=remember(person_id) if form.remember.data else None)
    except DomainError as refusal:
        form.form_errors.append(str(refusal))
        return with_wait(_page(refusal.status, login=form), refusal)
    return see_other(next_page())


def _mail_again(email: str) -> ResponseReturnValue:
    """The password is right, but the address was never verified: it says so, and the link is mailed again."""
    now = clock.now()
    with transaction():
        passwords.forgive(email=email)
        row = registering.waiting(email, now=now)
        if row:
            asked = registering.again(row, browser_hash=cookies.browser_hash(), network=network(), now=now)
            link_letters.verify(asked, next_path=next_page(), now=now)
    cookies.keep_browser()
    return see_other(url_for("accounts.registered", next=next_page(), ok="unverified"))


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
    return see_other(url_for("accounts.code", next=next_page()))


def _code_page(sent: Code, form: CodeForm, status: int = 200) -> ResponseReturnValue:
    again = PhoneLoginForm(formdata=None, phone=sent.shown)
    if sent.kind == "email":
        form.remember.label.text = REMEMBER_ME
    return render_template("accounts/code.html", sent=sent, form=form, again=again, next=next_page()), status


@bp.get("/login/code")
@anyone
def code() -> ResponseReturnValue:
    """Type the code; looking at this page never sends one."""
    sent = code_sent()
    if sent is None:
        return redirect(url_for("accounts.login", next=next_page()), 303)
    return _code_page(sent, CodeForm(formdata=None))


@bp.post("/login/code")
@anyone
def prove_code() -> ResponseReturnValue:
    """Sign in by the code."""
    sent, form = code_sent(), CodeForm()
    if sent is None:
        return redirect(url_for("accounts.login", next=next_page()), 303)
    if not form.validate_on_submit():
        return _code_page(sent, form, 422)
    refusal = _prove(sent, form)
    if refusal:
        form.code.errors = [str(refusal)]
        return with_wait(_code_page(sent, form, refusal.status), refusal)
    return see_other(next_page())


def _prove(sent: Code, form: CodeForm) -> DomainError | None:
    browser, typed, now = cookies.browser_hash(), form.code.data or "", clock.now()
    way = ways.Way(sent.kind, sent.address, sent.shown)
    try:
        with transaction():
            refusal = codes.prove(browser_hash=browser, address=way.value, typed=typed, now=now)
            if refusal is None:
                sign_in_by_code(way, language=str(get_locale()), own_phone=bool(form.remember.data))
    except sessions.Suspended as suspended:
        return suspended
    return refusal


@bp.post("/logout")
@signed_in
def logout() -> Response:
    """End this session at once; nothing of it is served again."""
    leave()
    response = see_other(url_for("pages.home"))
    response.headers["Clear-Site-Data"] = '"cache", "storage"'
    return response
