"""Time against people, and two sweeps against one another: each thing happens once.

The deciding statement is the conditional UPDATE of `life.change`: a hold expires only while it is held and overdue,
a request lapses only while it is requested and due. A sweep's turn is the upsert of `turns.claim`.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from sqlalchemy import delete, select, update

from doctapp import clock
from doctapp.appointments.models import Appointment
from doctapp.db import db
from doctapp.notifications.models import Letter
from doctapp.work.turns import Turn
from tests import make
from tests.races import scenes
from tests.races.racing import Call, Races, Timed, until_seen
from tests.races.servers import Stage
from tests.see import see

EXPIRE, LAPSE, REMIND = "appointments.expire_holds", "appointments.lapse_requests", "appointments.remind_doctors"
CLOSE = "appointments.close_past"
AHEAD = 0.3
TRIES = (0.07, 0.05, 0.03, 0.02, 0.1, 0.01, 0.15, 0.0)
SECOND = timedelta(seconds=1)
ROUNDS = 5


def saved(row: Appointment, **values: object) -> None:
    """Write values into a row behind everybody's back."""
    db.session.rollback()
    db.session.execute(update(Appointment).where(Appointment.id == row.id).values(**values))
    db.session.commit()


def acts(stage: Stage, row: Appointment) -> list[str]:
    """What happened to the appointment since it was made."""
    return [event.act for event in stage.rows(scenes.events_of(row.id))][1:]


def request_as_it_ends(stage: Stage, before: float) -> tuple[Appointment, list[Timed]]:
    """A hold that ends in a moment: it is asked for so many seconds before, while sweeps knock from its end on."""
    sitting = scenes.evening().sitting
    person, _ = scenes.alice()
    token = f"late-{person.id}"
    row = scenes.hold(sitting, 12, of=person, token=token)
    asking = stage.browser_of(person, token).filled(f"/appointments/{row.ref}/payment", "payment")
    end = time.time() + AHEAD
    saved(row, held_until=datetime.fromtimestamp(end, UTC))
    sweeps = [Timed(stage.sweep(EXPIRE), end + wait) for wait in (0.0, 0.01, 0.02, 0.04)]
    return row, [Timed(asking, end - before), *sweeps]


def test_a_hold_is_requested_or_it_expires(stage: Stage) -> None:
    stage.sweep(EXPIRE)()
    with stage.races("expire against request") as races:
        for before in TRIES:
            row, calls = request_as_it_ends(stage, before)
            race = races.run(calls)

            asked = race.answers[0]
            assert asked.status_code in {303, 410}
            assert acts(stage, row) == ["request" if asked.status_code == 303 else "expire"]
            assert len(race.winners) == 1
            if asked.status_code == 410:
                assert "ran out" in see(asked).h1

    assert races.overlaps > 0


def test_without_the_condition_a_hold_is_requested_and_expires(unguarded: Callable[[str], Stage]) -> None:
    stage, turns = unguarded("expiry,condition,one_writer"), iter(TRIES * 8)

    def both_happened() -> bool:
        row, calls = request_as_it_ends(stage, next(turns))
        races.run(calls)
        return set(acts(stage, row)) == {"request", "expire"}

    with stage.races("expire against request") as races:
        until_seen(both_happened, len(TRIES) * 8)


def accept_as_it_lapses(stage: Stage) -> tuple[Appointment, list[Timed]]:
    """A request that is due to lapse: its doctor accepts it while a sweep comes by."""
    evening = scenes.evening()
    _, patient = scenes.alice()
    row = scenes.requested(evening.sitting, 12, of=patient, lapses_at=clock.now() - SECOND)
    accepting = stage.browser_of(evening.rokeya).filled("/doctor/requests", f"acceptance-{row.ref}")
    moment = time.time() + AHEAD / 6
    return row, [Timed(accepting, moment), Timed(stage.sweep(LAPSE), moment + 0.01), Timed(stage.sweep(LAPSE), moment)]


def test_a_request_is_accepted_or_it_lapses(stage: Stage) -> None:
    with stage.races("lapse against accept") as races:
        for _ in range(ROUNDS):
            row, calls = accept_as_it_lapses(stage)
            race = races.run(calls)

            accepted = race.answers[0]
            assert acts(stage, row) == ["accept" if accepted.status_code == 303 else "lapse"]
            assert len(race.winners) == 1
            if accepted.status_code != 303:
                assert accepted.status_code == 409
                assert "Nobody answered by" in see(accepted)

    assert races.overlaps > 0


def test_without_the_condition_a_request_is_accepted_and_lapses(unguarded: Callable[[str], Stage]) -> None:
    stage = unguarded("condition")

    def both_happened() -> bool:
        row, calls = accept_as_it_lapses(stage)
        races.run(calls)
        return set(acts(stage, row)) == {"accept", "lapse"}

    with stage.races("lapse against accept") as races:
        until_seen(both_happened)


