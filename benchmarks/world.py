"""The demo world of 300 doctors, in a temporary database of each kind."""

from __future__ import annotations

import atexit
import secrets
import tempfile
from functools import cache
from pathlib import Path

from flask import Flask
from sqlalchemy import select

from doctapp import clock
from doctapp.accounts import sessions
from doctapp.accounts.models import WayIn
from doctapp.db import db, transaction
from doctapp.seed.rows import write_world
from doctapp.web import assets, cookies
from tests.conftest import make_app
from tests.servers import postgres

DOCTORS = 300
PATIENT = "patient@demo.test"


@cache
def worlds() -> dict[str, Flask]:
    """The application on each kind of database; made once, and gone with this process."""
    folder = tempfile.TemporaryDirectory(prefix="doctapp-benchmarks-")
    atexit.register(folder.cleanup)
    addresses = {"SQLite": f"sqlite:///{folder.name}/doctapp.db", "PostgreSQL": _new_postgresql()}
    return {kind: _filled(url, Path(folder.name)) for kind, url in addresses.items()}


def _new_postgresql() -> str:
    url = postgres.new_database(postgres.postgres_url())
    atexit.register(postgres.drop_database, url)
    return url


def _filled(url: str, folder: Path) -> Flask:
    app = make_app(url, folder)
    with app.app_context():
        write_world(doctors=DOCTORS, now=clock.now(), say=lambda _text: None)
        atexit.register(db.engine.dispose)
    return app


def signed_in(app: Flask) -> dict[str, str]:
    """The cookies of a patient who has signed in and has the stylesheet."""
    token = secrets.token_urlsafe(32)
    with app.app_context(), transaction():
        person = select(WayIn.person_id).where(WayIn.value == PATIENT)
        sessions.start(person_id=db.session.scalars(person).one(), token_hash=cookies.hashed(token), now=clock.now())
    return {"session": token, **with_stylesheet()}


def with_stylesheet() -> dict[str, str]:
    """The cookie of a browser that has been here before."""
    return {"css": assets.manifest()[assets.STYLESHEET]}
