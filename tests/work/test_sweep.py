"""The sweep does what is due, whatever else is broken."""

import signal
import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from flask import Flask

from doctapp import clock
from doctapp.db import transaction
from doctapp.work import sweep, timetable, turns
from tests.people import NOW

Step = Callable[[datetime], None]


class Round:
    """Three steps that note when they are done, any of which may be made to do something else."""

    def __init__(self) -> None:
        self.done: list[str] = []
        self.other: dict[str, Step] = {}

    def find(self, name: str) -> Step:
        return self.other.get(name) or (lambda _: self.done.append(name))


@pytest.fixture
def steps(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Round:
    """The steps of this sweep."""
    given = Round()
    monkeypatch.setattr(sweep, "find", given.find)
    monkeypatch.setattr(sweep, "STEPS", ("a.first", "b.second", "c.third"))
    return given


def test_every_step_leads_to_a_function() -> None:
    for name in timetable.STEPS:
        assert callable(timetable.find(name)), name


def test_a_name_leads_into_a_room_only() -> None:
    for name in ("os.system", "notifications.jobs.send", "Notifications.send", "notifications", "notifications._due"):
        with pytest.raises((ValueError, ImportError)):
            timetable.find(name)


def test_the_steps_are_done_in_their_order(steps: Round) -> None:
    assert sweep.sweep_once(NOW)
    assert steps.done == ["a.first", "b.second", "c.third"]


def test_a_step_that_fails_stops_no_other(steps: Round, caplog: pytest.LogCaptureFixture) -> None:
    steps.other["b.second"] = lambda _: 1 / 0
    sweep.sweep_once(NOW)

    assert steps.done == ["a.first", "c.third"]
    assert "b.second" in caplog.text


def test_two_sweeps_side_by_side_take_turns(steps: Round) -> None:
    assert sweep.sweep_once(NOW)
    assert not sweep.sweep_once(NOW + timedelta(seconds=24))
    assert sweep.sweep_once(NOW + timedelta(seconds=30))


def test_the_turn_of_a_killed_sweep_runs_out(app: Flask, steps: Round) -> None:
    with transaction():
        turns.claim("sweep", span=sweep.SPAN, now=NOW)

    assert sweep.sweep_once(NOW + timedelta(seconds=25))


def test_of_many_sweeps_at_once_one_has_the_turn(app: Flask, steps: Round) -> None:
    gate, won = threading.Barrier(6), []

    def one() -> None:
        with app.app_context():
            gate.wait()
            won.append(sweep.sweep_once(NOW))

    threads = [threading.Thread(target=one) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(won) == [False] * 5 + [True]


def test_a_sweep_for_ever_ends_when_it_is_asked(steps: Round, monkeypatch: pytest.MonkeyPatch) -> None:
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    steps.other["c.third"] = lambda _: signal.raise_signal(signal.SIGTERM)
    began = time.monotonic()
    try:
        sweep.sweep_for_ever(60)
    finally:
        sweep.stopping.clear()
        for number, handler in before.items():
            signal.signal(number, handler)

    assert time.monotonic() - began < 30
    assert steps.done == ["a.first", "b.second"]


def test_a_sweep_for_ever_outlives_a_database_that_is_away(steps: Round, monkeypatch: pytest.MonkeyPatch) -> None:
    rounds: list[datetime] = []

    def claim(name: str, *, span: timedelta, now: datetime) -> bool:
        rounds.append(now)
        if len(rounds) == 3:
            sweep.stopping.set()
        raise ConnectionError

    monkeypatch.setattr(turns, "claim", claim)
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    try:
        sweep.sweep_for_ever(0.01)
    finally:
        sweep.stopping.clear()

    assert len(rounds) == 3
    assert rounds[0] <= clock.now()