def due(how_many: int = 6) -> tuple[list[Appointment], list[Appointment], list[Appointment]]:
    """Holds that ran out, requests that are due to lapse, and requests whose doctor is to be reminded."""
    now, evening = clock.now(), scenes.evening()
    numbers = range(1, how_many + 1)
    people = [scenes.alice() for _ in range(2 * how_many)]
    holder, _ = scenes.alice()
    holds = [
        scenes.hold(evening.sitting, number, of=holder, token=f"{evening.sitting.id}-{number}", held_until=now - SECOND)
        for number in numbers
    ]
    lapsing = [
        scenes.requested(evening.sitting, how_many + number, of=patient, lapses_at=now - SECOND)
        for number, (_, patient) in zip(numbers, people, strict=False)
    ]
    waiting = [
        scenes.requested(evening.sitting, 2 * how_many + number, of=patient, remind_at=now - SECOND)
        for number, (_, patient) in zip(numbers, people[how_many:], strict=False)
    ]
    return holds, lapsing, waiting


def letters(stage: Stage, rows: list[Appointment], kind: str) -> list[Letter]:
    """The letters of this kind about these appointments."""
    refs = [row.ref for row in rows]
    return stage.rows(select(Letter).where(Letter.about.in_(refs), Letter.kind == kind))


def test_two_sweeps_at_once_do_each_thing_once(stage: Stage) -> None:
    holds, lapsing, waiting = due()
    with stage.races("two sweeps, step by step") as races:
        for step in (EXPIRE, LAPSE, REMIND):
            races.run([stage.sweep(step), stage.sweep(step)])

    assert [acts(stage, row) for row in holds] == [["expire"]] * len(holds)
    assert [acts(stage, row) for row in lapsing] == [["lapse"]] * len(lapsing)
    assert len(letters(stage, lapsing, "lapsed")) == len(lapsing)
    assert len(letters(stage, waiting, "reminder")) == len(waiting)


def test_two_sweeps_at_once_send_each_letter_once(stage: Stage) -> None:
    db.session.execute(delete(Letter))
    db.session.commit()
    _, lapsing, _ = due()
    stage.sweep(LAPSE)()
    db.session.rollback()
    db.session.execute(update(Letter).values(created_at=clock.now() - timedelta(minutes=1)))
    db.session.commit()
    with stage.races("two sweeps send letters") as races:
        races.run(
            [stage.sweep("notifications.send_due") for _ in range(2)], won=lambda answer: answer.status_code < 400
        )

    written = letters(stage, lapsing, "lapsed")
    assert {(letter.state, letter.tries) for letter in written} == {("sent", 1)}
    lines = (stage.folder / "sandbox" / "letters.jsonl").read_text().splitlines()
    to = [json.loads(line)["to"] for line in lines]
    assert [to.count(letter.address) for letter in written] == [1] * len(lapsing)


def test_one_of_two_sweeps_has_the_turn(stage: Stage) -> None:
    db.session.execute(delete(Turn))
    db.session.commit()
    with stage.races("the turn to sweep") as races:
        race = races.run([stage.sweep(), stage.sweep()])

    assert race.statuses == [303, 409]


def test_without_the_condition_two_sweeps_do_things_twice(unguarded: Callable[[str], Stage]) -> None:
    stage = unguarded("expiry,condition,one_writer")

    def something_was_done_twice() -> bool:
        holds, lapsing, _ = due()
        for step in (EXPIRE, LAPSE):
            races.run([stage.sweep(step), stage.sweep(step)])
        twice = [row for row in lapsing if acts(stage, row) == ["lapse", "lapse"]]
        wrong = len(letters(stage, lapsing, "lapsed")) > len(lapsing)
        return bool(twice) and wrong and any(acts(stage, row) == ["expire", "expire"] for row in holds)

    with stage.races("two sweeps, step by step") as races:
        until_seen(something_was_done_twice)


def over(stage: Stage, how_many: int = 8) -> list[Appointment]:
    """Who was booked, and who came, in a sitting that ran and ended more than an hour ago."""
    now = clock.now()
    sitting = scenes.evening(starts_at=now - timedelta(hours=6), started_at=now - timedelta(hours=6)).sitting
    states = ("booked", "arrived", "called", "in_consultation")
    patients = [scenes.alice()[1] for _ in range(how_many)]
    return [
        make.appointment(sitting, number=number, status=states[number % len(states)], of=patient, now=now)
        for number, patient in enumerate(patients, 1)
    ]


def closed_by(stage: Stage, races: Races) -> list[list[str]]:
    """What happened to those of a sitting that is over when three sweeps close it at once."""
    stage.sweep(CLOSE)()
    rows = over(stage)
    races.run([stage.sweep(CLOSE) for _ in range(3)])
    return [acts(stage, row) for row in rows]


