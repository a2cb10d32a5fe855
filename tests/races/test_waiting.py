"""A freed number goes to one of those who wait, each of them gets one, and nobody else comes between.

The deciding statements are the INSERT … ON CONFLICT DO NOTHING against `uq_appointment_place`, the conditional UPDATE
of who waits, and that of `life.change`; the lock of the sitting orders sweeps and those who take a number.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import timedelta

from sqlalchemy import select, update

from doctapp import clock
from doctapp.appointments.models import Appointment, Waiting
from doctapp.db import db
from doctapp.notifications.models import Letter
from doctapp.schedules.models import Sitting
from doctapp.web.cookies import hashed
from tests import make
from tests.races import scenes
from tests.races.racing import Call, Races, until_seen
from tests.races.servers import Stage
from tests.see import see

OFFER = "appointments.offer_places"
ROUNDS = 4
IN_LINE = 4


def waits(sitting: Sitting, **given: str) -> Waiting:
    """Somebody who waits for it."""
    row = {"token_hash": secrets.token_hex(), "phone": scenes.phone(), "shown": "01800", "language": "en", **given}
    return make.saved(Waiting(sitting_id=sitting.id, created_at=clock.now(), **row))


def crowded(in_line: int = IN_LINE, free: int = IN_LINE) -> Sitting:
    """A sitting for which so many wait, and in which so many numbers were just freed."""
    sitting = scenes.evening(capacity=10).sitting
    taken = scenes.alice()[1]
    for number in range(free + 1, 11):
        make.appointment(sitting, number=number, of=taken if number == 10 else make.patient(taken.person))
    for _ in range(in_line):
        waits(sitting)
    return sitting


def offered(stage: Stage, sitting: Sitting) -> list[Appointment]:
    """What is offered there."""
    return stage.rows(select(Appointment).filter_by(sitting_id=sitting.id, status="offered"))


def three_sweeps(stage: Stage, races: Races, sitting: Sitting) -> list[Appointment]:
    """What three sweeps offered at once."""
    races.run([stage.sweep(OFFER) for _ in range(3)])
    return offered(stage, sitting)


def test_three_sweeps_offer_each_number_once_and_to_each_one_once(stage: Stage) -> None:
    with stage.races("sweeps offer places") as races:
        for _ in range(ROUNDS):
            sitting = crowded()
            rows = three_sweeps(stage, races, sitting)

            assert sorted(row.number for row in rows) == [1, 2, 3, 4]
            assert len({row.waiting_id for row in rows}) == IN_LINE
            letters = stage.rows(select(Letter).where(Letter.about.in_([row.ref for row in rows])))
            assert len(letters) == IN_LINE

    assert races.overlaps > 0


def test_without_lock_and_condition_somebody_is_offered_two(unguarded: Callable[[str], Stage]) -> None:
    stage = unguarded("line,one_writer")

    def one_had_two() -> bool:
        rows = three_sweeps(stage, races, crowded(in_line=1))
        return len(rows) > 1

    with stage.races("sweeps offer places") as races:
        until_seen(one_had_two, 40)


def an_offer(number: int = 1) -> tuple[Appointment, str]:
    """A place that is offered, and the path of the letter's link."""
    sitting, token = scenes.evening().sitting, secrets.token_urlsafe(9)
    until = clock.now() + timedelta(hours=1)
    row = make.hold(sitting, number=number, browser_hash=None, held_until=until, now=clock.now())
    waiter = waits(sitting, token_hash=hashed(token), state="offered")
    waiter.offer_id = row.id
    db.session.execute(
        update(Appointment).where(Appointment.id == row.id).values(status="offered", waiting_id=waiter.id)
    )
    db.session.commit()
    return row, f"/waiting/{token}"


def taking_it_up(stage: Stage, path: str, how_many: int = 8) -> list[Call]:
    """So many browsers that have the link open."""
    db.session.rollback()
    return [stage.browser().filled(path, "offer") for _ in range(how_many)]


def acts(stage: Stage, row: Appointment) -> list[str]:
    """What happened to it since it was made."""
    return [event.act for event in stage.rows(scenes.events_of(row.id))][1:]


def test_of_many_browsers_one_takes_an_offer_up(stage: Stage) -> None:
    with stage.races("browsers take up one offer") as races:
        for _ in range(ROUNDS):
            row, path = an_offer()
            calls = taking_it_up(stage, path)
            race = races.run(calls)

            assert race.statuses == [303] + [409] * 7
            assert acts(stage, row) == ["take_up"]
            winner = calls[race.answers.index(race.winners[0])]
            now = stage.rows(select(Appointment).where(Appointment.id == row.id))[0]
            assert now.browser_hash == hashed(winner.browser.jar["browser"])
            assert "taken up in another browser" in see(race.losers[0])

    assert races.overlaps > 0


def test_without_the_condition_several_take_it_up(unguarded: Callable[[str], Stage]) -> None:
    stage = unguarded("condition")

    def several_did() -> bool:
        row, path = an_offer()
        races.run(taking_it_up(stage, path))
        return acts(stage, row).count("take_up") > 1

    with stage.races("browsers take up one offer") as races:
        until_seen(several_did)


def strangers(stage: Stage, sitting: Sitting) -> list[Call]:
    """Sweeps that offer the freed number, and strangers who want it."""
    wanting = [stage.browser().posting("/appointments", sitting=sitting.id, number=1) for _ in range(10)]
    return [stage.sweep(OFFER), *wanting, stage.sweep(OFFER)]


def test_a_freed_number_goes_to_who_waits_and_to_no_stranger(stage: Stage) -> None:
    with stage.races("offer against hold") as races:
        for _ in range(ROUNDS):
            sitting = crowded(in_line=1, free=1)
            race = races.run(strangers(stage, sitting))

            assert [answer.status_code for answer in race.answers[1:-1]] == [409] * 10
            assert [row.status for row in stage.rows(scenes.at(sitting, 1))] == ["offered"]

    assert races.overlaps > 0


def test_where_nobody_looks_at_the_list_a_stranger_gets_it(unguarded: Callable[[str], Stage]) -> None:
    stage = unguarded("awaited")

    def a_stranger_got_it() -> bool:
        sitting = crowded(in_line=1, free=1)
        races.run(strangers(stage, sitting))
        return [row.status for row in stage.rows(scenes.at(sitting, 1))] == ["held"]

    with stage.races("offer against hold") as races:
        until_seen(a_stranger_got_it, 40)
