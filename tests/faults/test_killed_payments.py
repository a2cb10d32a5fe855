"""kill -9 around every commit, call of a gateway and answer to a letter: 150 s after the restart all is well.

Each scene is one act through a real door, with what its process passes on the way; it is killed before the first of these
places and after each, once on each database. Then the act comes again, as a second tap or a repeated message, or never.
"""

from __future__ import annotations

import os
import random
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from doctapp import clock
from doctapp.appointments import jobs as appointments
from doctapp.appointments import waiting
from doctapp.appointments.models import Appointment
from doctapp.db import db, transaction
from doctapp.notifications.models import Letter
from doctapp.payments import jobs as payments
from doctapp.payments import refunding
from doctapp.payments.models import Attempt
from tests import make, people
from tests.conftest import clean
from tests.faults.dying import AFTER, BEFORE
from tests.faults.killing import IPN, Act, Mortals, Servers, World, count, mortals
from tests.payments import steps
from tests.payments.steps import PRICE, again
from tests.people import MINUTE
from tests.servers.processes import Process

SIGKILLED = -9
UNDO = 10 * MINUTE
TURNS, RANDOM_KILLS = 20, 200
LETTERS = ("sms", "mail")
NEVER, AGAIN = "never again", "comes again"


@dataclass(frozen=True)
class Scene:
    """An act, what its process passes, whether it may come again, and how long something waits until it is healed."""

    name: str
    stage: Callable[[World], tuple[Act, Callable[[bool], None]]]
    passes: tuple[str, ...]
    repeats: bool
    wait: timedelta


SCENES: list[Scene] = []


def scene(passes: str, *, repeats: bool = False, wait: timedelta = timedelta(0)) -> Callable[[Any], Any]:
    """Make a scene of a function that sets it, and gives the act and what must be so in the end.

    That is told whether the act was done: it was where its first commit was, or where it came again.
    """

    def made(stage: Any) -> Any:
        name = stage.__name__.replace("_", " ")
        SCENES.append(Scene(name, stage, tuple(passes.split()), repeats, wait))
        return stage

    return made


# paying


@scene("commit commit start commit", repeats=True)
def a_payment_begins(world: World) -> Any:
    alice = world.alice
    row = steps.kept(world.sitting, alice, browser=f"browser of {alice.id}")
    browser = world.browser_of(alice)
    act = world.form(browser, f"/appointments/{row.ref}/payment", "payment", method="stripe")

    def end(done: bool) -> None:
        attempts = db.session.scalars(select(Attempt)).all()
        assert len(attempts) == len(world.stripe.sessions) == done
        if not done:
            assert again(row).status == "held"
            return
        assert world.stripe.session_of(attempts[0].token)["id"] == attempts[0].session
        assert world.tell(world.stripe.pay(attempts[0].token)).status_code == 200
        world.heal()
        world.is_booked(row)

    return act, end


@scene("query commit", repeats=True)
def the_gateway_tells_of_money(world: World) -> Any:
    row, attempt = world.begun(world.alice)
    return world.message(world.stripe.pay(attempt.token)), lambda _: world.is_booked(row)


@scene("commit commit start commit", repeats=True)
def a_payment_begins_at_sslcommerz(world: World) -> Any:
    alice = world.alice
    row = steps.kept(world.sitting, alice, browser=f"browser of {alice.id}")
    act = world.form(world.browser_of(alice), f"/appointments/{row.ref}/payment", "payment", method="sslcommerz")

    def end(done: bool) -> None:
        attempts = db.session.scalars(select(Attempt)).all()
        assert len(attempts) == done
        if not done:
            assert again(row).status == "held"
            return
        # it opens another session of the same order where it is asked again; only the last was shown
        assert world.sslcommerz.session_of(attempts[0].token)["sessionkey"] == attempts[0].session
        assert world.tell(world.sslcommerz.pay(attempts[0].token), IPN).status_code == 200
        world.heal()
        world.is_booked(row)

    return act, end


@scene("validation commit", repeats=True)
def sslcommerz_tells_of_money(world: World) -> Any:
    row, attempt = world.begun(world.alice, provider="sslcommerz")
    return world.message(world.sslcommerz.pay(attempt.token), IPN), lambda _: world.is_booked(row)


@scene("commit query commit")
def the_gateway_is_asked(world: World) -> Any:
    row, attempt = world.begun(world.alice)
    world.stripe.pay(attempt.token)
    world.later(MINUTE)
    return Act("step", "payments.ask_open"), lambda _: world.is_booked(row)


