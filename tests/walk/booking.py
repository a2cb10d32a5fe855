"""What patients, doctors and desks do with one appointment, from the hold to what is put right afterwards."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from doctapp.appointments import (
    cancelling,
    closing,
    deciding,
    holding,
    life,
    moving,
    offering,
    requesting,
    undoing,
    waiting,
)
from doctapp.appointments.life import By
from doctapp.appointments.models import Appointment, Waiting
from doctapp.db import db
from doctapp.web import cookies
from tests.walk import laws
from tests.walk.steps import MOSTLY, NUMBER, PICK, SOMETIMES, WHO, Steps, there_is

NEAR, BROWSER = st.integers(0, 7), st.integers(0, 3)
BOOKING = {
    "browser": BROWSER, "sitting": NEAR, "number": NUMBER, "who": st.integers(0, 3), "whom": st.integers(0, 2)
}  # fmt: skip
PEOPLE = (("Alice Akter", 30, "female", "me"), ("Momena Bibi", 58, "female", "new"), ("Emu", 7, "male", "new"))
DESK = (
    ("arrive", "booked", "arrived"), ("miss", "booked", "no_show"), ("arrive", "booked", "arrived"),
    ("call", "arrived", "called"), ("leave", "arrived", "left"), ("enter", "called", "in_consultation"),
    ("recall", "called", "arrived"), ("leave", "called", "left"), ("miss", "called", "no_show"),
    ("complete", "in_consultation", "completed"),
)  # fmt: skip


class Booking(Steps):
    """A place is taken, asked for and had."""

    @rule(browser=BROWSER, sitting=NEAR, number=NUMBER, who=st.sampled_from([None, 0, 1, 2, 3]), again=SOMETIMES)
    def take(self, browser: int, sitting: int, number: int, who: int | None, again: bool) -> None:
        self.act(lambda: self.hold(browser, self.sitting(sitting).id, number, who), again=again)

    def hold(self, browser: int, sitting_id: int, number: int, who: int | None) -> Appointment:
        return holding.hold(
            sitting_id=sitting_id,
            number=number,
            browser_hash=cookies.hashed(f"browser {browser}"),
            person_id=None if who is None else self.place.owners[who],
            address=f"address {browser}",
            language="en",
            now=self.now,
        )

    @rule(**BOOKING, again=SOMETIMES)
    def book(self, again: bool, **given: int) -> None:
        self.booked(**given, again=again)

    @rule(**BOOKING)
    def book_too(self, **given: int) -> None:
        self.booked(**given)

    @rule(**BOOKING)
    def book_as_well(self, **given: int) -> None:
        self.booked(**given)

    def booked(
        self, browser: int, sitting: int, number: int, who: int, whom: int, again: bool = False, *, request: bool = True
    ) -> None:
        """All steps of a booking, perhaps up to the payment; each may be refused. Mostly a free number is chosen."""
        there = self.sitting(sitting)
        wanted, gone = there.id, {row.number for row in self.seen.live if row.sitting_id == there.id}
        free = [each for each in range(1, there.capacity + 1) if each not in gone]
        number = free[number % len(free)] if free and browser else number
        if not self.act(lambda: self.hold(browser, wanted, number, None)):
            return
        held = [row for row in self.seen.of("held") if (row.sitting_id, row.number) == (wanted, number)]
        if held:
            row_id = held[0].id
            self.act(lambda: self.answer(row_id, who, whom))
            if request:
                self.act(lambda: requesting.request(self.row(row_id), method="chamber", now=self.now), again=again)

    def answer(self, row_id: int, who: int, whom: int) -> None:
        """Say whom it is for, and prove a phone."""
        name, age, sex, typed = PEOPLE[whom]
        row = self.row(row_id)
        requesting.answers(row, who=typed, name=name, age=age, sex=sex, phone="", visit="follow_up", reason="Cough")
        requesting.claim(row, person_id=self.place.owners[who])

    @precondition(there_is("held"))
    @rule(pick=PICK, wild=SOMETIMES, again=SOMETIMES)
    def request(self, pick: int, wild: bool, again: bool) -> None:
        row_id = self.pick(pick, "held", wild=wild).id
        self.act(lambda: requesting.request(self.row(row_id), method="chamber", now=self.now), again=again)

    @precondition(there_is("held"))
    @rule(pick=PICK, wild=SOMETIMES)
    def extend(self, pick: int, wild: bool) -> None:
        row_id = self.pick(pick, "held", wild=wild).id
        self.act(lambda: holding.extend(self.row(row_id), now=self.now))


class Lining(Booking):
    """Somebody waits for a full sitting, is offered a place, and takes it up or leaves."""

    @rule(sitting=NEAR, phone=st.integers(0, 3), patient=MOSTLY, again=SOMETIMES)
    def wait_in_line(self, sitting: int, phone: int, patient: bool, again: bool) -> None:
        """Others hold what is free there; then one asks to be told, and mostly waits until a hold ran out."""
        there = self.sitting(4 + sitting)
        gone = {row.number for row in self.seen.live if row.sitting_id == there.id}
        for number in sorted({*range(1, there.capacity + 1)} - gone):
            owner = number % len(self.place.owners)
            self.act(lambda number=number, owner=owner: self.hold(100 + number, there.id, number, owner))
        waits = self.act(lambda: self.wait_for_place(there.id, phone), again=again)
        if waits and patient:
            self.now += holding.HOLD_FOR
            self.sweep_all(again=False)

    def wait_for_place(self, sitting_id: int, phone: int) -> None:
        waiting.join(
            sitting_id=sitting_id,
            phone=f"+880180000000{phone}",
            shown="01800",
            person_id=None,
            address=f"address {phone}",
            language="en",
            now=self.now,
        )

    def waiter(self, offer_id: int) -> Waiting:
        return db.session.scalars(db.select(Waiting).filter_by(offer_id=offer_id)).one()

    @precondition(there_is("offered"))
    @rule(pick=PICK, browser=BROWSER, who=st.integers(0, 3), whom=st.integers(0, 2), again=SOMETIMES)
    def take_up(self, pick: int, browser: int, who: int, whom: int, again: bool) -> None:
        """All the way from the letter's link to the request; each step may be refused."""
        row_id, given = self.pick(pick, "offered").id, {"browser_hash": cookies.hashed(f"browser {browser}")}
        taken = self.act(
            lambda: offering.take_up(self.waiter(row_id), person_id=None, now=self.now, **given), again=again
        )
        if taken and browser:
            self.act(lambda: self.answer(row_id, who, whom))
            self.act(lambda: requesting.request(self.row(row_id), method="chamber", now=self.now), again=again)

    @precondition(there_is("offered"))
    @rule(pick=PICK, browser=BROWSER)
    def give_up(self, pick: int, browser: int) -> None:
        row_id, given = self.pick(pick, "offered").id, {"browser_hash": cookies.hashed(f"browser {browser}")}
        self.act(lambda: offering.give_up(self.waiter(row_id), person_id=None, now=self.now, **given))


