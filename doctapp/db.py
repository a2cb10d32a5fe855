"""The database: one code on SQLite and PostgreSQL, and the one place that commits.

Writing is `with transaction():`. It first ends the read that loading the person opened, then begins anew, so that
every row a decision rests on is read inside (domain.md, "The two databases").
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import DateTime, Dialect, MetaData, event, make_url
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeDecorator

log = logging.getLogger(__name__)
WRITE_TURN_SECONDS = 5.0


class Row(DeclarativeBase):
    """The parent of every row; constraint names are fixed so that migrations can name them."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


db = SQLAlchemy(model_class=Row, disable_autonaming=True)


class Moment(TypeDecorator[datetime]):
    """A UTC moment on both databases; a datetime without a zone is refused."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment needs a time zone")
        moment = value.astimezone(UTC)
        return moment.replace(tzinfo=None) if dialect.name == "sqlite" else moment

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class later(FunctionElement[datetime]):  # noqa: N801 - reads as the SQL function it is
    """`later(moment, minutes)` in SQL: so many minutes of elapsed time after a stored moment."""

    type = Moment()
    inherit_cache = True
    name = "later"


@compiles(later, "sqlite")
def _later_sqlite(element: later, compiler: Any, **kw: Any) -> str:
    moment, minutes = (compiler.process(part, **kw) for part in element.clauses)
    return f"strftime('%Y-%m-%d %H:%M:%S.000000', {moment}, ({minutes}) || ' minutes')"


@compiles(later, "postgresql")
def _later_postgresql(element: later, compiler: Any, **kw: Any) -> str:
    moment, minutes = (compiler.process(part, **kw) for part in element.clauses)
    return f"({moment} + make_interval(mins => CAST({minutes} AS integer)))"


def insert(row: type[Any]) -> Any:
    """An INSERT that knows ON CONFLICT, in the dialect of the database at hand."""
    dialect = sqlite if db.engine.dialect.name == "sqlite" else postgresql
    return dialect.insert(row)


class Busy(Exception):
    """The one writer of SQLite did not come free in time; the door answers 503."""


_calls: ContextVar[list[Callable[[], None]] | None] = ContextVar("after_commit_calls", default=None)
_write_turn = threading.Lock()


@contextmanager
def _turn_to_write() -> Iterator[None]:
    """SQLite has one writer: the threads of a process queue here instead of in its busy handler."""
    if db.engine.dialect.name != "sqlite":
        yield
        return
    if not _write_turn.acquire(timeout=WRITE_TURN_SECONDS):
        raise Busy
    try:
        yield
    finally:
        _write_turn.release()


@contextmanager
def transaction() -> Iterator[None]:
    """All or nothing, then the calls left with `after_commit`; stands only in routes, jobs and the CLI."""
    if in_transaction():
        raise RuntimeError("transactions do not nest: the outer door already opened one")
    calls: list[Callable[[], None]] = []
    db.session.rollback()
    with _turn_to_write():
        token = _calls.set(calls)
        try:
            db.session.connection(execution_options={"immediate": True})
            yield
            db.session.commit()
        except BaseException:
            db.session.rollback()
            raise
        finally:
            _calls.reset(token)
    for call in calls:
        try:
            call()
        except Exception:
            log.exception("a call after commit failed; the sweep will do its work")


def in_transaction() -> bool:
    """Whether a `transaction()` is open in this context; gateways refuse to run then."""
    return _calls.get() is not None


def after_commit(call: Callable[[], None]) -> None:
    """Leave a call for when the open transaction has been committed; lost with a rollback, by intent."""
    calls = _calls.get()
    if calls is None:
        raise RuntimeError("after_commit needs an open transaction")
    calls.append(call)


def lock(row: type[Any], *ids: int, share: bool = False) -> None:
    """Lock rows, in the order of their ids, in a statement of its own; SQLite's one writer holds all already."""
    if db.engine.dialect.name == "sqlite":
        return
    query = db.select(row.id).where(row.id.in_(ids)).order_by(row.id)
    db.session.execute(query.with_for_update(read=share, key_share=not share)).all()


def is_transient(error: BaseException) -> bool:
    """Whether the whole view or job may simply run again: a serialization failure or a deadlock."""
    return getattr(getattr(error, "orig", None), "sqlstate", None) in {"40001", "40P01"}


def is_busy(error: BaseException) -> bool:
    """Whether a lock, a statement or SQLite's writer took too long; the door answers 503."""
    if isinstance(error, Busy):
        return True
    state = getattr(getattr(error, "orig", None), "sqlstate", None)
    return state in {"55P03", "57014"} or (isinstance(error, OperationalError) and "locked" in str(error.orig))


def _on_connect_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=5000"):
        connection.execute(f"PRAGMA {pragma}")


def _on_begin_sqlite(connection: Connection) -> None:
    immediate = connection.get_execution_options().get("immediate")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")


def engine_options(url: str) -> dict[str, Any]:
    """How SQLAlchemy shall open this database; PostgreSQL's `options` in the address come after ours, and win."""
    options: dict[str, Any] = {"pool_size": 10, "max_overflow": 10, "pool_timeout": 5, "hide_parameters": True}
    if url.startswith("postgresql"):
        given = make_url(url).query.get("options", "")
        options["connect_args"] = {
            "options": f"-c lock_timeout=3000 -c statement_timeout=15000 -c jit=off {given}".rstrip(),
            "connect_timeout": 5,
        }
        options["pool_pre_ping"] = True
    return options


def init_app(app: Flask) -> None:
    """Join the database to the application; connections are made on first use, after the server forked."""
    db.init_app(app)
    with app.app_context():
        engine: Engine = db.engine
        if engine.dialect.name == "sqlite":
            event.listen(engine, "connect", _on_connect_sqlite)
            event.listen(engine, "begin", _on_begin_sqlite)
