"""Hours that change while somebody takes a number there, and two sittings of a doctor at the same time.

A sitting goes only by the DELETE of `sittings.clear`, whose own condition says that nothing ever happened in it, after
its row was locked; two writers of a doctor's sittings are kept apart by the lock of the doctor's row.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import NamedTuple

from sqlalchemy import select

from doctapp import clock
from doctapp.appointments.models import Appointment
from doctapp.db import transaction
from doctapp.schedules import sittings
from doctapp.schedules.models import Sitting
from tests import make
from tests.races import scenes
from tests.races.racing import Answer, Call, Race, Timed, until_seen
from tests.races.servers import Stage
from tests.see import see

ROUNDS = 6
HERE = "/doctor/schedule"
NO_LOCKS = "sitting_lock,unused,one_writer"
TAKERS = 3
LATER = itertools.cycle((0.0, 0.03, 0.06, 0.1, 0.15, 0.25))  # seconds, so that now one is first and now the other


class Planned(NamedTuple):
    """An evening made from weekly hours, who changes them, and how many are about to take a number there."""

    evening: scenes.Evening
    sitting_id: int
    calls: list[Call]


def planned(stage: Stage) -> Planned:
    """The doctor is about to begin an hour later while others take numbers in a sitting that is made from the hours."""
    evening = scenes.evening()
    weekday = (clock.local(clock.now(), "Asia/Dhaka") + timedelta(days=3)).weekday()
    row = make.hours(evening.chamber, weekday=weekday)
    with transaction():
        sittings.generate(evening.doctor.id, now=clock.now())
    sitting = stage.rows(select(Sitting).filter_by(hours_id=row.id).order_by(Sitting.starts_at))[0]
    edit = f"{HERE}/{evening.chamber.id}/{row.id}/edit"
    change = stage.browser_of(evening.rokeya).filled(edit, "hours", start="18:00", capacity="18")
    takers = [stage.browser().posting("/appointments", sitting=sitting.id, number=n + 1) for n in range(TAKERS)]
    return Planned(evening, sitting.id, [change, *takers])


def staggered(change: Call, takers: Iterable[Call]) -> list[Timed]:
    """The change, and those who take a number a little later, each time another little."""
    moment, later = time.time() + 0.3, next(LATER)
    return [Timed(change, moment), *(Timed(call, moment + later) for call in takers)]


def holds(stage: Stage, sitting_id: int) -> list[Appointment]:
    """What is held there."""
    return stage.rows(select(Appointment).filter_by(sitting_id=sitting_id))


def times(stage: Stage, sitting_id: int) -> list[int]:
    """When the sitting of this id begins, if it is there."""
    return stage.rows(select(Sitting.local_start).filter_by(id=sitting_id))


def test_hours_change_or_the_number_is_taken_and_nobody_holds_one_of_a_vanished_sitting(stage: Stage) -> None:
    with stage.races("changed hours against holds") as races:
        for _ in range(ROUNDS):
            to = planned(stage)
            race = races.run(staggered(to.calls[0], to.calls[1:]))
            changed, *taken = race.answers

            held = [answer for answer in taken if answer.status_code == 303]
            assert {answer.status_code for answer in race.answers} <= {303, 409}
            assert len(holds(stage, to.sitting_id)) == len(held)
            if changed.status_code == 303:
                assert not held
                assert times(stage, to.sitting_id) == []
                assert all("does not sit at this time" in see(answer).h1 for answer in taken)
            else:
                assert held
                assert times(stage, to.sitting_id) == [17 * 60]
                assert "fall" in changed.page.text

    assert races.overlaps > 0


def test_hours_change_around_whoever_is_kept_and_a_hold_beside_stands_where_it_was_taken(stage: Stage) -> None:
    with stage.races("hours changed around a booking, against holds") as races:
        for _ in range(ROUNDS):
            to = planned(stage)
            make.appointment(stage.rows(select(Sitting).filter_by(id=to.sitting_id))[0], number=12)
            listed = to.calls[0]()
            form = listed.page.form("keep")
            keep = Call(to.calls[0].browser, "POST", form.action, form.fill())
            race = races.run(staggered(keep, to.calls[1:]))
            changed, *taken = race.answers

            assert {answer.status_code for answer in race.answers} <= {303, 409}
            assert [answer.status_code for answer in taken] == [303] * TAKERS
            assert len(holds(stage, to.sitting_id)) == TAKERS + 1
            kept = stage.rows(select(Sitting).filter_by(id=to.sitting_id))[0]
            assert (kept.local_start, kept.hours_id is None) == (17 * 60, changed.status_code == 303)

    assert races.overlaps > 0


def test_without_lock_and_condition_somebody_gets_an_error_page(unguarded: Callable[[str], Stage]) -> None:
    stage = unguarded(NO_LOCKS)

    def it_broke() -> bool:
        to = planned(stage)
        race = races.run(staggered(to.calls[0], to.calls[1:]))
        lost = sum(answer.status_code == 303 for answer in race.answers[1:]) != len(holds(stage, to.sitting_id))
        return lost or any(answer.status_code >= 500 for answer in race.answers)

    with stage.races("changed hours against holds") as races:
        until_seen(it_broke)


def adding_both(stage: Stage) -> tuple[scenes.Evening, list[Call]]:
    """The doctor and the clerk are about to add sittings that overlap."""
    evening = scenes.evening()
    day = (clock.local(clock.now(), "Asia/Dhaka") + timedelta(days=5)).date().isoformat()
    path = f"{HERE}/extras?chamber={evening.chamber.id}"
    spans = [("09:00", "11:00", evening.rokeya), ("10:00", "12:00", evening.nasrin)]
    return evening, [
        stage.browser_of(who).filled(path, "extra", day=day, start=start, end=end, minutes="10")
        for start, end, who in spans
    ]


def extras_of(stage: Stage, evening: scenes.Evening) -> list[Sitting]:
    """The extra sittings that were made."""
    return stage.rows(select(Sitting).filter_by(doctor_id=evening.doctor.id, extra=True))


def test_of_two_sittings_at_the_same_time_one_is_made(stage: Stage) -> None:
    with stage.races("two sittings at the same time") as races:
        for _ in range(ROUNDS):
            evening, calls = adding_both(stage)
            race = races.run(calls)

            assert race.statuses == [303, 409]
            assert len(extras_of(stage, evening)) == 1
            assert told_of_the_other(race)

    assert races.overlaps > 0


def told_of_the_other(race: Race) -> bool:
    """Whether the loser's page names the sitting in the way."""
    loser: Answer = race.losers[0]
    return "The doctor already sits at Gomoti Hospital then" in see(loser)


def test_without_the_doctors_lock_both_are_made(unguarded: Callable[[str], Stage]) -> None:
    stage = unguarded("doctor_lock,one_writer")

    def both_were_made() -> bool:
        evening, calls = adding_both(stage)
        races.run(calls)
        return len(extras_of(stage, evening)) > 1

    with stage.races("two sittings at the same time") as races:
        until_seen(both_were_made)
