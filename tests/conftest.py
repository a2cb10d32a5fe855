"""The stage: the application on both databases, with clean tables for each test."""

from __future__ import annotations

import contextvars
import functools
import gc
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import flask_migrate
import pytest
from argon2 import PasswordHasher
from flask import Flask, has_app_context
from flask.testing import FlaskClient
from sqlalchemy import text

from doctapp import clock, create_app
from doctapp.accounts import passwords
from doctapp.config import Settings
from doctapp.db import Row, db
from tests import make, money, people
from tests.people import NOW, Scene
from tests.races import racing
from tests.servers import postgres

DATABASES = ("sqlite", "postgresql")
HERE = Path(__file__).parent
# Their servers are started once, so each of these runs whole in one process, the longest first; the first of all while
# the small tests run. The look at all pages takes as long as the rest of its room, and is one of its own.
TOGETHER = ("races", "browser", "browser/test_axe.py", "faults", "journeys", "crawler")


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Where tests run side by side, whatever is no race stands back, so that the racers have the machine's cores."""
    if hasattr(item.config, "workerinput") and room(item) != "races":
        os.setpriority(os.PRIO_PROCESS, 0, 10)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The races come first, beside the small tests, and what else starts servers last: never two of them at once."""
    items.sort(key=lambda item: TOGETHER.index(whole) if (whole := together(item.nodeid)) else 0.5)


def pytest_collection_finish() -> None:
    """Thousands of collected tests stay until the end: the garbage collector need not look at them again and again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Where tests run side by side, what shares servers stays together."""
    from xdist.scheduler import LoadScopeScheduling

    class Together(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return together(nodeid) or nodeid

    return Together(config, log)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Hand what the races saw to the process that prints the end of the run."""
    if (output := getattr(session.config, "workeroutput", None)) is not None:
        output["races"] = racing.summary


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Take it over."""
    racing.summary.extend(getattr(node, "workeroutput", {}).get("races", ()))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Show at the end of the run how many calls of the races truly overlapped."""
    if racing.summary:
        terminalreporter.section("races")
        for line in racing.summary:
            terminalreporter.write_line(line)


def together(nodeid: str) -> str:
    """Which of TOGETHER a test belongs to; empty where it may run anywhere."""
    place = nodeid.partition("/")[2].partition("::")[0]
    return next((whole for whole in (place, place.partition("/")[0]) if whole in TOGETHER), "")


def room(item: pytest.Item) -> str:
    """The folder of `tests/` that a test stands in."""
    return item.path.relative_to(HERE).parts[0]


class Browser(FlaskClient):
    """A test client whose requests run in a context of their own, as on a server; the test then reads anew."""

    def open(self, *args: Any, **kwargs: Any) -> Any:
        response = contextvars.Context().run(super().open, *args, **kwargs)
        if has_app_context():
            db.session.rollback()
        return response


def settings(database_url: str, instance: Path, **changes: Any) -> Settings:
    """The settings of an application under test: demo mode, its own database, no Redis."""
    given = {
        "mode": "demo",
        "secret_key": "a secret for tests that is long enough",
        "redis_url": "redis://127.0.0.1:1/0",
        "public_url": "http://localhost",
        **changes,
    }
    return Settings(database_url=database_url, instance=instance, **given)


def make_app(database_url: str, instance: Path, **changes: Any) -> Flask:
    """An application with its tables made by the migrations."""
    app = create_app(settings(database_url, instance, **changes))
    app.test_client_class = Browser
    with app.app_context():
        flask_migrate.upgrade()
    return app