def test_three_sweeps_at_once_close_a_sitting_once(stage: Stage) -> None:
    with stage.races("three sweeps close a sitting") as races:
        for _ in range(ROUNDS):
            assert closed_by(stage, races) == [["close"]] * 8

    assert races.overlaps > 0


def test_without_the_condition_a_sitting_is_closed_twice(unguarded: Callable[[str], Stage]) -> None:
    stage = unguarded("condition,one_writer")
    with stage.races("three sweeps close a sitting") as races:
        until_seen(lambda: ["close", "close"] in closed_by(stage, races))


def turn_it_twice(stage: Stage) -> tuple[Appointment, list[Call]]:
    """What time closed: the doctor says that the patient was there, the clerk that not, from what both have seen."""
    evening = scenes.evening()
    _, patient = scenes.alice()
    row = make.appointment(evening.sitting, status="elapsed", of=patient, now=clock.now(), closed_at=clock.now())
    page, form = f"/appointments/{row.ref}", f"outcome-{row.ref}"
    doctor, clerk = stage.browser_of(evening.rokeya), stage.browser_of(evening.nasrin)
    return row, [doctor.filled(page, form, outcome="completed"), clerk.filled(page, form, outcome="no_show")]


def test_of_two_outcomes_one_wins_and_the_other_reads_who_and_when(stage: Stage) -> None:
    with stage.races("outcome against outcome") as races:
        for _ in range(ROUNDS):
            row, calls = turn_it_twice(stage)
            race = races.run(calls)

            assert race.statuses == [303, 409]
            assert acts(stage, row) == ["outcome"]
            first = "Dr Rokeya Begum" if race.answers[0].status_code == 303 else "Nasrin Akter at the front desk"
            assert f"You changed nothing. {first} was first:" in see(race.losers[0])

    assert races.overlaps > 0


def test_without_the_condition_two_outcomes_are_written(unguarded: Callable[[str], Stage]) -> None:
    stage = unguarded("condition,one_writer")

    def both_were_written() -> bool:
        row, calls = turn_it_twice(stage)
        races.run(calls)
        return acts(stage, row) == ["outcome", "outcome"]

    with stage.races("outcome against outcome") as races:
        until_seen(both_were_written)


def close_as_it_begins(stage: Stage) -> tuple[Appointment, list[Timed]]:
    """A booking of a sitting that is over is moved to a later one while sweeps close it."""
    now = clock.now()
    evening = scenes.evening(starts_at=now - timedelta(hours=6))
    _, patient = scenes.alice()
    row = make.appointment(evening.sitting, number=24, of=patient, now=now)
    later = make.sitting(evening.chamber, days=2)
    moving = stage.browser_of(evening.nasrin).filled(f"/appointments/{row.ref}/move", f"place-{later.id}", number=3)
    moment = time.time() + AHEAD / 6
    return row, [Timed(moving, moment), Timed(stage.sweep(CLOSE), moment), Timed(stage.sweep(CLOSE), moment + 0.01)]


def test_a_booking_is_moved_on_or_it_is_closed(stage: Stage) -> None:
    stage.sweep(CLOSE)()
    with stage.races("close against move") as races:
        for _ in range(ROUNDS):
            row, calls = close_as_it_begins(stage)
            race = races.run(calls)

            moved = race.answers[0].status_code == 303
            assert acts(stage, row) == ["move" if moved else "close"]
            assert len(race.winners) == 1

    assert races.overlaps > 0


def wanting_an_overdue_number(stage: Stage) -> tuple[Appointment, list[Timed]]:
    """A hold that ran out and that no sweep has seen, and twenty browsers that want its number."""
    sitting = scenes.evening().sitting
    person, _ = scenes.alice()
    token = f"gone-{person.id}"
    row = scenes.hold(sitting, 12, of=person, token=token, held_until=clock.now() - SECOND)
    return row, [stage.browser().posting("/appointments", sitting=sitting.id, number=12) for _ in range(20)]


def test_an_overdue_hold_is_taken_over_by_one_with_no_worker_and_no_sweep(stage: Stage) -> None:
    row, calls = wanting_an_overdue_number(stage)
    with stage.races("an overdue hold is taken over") as races:
        race = races.run(calls)

    assert race.statuses == [303] + [409] * 19
    assert acts(stage, row) == ["expire"]
    assert race.overlaps > 0


def test_an_overdue_hold_that_nobody_expires_blocks_its_number(unguarded: Callable[[str], Stage]) -> None:
    stage = unguarded("overdue")
    row, calls = wanting_an_overdue_number(stage)
    with stage.races("an overdue hold is taken over") as races:
        race = races.run(calls)

    assert race.statuses == [409] * 20
    assert acts(stage, row) == []
