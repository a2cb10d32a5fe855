"""The doors of the authenticator app: setting it up, the second step of an admin's sign-in, taking it away."""

from __future__ import annotations

from collections.abc import Callable

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from doctapp import clock
from doctapp.accounts import authenticator as rule
from doctapp.accounts import sessions
from doctapp.accounts.forms import AppCodeForm, BareForm
from doctapp.accounts.routes import bp
from doctapp.db import transaction
from doctapp.errors import DomainError, NotFound
from doctapp.notifications import account_telling
from doctapp.web import cookies
from doctapp.web.access import fresh, signed_in
from doctapp.web.errors import with_wait
from doctapp.web.htmx import see_other
from doctapp.web.urls import local_path

Page = Callable[[AppCodeForm, int], ResponseReturnValue]


def _page(form: AppCodeForm, status: int = 200) -> ResponseReturnValue:
    """What is so: an app, this session's key that waits for its proof, or neither."""
    app, person_id = rule.of(current_user.id), current_user.id
    key = None if app else rule.waiting(person_id, session_id=current_user.session_id)
    return render_template(
        "accounts/authenticator.html",
        app=app,
        key=key,
        picture=rule.picture(person_id, key) if key else "",
        form=form,
        bare=BareForm(formdata=None),
        next=local_path(request.values.get("next"), ""),
        ok=request.args.get("ok", ""),
    ), status


def _refused(page: Page, form: AppCodeForm, refusal: DomainError) -> ResponseReturnValue:
    form.code.errors = [str(refusal)]
    return with_wait(page(form, refusal.status), refusal)


@bp.get("/account/authenticator")
@fresh
def authenticator() -> ResponseReturnValue:
    """Set an app up, or take it away."""
    return _page(AppCodeForm(formdata=None))


@bp.post("/account/authenticator/key")
@fresh
def create_key() -> ResponseReturnValue:
    """Draw a key, to be scanned or typed into the app and then proven."""
    if not BareForm().validate_on_submit():
        raise NotFound
    with transaction():
        rule.draw(current_user.id, session_id=current_user.session_id, now=clock.now())
    return see_other(url_for("accounts.authenticator", next=local_path(request.values.get("next"), "") or None))


@bp.post("/account/authenticator")
@fresh
def create_authenticator() -> ResponseReturnValue:
    """The code proves the key: it is the person's app from now on, and this session's second step is done with it."""
    form, person_id = AppCodeForm(), int(current_user.id)
    led_to = local_path(request.values.get("next"), url_for("accounts.authenticator", ok="added"))
    if not form.validate_on_submit():
        return _page(form, 422)
    typed, session_id = form.code.data or "", current_user.session_id
    with transaction():
        refusal = rule.prove(person_id, session_id=session_id, typed=typed, now=clock.now())
        if refusal is None:
            account_telling.app_added(person_id, now=clock.now())
            _pass()
    if refusal:
        return _refused(_page, form, refusal)
    return see_other(led_to)


@bp.post("/account/authenticator/removal")
@fresh
def remove_authenticator() -> ResponseReturnValue:
    """Take the app away; its own code is asked for, and the owner is told."""
    form, person_id = AppCodeForm(), int(current_user.id)
    if not form.validate_on_submit():
        return _page(form, 422)
    with transaction():
        refusal = rule.remove(person_id, typed=form.code.data or "", now=clock.now())
        if refusal is None:
            account_telling.app_removed(person_id, now=clock.now())
    if refusal:
        return _refused(_page, form, refusal)
    return see_other(url_for("accounts.authenticator", ok="removed"))


def _after() -> str:
    """Where the second step was on the way to."""
    return local_path(request.values.get("next"), url_for("admin.index"))


def _step_page(form: AppCodeForm, status: int = 200) -> ResponseReturnValue:
    return render_template("accounts/second_step.html", form=form, next=_after()), status


@bp.get("/login/authenticator")
@signed_in
def second_step() -> ResponseReturnValue:
    """Type the app's code; who has no app sets one up first."""
    if sessions.passed_second_step(current_user.session_id):
        return redirect(_after(), 303)
    if rule.of(current_user.id) is None:
        return redirect(url_for("accounts.authenticator", next=_after()), 303)
    return _step_page(AppCodeForm(formdata=None))


@bp.post("/login/authenticator")
@signed_in
def prove_second_step() -> ResponseReturnValue:
    """The code opens the office's pages in this session; the same form sent twice goes on as well."""
    form = AppCodeForm()
    if rule.of(current_user.id) is None:
        return see_other(url_for("accounts.authenticator", next=_after()))
    if not form.validate_on_submit():
        return _step_page(form, 422)
    with transaction():
        done = sessions.passed_second_step(current_user.session_id)
        refusal = None if done else rule.check(current_user.id, typed=form.code.data or "", now=clock.now())
        if not done and refusal is None:
            _pass()
    if refusal:
        return _refused(_step_page, form, refusal)
    return see_other(_after())


def _pass() -> None:
    """The session goes on under a new token: whoever knew the old one has not given the code."""
    token = cookies.hashed(cookies.start_session())
    if not sessions.pass_second_step(current_user.session_id, token_hash=token, now=clock.now()):
        raise NotFound
