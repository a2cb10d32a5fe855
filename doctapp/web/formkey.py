"""Form keys: a repeated POST of a form that creates or pays has one effect (domain.md, invariant 6).

The key is drawn when the form is shown and spent inside the effect's own transaction. A repeat is sent where the
first one led; other content on a spent key is refused with what was done before.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from datetime import datetime

from flask import request
from flask_babel import lazy_gettext as _l
from sqlalchemy import String, UniqueConstraint, select
from sqlalchemy.orm import Mapped, mapped_column

from doctapp.db import Moment, Row, db, insert
from doctapp.errors import DomainError

UNHASHED = {"csrf_token", "form_key"}


class FormKey(Row):
    """A spent form key: who spent it, on what, and where it led."""

    __tablename__ = "form_key"
    __table_args__ = (UniqueConstraint("bearer", "key"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    bearer: Mapped[str] = mapped_column(String(64))
    key: Mapped[str] = mapped_column(String(64))
    route: Mapped[str] = mapped_column(String(200))
    digest: Mapped[str] = mapped_column(String(64))
    led_to: Mapped[str] = mapped_column(String(300))
    spent_at: Mapped[datetime] = mapped_column(Moment, index=True)


class AlreadyDone(DomainError):
    """The key was spent on other content."""

    status = 409
    message = _l("You already sent this form with other answers. Look at what was done before you send it again.")


class Repeat(Exception):
    """The key was spent on the very same content; `led_to` is where the first one led."""

    def __init__(self, led_to: str) -> None:
        super().__init__(led_to)
        self.led_to = led_to


def draw() -> str:
    """A fresh key for a form that is being shown."""
    return secrets.token_urlsafe(16)


def spend(*, bearer: str, key: str, led_to: str, now: datetime) -> None:
    """Spend the key with the effect; raises Repeat where it was spent so before, AlreadyDone on other content."""
    if not key:
        return
    row = {"bearer": bearer, "key": key[:64], "route": request.path, "digest": digest(), "led_to": led_to}
    spending = insert(FormKey).values(**row, spent_at=now).on_conflict_do_nothing().returning(FormKey.id)
    if db.session.scalar(spending) is None:
        _refuse(bearer=bearer, key=key[:64])


def check_unspent(*, bearer: str, key: str) -> None:
    """Raise as `spend` does where the key was spent before; for acts that spend it only where they came to something."""
    if key and db.session.scalar(select(FormKey.id).filter_by(bearer=bearer, key=key[:64])):
        _refuse(bearer=bearer, key=key[:64])


def _refuse(*, bearer: str, key: str) -> None:
    spent = db.session.scalars(select(FormKey).filter_by(bearer=bearer, key=key)).one()
    if (spent.route, spent.digest) == (request.path, digest()):
        raise Repeat(spent.led_to)
    raise AlreadyDone(led_to=spent.led_to)


def digest() -> str:
    """The digest of what was posted, tokens apart."""
    fields = sorted((name, request.form.getlist(name)) for name in request.form if name not in UNHASHED)
    return hashlib.sha256(json.dumps(fields).encode()).hexdigest()