@scene("commit expire commit")
def a_session_is_closed_whose_number_is_gone(world: World) -> Any:
    row, attempt = world.begun(world.alice)
    world.later(21 * MINUTE)
    appointments.expire_holds(clock.now())

    def end(_: bool) -> None:
        assert (again(row).status, again(attempt).state) == ("expired", "expired")
        assert world.stripe.session_of(attempt.token)["status"] == "expired"

    return Act("step", "payments.ask_open"), end


@scene("query commit", repeats=True)
def money_comes_too_late(world: World) -> Any:
    row, attempt = world.begun(world.alice)
    world.later(21 * MINUTE)
    appointments.expire_holds(clock.now())
    make.hold(world.sitting, number=12, browser="another", held_until=clock.now() + 60 * MINUTE)
    return world.message(world.stripe.pay(attempt.token)), lambda _: world.is_returned(row, "expired")


@scene("query commit", repeats=True)
def money_comes_twice_for_one_visit(world: World) -> Any:
    row, first = world.begun(world.alice)
    second = steps.attempt_of(row, provider="stripe", session="", created_at=clock.now())
    payments.start(second.id, clock.now())
    assert world.tell(world.stripe.pay(first.token)).status_code == 200

    def end(_: bool) -> None:
        world.is_returned(row, "booked")
        assert steps.refunds(second) == [(PRICE, "refunded")]

    return world.message(world.stripe.pay(second.token)), end


# going back


@scene("commit", repeats=True, wait=UNDO)
def a_patient_cancels(world: World) -> Any:
    row, _ = world.paid(world.alice)
    act = world.form(world.browser_of(world.alice), f"/appointments/{row.ref}/cancellation", "cancellation")
    return act, lambda done: world.is_returned(row, "cancelled") if done else world.is_booked(row)


@scene("commit", repeats=True, wait=UNDO)
def a_cancellation_is_undone(world: World) -> Any:
    row, _ = world.paid(world.alice)
    browser = world.browser_of(world.alice)
    world.form(browser, f"/appointments/{row.ref}/cancellation", "cancellation")
    assert world.repeats().status_code == 303
    act = world.form(browser, f"/appointments/{row.ref}", "undo")

    def end(done: bool) -> None:
        if not done:
            world.is_returned(row, "cancelled")
            return
        assert (again(row).status, again(row).paid) == ("booked", PRICE)
        assert world.returned() == []
        assert steps.refund().state == "withdrawn"

    return act, end


@scene("commit", repeats=True, wait=UNDO)
def a_doctor_declines_what_is_flagged(world: World) -> Any:
    world.stripe.risk()
    row, _ = world.paid(world.alice)
    rokeya = world.browser_of(world.doctor)
    act = world.form(rokeya, "/doctor/requests", f"refusal-{row.ref}", reason="away")

    def end(done: bool) -> None:
        if done:
            world.is_returned(row, "declined")
        else:
            assert (again(row).status, world.returned()) == ("requested", [])

    return act, end


@scene("commit refund commit")
def a_refund_is_sent(world: World) -> Any:
    row = cancelled(world)
    world.later(UNDO)
    return Act("step", "payments.send_refunds"), lambda _: world.is_returned(row, "cancelled")


@scene("commit refund_state refund commit")
def a_refund_is_sent_whose_first_sender_died(world: World) -> Any:
    row = cancelled(world)
    world.later(UNDO)
    with transaction():
        assert refunding.claim(steps.refund().id, now=clock.now())
    world.later(MINUTE)
    return Act("step", "payments.send_refunds"), lambda _: world.is_returned(row, "cancelled")


@scene("commit refund commit")
def a_refund_is_asked_of_sslcommerz(world: World) -> Any:
    row, attempt = world.begun(world.alice, provider="sslcommerz")
    assert world.tell(world.sslcommerz.pay(attempt.token), IPN).status_code == 200
    world.sslcommerz.let_refunds_end("pending")
    world.form(world.browser_of(world.alice), f"/appointments/{row.ref}/cancellation", "cancellation")
    assert world.repeats().status_code == 303
    world.later(UNDO)

    def end(_: bool) -> None:
        refund = steps.refund()
        if refund.gateway_ref:
            world.days_go_by()
            assert (again(refund).state, len(world.sslcommerz.refunds)) == ("refunded", 1)
            assert world.letters()["refunded"] == 1
        else:  # nobody can say whether it was asked: it is never asked for blindly again
            assert (refund.state, len(world.sslcommerz.refunds) <= 1) == ("refund_failed", True)
            assert "merchant panel" in refund.fault

    return Act("step", "payments.send_refunds"), end


