"""The outbox: a letter is written, in its reader's language, in the transaction of what it tells.

Templates: `mail/<kind>/subject.txt`, `body.txt` and `body.html`, or `sms/<kind>.txt`. They see the facts they are
given, and `public_url`, `host`, `help_phone` and `language`; links begin with `public_url`, because letters know no
request.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from flask import current_app
from flask_babel import force_locale
from sqlalchemy import select

from doctapp.db import after_commit, db, insert
from doctapp.notifications.models import Letter
from doctapp.sealing import seal
from doctapp.work import bell

LONGEST_SUBJECT = 200


def write(
    *,
    channel: str,
    kind: str,
    cause: str,
    about: str,
    address: str,
    language: str,
    facts: Mapping[str, Any],
    now: datetime,
    due_at: datetime | None = None,
    expires_at: datetime | None = None,
    secret: bool = False,
) -> Letter:
    """Write one letter, once a channel, cause and address; it is rung for after the commit if it is due now."""
    due_at = due_at or now
    parts = _rendered(channel=channel, kind=kind, language=language, facts=facts)
    if secret:
        parts |= {name: seal(parts[name]) for name in ("body", "html") if parts[name]}
    row = {"channel": channel, "kind": kind, "cause": cause, "about": about, "address": address, "language": language}
    times = {"created_at": now, "due_at": due_at, "expires_at": expires_at}
    writing = insert(Letter).values(**row, **parts, **times, secret=secret).on_conflict_do_nothing()
    written = db.session.scalar(writing.returning(Letter.id))
    if written is not None and due_at <= now:
        after_commit(lambda: bell.ring("notifications.send", written))
    found = select(Letter).filter_by(channel=channel, cause=cause, address=address)
    return db.session.scalars(found).one()


def _rendered(*, channel: str, kind: str, language: str, facts: Mapping[str, Any]) -> dict[str, str]:
    with force_locale(language):
        if channel == "sms":
            return {"subject": "", "body": _text(f"sms/{kind}.txt", language, facts), "html": ""}
        subject = " ".join(_text(f"mail/{kind}/subject.txt", language, facts).split())
        return {
            "subject": subject[:LONGEST_SUBJECT],
            "body": _text(f"mail/{kind}/body.txt", language, facts) + "\n",
            "html": _text(f"mail/{kind}/body.html", language, facts),
        }


def _text(template: str, language: str, facts: Mapping[str, Any]) -> str:
    """The template's words; not by render_template, whose context processors ask for a request."""
    settings = current_app.config["SETTINGS"]
    known = {
        "public_url": settings.public_url,
        "host": urlsplit(settings.public_url).hostname,
        "help_phone": settings.help_phone,
        "language": language,
    }
    return current_app.jinja_env.get_template(template).render(known | dict(facts)).strip()
