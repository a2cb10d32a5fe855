"""Money against everything else that happens at the same moment: each captured payment is earned or refunded, once.

The deciding statements: the row lock of `paying._locked` with the conditional UPDATE of `life.change`; the unique
gateway event with the conditional UPDATE of `settling.settle`; and the UPDATE that claims, or withdraws, a refund that
is still due (domain.md, invariants 3 to 5).
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import pytest
from sqlalchemy import select, update

from doctapp import clock
from doctapp.accounts.models import Person
from doctapp.appointments import paying
from doctapp.appointments.models import Appointment
from doctapp.appointments.ordering import order
from doctapp.db import db, transaction
from doctapp.gateways.payments import CAPTURED, Answer
from doctapp.gateways.payments.sandbox import Sandbox
from doctapp.payments.models import Attempt, GatewayEvent, Receipt, Refund
from tests import money
from tests.payments import steps
from tests.races import racing, scenes
from tests.races.racing import Answer as Answered
from tests.races.racing import Browser, Call, Timed, until_seen
from tests.races.servers import NAMES, Stage

ROUNDS = 5
EXPIRE, SEND = "appointments.expire_holds", "payments.send_refunds"
HOOK = "/payments/sandbox/webhook"
AHEAD = 0.3
TRIES = (0.07, 0.05, 0.03, 0.02, 0.1, 0.01, 0.15, 0.0)


class Paying(NamedTuple):
    """A number that is kept, whose it is, the payments that are open for it, and its patient's browser."""

    row: Appointment
    person: Person
    attempts: list[Attempt]
    patient: Browser
    till: Sandbox


def paying_for(stage: Stage, payments: int = 1, *, requested: bool = False) -> Paying:
    """A new patient who pays for serial 12 of a new sitting, and perhaps asked for it at the chamber meanwhile.

    It is three days ahead: all of the money goes back, also where a race tells that something was some minutes earlier.
    """
    evening = scenes.evening(days=3)
    steps.takes_online(evening.chamber)
    person, patient = scenes.alice()
    if requested:
        row = scenes.requested(evening.sitting, 12, of=patient, refund_minutes=24 * 60, refund_percent=50)
    else:
        row = scenes.hold(evening.sitting, 12, of=person, token=f"pays-{person.id}")
    now = clock.now()
    attempts = [steps.attempt_of(row, session="", created_at=now, next_query_at=now) for _ in range(payments)]
    till = Sandbox(stage.app.config["SETTINGS"])
    for attempt in attempts:
        till.start(order(attempt))
        saved(attempt, session="sandbox")
    return Paying(row, person, attempts, stage.browser_of(person, f"pays-{person.id}"), till)


def saved(row: Any, **values: object) -> None:
    """Write values into a row behind everybody's back."""
    db.session.rollback()
    db.session.execute(update(type(row)).where(type(row).id == row.id).values(**values))
    db.session.commit()


def captured(stage: Stage, to: Paying, which: int = 0) -> Call:
    """The gateway tells that it has the money."""
    token = to.attempts[which].token
    to.till.become(token, CAPTURED)
    return stage.browser().telling(HOOK, *to.till.event(token))


def acts(stage: Stage, row: Appointment) -> list[str]:
    """What happened to the appointment since it was made."""
    return [event.act for event in stage.rows(scenes.events_of(row.id))][1:]


def amounts(stage: Stage, to: Paying) -> list[int]:
    """What goes back of its payments."""
    mine = select(Refund.amount).where(Refund.appointment_id == to.row.id, Refund.state != "withdrawn")
    return stage.rows(mine)


def receipts(stage: Stage, to: Paying) -> int:
    """How many of its payments have a receipt."""
    return len(stage.rows(select(Receipt.id).where(Receipt.attempt_id.in_([each.id for each in to.attempts]))))


def is_even(stage: Stage, to: Paying) -> bool:
    """Whether the equation holds for its payments, and no other than one stands."""
    db.session.rollback()
    mine = {each.id for each in to.attempts}
    return all(found.balanced for found in money.owed() if found.attempt in mine) and receipts(stage, to) <= 1


def done(answer: Answered) -> bool:
    """Whether it was done, or there was nothing to do."""
    return answer.status_code < 400


