"""How Alembic reaches the application's database; run by `flask db`."""

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
        with context.begin_transaction():
            context.run_migrations()


if context.is_offline_mode():
    run_offline()
else:
    run_online()
