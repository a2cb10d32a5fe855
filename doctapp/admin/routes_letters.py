"""The doors of letters that could not be sent: the list, never with their words, and sending one again."""

from __future__ import annotations

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from doctapp import clock
from doctapp.admin import queries, wording
from doctapp.admin.forms import BareForm
from doctapp.admin.routes import bp
from doctapp.audit.recording import record
from doctapp.db import db, transaction
from doctapp.errors import NotFound
from doctapp.notifications import resending
from doctapp.notifications.models import Letter
from doctapp.web.access import admin_only
from doctapp.web.htmx import see_other
from doctapp.web.paging import Page, page_number

SIZE = 20


def _page(status: int = 200, refusal: str = "") -> ResponseReturnValue:
    now, number = clock.now(), page_number()
    rows, total = resending.dead(page=number, size=SIZE)
    return render_template(
        "admin/letters.html",
        page=Page(rows, number, SIZE, total),
        words=wording.LETTERS,
        masked=resending.masked,
        sendable={row.id for row in rows if resending.can_be_sent(row, now=now)},
        done=queries.letters_done(),
        form=BareForm(formdata=None),
        refusal=refusal,
        ok=request.args.get("ok", ""),
    ), status


@bp.get("/admin/letters")
@admin_only
def letters() -> ResponseReturnValue:
    """The letters that could not be sent: how, to whom about, when, and what was wrong."""
    return _page()


@bp.post("/admin/letters/<int:letter_id>/resending")
@admin_only
def resend_letter(letter_id: int) -> ResponseReturnValue:
    """Let a dead letter begin anew; one that is no longer true ends when it is looked at."""
    if not BareForm().validate_on_submit() or db.session.get(Letter, letter_id) is None:
        raise NotFound
    now = clock.now()
    with transaction():
        sent = resending.send_again(letter_id, now=now)
        if sent:
            record("resend_letter", kind="letter", row_id=letter_id, person_id=current_user.id, side="admin", now=now)
    if sent:
        return see_other(url_for("admin.letters", ok="sent"))
    first = queries.who_was_first("letter", letter_id)
    return _page(409, first or _("This letter can’t be sent again. Nothing was changed."))
