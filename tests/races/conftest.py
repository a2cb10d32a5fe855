"""The stages of the races: once on SQLite and once on PostgreSQL, with all guards and without some."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

import pytest

from doctapp.db import db
from tests.conftest import DATABASES
from tests.races.servers import Stage


@pytest.fixture(scope="package", params=DATABASES)
def kind(request: pytest.FixtureRequest) -> str:
    """The kind of the database."""
    return request.param


@pytest.fixture(scope="package")
def guarded(kind: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """Two servers of the product on one database."""
    stage = Stage(kind, tmp_path_factory.mktemp(f"races-{kind}"), patient=True)
    yield stage
    stage.stop()


@pytest.fixture
def stage(guarded: Stage) -> Iterator[Stage]:
    """The servers, with the test's own application open for its rows."""
    with opened(guarded):
        yield guarded


@pytest.fixture(scope="package")
def unguarded_stages(kind: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Stage]]:
    """The stages of controls, each made when it is first asked for."""
    stages: dict[str, Stage] = {}
    yield stages
    for stage in stages.values():
        stage.stop()


@pytest.fixture
def unguarded(
    kind: str, unguarded_stages: dict[str, Stage], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[str], Stage]]:
    """A stage whose servers lack these guards."""
    with ExitStack() as stack:

        def given(guards_off: str) -> Stage:
            if guards_off not in unguarded_stages:
                folder = tmp_path_factory.mktemp(f"unguarded-{kind}")
                unguarded_stages[guards_off] = Stage(kind, folder, guards_off=guards_off, servers=1, patient=True)
            return stack.enter_context(opened(unguarded_stages[guards_off]))

        yield given


@contextmanager
def opened(stage: Stage) -> Iterator[Stage]:
    """The test's own application on this stage."""
    with stage.app.app_context():
        yield stage
        db.session.rollback()
        db.session.remove()
