"""Row 7: 64 racers on each of 1,000 places through HTTP, on both databases: one winner each, and nobody meets a fault.

`python -m benchmarks.races --places 20` tries a short one. Racers come from one address, so the limits of an address
are raised by configuration; that they hold at their defaults is proven by tests/races/test_codes.py and others.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.races import scenes
from tests.races.racing import Race, at_once, led_on
from tests.races.servers import NAMES, Stage

PLACES, RACERS = 1000, 64
PLACES_IF_SHORT = 20
PLACES_A_SITTING = 20
CAPACITY = 3 * PLACES_A_SITTING  # who is not known yet may hold a third of a sitting
SECONDS = 1500.0
SAID_EVERY = 30.0


@dataclass
class Seen:
    """What was seen of all races on one database."""

    places: int = 0
    with_one_winner: int = 0
    with_overlaps: int = 0
    faults: int = 0
    winners: list[float] = field(default_factory=list)
    losers: list[float] = field(default_factory=list)

    def add(self, race: Race) -> None:
        """Count one race."""
        self.places += 1
        self.with_one_winner += race.statuses == [303] + [409] * (len(race.answers) - 1)
        self.with_overlaps += race.overlaps > 0
        self.faults += sum(answer.status_code >= 500 for answer in race.answers)
        self.winners += [answer.ended - answer.began for answer in race.winners]
        self.losers += [answer.ended - answer.began for answer in race.losers]

    def rows(self, kind: str) -> list[dict[str, Any]]:
        """The figures as rows of the table."""
        name, all_ = NAMES[kind], f"{self.places} of {self.places}"
        winners, losers = p99(self.winners), p99(self.losers)
        ratio = losers / winners if winners else 0.0
        times = f"{ratio:.2f} (losers {losers * 1000:.0f} ms, winners {winners * 1000:.0f} ms)"
        return [
            row(f"places with exactly one winner, {name}", f"{self.with_one_winner} of {self.places}", all_),
            row(f"places whose winner was truly overlapped, {name}", f"{self.with_overlaps} of {self.places}", all_),
            row(f"answers 5xx, {name}", str(self.faults), "0"),
            row(f"losers' p99 / winners' p99, {name}", times, "≤ 1.5"),
        ]


def row(name: str, value: str, goal: str) -> dict[str, Any]:
    """One row of the table, missed where a figure is not the goal itself."""
    return {"name": name, "value": value, "goal": goal, **({} if goal.startswith("≤") else {"met": value == goal})}


def p99(times: Sequence[float]) -> float:
    """The time that 99 of 100 keep to."""
    return statistics.quantiles(times, n=100, method="inclusive")[98] if len(times) > 1 else max(times, default=0.0)


@contextmanager
def staged(kind: str) -> Iterator[Stage]:
    """The product's server on a new database."""
    with tempfile.TemporaryDirectory(prefix="doctapp-races-") as folder:
        stage = Stage(kind, Path(folder), servers=1)
        try:
            with stage.app.app_context():
                yield stage
        finally:
            stage.stop()


def raced(stage: Stage, seen: Seen, *, places: int, racers: int, seconds: float) -> None:
    """Race for one place after the other, until there are enough or the time is over."""
    began = said = time.monotonic()
    sitting_id = 0
    for turn in range(places):
        if turn % PLACES_A_SITTING == 0:
            sitting_id = scenes.evening(capacity=CAPACITY, minutes=4).sitting.id
        place = {"sitting": sitting_id, "number": turn % PLACES_A_SITTING + 1}
        calls = [stage.browser().posting("/appointments", **place) for _ in range(racers)]
        seen.add(Race(at_once(calls), led_on))
        now = time.monotonic()
        if now - said > SAID_EVERY:
            said = now
            print(f"{NAMES[stage.kind]}: {turn + 1} of {places} places after {now - began:.0f} s", flush=True)
        if now - began > seconds:
            print(f"{NAMES[stage.kind]}: the time is over after {turn + 1} places", flush=True)
            return


def run(
    places: int = PLACES, racers: int = RACERS, seconds: float = SECONDS, *, short: bool = False
) -> list[dict[str, Any]]:
    """The rows of both databases; each takes at most so many seconds, and the rows say how many places were raced for."""
    rows: list[dict[str, Any]] = []
    places = min(places, PLACES_IF_SHORT) if short else places
    for kind in NAMES:
        seen = Seen()
        with staged(kind) as stage:
            raced(stage, seen, places=places, racers=racers, seconds=seconds)
        rows += seen.rows(kind)
    return rows


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--places", type=int, default=PLACES)
    parser.add_argument("--racers", type=int, default=RACERS)
    parser.add_argument("--seconds", type=float, default=SECONDS, help="at most so long on each database")
    asked = parser.parse_args()
    for one in run(asked.places, asked.racers, asked.seconds):
        print(f"{one['name']}: {one['value']} (goal: {one['goal']})")
