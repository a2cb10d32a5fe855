"""A walk through the lives of appointments: whatever people and time do, in whatever order, the laws hold.

Everything a run does is one transaction that is taken back; what it met is counted, so that a walk that stays at home
is no proof. The controls take a guard away, and the walk must then find what breaks.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from flask import Flask
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test
from sqlalchemy import or_, text, update

from doctapp.appointments import life, telling
from doctapp.appointments.models import Appointment, Event
from doctapp.db import db
from tests.walk import laws, world
from tests.walk.machine import Walk

# The long walk is on SQLite, which is several times as fast here; both are the same rules.
RUNS = {"sqlite": 200, "postgresql": 30}
STEPS, SOAK, CONTROL = 50, 10_000, 60
CALM = {"deadline": None, "database": None, "suppress_health_check": list(HealthCheck), "stateful_step_count": STEPS}
MET_AT_LEAST = set(laws.LIFE) | {
    "undo", "NumberTaken", "HoldRanOut", "AlreadyDecided", "SittingClosed", "ChangedMeanwhile", "MovedMeanwhile",
    "TooLateToUndo", "NotTurnable", "InTheWay", "change_hours", "sit_extra", "go_on_leave",
}  # fmt: skip
MAY_MISS = {"sqlite": 0, "postgresql": 8}


@pytest.fixture
def walk(app: Flask, monkeypatch: pytest.MonkeyPatch) -> type[Walk]:
    """The walk in a world that was just made."""
    place = world.built()
    world.prepare(monkeypatch)
    return type("Walk", (Walk,), {"place": place, "met": Counter()})


def test_whatever_people_and_time_do_the_laws_hold(walk: type[Walk]) -> None:
    database = db.engine.dialect.name
    run_state_machine_as_test(walk, settings=settings(max_examples=RUNS[database], derandomize=True, **CALM))

    missed = MET_AT_LEAST - set(walk.met)
    assert len(missed) <= MAY_MISS[database], f"the walk never came to {', '.join(sorted(missed))}"


@pytest.mark.soak
def test_the_laws_hold_for_long(walk: type[Walk]) -> None:
    run_state_machine_as_test(walk, settings=settings(max_examples=SOAK, **CALM))


def breaks(walk: type[Walk]) -> str:
    """What a short walk finds wrong."""
    short = settings(max_examples=CONTROL, derandomize=True, phases=[Phase.generate], **CALM)
    with pytest.raises(AssertionError) as found:
        run_state_machine_as_test(walk, settings=short)
    return str(found.value)


def test_a_walk_without_the_condition_of_a_change_breaks_a_law(
    walk: type[Walk], monkeypatch: pytest.MonkeyPatch
) -> None:
    def change_whatever_it_was(row: Appointment, *, became: str, only_if: object = (), **given: Any) -> Event:
        told = {name: given.pop(name) for name in ("act", "was", "by", "now", "why", "undoes") if name in given}
        somebodys = or_(Appointment.status == told["was"], Appointment.patient_id.is_not(None))  # else a CHECK finds it
        writing = update(Appointment).where(Appointment.id == row.id, somebodys).values(status=became, **given)
        db.session.execute(writing.execution_options(synchronize_session=False))
        return life.record(row, became=became, **told)

    monkeypatch.setattr(life, "change", change_whatever_it_was)

    assert breaks(walk)


def test_a_walk_without_the_index_of_a_place_sells_it_twice(walk: type[Walk], monkeypatch: pytest.MonkeyPatch) -> None:
    begin = walk.__init__

    def without_index(self: Walk) -> None:
        begin(self)
        db.session.execute(text("DROP INDEX uq_appointment_place"))

    monkeypatch.setattr(walk, "__init__", without_index)

    assert "of one number" in breaks(walk)


def test_a_walk_in_which_nobody_is_told_of_moves_finds_it(walk: type[Walk], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(telling, "moved", lambda *_, **__: None)

    assert "was not told" in breaks(walk)


def test_a_walk_that_closes_too_early_finds_it(walk: type[Walk], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(walk, "nothing_overdue", lambda self: None)
    monkeypatch.setattr("doctapp.appointments.closing._end_of", lambda row: "completed")

    assert "may not close" in breaks(walk)
