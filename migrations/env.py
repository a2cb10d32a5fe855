"""How Alembic reaches the application's database; run by `flask db`."""

from contextlib import contextmanager

from alembic import context
from flask import current_app

from doctapp.db import Moment

db = current_app.extensions["migrate"].db


def render(kind, item, _context):
    """Write our UTC type as the plain column it is, so that revisions need nothing of the application."""
    if kind == "type" and isinstance(item, Moment):
        return "sa.DateTime(timezone=True)"
    return False


def options():
    """What both modes share."""
    return {"target_metadata": db.metadata, "render_item": render, "render_as_batch": True, "compare_type": True}


def run_offline():
    """Print the SQL."""
    context.configure(url=str(db.engine.url), literal_binds=True, **options())
    with context.begin_transaction():
        context.run_migrations()


def run_online():
    """Change the database."""
    with db.engine.connect() as connection:
        context.configure(connection=connection, **options())
        with untouched_children(connection), context.begin_transaction():
            context.run_migrations()


@contextmanager
def untouched_children(connection):
    """SQLite changes a table by making it anew: what refers to its rows must not be looked at meanwhile."""
    if connection.dialect.name != "sqlite":
        yield
        return
    driver = connection.connection.driver_connection
    driver.execute("PRAGMA foreign_keys=OFF")
    try:
        yield
        broken = driver.execute("PRAGMA foreign_key_check").fetchall()
    finally:
        driver.execute("PRAGMA foreign_keys=ON")
    if broken:
        raise RuntimeError(f"rows refer to rows that are not there: {broken[:5]}")


if context.is_offline_mode():
    run_offline()
else:
    run_online()
