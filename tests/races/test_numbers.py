"""A number of a sitting has at most one live appointment; the database decides who was first.

The deciding statement is the INSERT … ON CONFLICT DO NOTHING of `holding._take` against `uq_appointment_place`; the
lock of the sitting (SQLite: its one writer) is a second guard, so the controls take both away.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable

from sqlalchemy import select

from doctapp.appointments.models import Appointment
from doctapp.schedules.models import Sitting
from doctapp.web.cookies import hashed
from tests import make
from tests.races import scenes
from tests.races.racing import Answer, Call, Race, until_seen
from tests.races.servers import Stage
from tests.see import see

HOLDERS_PAGE = re.compile(r"/appointments/([2-9A-Z]{3}-[2-9A-Z]{3})/patient")
BUTTON = re.compile(rb'name="number" value="(\d+)"')
UNPROVEN = 8
NO_LOCKS = "sitting_lock,tally_lock,one_writer"


def takers(stage: Stage, sitting: Sitting, number: int, how_many: int) -> list[Call]:
    """So many browsers, each with a cookie of its own, that want the same number."""
    place = {"sitting": sitting.id, "number": number}
    return [stage.browser().posting("/appointments", **place) for _ in range(how_many)]


def offers_three(answer: Answer) -> bool:
    """Whether the page offers three other numbers."""
    return len(BUTTON.findall(answer.content)) == 3


def check_one_won(race: Race, live: list[Appointment]) -> None:
    """One browser was led on to its hold, all others were offered the three nearest."""
    assert race.statuses == [303] + [409] * (len(race.answers) - 1)
    found = HOLDERS_PAGE.fullmatch(race.winners[0].location)
    assert found and [row.ref for row in live] == [found[1]]
    assert all(map(offers_three, race.losers))


def test_fifty_browsers_want_one_number_and_one_gets_it(stage: Stage) -> None:
    sitting = scenes.evening().sitting
    with stage.races("one number") as races:
        race = races.run(takers(stage, sitting, 12, 50))

    check_one_won(race, stage.rows(scenes.at(sitting)))
    assert race.overlaps > 0
    assert "moment before you" in see(race.losers[0]).h1


def test_the_index_alone_decides_too(unguarded: Callable[[str], Stage]) -> None:
    stage = unguarded(NO_LOCKS)
    sitting = scenes.evening().sitting
    with stage.races("one number") as races:
        race = races.run(takers(stage, sitting, 12, 50))

    check_one_won(race, stage.rows(scenes.at(sitting)))


def test_without_its_index_several_have_one_number(unguarded: Callable[[str], Stage]) -> None:
    stage = unguarded(NO_LOCKS)

    def several_had_it() -> bool:
        sitting = scenes.evening().sitting
        races.run(takers(stage, sitting, 12, 50))
        return len(stage.rows(scenes.at(sitting, 12))) > 1

    with stage.without("uq_appointment_place"), stage.races("one number") as races:
        until_seen(several_had_it)


def test_sixty_four_race_for_each_of_twenty_numbers(stage: Stage) -> None:
    sitting = scenes.evening(capacity=90, minutes=3).sitting
    with stage.races("twenty numbers") as races:
        for number in range(1, 21):
            race = races.run(takers(stage, sitting, number, 64))
            check_one_won(race, stage.rows(scenes.at(sitting, number)))

    assert races.overlaps > 0


def several(stage: Stage, token: str) -> list[Call]:
    """One browser that taps on four numbers in each of two sittings of one doctor."""
    chamber = scenes.evening().chamber
    sittings = [make.sitting(chamber, days=days) for days in (2, 3)]
    places = [(sitting.id, number) for number in (3, 5, 7, 9) for sitting in sittings]
    return [stage.browser(token).posting("/appointments", sitting=at, number=number) for at, number in places]


def held_by(stage: Stage, token: str) -> list[Appointment]:
    """What the browser of this cookie holds."""
    query = select(Appointment).filter_by(browser_hash=hashed(token), status="held")
    return stage.rows(query)


def test_one_browser_holds_one_number_at_a_doctor(stage: Stage) -> None:
    with stage.races("one browser, eight numbers") as races:
        race = races.run(several(stage, "taps-everywhere"))

    assert {answer.status_code for answer in race.answers} == {303}
    assert len(held_by(stage, "taps-everywhere")) == 1
    assert race.overlaps > 0


def test_without_its_index_one_browser_holds_several_numbers_at_a_doctor(unguarded: Callable[[str], Stage]) -> None:
    stage = unguarded(NO_LOCKS)

    def several_were_held() -> bool:
        token = secrets.token_urlsafe()
        races.run(several(stage, token))
        return len(held_by(stage, token)) > 1

    with stage.without("uq_appointment_hold"), stage.races("one browser, eight numbers") as races:
        until_seen(several_were_held)


def wanting_each_their_own(stage: Stage, sitting: Sitting) -> list[Call]:
    """As many browsers as the sitting has numbers, each at a number of its own."""
    places = [{"sitting": sitting.id, "number": number} for number in range(1, sitting.capacity + 1)]
    return [stage.browser().posting("/appointments", **place) for place in places]


def test_unproven_holds_never_take_more_than_a_third_of_a_sitting(stage: Stage) -> None:
    sitting = scenes.evening(capacity=24).sitting
    with stage.races("a third of a sitting") as races:
        race = races.run(wanting_each_their_own(stage, sitting))

    assert len(race.winners) == len(stage.rows(scenes.at(sitting))) == UNPROVEN
    assert set(race.statuses) == {303, 409}
    assert race.overlaps > 0


def test_without_the_sittings_lock_unproven_holds_take_more(unguarded: Callable[[str], Stage]) -> None:
    stage = unguarded(NO_LOCKS)

    def more_were_held() -> bool:
        sitting = scenes.evening(capacity=24).sitting
        races.run(wanting_each_their_own(stage, sitting))
        return len(stage.rows(scenes.at(sitting))) > UNPROVEN

    with stage.races("a third of a sitting") as races:
        until_seen(more_were_held)