@scene("commit", repeats=True)
def a_sitting_is_cancelled(world: World) -> Any:
    rows = two_paid(world)
    rokeya = world.browser_of(world.doctor)
    act = world.form(rokeya, f"/doctor/sittings/{world.sitting.id}", "sitting-cancellation", reason="emergency")

    def end(done: bool) -> None:
        for row in rows:
            world.is_returned(row, "cancelled") if done else world.is_booked(row)

    return act, end


@scene("commit commit")
def the_visits_of_a_cancelled_sitting_end(world: World) -> Any:
    rows = two_paid(world)
    world.sitting.cancelled_at, world.sitting.cancelled_why = clock.now(), "emergency"
    db.session.commit()

    def end(_: bool) -> None:
        for row in rows:
            world.is_returned(row, "cancelled")

    return Act("work", "appointments.end_sitting", {"row": world.sitting.id}), end


# time


@scene("commit")
def a_hold_expires(world: World) -> Any:
    row = steps.kept(world.sitting, world.alice)
    world.later(16 * MINUTE)

    def end(_: bool) -> None:
        assert again(row).status == "expired"

    return Act("step", "appointments.expire_holds"), end


@scene("commit")
def a_flagged_request_lapses(world: World) -> Any:
    world.stripe.risk()
    row, _ = world.paid(world.alice)
    world.later(again(row).lapses_at - clock.now() + MINUTE)
    return Act("step", "appointments.lapse_requests"), lambda _: world.is_returned(row, "lapsed")


@scene("commit commit commit")
def a_freed_number_is_offered(world: World) -> Any:
    full = make.sitting(world.chamber, days=2, capacity=1)
    there = make.appointment(full, number=1)
    with transaction():
        waiting.join(
            sitting_id=full.id,
            phone=people.ALICE,
            shown=people.ALICE,
            person_id=None,
            address="somewhere",
            language="en",
            now=clock.now(),
        )
    there.status = "cancelled"
    db.session.commit()

    def end(_: bool) -> None:
        assert count(Appointment.sitting_id == full.id, Appointment.status == "offered") == 1
        assert world.letters()["offered"] == 1

    return Act("step", "appointments.offer_places"), end


@scene("commit commit commit query commit commit refund commit commit commit commit commit commit")
def a_whole_sweep_is_done(world: World) -> Any:
    bob = world.bob
    late, _ = world.paid(bob, 13)
    world.form(world.browser_of(bob), f"/appointments/{late.ref}/cancellation", "cancellation")
    assert world.repeats().status_code == 303
    world.heal()
    world.later(UNDO)
    row, attempt = world.begun(world.alice)
    world.stripe.pay(attempt.token)
    world.later(MINUTE)

    def end(_: bool) -> None:
        world.is_booked(row)
        world.is_returned(late, "cancelled")

    return Act("step", "sweep"), end


# letters


@scene("commit sms commit")
def an_sms_is_sent(world: World) -> Any:
    row, _ = world.paid(world.alice)
    return letter("sms"), lambda _: world.is_booked(row)


@scene("commit mail commit")
def a_mail_is_sent(world: World) -> Any:
    world.stripe.risk()
    row, _ = world.paid(world.alice)

    def end(_: bool) -> None:
        assert again(row).status == "requested"
        assert count(Letter.channel == "mail", Letter.state == "sent") == 1

    return letter("mail"), end


def cancelled(world: World) -> Appointment:
    """Paid and cancelled by its patient, whose letters are out."""
    row, _ = world.paid(world.alice)
    world.form(world.browser_of(world.alice), f"/appointments/{row.ref}/cancellation", "cancellation")
    assert world.repeats().status_code == 303
    return row


def two_paid(world: World) -> list[Appointment]:
    """Two patients who have paid."""
    return [world.paid(world.alice)[0], world.paid(world.bob, 13)[0]]


def letter(channel: str) -> Act:
    """The worker sends the letter of this channel."""
    found = select(Letter.id).where(Letter.channel == channel, Letter.state == "waiting")
    return Act("work", "notifications.send", {"row": db.session.scalars(found).one()})


# the points


@dataclass(frozen=True)
class Point:
    """Where in a scene a process dies, and whether its act comes again."""

    scene: Scene
    place: int
    when: str
    then: str

    def __str__(self) -> str:
        passed = self.scene.passes[: self.place]
        which = f"{passed[-1]} {passed.count(passed[-1])}".replace("_", " ")
        return f"{self.scene.name}, killed {self.when} its {which}, {self.then}"

    @property
    def done(self) -> bool:
        """Whether the act was done: its first commit was, or it came again."""
        first = self.scene.passes.index("commit") + 1
        return self.then == AGAIN or self.place > first or (self.place == first and self.when == AFTER)

    @property
    def twice(self) -> int:
        """How many letters come a second time: the one that was taken, which nobody could write down any more."""
        place, when = self.scene.passes[self.place - 1], self.when
        came_before = self.scene.passes[self.place - 2] if self.place > 1 else ""
        return int(place in LETTERS and when == AFTER or came_before in LETTERS and when == BEFORE)


