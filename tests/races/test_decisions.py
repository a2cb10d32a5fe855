"""Of two opposite acts exactly one wins, and the other is told who was first.

The deciding statement is the conditional UPDATE of `life.change`; between an undo and somebody who takes the freed
number it is the index `uq_appointment_place`.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any, NamedTuple

import pytest

from doctapp.appointments.models import Appointment, Event
from tests.races import scenes
from tests.races.racing import Answer, Browser, Call, until_seen
from tests.races.servers import Stage
from tests.see import see

ROUNDS = 5
INBOX = "/doctor/requests"


class Asked(NamedTuple):
    """A request that waits, and the browsers of those it concerns."""

    row: Appointment
    doctor: Browser
    clerk: Browser
    patient: Browser


def asked(stage: Stage, number: int = 12) -> Asked:
    """A new request of a new patient for a number of a new sitting."""
    evening = scenes.evening()
    person, patient = scenes.alice()
    row = scenes.requested(evening.sitting, number, of=patient)
    return Asked(row, *map(stage.browser_of, (evening.rokeya, evening.nasrin, person)))


def accepting(browser: Browser, row: Appointment) -> Call:
    """Accept, from the inbox."""
    return browser.filled(INBOX, f"acceptance-{row.ref}")


def declining(browser: Browser, row: Appointment) -> Call:
    """Decline, from the inbox."""
    return browser.filled(INBOX, f"refusal-{row.ref}", reason="away")


def cancelling(browser: Browser, row: Appointment) -> Call:
    """Cancel, from the patient's own page."""
    return browser.filled(f"/appointments/{row.ref}/cancellation", "cancellation")


def done(answer: Answer) -> Answer:
    """The answer of an act that led on."""
    assert answer.status_code == 303, answer.page
    return answer


def acts(stage: Stage, row_id: int) -> list[Event]:
    """What happened to the appointment, in its order."""
    return stage.rows(scenes.events_of(row_id))


def is_one_story(events: list[Event]) -> bool:
    """Whether each act began where the one before had ended, and nothing was overwritten."""
    return all(event.was == before.became for before, event in pairwise(events))


class Pair(NamedTuple):
    """Two opposite acts, and what the other is told where the first, or the second, was first."""

    calls: Callable[[Asked], list[Call]]
    told: tuple[str, str]


CLERK = "Nasrin Akter at the front desk"
PAIRS = {
    "accept against decline": Pair(
        lambda to: [accepting(to.doctor, to.row), declining(to.clerk, to.row)],
        ("Rokeya Begum accepted this", f"{CLERK} declined this"),
    ),
    "accept against accept": Pair(
        lambda to: [accepting(to.doctor, to.row), accepting(to.clerk, to.row)],
        ("Rokeya Begum accepted this", f"{CLERK} accepted this"),
    ),
    "decline against the patient's cancel": Pair(
        lambda to: [declining(to.doctor, to.row), cancelling(to.patient, to.row)],
        ("Declined", "The patient cancelled this"),
    ),
}


@pytest.mark.parametrize("pair", PAIRS)
def test_one_of_two_decisions_wins_and_the_other_is_told(stage: Stage, pair: str) -> None:
    with stage.races(pair) as races:
        for _ in range(ROUNDS):
            to = asked(stage)
            race = races.run(PAIRS[pair].calls(to))

            assert race.statuses == [303, 409]
            assert len(acts(stage, to.row.id)) == 2
            assert PAIRS[pair].told[race.answers.index(race.winners[0])] in see(race.losers[0])

    assert races.overlaps > 0


@pytest.mark.parametrize("pair", PAIRS)
def test_without_the_condition_both_decisions_win(unguarded: Callable[[str], Stage], pair: str) -> None:
    stage = unguarded("condition")

    def both_won() -> bool:
        to = asked(stage)
        race = races.run(PAIRS[pair].calls(to))
        return len(race.winners) == 2 and not is_one_story(acts(stage, to.row.id))

    with stage.races(pair) as races:
        until_seen(both_won)


def accept_and_cancel(to: Asked) -> list[Call]:
    """The doctor accepts while the patient cancels."""
    return [accepting(to.doctor, to.row), cancelling(to.patient, to.row)]


def test_of_accept_and_the_patients_cancel_one_wins(stage: Stage) -> None:
    """The form of the cancel names the event the patient saw: a booking meanwhile is told, and cancelled only anew."""
    with stage.races("accept against the patient's cancel") as races:
        for _ in range(ROUNDS * 2):
            to = asked(stage)
            race = races.run(accept_and_cancel(to))
            happened = acts(stage, to.row.id)

            assert sorted(race.statuses) == [303, 409]
            assert is_one_story(happened)
            assert [event.act for event in happened[1:]] in (["accept"], ["cancel"])

    assert races.overlaps > 0


def test_without_the_condition_accept_and_cancel_undo_each_other(unguarded: Callable[[str], Stage]) -> None:
    stage = unguarded("condition")

    def one_overwrote_the_other() -> bool:
        to = asked(stage)
        races.run(accept_and_cancel(to))
        return not is_one_story(acts(stage, to.row.id))

    with stage.races("accept against the patient's cancel") as races:
        until_seen(one_overwrote_the_other)


def undoing_by_the_clinic(to: Asked) -> Call:
    """The doctor declined, and is about to take it back."""
    done(declining(to.doctor, to.row)())
    return to.doctor.filled(INBOX, f"undo-{to.row.ref}")


def undoing_by_the_patient(to: Asked) -> Call:
    """The patient cancelled, and is about to take it back."""
    done(cancelling(to.patient, to.row)())
    return to.patient.filled(f"/appointments/{to.row.ref}", "undo")


UNDOING = {"the clinic's undo": undoing_by_the_clinic, "the patient's undo": undoing_by_the_patient}


def undo_and_take(stage: Stage, who: str) -> tuple[Any, list[Call]]:
    """A sitting, and an undo against a stranger who takes the number that was freed."""
    to = asked(stage)
    sitting = to.row.sitting
    undo = UNDOING[who](to)
    return sitting, [undo, stage.browser().posting("/appointments", sitting=sitting.id, number=12)]


@pytest.mark.parametrize("who", UNDOING)
def test_an_undo_or_who_takes_the_freed_number_wins(stage: Stage, who: str) -> None:
    with stage.races(f"{who} against taking the freed number") as races:
        for _ in range(ROUNDS):
            sitting, calls = undo_and_take(stage, who)
            race = races.run(calls)

            assert race.statuses == [303, 409]
            assert len(stage.rows(scenes.at(sitting, 12))) == 1
            assert "moment before you" in see(race.losers[0])

    assert races.overlaps > 0


@pytest.mark.parametrize("who", UNDOING)
def test_without_the_index_an_undo_and_who_takes_the_number_both_win(
    unguarded: Callable[[str], Stage], who: str
) -> None:
    stage = unguarded("sitting_lock,tally_lock,one_writer")

    def both_have_it() -> bool:
        sitting, calls = undo_and_take(stage, who)
        races.run(calls)
        return len(stage.rows(scenes.at(sitting, 12))) == 2

    with stage.without("uq_appointment_place"), stage.races(f"{who} against taking the freed number") as races:
        until_seen(both_have_it)
