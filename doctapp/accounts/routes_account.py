"""The door of one's account: name, address and language; a phone or an e-mail only once it is proven."""

from __future__ import annotations

from flask import Response, current_app, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from doctapp import clock
from doctapp.accounts import patients, people, phones, profile, ways
from doctapp.accounts.forms import AccountForm
from doctapp.accounts.models import Person, WayIn
from doctapp.accounts.routes import bp
from doctapp.accounts.routes_ways import begin_proof
from doctapp.appointments import queries as appointments
from doctapp.db import db, transaction
from doctapp.errors import DomainError
from doctapp.web.access import account_owner
from doctapp.web.errors import with_wait
from doctapp.web.htmx import see_other
from doctapp.web.language import remember

READ = {"phone": phones.e164, "email": ways.email}


@bp.get("/account")
@account_owner
def account() -> ResponseReturnValue:
    """What one's account says, and the way to everything else that is one's own."""
    person, known = _person(), _known()
    typed = {kind: way.shown for kind, way in known.items()}
    return _page(
        AccountForm(formdata=None, name=person.name, address=person.address, language=person.language, **typed)
    )


@bp.post("/account")
@account_owner
def update_account() -> ResponseReturnValue:
    """Keep name, address and language; a changed phone or e-mail is proven first."""
    form, before = AccountForm(), _person().language
    is_valid = form.validate_on_submit()
    new = _new_way(form)
    if not is_valid or form.errors:
        return _page(form, 422)
    if new and not current_user.is_fresh(clock.now()):
        return _page(form, 409, again=True)
    led_to = url_for("accounts.account", ok="saved")
    try:
        with transaction():
            profile.save(
                person_id=current_user.id,
                name=form.name.data,
                address=form.address.data,
                language=form.language.data,
                now=clock.now(),
            )
            if new:
                led_to = begin_proof(ways.read(form[new].data))
    except patients.AlreadyKept as refusal:
        form.name.errors = [str(refusal)]
        return _page(form, refusal.status)
    except DomainError as refusal:
        form[new or "name"].errors = [str(refusal)]
        return with_wait(_page(form, refusal.status), refusal)
    answer = see_other(led_to)
    return answer if form.language.data == before else _in_language(answer, form.language.data)


def _in_language(answer: Response, language: str) -> Response:
    """The browser, too, is answered in the newly chosen language from now on."""
    secure = current_app.config["SETTINGS"].https
    return remember(answer, language, secure=secure)


def _known() -> dict[str, WayIn]:
    """The person's first proven phone and address."""
    found = {kind: people.proven(current_user.id, kind) for kind in READ}
    return {kind: way for kind, way in found.items() if way}


def _new_way(form: AccountForm) -> str | None:
    """The field, phone or e-mail, that was typed anew; what can't be taken over is said beside it."""
    known: dict[str, WayIn] = _known()
    new = []
    for kind in READ:
        field = form[kind]
        if kind in known and not field.data:
            field.errors = [_("It is not taken away here. Do that under “Ways to sign in”.")]
        elif field.data and not (kind in known and field.data == known[kind].shown):
            try:
                value = READ[kind](field.data)
            except DomainError as refusal:
                field.errors = [str(refusal)]
                continue
            if kind not in known or value != known[kind].value:
                new.append(kind)
    if len(new) > 1:
        form.email.errors = [_("Change the number first and the e-mail after it: each is proven by a code.")]
    return new[0] if new else None


def _person() -> Person:
    person = db.session.get(Person, current_user.id)
    assert person is not None
    return person


def _page(form: AccountForm, status: int = 200, *, again: bool = False) -> ResponseReturnValue:
    me = profile.oneself(current_user.id)
    live = appointments.live_of(me.id) if me else []
    doctors = {row.doctor_id: row.sitting.chamber.doctor for row in live}
    relatives = sum(not one.oneself for one in patients.of_person(current_user.id))
    return render_template(
        "accounts/account.html",
        form=form,
        me=me,
        doctors=list(doctors.values()),
        relatives=relatives,
        again=again,
        ok=request.args.get("ok", ""),
    ), status