POINTS = [
    Point(scene, place, when, then)
    for scene in SCENES
    for place in range(1, len(scene.passes) + 1)
    for when in (BEFORE, AFTER)
    for then in ((NEVER, AGAIN) if scene.repeats else (NEVER,))
]


# Nothing leaves a process between two places, so who dies after one dies before the next; the soak kills at both.
ONCE = [point for point in POINTS if point.when == AFTER or point.place == 1]


@pytest.fixture(scope="module")
def servers() -> Iterator[Servers]:
    """A Stripe, a mail server and an SMS gateway that outlive whoever speaks to them."""
    with Servers() as servers:
        yield servers


@pytest.fixture(scope="module")
def dying(application: Flask, servers: Servers) -> Iterator[Mortals]:
    """The program that dies, on this database."""
    with mortals(servers.known_to(application.config["SETTINGS"])) as program:
        yield program


Worlds = Callable[[], AbstractContextManager[World]]


@pytest.fixture
def worlds(app: Flask, servers: Servers, dying: Mortals, monkeypatch: pytest.MonkeyPatch) -> Worlds:
    """Makes new worlds, one after the other."""

    @contextmanager
    def new() -> Iterator[World]:
        with monkeypatch.context() as patch:
            clean()
            yield World(app, servers, dying, patch)

    return new


@pytest.fixture
def world(worlds: Worlds) -> Iterator[World]:
    """A new world."""
    with worlds() as world:
        yield world


@pytest.mark.parametrize("point", ONCE, ids=str)
def test_whoever_is_killed_leaves_nothing_stuck(world: World, point: Point) -> None:
    is_healed(world, point)


def is_healed(world: World, point: Point) -> None:
    """Kill a process at this point, let the sweeps run, and look at what became of it."""
    act, end = point.scene.stage(world)
    ended, passed = world.dies(act, point.place, point.when)
    assert ended == SIGKILLED, f"It ended with {ended} and passed {passed}."
    if point.then == AGAIN:
        world.repeats()
    world.heal(point.scene.wait)
    end(point.done)
    world.is_well(twice=point.twice)


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.name)
def test_there_is_no_commit_and_no_call_at_which_nobody_was_killed(world: World, scene: Scene) -> None:
    act, end = scene.stage(world)

    assert world.dies(act, 0, AFTER) == (0, list(scene.passes))
    world.heal(scene.wait)
    end(True)
    world.is_well()


def test_enough_points_were_tried(database: str) -> None:
    places = {(point.scene.name, point.place, point.when) for point in ONCE}
    print(f"{len(places)} named points in {len(SCENES)} scenes, {len(ONCE)} kills on each database")
    assert len(places) >= 25


# the soak


@pytest.fixture(scope="module")
def load() -> Iterator[None]:
    """Others need the machine too."""
    with ExitStack() as others:
        for _ in range(os.cpu_count() or 1):
            others.enter_context(Process([sys.executable, "-c", "while True: pass"]))
        yield


@pytest.mark.soak
@pytest.mark.parametrize("point", POINTS, ids=str)
def test_whoever_is_killed_often_leaves_nothing_stuck(worlds: Worlds, point: Point) -> None:
    for _ in range(TURNS):
        with worlds() as world:
            is_healed(world, point)


@pytest.mark.soak
@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.name)
def test_whoever_is_killed_at_any_moment_under_load_leaves_nothing_stuck(
    worlds: Worlds, load: None, scene: Scene
) -> None:
    chance, lasts = random.Random(scene.name), 0.0
    killed = lived = 0
    while killed < -(-RANDOM_KILLS // len(SCENES)):
        with worlds() as world:
            act, end = scene.stage(world)
            if lasts:
                ended = world.is_killed(act, after=chance.uniform(0, lasts))
                assert ended in {SIGKILLED, 0}
                killed, lived = killed + (ended == SIGKILLED), lived + (ended == 0)
            else:
                lasts = world.lasts(act)
            if scene.repeats:
                world.repeats()
            world.heal(scene.wait)
            end(True)
            world.is_well(twice=None)
    print(f"{killed} killed within {lasts:.2f} s, {lived} were done before")
