"""A patient has at most one live appointment in a sitting, also when one person asks from two devices at once.

The deciding statements are the lock of the person's row under which `requesting._check_counts` counts, and the index
`uq_appointment_patient` against which the UPDATE of `life.change` runs.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.races import scenes
from tests.races.racing import Call, until_seen
from tests.races.servers import Stage
from tests.see import see


def asking_twice(stage: Stage) -> tuple[Any, list[Call]]:
    """A sitting, and one person in two browsers, each about to ask for another number of it for the same patient."""
    sitting = scenes.evening().sitting
    person, _ = scenes.alice()
    calls = []
    for number, token in ((11, f"phone-{person.id}"), (12, f"laptop-{person.id}")):
        row = scenes.hold(sitting, number, of=person, token=token)
        calls.append(stage.browser_of(person, token).filled(f"/appointments/{row.ref}/payment", "payment"))
    return sitting, calls


def requested(stage: Stage, sitting: Any) -> list[Any]:
    """What waits for the doctor in this sitting."""
    return stage.rows(scenes.at(sitting).filter_by(status="requested"))


def test_one_patient_gets_one_serial_of_a_sitting(stage: Stage) -> None:
    with stage.races("one patient, two numbers") as races:
        for _ in range(5):
            sitting, calls = asking_twice(stage)
            race = races.run(calls)

            assert race.statuses == [303, 409]
            assert "Alice Akter already has a serial in this sitting." in see(race.losers[0])
            assert len(requested(stage, sitting)) == 1

    assert races.overlaps > 0


def test_the_index_alone_lets_one_patient_have_one_serial(unguarded: Callable[[str], Stage]) -> None:
    stage = unguarded("counts")
    sitting, calls = asking_twice(stage)
    with stage.races("one patient, two numbers") as races:
        race = races.run(calls)

    assert race.statuses == [303, 409]
    assert "Alice Akter already has a serial in this sitting." in see(race.losers[0])
    assert len(requested(stage, sitting)) == 1


def test_without_count_and_index_one_patient_gets_two_serials(unguarded: Callable[[str], Stage]) -> None:
    stage = unguarded("counts")

    def both_were_requested() -> bool:
        sitting, calls = asking_twice(stage)
        races.run(calls)
        return len(requested(stage, sitting)) == 2

    with stage.without("uq_appointment_patient"), stage.races("one patient, two numbers") as races:
        until_seen(both_were_requested)
