"""What was mailed to whom, with its links, and the steps of registering."""

import re
from typing import Any

from sqlalchemy import select

from doctapp.db import db
from doctapp.notifications.models import Letter
from doctapp.sealing import unseal

PASSWORD = "green mango tree"
EMAIL = "new@example.org"


def letters(kind: str | None = None) -> list[Letter]:
    """The letters written so far, or those of one kind."""
    query = select(Letter).order_by(Letter.id)
    return list(db.session.scalars(query if kind is None else query.filter_by(kind=kind)))


def told(kind: str) -> list[tuple[str, str]]:
    """By which channel and to whom this was told; a letter that was over when it was written tells nobody."""
    return sorted((letter.channel, letter.address) for letter in letters(kind) if not is_over(letter))


def is_over(letter: Letter) -> bool:
    """Whether it was never to be sent."""
    return letter.expires_at is not None and letter.expires_at <= letter.created_at


def words(letter: Letter) -> str:
    """What a letter says."""
    assert letter.body
    return unseal(letter.body) if letter.secret else letter.body


def link(kind: str) -> str:
    """The first path on our site that the newest letter of this kind links to."""
    found = re.search(r"http://localhost(/\S+)", words(letters(kind)[-1]))
    assert found
    return found[1]


def registering(**given: Any) -> dict[str, Any]:
    """What is typed to register."""
    return {"name": "Rahima Khatun", "email": EMAIL, "password": PASSWORD, **given}
