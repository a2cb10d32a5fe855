"""The doors of passwords: forgotten, reset by a mailed link, changed while signed in."""

from __future__ import annotations

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import get_locale
from flask_login import current_user

from doctapp import clock
from doctapp.accounts import again as oneself
from doctapp.accounts import links, passwords, people, resetting, ways
from doctapp.accounts.forms_ways import AddressForm, PasswordForm, ResetForm
from doctapp.accounts.models import PasswordReset
from doctapp.accounts.routes import bp, network, sign_in
from doctapp.db import transaction
from doctapp.errors import DomainError, NotFound
from doctapp.notifications import account_telling, link_letters
from doctapp.web.access import anyone, fresh
from doctapp.web.errors import with_wait
from doctapp.web.htmx import see_other


@bp.get("/password/forgot")
@anyone
def forgot() -> ResponseReturnValue:
    """Ask for a link by mail, or read that one was sent."""
    return render_template(
        "accounts/forgot.html", form=AddressForm(formdata=None), sent=request.args.get("ok") == "sent"
    )


@bp.post("/password/forgot")
@anyone
def create_reset() -> ResponseReturnValue:
    """Mail a link; the answer is the same bytes after the same time whether anybody has this address or not."""
    form = AddressForm()
    if not form.validate_on_submit():
        return render_template("accounts/forgot.html", form=form, sent=False), 422
    email, language, now = ways.email(form.email.data), str(get_locale()), clock.now()
    passwords.is_right(None, email)  # a hash's time, in whose noise the rest is lost
    with transaction():
        if links.may_send("reset", email=email, network=network(), now=now):
            link = resetting.begin(email=email, now=now)
            link_letters.reset(link, address=email, language=language, now=now)
    return see_other(url_for("accounts.forgot", ok="sent"))


def _found(token: str) -> PasswordReset:
    """The reset of a link; an unknown link is 404, one that is over 410."""
    row = resetting.by_token(token)
    if row is None:
        raise NotFound
    return row


def _over() -> ResponseReturnValue:
    return render_template("accounts/reset_over.html"), 410


def _known(person_id: int) -> list[str]:
    """What others know of a person: names, addresses and phones."""
    names = people.names_of([person_id]).values()
    return [*names, *(way.value for way in people.all_proven(person_id))]


@bp.get("/password/reset/<token>")
@anyone
def reset(token: str) -> ResponseReturnValue:
    """Choose a new password."""
    row = _found(token)
    if not resetting.is_open(row, now=clock.now()):
        return _over()
    return render_template("accounts/reset.html", form=ResetForm(formdata=None), token=token)


@bp.post("/password/reset/<token>")
@anyone
def update_password(token: str) -> ResponseReturnValue:
    """Set the new password, once; all that was open is signed out, and this browser signed in."""
    row = _found(token)
    if not resetting.is_open(row, now=clock.now()):
        return _over()
    form = ResetForm(known=_known(row.person_id))
    if not form.validate_on_submit():
        return render_template("accounts/reset.html", form=form, token=token), 422
    row_id, password_hash, now = row.id, passwords.hashed(form.password.data or ""), clock.now()
    try:
        with transaction():
            person_id = resetting.use(row_id, password_hash=password_hash, now=now)
            account_telling.password_changed(person_id, now=now)
            sign_in(person_id)
    except resetting.LinkRanOut:
        return _over()
    return see_other(url_for("pages.home", ok="password"))


def _form(*, fresh_: bool) -> PasswordForm | None:
    """The form of who is signed in; None without an address, for a password goes with one."""
    if people.proven(current_user.id, "email") is None:
        return None
    has_one = oneself.has_password(current_user.id)
    given = {"formdata": None} if fresh_ else {}
    return PasswordForm(has_one=has_one, known=_known(current_user.id), **given)


def _page(form: PasswordForm | None, status: int = 200) -> ResponseReturnValue:
    return render_template("accounts/password.html", form=form, ok=request.args.get("ok", "")), status


@bp.get("/account/password")
@fresh
def password() -> ResponseReturnValue:
    """Change the password, or choose the first one."""
    return _page(_form(fresh_=True))


@bp.post("/account/password")
@fresh
def change_password() -> ResponseReturnValue:
    """Set the new password; everything else of this person that is open is signed out."""
    form = _form(fresh_=False)
    if form is None:
        return redirect(url_for("accounts.password"), 303)
    if not form.validate_on_submit():
        return _page(form, 422)
    refusal = _wrong_now(form) if "current" in form else None
    if refusal:
        form.current.errors = [str(refusal)]
        return with_wait(_page(form, refusal.status), refusal)
    person_id, session_id, now = current_user.id, current_user.session_id, clock.now()
    password_hash = passwords.hashed(form.password.data or "")
    with transaction():
        resetting.set_password(person_id, password_hash=password_hash, now=now, but=session_id)
        account_telling.password_changed(person_id, now=now)
    return see_other(url_for("accounts.password", ok="changed"))


def _wrong_now(form: PasswordForm) -> DomainError | None:
    """Why the password of now was not accepted; None where it was right. Tries are counted as at sign-in."""
    try:
        with transaction():
            stored = oneself.begin_try(current_user.id, now=clock.now())
        if not passwords.is_right(stored, form.current.data or ""):
            raise oneself.WrongPassword
        with transaction():
            oneself.forgive(current_user.id)
    except DomainError as refusal:
        return refusal
    return None
