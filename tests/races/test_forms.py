"""A repeated POST has one effect: a form that asks twice, and a double tap on a first visit.

The deciding statement of the form is the INSERT … ON CONFLICT DO NOTHING of `formkey.spend`, in the effect's own
transaction; the state of the hold and the condition of `life.change` stand behind it. A number is recognised by
(browser, sitting, number), and the 307 gives both taps one browser.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import select

from doctapp.appointments.models import Appointment
from doctapp.notifications.models import Letter
from tests.races import scenes
from tests.races.racing import Answer, Browser, Call, Meeting, until_seen
from tests.races.servers import Stage

ROUNDS = 5


def sent_twice(stage: Stage) -> tuple[Appointment, list[Call]]:
    """A hold, and its payment form that is about to be sent twice by one browser."""
    sitting = scenes.evening().sitting
    person, _ = scenes.alice()
    row = scenes.hold(sitting, 12, of=person, token=f"browser-{person.id}")
    call = stage.browser_of(person, f"browser-{person.id}").filled(f"/appointments/{row.ref}/payment", "payment")
    return row, [call, call.again(port=stage.next_port())]


def effects(stage: Stage, row: Appointment) -> tuple[int, int]:
    """How often the appointment was requested, and how many SMS told the patient so."""
    requests = [event for event in stage.rows(scenes.events_of(row.id)) if event.act == "request"]
    texts = stage.rows(select(Letter).filter_by(about=row.ref, channel="sms"))
    return len(requests), len(texts)


def test_the_same_form_twice_at_once_has_one_effect(stage: Stage) -> None:
    with stage.races("the same form twice") as races:
        for _ in range(ROUNDS):
            row, calls = sent_twice(stage)
            race = races.run(calls)

            assert [answer.location for answer in race.answers] == [f"/appointments/{row.ref}?ok=requested"] * 2
            assert effects(stage, row) == (1, 1)

    assert races.overlaps > 0


def test_without_key_state_and_condition_the_same_form_has_two_effects(unguarded: Callable[[str], Stage]) -> None:
    stage = unguarded("form_key,states,condition")

    def it_was_requested_twice() -> bool:
        row, calls = sent_twice(stage)
        races.run(calls)
        return effects(stage, row) == (2, 2)

    with stage.races("the same form twice") as races:
        until_seen(it_was_requested_twice)


@dataclass
class Tap:
    """A tap that follows its 307 with the newest cookie of the browser, once both taps have theirs.

    A browser gives its first navigation up for the second, so it never follows an older 307 while a newer one is on
    its way; the two meet here to keep that order.
    """

    call: Call
    both: Meeting

    def ready(self) -> None:
        """Open the connection."""
        self.call.ready()

    def __call__(self) -> Answer:
        first = self.call()
        assert first.status_code == 307
        self.both.wait()
        return self.call.again(path=first.location)()


def tapping(stage: Stage, path: str = "/appointments") -> list[Call]:
    """A browser without any cookie that taps twice on one number."""
    sitting = scenes.evening().sitting
    browser = Browser(stage.next_port())
    call = browser.posting(path, sitting=sitting.id, number=12)
    return [call, call.again(port=stage.next_port())]


def test_a_double_tap_on_a_first_visit_holds_once(stage: Stage) -> None:
    with stage.races("a double tap on a first visit") as races:
        for _ in range(ROUNDS):
            both = Meeting(2)
            race = races.run([Tap(call, both) for call in tapping(stage)])

            assert race.statuses == [303, 303]
            assert race.answers[0].location == race.answers[1].location

    assert races.overlaps > 0


def test_without_the_step_that_gives_the_cookie_a_double_tap_loses_to_itself(stage: Stage) -> None:
    with stage.races("a double tap without the 307") as races:
        race = races.run(tapping(stage, "/appointments?again=1"))

    assert race.statuses == [303, 409]
