"""Finding a ticket without signing in, by its reference and the last four digits of the phone."""

from __future__ import annotations

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue

from doctapp import clock
from doctapp.accounts import limits
from doctapp.appointments import looking, references
from doctapp.appointments.forms import TicketForm
from doctapp.appointments.routes import bp
from doctapp.db import transaction
from doctapp.errors import DomainError
from doctapp.web import cookies
from doctapp.web.access import anyone
from doctapp.web.errors import with_wait
from doctapp.web.fields import in_latin
from doctapp.web.htmx import see_other


def _page(form: TicketForm, status: int = 200) -> ResponseReturnValue:
    return render_template("appointments/ticket_lookup.html", form=form), status


@bp.get("/ticket")
@anyone
def find_ticket() -> ResponseReturnValue:
    """The form; a link may carry the reference, never the digits."""
    return _page(TicketForm(formdata=None, ref=references.read(request.args.get("ref", "")) or ""))


@bp.post("/ticket")
@anyone
def create_look() -> ResponseReturnValue:
    """To the ticket, which then shows the name and may be cancelled in this browser for half an hour."""
    form = TicketForm()
    if not form.validate_on_submit():
        return _page(form, 422)
    ref = references.read(form.ref.data) or ""
    refusal = _refusal(ref, digits=in_latin(form.digits.data))
    if refusal:
        form.form_errors.append(str(refusal))
        return with_wait(_page(form, refusal.status), refusal)
    cookies.keep_browser()
    return see_other(url_for("appointments.show", ref=ref, ok="looked"))


def _refusal(ref: str, *, digits: str) -> DomainError | None:
    with transaction():
        return looking.look(
            ref=ref,
            digits=digits,
            browser_hash=cookies.browser_hash(),
            address=limits.address_key(request.remote_addr or ""),
            now=clock.now(),
        )
