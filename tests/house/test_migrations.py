"""The migrations run up and down on both databases and make the tables the models say."""

from __future__ import annotations

import flask_migrate
import pytest
from sqlalchemy import inspect

from doctapp import create_app
from doctapp.db import db
from tests.conftest import DATABASES, settings
from tests.servers import postgres


@pytest.fixture(params=DATABASES)
def empty(request, tmp_path):
    """An application on a database without tables."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path}/empty.db"
    else:
        url = postgres.new_database(postgres.postgres_url())
    app = create_app(settings(url, tmp_path))
    with app.app_context():
        yield app
        db.session.remove()
        db.engine.dispose()
    if request.param == "postgresql":
        postgres.drop_database(url)


def tables():
    return {name for name in inspect(db.engine).get_table_names() if name != "alembic_version"}


def test_up_down_and_up_again(empty):
    flask_migrate.upgrade()
    assert tables() == set(db.metadata.tables)

    flask_migrate.downgrade(revision="base")
    assert tables() == set()

    flask_migrate.upgrade()
    assert tables() == set(db.metadata.tables)


def test_the_migrations_say_what_the_models_say(empty):
    flask_migrate.upgrade()

    flask_migrate.check()


def test_the_live_predicate_is_partial_on_both(empty):
    """Given for one database only it would be a full unique index on the other: an ended number sold never again."""
    flask_migrate.upgrade()

    unique = {index["name"]: index for index in inspect(db.engine).get_indexes("appointment") if index["unique"]}
    dialect = db.engine.dialect.name
    for name in ("uq_appointment_place", "uq_appointment_patient", "uq_appointment_hold"):
        assert unique[name]["dialect_options"][f"{dialect}_where"] is not None
