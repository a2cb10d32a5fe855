"""What the tests of bad input send, count, and let go by."""

import re
from datetime import timedelta

from sqlalchemy import func, select, update

from doctapp import clock
from doctapp.accounts.models import Code, Tally
from doctapp.db import db
from tests.access.test_table import token
from tests.appointments.steps import PHONE

FORM = "application/x-www-form-urlencoded"
TOKENS = re.compile(r"[\w.-]{60,}")


def post(client, path, *, headers=None, **fields):
    """Send a form as one that was seen a moment ago."""
    return client.post(path, data={"csrf_token": token(client), **fields}, headers=headers)


def typed_answers(**changes):
    return {"who": "new", "name": "Momena Bibi", "age": "58", "sex": "female", "phone": PHONE, "visit": "new",
            "reason": "Cough <b>since</b> May", **changes}  # fmt: skip


def count(row):
    return db.session.scalar(select(func.count()).select_from(row))


def tell_many(kind, key, many, *, at=None):
    """As many were counted already."""
    db.session.add_all([Tally(kind=kind, key=key, at=at or clock.now()) for _ in range(many)])
    db.session.commit()


def later(hours):
    """Let this many hours pass for everything that was counted and sent."""
    for column in (Tally.at, Code.sent_at):
        for row_id, at in db.session.execute(select(column.class_.id, column)).all():
            earlier = {column.key: at - timedelta(hours=hours)}
            db.session.execute(update(column.class_).where(column.class_.id == row_id).values(earlier))
    db.session.commit()