def cancel_and_capture(stage: Stage) -> tuple[Paying, list[Call]]:
    """The patient cancels the request while the money for it arrives."""
    to = paying_for(stage, requested=True)
    cancelling = to.patient.filled(f"/appointments/{to.row.ref}/cancellation", "cancellation")
    return to, [cancelling, captured(stage, to)]


def test_of_a_cancel_and_the_money_one_is_first_and_the_money_is_earned_or_goes_back(stage: Stage) -> None:
    with stage.races("cancel against capture") as races:
        for _ in range(ROUNDS):
            to, calls = cancel_and_capture(stage)
            race = races.run(calls, done)

            cancelled, told = race.answers
            assert told.status_code == 200
            assert acts(stage, to.row) == (["cancel"] if cancelled.status_code == 303 else ["pay"])
            assert amounts(stage, to) == ([steps.PRICE] if cancelled.status_code == 303 else [])
            assert cancelled.status_code in {303, 409}
            assert is_even(stage, to)

    assert races.overlaps > 0


def test_without_lock_and_condition_what_was_cancelled_is_booked(unguarded: Callable[[str], Stage]) -> None:
    stage = unguarded("money_lock,condition,one_writer")

    def both_happened() -> bool:
        to, calls = cancel_and_capture(stage)
        races.run(calls, done)
        return {"cancel", "pay"} <= set(acts(stage, to.row))

    with stage.races("cancel against capture") as races:
        until_seen(both_happened)


def capture_as_it_ends(stage: Stage, before: float) -> tuple[Paying, list[Timed]]:
    """A hold that ends in a moment: its money comes so many seconds before, while sweeps knock from its end on."""
    to = paying_for(stage)
    told = captured(stage, to)
    end = time.time() + AHEAD
    saved(to.row, held_until=datetime.fromtimestamp(end, UTC))
    sweeps = [Timed(stage.sweep(EXPIRE), end + wait) for wait in (0.0, 0.01, 0.02, 0.04)]
    return to, [Timed(told, end - before), *sweeps]


def test_money_books_the_number_whether_its_hold_expired_a_moment_before_or_not(stage: Stage) -> None:
    stage.sweep(EXPIRE)()
    with stage.races("expire against capture") as races:
        for before in TRIES:
            to, calls = capture_as_it_ends(stage, before)
            races.run(calls, done)

            assert acts(stage, to.row) in (["request", "pay"], ["expire", "request", "pay"])
            assert (amounts(stage, to), receipts(stage, to)) == ([], 1)
            assert is_even(stage, to)

    assert races.overlaps > 0


def test_without_its_condition_a_sweep_expires_what_was_paid(unguarded: Callable[[str], Stage]) -> None:
    stage, turns = unguarded("expiry,condition,one_writer"), iter(TRIES * 8)

    def expired_though_paid() -> bool:
        to, calls = capture_as_it_ends(stage, next(turns))
        races.run(calls, done)
        return not is_even(stage, to)

    with stage.races("expire against capture") as races:
        until_seen(expired_though_paid, len(TRIES) * 8)


def two_captures(stage: Stage, *, requested: bool) -> tuple[Paying, list[Call]]:
    """Two payments for one number, whose money comes at the same moment."""
    to = paying_for(stage, 2, requested=requested)
    return to, [captured(stage, to, which) for which in range(2)]


@pytest.mark.parametrize("requested", [False, True], ids=["kept", "requested"])
def test_of_two_payments_for_one_appointment_one_stands_and_the_other_goes_back_whole(
    stage: Stage, requested: bool
) -> None:
    with stage.races("two captures for one appointment") as races:
        for _ in range(ROUNDS):
            to, calls = two_captures(stage, requested=requested)
            race = races.run(calls, done)

            assert race.statuses == [200, 200]
            assert acts(stage, to.row) == (["pay"] if requested else ["request", "pay"])
            assert (amounts(stage, to), receipts(stage, to)) == ([steps.PRICE], 1)
            assert is_even(stage, to)

    assert races.overlaps > 0


def test_without_lock_and_condition_both_payments_stand(unguarded: Callable[[str], Stage]) -> None:
    stage = unguarded("money_lock,condition,one_writer")

    def both_stand() -> bool:
        to, calls = two_captures(stage, requested=True)  # no savepoint: on SQLite that would be a guard of its own
        races.run(calls, done)
        return not is_even(stage, to)

    with stage.races("two captures for one appointment") as races:
        until_seen(both_stand)


