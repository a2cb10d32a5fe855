"""The doors of joining: one's own other account, found by proving its phone, is asked about and joined."""

from __future__ import annotations

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _l
from flask_login import current_user

from doctapp import clock
from doctapp.accounts import codes, joining, people, ways
from doctapp.accounts.forms_ways import JoiningForm
from doctapp.accounts.models import Code, Person
from doctapp.accounts.routes import bp
from doctapp.appointments import joining as bookings
from doctapp.clinics.queries import works_at
from doctapp.db import transaction
from doctapp.doctors.queries import is_doctor_of_any_kind
from doctapp.errors import DomainError
from doctapp.notifications import account_telling, telling
from doctapp.web import cookies, formkey
from doctapp.web.access import fresh
from doctapp.web.htmx import see_other
from doctapp.web.urls import local_path


def may_join(person_id: int, way: ways.Way) -> Person | None:
    """Whose phone this is, where they may be joined into this person; None where it is nobody's or one's own.

    Raises AnotherPersons for everybody else: whoever has an address, a password or a role signs in there first.
    """
    if way.kind != "phone":
        _refuse_address(person_id, way)
        return None
    other = joining.candidate(person_id=person_id, phone=way.value, now=clock.now())
    if other and (is_doctor_of_any_kind(other.id) or works_at(other.id)):
        raise people.AnotherPersons
    return other


def _refuse_address(person_id: int, way: ways.Way) -> None:
    owner = people.owner_of(way.kind, way.value)
    if owner and owner.id != person_id:
        raise people.AnotherPersons


def _next() -> str:
    return local_path(request.values.get("next"), url_for("accounts.my_ways", ok="joined"))


def _proven() -> dict[str, Code]:
    """The phones that this browser proved within fifteen minutes and that are somebody else's."""
    proven = codes.proven_lately(cookies.browser_hash(), now=clock.now()) if cookies.has_browser() else []
    return {code.address: code for code in proven if code.kind == "phone" and _is_anothers(code.address)}


def _is_anothers(phone: str) -> bool:
    owner = people.owner_of("phone", phone)
    return owner is not None and owner.id != current_user.id


def _question(phone: str, shown: str, form: JoiningForm, status: int = 200) -> ResponseReturnValue:
    other = may_join(current_user.id, ways.Way("phone", phone, shown))
    if other is None:
        return redirect(url_for("accounts.my_ways"), 303)
    counts = {"bookings": bookings.bookings_of(other.id), "patients": joining.patients_of(other.id)}
    return render_template("accounts/joining.html", form=form, shown=shown, next=_next(), **counts), status


@bp.get("/account/ways/joining")
@fresh
def joining_question() -> ResponseReturnValue:
    """What joining means: what comes along, and that it cannot be undone."""
    sent = next(iter(_proven().values()), None)
    if sent is None:
        return redirect(_next(), 303)
    form = JoiningForm(formdata=None, phone=sent.address, form_key=formkey.draw())
    return _question(sent.address, sent.shown, form)


@bp.post("/account/ways/joining")
@fresh
def join() -> ResponseReturnValue:
    """Join the phone-only person whose phone this browser just proved: all in one transaction, once."""
    form = JoiningForm()
    if not form.validate_on_submit():
        return redirect(url_for("accounts.joining_question", next=_next()), 303)
    person_id, phone, led_to, now = int(current_user.id), form.phone.data or "", _next(), clock.now()
    with transaction():
        formkey.spend(bearer=cookies.bearer(), key=form.form_key.data or "", led_to=led_to, now=now)
        if phone not in _proven():
            raise ProofRanOut
        _join(person_id, phone)
    return see_other(led_to)


class ProofRanOut(DomainError):
    """The code that proved the phone was typed too long ago, or in another browser, or nobody else has the phone now."""

    message = _l("Prove this number once more: fifteen minutes have passed, or it was joined meanwhile.")


def _join(person_id: int, phone: str) -> None:
    """Under the lock of both everything is looked at again; then ways, patients, notices and bookings move."""
    now = clock.now()
    owner = people.owner_of("phone", phone)
    if owner is None:
        raise people.AnotherPersons
    joining.lock_both(person_id, owner.id)
    other = may_join(person_id, ways.Way("phone", phone, phone))
    if other is None:
        raise people.AnotherPersons
    other_id, shown = other.id, next(way.shown for way in other.ways_in if way.value == phone)
    joining.join(person_id=person_id, other_id=other_id, phone=phone, now=now)
    telling.move(person_id=person_id, other_id=other_id)
    bookings.move(person_id=person_id, other_id=other_id)
    account_telling.joined(person_id, shown, now=now)
