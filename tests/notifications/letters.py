"""Letters for tests: their words come from templates that only the tests have."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from jinja2 import ChoiceLoader, DictLoader
from sqlalchemy import select

from doctapp.db import db, transaction
from doctapp.notifications import outbox
from doctapp.notifications.models import Letter
from tests import people
from tests.people import NOW

PHONE = people.ALICE
ADDRESS = "alice@example.org"
WORDS = {
    "sms/tale.txt": "{{ (number or 12)|digits }} {{ words }}   \n\n",
    "mail/tale/subject.txt": "{{ (number or 12)|digits }}\n {{ words }}\r\n",
    "mail/tale/body.txt": "{{ words }}\n{% include 'mail/_foot.txt' %}",
    "notifications/kinds/tale.html": "{% extends 'notifications/kind.html' %}{% block icon %}clock{% endblock %}"
    "{% block title %}{{ facts.title }}{% endblock %}{% block words %}{{ facts.words }}{% endblock %}",
    "mail/tale/body.html": "{% extends 'mail/_layout.html' %}{% block words %}<p>{{ words }}</p>{% endblock %}",
}


@pytest.fixture
def tales(app: Flask) -> Iterator[None]:
    """The words of the kind `tale`."""
    loader = app.jinja_env.loader
    app.jinja_env.loader = ChoiceLoader([DictLoader(WORDS), loader])
    yield
    app.jinja_env.loader = loader


def write(channel: str = "mail", **given: Any) -> int:
    """Write one letter and commit it; its id."""
    facts = {"kind": "tale", "cause": "event:1", "about": "KQ7-4M2", "language": "en", "facts": {"words": "Hello"}}
    address = PHONE if channel == "sms" else ADDRESS
    with transaction():
        return outbox.write(**({"channel": channel, "address": address, "now": NOW, **facts} | given)).id


def write_code(channel: str = "sms", **given: Any) -> int:
    """Write a letter with the code 12345; its id."""
    expires_at = given.get("now", NOW) + timedelta(minutes=15)
    return write(channel, kind="code", facts={"code": "12345"}, secret=True, expires_at=expires_at, **given)


def read(letter_id: int) -> Letter:
    """The letter as it stands in the database now."""
    db.session.rollback()
    return db.session.scalars(select(Letter).filter_by(id=letter_id).execution_options(populate_existing=True)).one()


def after(**given: float) -> datetime:
    """So long after NOW."""
    return NOW + timedelta(**given)


def use(app: Flask, monkeypatch: pytest.MonkeyPatch, **settings: Any) -> None:
    """Change settings of this application for this test."""
    monkeypatch.setitem(app.config, "SETTINGS", replace(app.config["SETTINGS"], **settings))
