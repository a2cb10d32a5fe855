"""How long after a kill -9 until all is as if nobody had died: the points of tests/faults/test_killed_payments.py.

At each of them a process is really killed; then sweeps come every 30 s, as the Procfile's `cron` does, by a clock that
is set on and not waited for. Healed is the time of the last sweep that still changed a row of money, appointments or
letters; what an undo keeps waiting is waited for first. In the end all must be well, or the row says so.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from statistics import median
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from doctapp.appointments.models import Appointment
from doctapp.db import db
from doctapp.notifications.models import Letter
from doctapp.payments.models import Attempt, Refund
from tests.conftest import clean, make_app
from tests.faults.killing import HEALED_WITHIN, Servers, World, mortals
from tests.faults.test_killed_payments import AGAIN, POINTS, SIGKILLED, Point
from tests.races.servers import NAMES
from tests.servers import postgres

SWEPT_EVERY = timedelta(seconds=30)
LOOKED_AT = (
    select(Attempt.id, Attempt.state, Attempt.session),
    select(Refund.id, Refund.state),
    select(Appointment.id, Appointment.status, Appointment.paid),
    select(Letter.id, Letter.state),
)


@contextmanager
def practice(kind: str) -> Iterator[Flask]:
    """The application on an empty database of this kind."""
    with tempfile.TemporaryDirectory(prefix="doctapp-healing-") as folder:
        url = f"sqlite:///{folder}/doctapp.db"
        if kind == "postgresql":
            url = postgres.new_database(postgres.postgres_url())
        app = make_app(url, Path(folder))
        with app.app_context():
            yield app
            db.session.remove()
            db.engine.dispose()
        if kind == "postgresql":
            postgres.drop_database(url)


def rows() -> list[Any]:
    """All that healing may change."""
    db.session.rollback()
    return [db.session.execute(query).all() for query in LOOKED_AT]


def healed_after(world: World, point: Point) -> timedelta:
    """How long it took; raises AssertionError where it is not healed in the end."""
    act, end = point.scene.stage(world)
    assert world.dies(act, point.place, point.when)[0] == SIGKILLED
    if point.then == AGAIN:
        world.repeats()
    if point.scene.wait:
        world.sweep()
        world.later(point.scene.wait)
    passed = taken = timedelta(0)
    before = rows()
    while passed <= HEALED_WITHIN:
        world.sweep()
        now = rows()
        before, taken = now, taken if now == before else passed
        world.later(SWEPT_EVERY)
        passed += SWEPT_EVERY
    end(point.done)
    world.is_well(twice=point.twice)
    return taken


def measured(kind: str, points: list[Point]) -> dict[str, Any]:
    """The line of one database."""
    times, ill = [], []
    with practice(kind) as app, Servers() as servers, mortals(servers.known_to(app.config["SETTINGS"])) as program:
        for point in points:
            with pytest.MonkeyPatch.context() as patch:
                clean()
                try:
                    times.append(healed_after(World(app, servers, program, patch), point).total_seconds())
                except AssertionError as why:
                    print(f"{NAMES[kind]}: {point}: {why}", flush=True)
                    ill.append(point)
    value = f"{max(times):.0f} s at most, median {median(times):.0f} s ({len(points)} kills, {len(ill)} not healed)"
    return {
        "name": f"healed after kill -9, {NAMES[kind]}",
        "value": value,
        "goal": "≤ 150 s",
        "met": not ill and max(times) <= HEALED_WITHIN.total_seconds(),
    }


def run(*, short: bool = False) -> list[dict[str, Any]]:
    """The lines of both databases."""
    points = [point for point in POINTS if point.place == 1] if short else POINTS
    return [measured(kind, points) for kind in NAMES]