class Changing(Steps):
    """It is decided, cancelled, moved, and taken back."""

    @precondition(there_is("requested"))
    @rule(pick=PICK, who=WHO, wild=SOMETIMES, again=SOMETIMES)
    def accept(self, pick: int, who: int, wild: bool, again: bool) -> None:
        row = self.pick(pick, "requested", wild=wild)
        row_id, by = row.id, self.side(row, who, patient=False)
        self.act(lambda: deciding.accept(self.row(row_id), by=by, now=self.now), again=again)

    @precondition(there_is("requested"))
    @rule(pick=PICK, who=WHO, wild=SOMETIMES, again=SOMETIMES)
    def decline(self, pick: int, who: int, wild: bool, again: bool) -> None:
        row = self.pick(pick, "requested", wild=wild)
        row_id, by = row.id, self.side(row, who, patient=False)
        self.act(lambda: deciding.decline(self.row(row_id), reason="away", by=by, now=self.now), again=again)

    @precondition(there_is("requested", "booked"))
    @rule(
        pick=PICK, who=st.sampled_from(["patient", "clinic", "admin"]), wild=SOMETIMES, old=SOMETIMES, again=SOMETIMES
    )
    def cancel(self, pick: int, who: str, wild: bool, old: bool, again: bool) -> None:
        row = self.pick(pick, "requested", "booked", wild=wild)
        row_id, seen = row.id, self.event(row, old=old)
        by = By("admin", self.place.admin) if who == "admin" else self.side(row, 0, patient=who == "patient")
        self.act(
            lambda: cancelling.cancel(self.row(row_id), reason="away", by=by, now=self.now, seen=seen), again=again
        )

    @precondition(there_is("requested", "booked"))
    @rule(pick=PICK, sitting=PICK, number=NUMBER, patient=MOSTLY, wild=SOMETIMES, old=SOMETIMES, again=SOMETIMES)
    def move(self, pick: int, sitting: int, number: int, patient: bool, wild: bool, old: bool, again: bool) -> None:
        row = self.pick(pick, "requested", "booked", wild=wild)
        same = [
            each for each in self.seen.sittings if each.chamber_id == row.sitting.chamber_id and each.ends_at > self.now
        ]
        to = self.sitting(sitting) if wild or not same else same[sitting % len(same)]
        row_id, by, seen = row.id, self.side(row, sitting, patient=patient), self.event(row, old=old)
        self.act(
            lambda: moving.move(self.row(row_id), sitting_id=to.id, number=number, by=by, now=self.now, seen=seen),
            again=again,
        )

    def in_time(self, row: Any) -> bool:
        """Whether its last event may still be undone, if not by everybody."""
        last = self.seen.events_of[row.id][-1]
        return self.now < last.at + timedelta(seconds=laws.UNDONE.get(last.act, 0))

    def may_be_undone(self) -> bool:
        return any(self.in_time(row) for row in self.seen.appointments)

    @precondition(may_be_undone)
    @rule(pick=PICK, who=WHO, own=MOSTLY, old=SOMETIMES, again=SOMETIMES)
    def undo(self, pick: int, who: int, own: bool, old: bool, again: bool) -> None:
        """Some side takes back some event: mostly its own last one."""
        able = [row for row in self.seen.appointments if self.in_time(row)] or list(self.seen.appointments)
        row = self.row(able[-1 - pick % len(able)].id)
        last = self.seen.events_of[row.id][-1]
        patient = (last.side == "patient") == own
        row_id, by, event_id = row.id, self.side(row, who, patient=patient), self.event(row, old=old)
        self.act(lambda: undoing.undo(self.row(row_id), event_id=event_id, by=by, now=self.now), again=again)


