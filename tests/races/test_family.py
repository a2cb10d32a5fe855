"""Six relatives fit on a person, also when the last place is asked for from two devices at once.

The deciding statement is the lock of the person's row under which `patients.add` counts.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import select

from doctapp.accounts.models import Patient
from doctapp.accounts.patients import RELATIVES
from tests import make
from tests.races import scenes
from tests.races.racing import Call, until_seen
from tests.races.servers import Stage
from tests.see import see

NO_LOCKS = "person_lock,one_writer"


def adding_twice(stage: Stage, *names: str) -> tuple[Any, list[Call]]:
    """A person with one place left, in two browsers that are each about to add somebody."""
    person, _ = scenes.alice()
    for letter in "abcdefgh"[: RELATIVES - 1]:
        make.patient(person, f"Relative {letter}")
    calls = []
    for name in names:
        browser = stage.browser_of(person)
        calls.append(browser.filled("/account/family", "relative", name=name, age=58, sex="female"))
    return person, calls


def relatives(stage: Stage, person: Any) -> list[Any]:
    """Who is on the list beside the person."""
    return stage.rows(select(Patient).filter_by(person_id=person.id, oneself=False))


def test_of_two_who_ask_for_the_last_place_one_is_added(stage: Stage) -> None:
    with stage.races("a seventh relative") as races:
        for _ in range(5):
            person, calls = adding_twice(stage, "Momena Bibi", "Jamila Bibi")
            race = races.run(calls)

            assert race.statuses == [303, 409]
            assert "You already keep six people here." in see(race.losers[0])
            assert len(relatives(stage, person)) == RELATIVES

    assert races.overlaps > 0


def test_the_same_person_added_twice_at_once_is_there_once(stage: Stage) -> None:
    with stage.races("one relative, added twice") as races:
        for _ in range(5):
            person, calls = adding_twice(stage, "Momena Bibi", "Momena Bibi")
            race = races.run(calls)

            assert race.statuses == [303, 303]
            assert len(relatives(stage, person)) == RELATIVES

    assert races.overlaps > 0


def test_without_the_lock_there_are_seven(unguarded: Callable[[str], Stage]) -> None:
    stage = unguarded(NO_LOCKS)

    def both_were_added() -> bool:
        person, calls = adding_twice(stage, "Momena Bibi", "Jamila Bibi")
        races.run(calls)
        return len(relatives(stage, person)) == RELATIVES + 1

    with stage.races("a seventh relative") as races:
        until_seen(both_were_added)
