"""Doors of this room: the list of what a person was told."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime

from flask import Blueprint, current_app, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from jinja2 import TemplateNotFound

from doctapp import clock
from doctapp.appointments import standing
from doctapp.db import transaction
from doctapp.extensions import csrf
from doctapp.notifications import queries, telling
from doctapp.notifications.models import Notification
from doctapp.web import context
from doctapp.web.access import Viewer, signed_in
from doctapp.web.htmx import page_or_fragment, see_other, wants_fragment
from doctapp.web.paging import Page, page_number

log = logging.getLogger(__name__)
SIZE = 20
ZONE = "Asia/Dhaka"

bp = Blueprint("notifications", __name__)


@context.count("unread_count")
def unread(viewer: Viewer) -> int:
    """How many notices the bell in the header shows."""
    return queries.unread_count(viewer.id)


@bp.get("/notifications")
@signed_in
def index() -> ResponseReturnValue:
    """The newest notices, or an older page of them."""
    return _list(page_number(), read=request.args.get("ok") == "read")


@bp.post("/notifications/reading")
@signed_in
def reading() -> ResponseReturnValue:
    """Everything up to the newest that was shown is read."""
    csrf.protect()
    with transaction():
        telling.mark_read(person_id=current_user.id, up_to=_up_to(), now=clock.now())
    return _list(1, read=True) if wants_fragment() else see_other(url_for("notifications.index", ok="read"))


def _up_to() -> int:
    """The newest notice the reader had seen; a form that does not say marks nothing."""
    given = request.form.get("up_to", "")
    return int(given) if given.isascii() and given.isdigit() and len(given) < 16 else 0


def _list(number: int, *, read: bool) -> ResponseReturnValue:
    person_id = current_user.id
    rows = queries.newest(person_id, limit=SIZE, offset=(number - 1) * SIZE)
    page = Page(items=rows, number=number, size=SIZE, total=queries.count(person_id))
    return page_or_fragment(
        "notifications/index.html",
        "notifications/_list.html",
        groups=_by_day([row for row in rows if _has_words(row)], clock.now()),
        now_so=standing.changed((row.id, row.kind, row.facts) for row in rows),
        shown=page,
        unread=queries.unread_count(person_id),
        up_to=queries.newest_id(person_id),
        read=read,
        swapped=wants_fragment(),
    )


def _by_day(rows: Sequence[Notification], now: datetime) -> list[tuple[bool, list[Notification]]]:
    """Today's notices and the earlier ones; a group of none is left out."""
    today = clock.local(now, ZONE).date()
    groups: dict[bool, list[Notification]] = {True: [], False: []}
    for row in rows:
        groups[clock.local(row.at, ZONE).date() >= today].append(row)
    return [(is_today, group) for is_today, group in groups.items() if group]


def _has_words(row: Notification) -> bool:
    """Whether there are words for this kind; a notice without is left out, and a mistake of ours."""
    try:
        current_app.jinja_env.get_template(f"notifications/kinds/{row.kind}.html")
    except TemplateNotFound:
        if current_app.testing:
            raise
        log.error("there are no words for notices of kind %s", row.kind)
        return False
    return True
