"""Sixty-four people at once on the product's own server: every answer is honest, and none is a fault.

SQLite's single writer is asked for before anything is read (BEGIN IMMEDIATE, behind one lock a process), and no thread
waits for it with a connection in hand. The controls take the one away, or leave one connection a process.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from tests.races import scenes
from tests.races.racing import Answer, Browser, at_once, summary
from tests.races.scenes import Evening
from tests.races.servers import Stage

THREADS = 64
FEW = 0.1
TROUBLE = re.compile(r"busy|locked|QueuePool|Traceback|Error", re.IGNORECASE)
NO_REDIS = re.compile(r".*the bell is silent.*")
GUARD = {"sqlite": "immediate", "postgresql": "pool"}


@dataclass
class Walk:
    """A person who opens page after page, and takes a number on the way."""

    browser: Browser
    paths: list[str]
    place: dict[str, int]

    def ready(self) -> None:
        """Nothing is to be made ready: each page opens a connection of its own."""

    def __call__(self) -> list[Answer]:
        *first, last = self.paths
        seen = [self.browser.get(path) for path in first]
        held = self.browser.posting("/appointments", **self.place)()
        found = [self.browser.get(held.location)] if held.status_code == 303 else []
        return [*seen, held, *found, self.browser.get(last)]


def walks(stage: Stage, evening: Evening) -> list[Walk]:
    """Visitors, patients, the doctor and the clerk, all at the first server."""
    page = f"/doctors/{evening.doctor.slug}"
    ways = [
        (None, ["/", "/doctors", page]),
        (None, [page, f"{page}/places", "/login"]),
        (scenes.alice()[0], ["/", page, "/appointments"]),
        (evening.nasrin, ["/doctor/requests", page, "/doctor/requests"]),
    ]
    found = []
    for turn in range(THREADS):
        person, paths = ways[turn % len(ways)]
        browser = stage.browser_of(person) if person else stage.browser()
        browser.port = stage.servers[0].port
        found.append(Walk(browser, paths, {"sitting": evening.sitting.id, "number": turn + 1}))
    return found


def walked(stage: Stage) -> tuple[list[Answer], list[str]]:
    """What all walks were answered, and what the server's log said of trouble."""
    people = walks(stage, scenes.evening(capacity=3 * THREADS, minutes=2))
    said = len(stage.log())
    answers = [answer for seen in at_once(people) for answer in seen]
    counted = sorted(Counter(answer.status_code for answer in answers).items())
    told = ", ".join(f"{count} × {status}" for status, count in counted)
    summary.append(f"{stage.races(f'{THREADS} people at once').name}: {told}")
    print(summary[-1])
    lines = NO_REDIS.sub("", stage.log()[said:]).splitlines()
    return answers, [line for line in lines if TROUBLE.search(line)]


def turned_away(answers: list[Answer]) -> float:
    """The part of the answers that honestly said: very many people are here, try again in a moment."""
    away = [answer for answer in answers if answer.status_code == 503]
    assert all(answer.headers["Retry-After"] and "Nothing was changed" in answer.page for answer in away)
    return len(away) / len(answers)


def test_sixty_four_people_at_once_see_no_fault(stage: Stage) -> None:
    """On a machine that has no time for us somebody may be turned away; here nobody is expected to be."""
    answers, trouble = walked(stage)

    assert {answer.status_code for answer in answers} <= {200, 303, 503}
    assert turned_away(answers) < FEW
    assert trouble == []


def test_without_the_guard_of_its_database_many_are_turned_away(kind: str, unguarded: Callable[[str], Stage]) -> None:
    stage = unguarded(GUARD[kind])

    assert turned_away(walked(stage)[0]) > FEW
