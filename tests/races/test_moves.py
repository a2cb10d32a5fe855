"""Moves: two to one number, two of one appointment, a move against a cancel, a move against whoever takes its number.

Between two appointments the index `uq_appointment_place` decides; between two acts on one appointment the conditional
UPDATE, which compares the old sitting, number, state and the event that was seen (domain.md, invariants 1 to 3).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from doctapp import clock
from doctapp.appointments.models import Appointment, Event
from doctapp.schedules.models import Sitting
from tests import make
from tests.races import scenes
from tests.races.racing import Browser, Call, until_seen
from tests.races.servers import Stage
from tests.see import see

ROUNDS = 5
TO = 5
CLERK = "Nasrin Akter at the front desk"
NO_LOCKS = "sitting_lock,tally_lock,one_writer"


class Booked(NamedTuple):
    """An appointment, another sitting of its chamber, and the browsers of those it concerns."""

    row: Appointment
    other: Sitting
    patient: Browser
    clerk: Browser
    evening: scenes.Evening


def booked(stage: Stage) -> Booked:
    """Serial 12 of a new patient in a new sitting, and a free sitting of the same chamber."""
    evening = scenes.evening()
    person, patient = scenes.alice()
    row = make.appointment(evening.sitting, of=patient, now=clock.now())
    other = make.sitting(evening.chamber, days=3)
    return Booked(row, other, stage.browser_of(person), stage.browser_of(evening.nasrin), evening)


def another(stage: Stage, of: Booked) -> tuple[Appointment, Browser]:
    """Serial 13 of the same sitting, of another patient."""
    person, patient = scenes.alice()
    row = make.appointment(of.row.sitting, number=13, of=patient, now=clock.now())
    return row, stage.browser_of(person)


def moving(browser: Browser, row: Appointment, sitting: Sitting, number: int) -> Call:
    """Choose another serial on the page of the move."""
    path = f"/appointments/{row.ref}/move?day={sitting.local_date.isoformat()}"
    return browser.filled(path, f"place-{sitting.id}", number=number)


def cancelling(browser: Browser, row: Appointment, **why: str) -> Call:
    """Cancel on its page."""
    return browser.filled(f"/appointments/{row.ref}/cancellation", "cancellation", **why)


def acts(stage: Stage, row: Appointment) -> list[Event]:
    """What happened to the appointment since it was made."""
    return stage.rows(scenes.events_of(row.id))[1:]


def two_to_one(stage: Stage) -> tuple[Booked, Appointment, list[Call]]:
    """Two patients who both want serial 5 of the other sitting."""
    to = booked(stage)
    second, browser = another(stage, to)
    return to, second, [moving(to.patient, to.row, to.other, TO), moving(browser, second, to.other, TO)]


def test_of_two_moves_to_one_number_one_wins_and_the_other_keeps_its_place(stage: Stage) -> None:
    with stage.races("two moves to one number") as races:
        for _ in range(ROUNDS):
            to, second, calls = two_to_one(stage)
            race = races.run(calls)

            assert race.statuses == [303, 409]
            there = stage.rows(scenes.at(to.other))
            assert [row.number for row in there] == [TO]
            stays = [row.number for row in stage.rows(scenes.at(to.evening.sitting))]
            assert stays == [{to.row.id: 13, second.id: 12}[there[0].id]]
            told = see(race.losers[0])
            assert "moment before you" in told.h1
            assert "Nothing was moved: it is still serial" in told

    assert races.overlaps > 0


def test_without_the_index_both_moves_have_the_number(unguarded: Callable[[str], Stage]) -> None:
    stage = unguarded(NO_LOCKS)

    def both_have_it() -> bool:
        to, _second, calls = two_to_one(stage)
        races.run(calls)
        return len(stage.rows(scenes.at(to.other, TO))) == 2

    with stage.without("uq_appointment_place"), stage.races("two moves to one number") as races:
        until_seen(both_have_it)


def two_of_one(stage: Stage) -> tuple[Booked, list[Call]]:
    """The patient and the desk move the same appointment, to different serials."""
    to = booked(stage)
    return to, [moving(to.patient, to.row, to.other, TO), moving(to.clerk, to.row, to.other, TO + 1)]


def test_of_two_moves_of_one_appointment_one_wins_and_the_other_is_told_who_and_when(stage: Stage) -> None:
    with stage.races("the patient's move against the desk's") as races:
        for _ in range(ROUNDS):
            to, calls = two_of_one(stage)
            race = races.run(calls)

            assert race.statuses == [303, 409]
            happened = acts(stage, to.row)
            first = race.answers.index(race.winners[0])
            assert [(event.act, event.was_number) for event in happened] == [("move", 12)]
            assert [row.number for row in stage.rows(scenes.at(to.other))] == [TO + first]
            assert f"{('The patient', CLERK)[first]} moved it:" in see(race.losers[0])

    assert races.overlaps > 0


def test_without_the_condition_both_move_it(unguarded: Callable[[str], Stage]) -> None:
    stage = unguarded("condition")

    def both_moved_it() -> bool:
        to, calls = two_of_one(stage)
        race = races.run(calls)
        return len(race.winners) == 2 and len(acts(stage, to.row)) == 2

    with stage.races("the patient's move against the desk's") as races:
        until_seen(both_moved_it)


def move_and_cancel(stage: Stage) -> tuple[Booked, list[Call]]:
    """The patient moves it while the desk cancels it."""
    to = booked(stage)
    return to, [moving(to.patient, to.row, to.other, TO), cancelling(to.clerk, to.row, reason="away")]


def test_of_a_move_and_a_cancel_one_wins_and_the_other_is_told_who_and_when(stage: Stage) -> None:
    with stage.races("the patient's move against the desk's cancel") as races:
        for _ in range(ROUNDS):
            to, calls = move_and_cancel(stage)
            race = races.run(calls)

            assert race.statuses == [303, 409]
            first = race.answers.index(race.winners[0])
            assert [event.act for event in acts(stage, to.row)] == [("move", "cancel")[first]]
            assert ("The patient moved it:", f"{CLERK} cancelled it:")[first] in see(race.losers[0])

    assert races.overlaps > 0


def test_without_the_condition_it_is_moved_and_cancelled(unguarded: Callable[[str], Stage]) -> None:
    stage = unguarded("condition")

    def both_won() -> bool:
        to, calls = move_and_cancel(stage)
        race = races.run(calls)
        return len(race.winners) == 2 and {event.act for event in acts(stage, to.row)} == {"move", "cancel"}

    with stage.races("the patient's move against the desk's cancel") as races:
        until_seen(both_won)


def move_and_hold(stage: Stage) -> tuple[Booked, list[Call]]:
    """The patient moves to a number that a stranger takes."""
    to = booked(stage)
    hold = stage.browser().posting("/appointments", sitting=to.other.id, number=TO)
    return to, [moving(to.patient, to.row, to.other, TO), hold]


def test_a_move_or_who_takes_its_number_wins(stage: Stage) -> None:
    with stage.races("a move against taking its number") as races:
        for _ in range(ROUNDS):
            to, calls = move_and_hold(stage)
            race = races.run(calls)

            assert race.statuses == [303, 409]
            assert len(stage.rows(scenes.at(to.other, TO))) == 1
            assert "moment before you" in see(race.losers[0]).h1
            lost = race.answers.index(race.losers[0]) == 0
            assert [event.act for event in acts(stage, to.row)] == ([] if lost else ["move"])

    assert races.overlaps > 0


def test_without_the_index_a_move_and_who_takes_its_number_both_have_it(unguarded: Callable[[str], Stage]) -> None:
    stage = unguarded(NO_LOCKS)

    def both_have_it() -> bool:
        to, calls = move_and_hold(stage)
        races.run(calls)
        return len(stage.rows(scenes.at(to.other, TO))) == 2

    with stage.without("uq_appointment_place"), stage.races("a move against taking its number") as races:
        until_seen(both_have_it)