@pytest.fixture(scope="session", params=DATABASES)
def database(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of an empty database, once on SQLite and once on PostgreSQL."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path_factory.mktemp('database')}/doctapp.db"
        return
    url = postgres.new_database(postgres.postgres_url())
    yield url
    postgres.drop_database(url)


@pytest.fixture(scope="session")
def application(database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """One application a database and run."""
    app = make_app(database, tmp_path_factory.mktemp("instance"))
    yield app
    with app.app_context():
        db.engine.dispose()


@pytest.fixture(scope="session", autouse=True)
def quick_passwords() -> Iterator[None]:
    """Passwords cost next to nothing in this process; what they cost in the product has a test of its own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passwords, "hasher", functools.cache(lambda: PasswordHasher(1, 8, 1)))
        yield


@pytest.fixture
def from_now(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each test begins at NOW, however long the others took, and time goes on from there."""
    real = clock.now
    begun = real()
    monkeypatch.setattr(clock, "now", lambda: NOW + (real() - begun))


@pytest.fixture
def app(application: Flask, from_now: None) -> Iterator[Flask]:
    """The application with clean tables, its context open for the test's own rows; in the end all money is somewhere."""
    with application.app_context():
        clean()
        yield application
        try:
            money.balanced()
        finally:
            db.session.rollback()
            db.session.remove()
    shutil.rmtree(Path(application.instance_path) / "sandbox", ignore_errors=True)


def clean() -> None:
    """Empty every table, children first; the audit's, which refuse that, with their triggers put aside."""
    db.session.rollback()
    with triggers_aside():
        _empty_tables()


@contextmanager
def triggers_aside() -> Iterator[None]:
    """Let this transaction do what triggers refuse; it is committed here.

    A commit inside would go on with another connection, which takes its own old picture of the schema for true.
    """
    if db.engine.dialect.name == "postgresql":
        db.session.execute(text("SET session_replication_role = replica"))
        yield
        db.session.execute(text("SET session_replication_role = DEFAULT"))
        db.session.commit()
        return
    triggers = db.session.execute(text("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")).all()
    for name, _ in triggers:
        db.session.execute(text(f"DROP TRIGGER {name}"))
    yield
    for _, sql in triggers:
        db.session.execute(text(sql))
    db.session.commit()


def _empty_tables() -> None:
    tables = list(reversed(Row.metadata.sorted_tables))
    filled = db.session.execute(db.select(*(db.exists().select_from(table) for table in tables))).one()
    for table, is_filled in zip(tables, filled, strict=True):
        if is_filled:
            db.session.execute(table.delete())


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A browser that reads English."""
    return english(app)


@pytest.fixture
def other(app: Flask) -> FlaskClient:
    """Another browser."""
    return english(app)


def english(app: Flask) -> FlaskClient:
    """A new browser that reads English."""
    browser = app.test_client()
    browser.set_cookie("lang", "en")
    return browser


@pytest.fixture
def evening(app: Flask) -> Scene:
    """Dr Rokeya at Gomoti Hospital, tomorrow from five to nine, by hand."""
    clinic = make.clinic(name_en="Gomoti Hospital", name_bn="গোমতী হাসপাতাল")
    person = make.person(email="doctor@demo.test", name="Rokeya Begum", password=people.PASSWORD)
    doctor = make.doctor(slug="rokeya-begum", person_id=person.id)
    chamber = make.chamber(doctor, clinic)
    return Scene(doctor, clinic, chamber, make.sitting(chamber))


@pytest.fixture
def alice(app: Flask) -> Any:
    """A patient with a proven phone, and herself on it."""
    person = make.person(phone=people.ALICE, name="Alice Akter")
    make.patient(person, "Alice Akter", 30, oneself=True)
    return person


@pytest.fixture
def bob(app: Flask) -> Any:
    """Another patient with a proven phone."""
    person = make.person(phone=people.BOB, name="Bob Barua")
    make.patient(person, "Bob Barua", 41, oneself=True, sex="male")
    return person


@pytest.fixture
def nasrin(evening: Scene) -> Any:
    """The clerk of Gomoti Hospital."""
    person = make.person(email="desk@demo.test", name="Nasrin Akter", password=people.PASSWORD)
    make.staff(person, evening.clinic)
    return person


@pytest.fixture
def admin(app: Flask) -> Any:
    """The admin."""
    return make.person(email="admin@demo.test", name="Admin", password=people.PASSWORD, admin=True)
