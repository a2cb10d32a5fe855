"""The doors of one's ways in: the list, proving another phone or address by a code, taking one away."""

from __future__ import annotations

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from doctapp import clock
from doctapp.accounts import codes, people, ways
from doctapp.accounts.forms import BareForm, CodeForm
from doctapp.accounts.forms_ways import NewWayForm
from doctapp.accounts.models import Code
from doctapp.accounts.routes import bp, code_sent, send_code
from doctapp.accounts.routes_joining import may_join
from doctapp.db import transaction
from doctapp.errors import DomainError, NotFound
from doctapp.notifications import account_telling
from doctapp.web import cookies
from doctapp.web.access import fresh
from doctapp.web.errors import with_wait
from doctapp.web.htmx import see_other


def begin_proof(way: ways.Way) -> str:
    """Send a code to a phone or an address that the signed-in person typed; the page to type it on.

    For doors, inside their transaction. Raises AnotherPersons for somebody else's that can't be joined, or the limits
    of codes.
    """
    may_join(current_user.id, way)
    send_code(way)
    return url_for("accounts.way_code")


def prove_way(person_id: int, way: ways.Way) -> bool:
    """A code proved this way in this browser: make it the person's and tell; for doors, inside their transaction.

    False where it belongs to somebody whom one is asked to join first; raises AnotherPersons.
    """
    now = clock.now()
    if current_user.bookings_only:
        raise people.OldNumberOnly
    if may_join(person_id, way):
        return False
    added = people.add_way_in(person_id=person_id, kind=way.kind, value=way.value, shown=way.shown, now=now)
    if added:
        account_telling.way_added(person_id, added, now=now)
    return True


def _list(form: NewWayForm, status: int = 200, refusal: str = "") -> ResponseReturnValue:
    rows = people.ways_of(current_user.id)
    return render_template(
        "accounts/ways.html",
        rows=rows,
        proven=sum(row.proven_at is not None for row in rows),
        old=clock.now() - people.PROOF_LASTS,
        form=form,
        removal=BareForm(formdata=None),
        refusal=refusal,
        ok=request.args.get("ok", ""),
    ), status


@bp.get("/account/ways")
@fresh
def my_ways() -> ResponseReturnValue:
    """The phones and addresses this person signs in with."""
    return _list(NewWayForm(formdata=None))


@bp.post("/account/ways")
@fresh
def create_way() -> ResponseReturnValue:
    """Send a code to another phone or address, or to one's own to prove it again."""
    form = NewWayForm()
    if not form.validate_on_submit():
        return _list(form, 422)
    try:
        with transaction():
            led_to = begin_proof(ways.read(form.way.data or ""))
    except DomainError as refusal:
        form.way.errors = [str(refusal)]
        return with_wait(_list(form, refusal.status), refusal)
    return see_other(led_to)


def _code_page(sent: Code, form: CodeForm, status: int = 200) -> ResponseReturnValue:
    again = NewWayForm(formdata=None, way=sent.shown)
    return render_template("accounts/way_code.html", sent=sent, form=form, again=again), status


@bp.get("/account/ways/code")
@fresh
def way_code() -> ResponseReturnValue:
    """Type the code that was sent to the new way; looking at this page never sends one."""
    sent = code_sent()
    if sent is None:
        return redirect(url_for("accounts.my_ways"), 303)
    return _code_page(sent, CodeForm(formdata=None))


@bp.post("/account/ways/code")
@fresh
def prove_way_code() -> ResponseReturnValue:
    """The code proves the new way; one that is somebody else's is asked about."""
    sent, form = code_sent(), CodeForm()
    if sent is None:
        return redirect(url_for("accounts.my_ways"), 303)
    if not form.validate_on_submit():
        return _code_page(sent, form, 422)
    person_id, way = int(current_user.id), ways.Way(sent.kind, sent.address, sent.shown)
    browser, typed, is_mine = cookies.browser_hash(), form.code.data or "", True
    try:
        with transaction():
            refusal = codes.prove(browser_hash=browser, address=way.value, typed=typed, now=clock.now())
            if refusal is None:
                is_mine = prove_way(person_id, way)
    except DomainError as another:
        refusal = another
    if refusal:
        form.code.errors = [str(refusal)]
        return with_wait(_code_page(sent, form, refusal.status), refusal)
    return see_other(url_for("accounts.my_ways", ok="added") if is_mine else url_for("accounts.joining_question"))


@bp.post("/account/ways/<int:way_id>/removal")
@fresh
def remove_way(way_id: int) -> ResponseReturnValue:
    """Take a way in away, never the last proven one; told to all others and to it."""
    if not BareForm().validate_on_submit():
        raise NotFound
    now = clock.now()
    try:
        with transaction():
            way = people.remove(way_id, person_id=current_user.id, now=now)
            if way.proven_at:
                account_telling.way_removed(current_user.id, way, now=now)
    except people.LastWayIn as refusal:
        return _list(NewWayForm(formdata=None), refusal.status, str(refusal))
    return see_other(url_for("accounts.my_ways", ok="removed"))