def told_twice(stage: Stage) -> tuple[Paying, list[Call]]:
    """The same message comes to both servers at once, three times to each."""
    to = paying_for(stage)
    first = captured(stage, to)
    return to, [first, *(first.again(port=stage.next_port()) for _ in range(5))]


def test_a_message_that_comes_six_times_at_once_has_one_effect(stage: Stage) -> None:
    with stage.races("the same message six times") as races:
        for _ in range(ROUNDS):
            to, calls = told_twice(stage)
            race = races.run(calls, done)

            assert set(race.statuses) == {200}
            assert acts(stage, to.row) == ["request", "pay"]
            assert (amounts(stage, to), receipts(stage, to)) == ([], 1)
            told = select(GatewayEvent.id).where(GatewayEvent.attempt_id == to.attempts[0].id)
            assert len(stage.rows(told)) == 1
            assert is_even(stage, to)

    assert races.overlaps > 0


def test_where_every_message_is_news_money_that_stands_is_sent_back(unguarded: Callable[[str], Stage]) -> None:
    stage = unguarded("told_once")

    def sent_back() -> bool:
        to, calls = told_twice(stage)
        races.run(calls, done)
        return not is_even(stage, to)

    with stage.races("the same message six times") as races:
        until_seen(sent_back)


def undo_as_it_ends(stage: Stage, before: float) -> tuple[Paying, list[Timed]]:
    """A cancelled visit whose undo ends in a moment: it is undone just before, while sweeps come to send the refund."""
    to = paying_for(stage)
    token = to.attempts[0].token
    to.till.become(token, CAPTURED)
    money_there = Answer(token, CAPTURED, f"sandbox-payment-{token}", steps.PRICE, "BDT")
    with transaction():
        paying.hear(to.attempts[0], money_there, now=clock.now())
    calling_off = to.patient.filled(f"/appointments/{to.row.ref}/cancellation", "cancellation")
    assert calling_off().status_code == 303
    undoing = to.patient.filled(f"/appointments/{to.row.ref}", "undo")
    end = time.time() + AHEAD
    until = datetime.fromtimestamp(end, UTC)
    event = stage.rows(scenes.events_of(to.row.id))[-1]
    saved(event, at=until - timedelta(minutes=10))
    refund = stage.rows(select(Refund).where(Refund.appointment_id == to.row.id))[0]
    saved(refund, not_before=until, next_try_at=until)
    sweeps = [Timed(stage.sweep(SEND), end + wait) for wait in (0.0, 0.01, 0.03)]
    return to, [Timed(undoing, end - before), *sweeps]


def sent(to: Paying) -> int:
    """How much the gateway itself sent back."""
    return sum(to.till.kept(to.attempts[0].token)["refunds"].values())


def test_a_cancel_is_undone_or_its_refund_is_sent(stage: Stage) -> None:
    stage.sweep(SEND)()
    with stage.races("undo against refund") as races:
        for before in TRIES:
            to, calls = undo_as_it_ends(stage, before)
            race = races.run(calls, done)

            undone = race.answers[0].status_code == 303
            assert stage.rows(select(Appointment.status).where(Appointment.id == to.row.id)) == [
                "booked" if undone else "cancelled"
            ]
            assert (sent(to) > 0) is not undone
            assert sum(amounts(stage, to)) == sent(to)
            assert is_even(stage, to)

    assert races.overlaps > 0


def test_without_its_condition_an_undo_keeps_a_visit_whose_money_went_back(unguarded: Callable[[str], Stage]) -> None:
    stage, turns = unguarded("withdrawal,one_writer"), iter(TRIES * 4)
    stage.sweep(SEND)()

    def booked_and_sent() -> bool:
        to, calls = undo_as_it_ends(stage, next(turns))
        races.run(calls, done)
        booked = stage.rows(select(Appointment.status).where(Appointment.id == to.row.id)) == ["booked"]
        return booked and sent(to) > 0

    with stage.races("undo against refund") as races:
        until_seen(booked_and_sent, len(TRIES) * 4)


def test_the_equation_holds_after_all_races(stage: Stage) -> None:
    db.session.rollback()
    racing.summary.append(f"money of all races, {NAMES[stage.kind]}: {money.total()}")
    assert [found for found in money.owed() if not found.balanced] == []
