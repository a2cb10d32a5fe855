"""Where races are run: server processes on one database, and the test's own application beside them."""

from __future__ import annotations

import itertools
import secrets
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any

from sqlalchemy import Select, make_url

from doctapp.accounts.models import Person
from doctapp.db import Row, db
from doctapp.embedded.programs import GUNICORN
from tests import make
from tests.conftest import clean, make_app
from tests.patience import PATIENCE
from tests.races.racing import Browser, Call, Races, at_once
from tests.servers import postgres
from tests.servers.ports import free_port, wait_for_port
from tests.servers.processes import Process
from tests.work.programs import environment

ROOT = Path(__file__).resolve().parents[2]
PRODUCT = "wsgi:app"
UNGUARDED = "tests.races.unguarded:app"
SWEEPING = "tests.races.sweeping:app"
PRELOADED = [*GUNICORN, "--preload"]
ONE_AT_A_TIME = [sys.executable, "-m", "gunicorn", "-k", "sync", "-w", "2", "--no-control-socket", "--preload"]
ONE_AT_A_TIME += ["--log-level", "warning"]
# Races come from one address and want to see who wins, not who has tried too often.
RAISED = {"HOLDS_PER_BROWSER_HOUR": "1000000", "HOLDS_PER_ADDRESS_HOUR": "1000000"}
NAMES = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}


def waited_for(url: str) -> str:
    """The address of this PostgreSQL for who waits for a lock until it is their turn, however slow the machine is."""
    waits = f"-c lock_timeout={PATIENCE:g}s -c statement_timeout={PATIENCE:g}s"
    return postgres.written(make_url(url).update_query_dict({"options": waits}))


class Server:
    """One gunicorn with two worker processes."""

    def __init__(self, command: Sequence[str], entry: str, env: dict[str, str], output: Path) -> None:
        self.port = free_port()
        self.output = output
        bind = ["--bind", f"127.0.0.1:{self.port}"]
        self._process = Process([*command, *bind, entry], env=env, cwd=ROOT, output=output)

    def wait(self) -> None:
        """Return when it answers."""
        wait_for_port(self.port, 60)
        answer = Browser(self.port).get("/healthz")
        assert answer.status_code == 200, f"It does not serve:\n{self._process.tail()}"

    def stop(self) -> None:
        """End its processes at once; nothing of a race is kept."""
        self._process.kill()


class Stage:
    """A new database with servers on it, perhaps without some of their guards.

    A `patient` one is for who wants to see who wins, not whether the machine was quick: nobody is turned away for a lock.
    """

    def __init__(
        self,
        kind: str,
        folder: Path,
        *,
        guards_off: str = "",
        servers: int = 2,
        patient: bool = False,
        **env: str,
    ) -> None:
        self.kind, self.folder, self.guards_off = kind, folder, guards_off
        self.url = f"sqlite:///{folder / 'doctapp.db'}"
        if kind == "postgresql":
            url = postgres.new_database(postgres.postgres_url())
            self.url = waited_for(url) if patient else url
        self.app = make_app(self.url, folder)
        self._env = {**environment(self.app.config["SETTINGS"]), **RAISED, "GUARD_OFF": guards_off, **env}
        command, entry = (PRELOADED, UNGUARDED) if guards_off else (GUNICORN, PRODUCT)
        self.servers = [self._served(command, entry, f"server-{n}.log") for n in range(servers)]
        self._all = list(self.servers)
        self._lost: tuple[str, ...] = ()
        self._next = itertools.cycle(self.servers)
        for server in self.servers:
            server.wait()

    def _served(self, command: Sequence[str], entry: str, log: str) -> Server:
        return Server(command, entry, self._env, self.folder / log)

    @cached_property
    def _sweepers(self) -> Server:
        server = self._served(ONE_AT_A_TIME, SWEEPING, "sweepers.log")
        self._all.append(server)
        wait_for_port(server.port, 60)
        at_once([Browser(server.port).posting("/accounts.purge") for _ in range(2)])
        return server

    def stop(self) -> None:
        """End the servers and take the database away."""
        for server in self._all:
            server.stop()
        with self.app.app_context():
            db.engine.dispose()
        if self.kind == "postgresql":
            postgres.drop_database(self.url)

    @contextmanager
    def without(self, *names: str) -> Iterator[None]:
        """Drop indexes for a while; afterwards all rows are gone, for with some of them no index could be made."""
        indexes = [index for table in Row.metadata.tables.values() for index in table.indexes if index.name in names]
        db.session.rollback()
        for index in indexes:
            index.drop(db.engine)
        self._lost = names
        yield
        self._lost = ()
        clean()
        for index in indexes:
            index.create(db.engine)

    def next_port(self) -> int:
        """The port of the next server."""
        return next(self._next).port

    def browser(self, token: str = "", **cookies: str) -> Browser:
        """A browser with a cookie of its own, or with this one; each next one is at the next server."""
        return Browser(self.next_port(), browser=token or secrets.token_urlsafe(32), **cookies)

    def browser_of(self, person: Person, token: str = "") -> Browser:
        """A browser in which this person is signed in."""
        browser = self.browser(token)
        make.sign_in(browser, person)
        return browser

    def sweep(self, step: str = "sweep") -> Call:
        """A whole sweep, or one step of it, in a process that does one at a time; it waits for its moment."""
        return Browser(self._sweepers.port).posting(f"/{step}")

    def races(self, name: str) -> Races:
        """Races of this name on this database."""
        lost = ", ".join(filter(None, (*self.guards_off.split(","), *self._lost)))
        return Races(f"{name}, {NAMES[self.kind]}" + (f", without {lost}" if lost else ""))

    def rows(self, query: Select[Any]) -> list[Any]:
        """What the database says now."""
        db.session.rollback()
        return list(db.session.scalars(query).all())

    def log(self) -> str:
        """What the servers said."""
        return "".join(server.output.read_text(errors="replace") for server in self._all)
