"""A sitting is cancelled while somebody takes, asks for, or gives up a number of it, or somebody else cancels it too.

Taking and asking lock the sitting, as its cancelling does; each of its appointments ends by the conditional UPDATE of
`life.change`. What the bell or the sweep ends is ended here by steps of a sweep that knock right after the cancelling.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from itertools import pairwise
from typing import Any

from sqlalchemy import select

from doctapp.appointments.models import Appointment
from doctapp.db import db
from doctapp.notifications.models import Letter, Notification
from tests.races import scenes
from tests.races.racing import Answer, Call, Timed, until_seen
from tests.races.scenes import Evening
from tests.races.servers import Stage

END = "appointments.end_cancelled"
ROUNDS = 5
HOLDERS = 6
AHEAD, STEP = 0.2, 0.008


class Then:
    """A call, and right after its answer another one: the cancelling, and the job that it rings for."""

    def __init__(self, first: Call, then: Call) -> None:
        self.first, self.then = first, then

    def ready(self) -> None:
        """As both calls do."""
        self.first.ready()
        self.then.ready()

    def __call__(self) -> Answer:
        answer = self.first()
        self.then()
        return answer


def cancelling(stage: Stage, evening: Evening, who: str = "rokeya", reason: str = "away") -> Call:
    """The doctor, or the clerk, has the sitting's page open and is about to cancel it."""
    db.session.rollback()  # the test's reads would keep SQLite from writing
    browser, sitting_id = stage.browser_of(getattr(evening, who)), evening.sitting.id
    return browser.filled(f"/doctor/sittings/{sitting_id}", "sitting-cancellation", reason=reason)


def live(stage: Stage, evening: Evening) -> list[Appointment]:
    """What lives at the sitting now."""
    return stage.rows(scenes.at(evening.sitting))


def is_one_story(stage: Stage, row: Appointment) -> bool:
    """Whether each act on it began where the one before had ended."""
    return all(event.was == before.became for before, event in pairwise(stage.rows(scenes.events_of(row.id))))


def told(stage: Stage, row: Appointment) -> list[str]:
    """What its patient was told of it, in its order."""
    of_it = select(Notification).where(Notification.link == f"/appointments/{row.ref}").order_by(Notification.id)
    return [notice.kind for notice in stage.rows(of_it) if notice.person_id == row.person_id]


def texted(stage: Stage, row: Appointment, kind: str) -> int:
    """How many SMS of this kind were written of it."""
    return len(stage.rows(select(Letter).where(Letter.about == row.ref, Letter.kind == kind, Letter.channel == "sms")))


def hold_and_cancel(stage: Stage) -> tuple[Evening, list[Any]]:
    """Strangers take numbers while the doctor cancels; the job comes by once, right after."""
    evening = scenes.evening()
    cancel = Then(cancelling(stage, evening), stage.sweep(END))
    browsers = [stage.browser() for _ in range(HOLDERS)]
    holds = [b.posting("/appointments", sitting=evening.sitting.id, number=n) for n, b in enumerate(browsers, 1)]
    moment = time.time() + AHEAD
    return evening, [Timed(cancel, moment), *(Timed(hold, moment + n * STEP) for n, hold in enumerate(holds))]


def test_no_hold_outlives_the_sitting(stage: Stage) -> None:
    with stage.races("hold against cancelling the sitting") as races:
        for _ in range(ROUNDS):
            evening, calls = hold_and_cancel(stage)
            race = races.run(calls)

            assert race.answers[0].status_code == 303
            assert {answer.status_code for answer in race.answers[1:]} <= {303, 409}
            assert live(stage, evening) == []
            for call, answer in zip(calls[1:], race.answers[1:], strict=True):
                if answer.status_code == 303:
                    assert call.call.browser.get(answer.location).status_code == 409

    assert races.overlaps > 0


def test_without_lock_and_check_a_hold_outlives_it_until_the_next_sweep(
    unguarded: Callable[[str], Stage],
) -> None:
    stage = unguarded("sitting_check,one_writer")

    def one_was_left() -> bool:
        evening, calls = hold_and_cancel(stage)
        races.run(calls)
        left = live(stage, evening)
        stage.sweep(END)()
        assert live(stage, evening) == []
        return bool(left)

    with stage.races("hold against cancelling the sitting") as races:
        until_seen(one_was_left)


def request_and_cancel(stage: Stage, before: float) -> tuple[Appointment, list[Any]]:
    """A hold is asked for so many seconds before the doctor cancels, while steps of a sweep knock."""
    evening = scenes.evening()
    person, _ = scenes.alice()
    token = f"asking-{person.id}"
    row = scenes.hold(evening.sitting, 12, of=person, token=token)
    asking = stage.browser_of(person, token).filled(f"/appointments/{row.ref}/payment", "payment")
    cancel, moment = cancelling(stage, evening), time.time() + AHEAD
    steps = [Timed(stage.sweep(END), moment + wait) for wait in (0.02, 0.04, 0.06, 0.08)]
    return row, [Timed(cancel, moment), Timed(asking, moment - before), *steps]