class Visiting(Steps):
    """The day itself, and what is put right after it."""

    @precondition(there_is(*closing.UNCLOSED))
    @rule(pick=PICK, act=st.integers(0, 3), who=WHO, again=SOMETIMES)
    def at_the_desk(self, pick: int, act: int, who: int, again: bool) -> None:
        self.seen_to(pick, act, who, again)

    @precondition(there_is(*closing.UNCLOSED))
    @rule(pick=PICK, act=st.integers(0, 3), who=WHO)
    def at_the_desk_again(self, pick: int, act: int, who: int) -> None:
        self.seen_to(pick, act, who, again=False)

    def seen_to(self, pick: int, act: int, who: int, again: bool) -> None:
        """One of the acts that the row's state allows."""
        row = self.pick(pick, *closing.UNCLOSED)
        able = [each for each in DESK if each[1] == row.status]
        row_id, by = row.id, self.side(row, who, patient=False)
        self.act(lambda: self.done_at_desk(row_id, *able[act % len(able)], by), again=again)

    def done_at_desk(self, row_id: int, act: str, was: str, became: str, by: By) -> None:
        """As the desk's rules will: the first call sets the sitting running."""
        row = self.row(row_id)
        event = life.change(row, act=act, was=was, became=became, by=by, now=self.now)
        if event and act == "call" and row.sitting.started_at is None:
            row.sitting.started_at = self.now
            db.session.flush()

    @precondition(there_is(*closing.CLOSED))
    @rule(pick=PICK, who=WHO, outcome=st.sampled_from(sorted(closing.OUTCOMES)), wild=SOMETIMES, again=SOMETIMES)
    def turn(self, pick: int, who: int, outcome: str, wild: bool, again: bool) -> None:
        row = self.pick(pick, *closing.CLOSED, wild=wild)
        row_id, by, seen = row.id, self.side(row, who, patient=False), self.event(row, old=False)
        self.act(lambda: closing.turn(self.row(row_id), outcome=outcome, seen=seen, by=by, now=self.now), again=again)
