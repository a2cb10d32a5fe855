"""The doors of registering: the form, what was mailed, and the link that makes the person."""

from __future__ import annotations

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import get_locale
from flask_login import current_user

from doctapp import clock
from doctapp.accounts import passwords, people, registering, ways
from doctapp.accounts.forms_ways import EmailForm, RegistrationForm
from doctapp.accounts.models import Registration
from doctapp.accounts.routes import bp, network, next_page, sign_in
from doctapp.db import transaction
from doctapp.errors import DomainError, NotFound
from doctapp.notifications import link_letters
from doctapp.web import cookies
from doctapp.web.access import anyone
from doctapp.web.errors import with_wait
from doctapp.web.htmx import see_other
from doctapp.web.urls import with_ok


def _form(form: RegistrationForm, status: int = 200) -> ResponseReturnValue:
    return render_template("accounts/register.html", form=form, next=next_page()), status


@bp.get("/register")
@anyone
def register() -> ResponseReturnValue:
    """Name, address, password; who is signed in adds an address to the account there is."""
    if current_user.is_authenticated:
        return redirect(url_for("accounts.my_ways"), 303)
    return _form(RegistrationForm(formdata=None))


@bp.post("/register")
@anyone
def create_registration() -> ResponseReturnValue:
    """Mail a link; a known address gets another mail, and the answer is the same bytes after the same time."""
    form = RegistrationForm()
    if not form.validate_on_submit():
        return _form(form, 422)
    password_hash, now = passwords.hashed(form.password.data or ""), clock.now()
    with transaction():
        asked = registering.register(
            email=ways.read(form.email.data),
            name=form.name.data or "",
            phone=form.phone.data or "",
            password_hash=password_hash,
            browser_hash=cookies.browser_hash(),
            language=str(get_locale()),
            network=network(),
            now=now,
        )
        link_letters.verify(asked, next_path=next_page(), now=now)
    cookies.keep_browser()
    return see_other(url_for("accounts.registered", next=next_page()))


@bp.get("/register/mail")
@anyone
def registered() -> ResponseReturnValue:
    """Look at your mail; the same words whether the address was known or not."""
    row = registering.newest_of(cookies.browser_hash()) if cookies.has_browser() else None
    if row is None:
        return redirect(url_for("accounts.register", next=next_page()), 303)
    waits = request.args.get("ok") == "unverified"
    return render_template("accounts/registered.html", row=row, waits=waits, next=next_page())


def _found(token: str) -> Registration:
    """The registration of a link; an unknown link is 404."""
    row = registering.by_token(token)
    if row is None:
        raise NotFound
    return row


def _settled(row: Registration) -> ResponseReturnValue | None:
    """The page of a link with which nothing is left to do: followed before, address taken, or run out."""
    owner = people.owner_of("email", row.email)
    if owner and current_user.is_authenticated and owner.id == current_user.id:
        return redirect(with_ok(next_page(), "verified"), 303)
    if row.used_at:
        return render_template("accounts/link_over.html", why="used", row=row, next=next_page())
    if owner:
        return render_template("accounts/link_over.html", why="taken", row=row, next=next_page()), 409
    if row.expires_at <= clock.now():
        return render_template("accounts/link_over.html", why="late", row=row, next=next_page()), 410
    return None


def _is_own(row: Registration) -> bool:
    """Whether this is the browser that registered."""
    return cookies.has_browser() and row.browser_hash == cookies.browser_hash()


@bp.get("/email/<token>")
@anyone
def email(token: str) -> ResponseReturnValue:
    """Follow the mailed link: in the browser that registered it makes the person, elsewhere it asks for the password.

    A link, so it is a GET that writes: only this browser's own registration, once.
    """
    row = _found(token)
    settled = _settled(row)
    if settled is not None:
        return settled
    return _verified(row) if _is_own(row) else _ask(row, EmailForm(formdata=None))


@bp.post("/email/<token>")
@anyone
def prove_email(token: str) -> ResponseReturnValue:
    """The password chosen at registration, given where the link was opened; tries are counted as at sign-in."""
    row, form = _found(token), EmailForm()
    settled = _settled(row)
    if settled is not None:
        return settled
    if not form.validate_on_submit():
        return _ask(row, form, 422)
    try:
        with transaction():
            passwords.begin_try(email=row.email, now=clock.now())
            row = _found(token)
        if not passwords.is_right(row.password_hash, form.password.data or ""):
            raise registering.WrongPassword
    except DomainError as refusal:
        form.password.errors = [str(refusal)]
        return with_wait(_ask(_found(token), form, refusal.status), refusal)
    return _verified(row, typed=True)


def _ask(row: Registration, form: EmailForm, status: int = 200) -> ResponseReturnValue:
    return render_template("accounts/email.html", row=row, form=form, next=next_page()), status


def _verified(row: Registration, *, typed: bool = False) -> ResponseReturnValue:
    """Make the person and sign them in here; of two at once the second finds it done."""
    registration_id, address, token = row.id, row.email, request.view_args or {}
    try:
        with transaction():
            if typed:
                passwords.forgive(email=address)
            sign_in(registering.verify(registration_id, now=clock.now()).id)
    except (registering.LinkUsed, registering.AddressTaken):
        return _settled(_found(**token)) or see_other(next_page())
    return see_other(with_ok(next_page(), "verified"))