TRIES = (0.03, 0.01, 0.0, -0.01, -0.02, -0.03, -0.04, -0.06)


def test_who_asks_while_it_is_cancelled_is_refused_or_told(stage: Stage) -> None:
    with stage.races("request against cancelling the sitting") as races:
        for before in TRIES:
            row, calls = request_and_cancel(stage, before)
            race = races.run(calls)
            stage.sweep(END)()

            cancelled, asked = race.answers[:2]
            assert cancelled.status_code == 303
            assert asked.status_code in {303, 409}
            assert is_one_story(stage, row)
            ended = stage.rows(select(Appointment).where(Appointment.id == row.id))[0]
            if asked.status_code == 303:
                assert (ended.status, told(stage, ended)) == ("cancelled", ["requested", "clinic_cancelled"])
            else:
                assert (ended.status, told(stage, ended)) == ("expired", [])

    assert races.overlaps > 0


def test_without_lock_and_condition_a_request_and_the_end_overwrite_each_other(
    unguarded: Callable[[str], Stage],
) -> None:
    stage, turns = unguarded("closed,condition,one_writer"), iter(TRIES * 10)

    def one_overwrote_the_other() -> bool:
        row, calls = request_and_cancel(stage, next(turns))
        races.run(calls)
        return not is_one_story(stage, row)

    with stage.races("request against cancelling the sitting") as races:
        until_seen(one_overwrote_the_other, len(TRIES) * 10)


def give_up_and_cancel(stage: Stage, after: float) -> tuple[Appointment, list[Any]]:
    """The patient cancels while the sitting's end comes: the doctor cancelled it a moment before."""
    evening = scenes.evening()
    person, patient = scenes.alice()
    row = scenes.requested(evening.sitting, 12, of=patient)
    own = stage.browser_of(person).filled(f"/appointments/{row.ref}/cancellation", "cancellation")
    cancel, moment = cancelling(stage, evening), time.time() + AHEAD
    steps = [Timed(stage.sweep(END), moment + wait) for wait in (0.02, 0.04, 0.06, 0.08)]
    return row, [Timed(cancel, moment), Timed(own, moment + after), *steps]


def test_of_the_patients_cancel_and_the_sittings_one_is_told(stage: Stage) -> None:
    with stage.races("the patient's cancel against the sitting's") as races:
        for after in (0.0, 0.01, 0.02, 0.03, 0.04, 0.05):
            row, calls = give_up_and_cancel(stage, after)
            race = races.run(calls)
            stage.sweep(END)()

            own = race.answers[1]
            assert own.status_code in {303, 409}
            assert is_one_story(stage, row)
            assert told(stage, row) == (["cancelled"] if own.status_code == 303 else ["clinic_cancelled"])

    assert races.overlaps > 0


def test_without_the_condition_the_patient_is_told_twice(unguarded: Callable[[str], Stage]) -> None:
    stage, turns = unguarded("condition,one_writer"), iter((0.02, 0.03, 0.04, 0.05, 0.06, 0.01) * 15)

    def told_twice() -> bool:
        row, calls = give_up_and_cancel(stage, next(turns))
        races.run(calls)
        return len(told(stage, row)) == 2

    with stage.races("the patient's cancel against the sitting's") as races:
        until_seen(told_twice, 90)


def two_clicks(stage: Stage) -> tuple[list[Appointment], list[Any]]:
    """The doctor and the clerk cancel the same sitting, and two jobs come by right after."""
    evening = scenes.evening()
    rows = [scenes.requested(evening.sitting, number, of=scenes.alice()[1]) for number in range(1, 6)]
    calls = [
        Then(cancelling(stage, evening, who, reason), stage.sweep(END))
        for who, reason in (("rokeya", "away"), ("nasrin", "closed"))
    ]
    return rows, calls


def test_of_two_clicks_one_is_told(stage: Stage) -> None:
    with stage.races("two cancel one sitting") as races:
        for _ in range(ROUNDS):
            rows, calls = two_clicks(stage)
            race = races.run(calls)

            assert race.statuses == [303, 303]
            assert [told(stage, row) for row in rows] == [["clinic_cancelled"]] * len(rows)
            assert [texted(stage, row, "clinic_cancelled") for row in rows] == [1] * len(rows)
            why = {stage.rows(scenes.events_of(row.id))[-1].why for row in rows}
            assert len(why) == 1

    assert races.overlaps > 0


def test_without_the_condition_each_is_told_twice(unguarded: Callable[[str], Stage]) -> None:
    stage = unguarded("condition,one_writer")

    def told_twice() -> bool:
        rows, calls = two_clicks(stage)
        races.run(calls)
        return any(len(told(stage, row)) > 1 for row in rows)

    with stage.races("two cancel one sitting") as races:
        until_seen(told_twice, 40)
