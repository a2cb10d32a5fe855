"""Whether we are well: what a load balancer asks."""

from __future__ import annotations

import pytest
from sqlalchemy.exc import OperationalError

from doctapp.db import db


def test_we_are_well_while_the_database_answers(client, app):
    answer = client.get("/healthz")

    assert (answer.status_code, answer.text, answer.mimetype) == (200, "ok\n", "text/plain")
    assert answer.headers["Cache-Control"] == "no-store"
    assert "Set-Cookie" not in answer.headers


def test_we_are_not_well_without_the_database(client, app, monkeypatch: pytest.MonkeyPatch):
    def fails(*_args, **_kwargs):
        raise OperationalError("SELECT 1", {}, Exception("gone"))

    monkeypatch.setattr(db.session, "execute", fails)

    answer = client.get("/healthz")

    assert answer.status_code == 503
    assert answer.headers["Cache-Control"] == "no-store"
