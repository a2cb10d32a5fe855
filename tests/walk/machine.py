"""The walk itself: everybody does what they like, in any order, and the laws hold after each step."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule

from doctapp.accounts import joining, people
from doctapp.appointments import (
    cancelling,
    closing,
    conflicts,
    deciding,
    holding,
    jobs,
    lateness,
    life,
    moving,
    requesting,
    sitting_cancellation,
    undoing,
)  # fmt: skip
from doctapp.appointments import joining as bookings
from doctapp.appointments.life import By
from doctapp.appointments.models import ENDED, Appointment
from doctapp.db import db
from doctapp.doctors.models import Chamber
from doctapp.notifications import telling as notices
from doctapp.schedules import extras, hours, leave
from doctapp.schedules import jobs as schedule_jobs
from doctapp.schedules.models import Leave, Sitting, WeeklyHours
from doctapp.web import cookies
from tests.walk import laws, rows, world
from tests.walk.world import BEGINS, World

PICK, WHO = st.integers(0, 11), st.integers(0, 2)
NEAR, BROWSER, NUMBER = st.integers(0, 7), st.integers(0, 3), st.integers(1, 4)
BOOKING = {
    "browser": BROWSER, "sitting": NEAR, "number": NUMBER, "who": st.integers(0, 3), "whom": st.integers(0, 2)
}  # fmt: skip
SOMETIMES = st.sampled_from([False, False, False, True])
MOSTLY = st.sampled_from([True, True, True, False])
PEOPLE = (("Alice Akter", 30, "female", "me"), ("Momena Bibi", 58, "female", "new"), ("Emu", 7, "male", "new"))
STEPS = ("end_cancelled", "expire_holds", "lapse_requests", "remind_doctors", "close_past", "tell_late", "purge")
SCHEDULE = ["change_hours", "remove_hours", "go_on_leave", "come_back", "sit_extra", "leave_out_extra"]
DAY, START = st.integers(0, 8), st.sampled_from([60, 90, 150, 16 * 60, 17 * 60, 23 * 60])
FEWEST_HOURS = 4
SPANS = [timedelta(seconds=30), timedelta(minutes=9), timedelta(minutes=16), timedelta(hours=2), timedelta(hours=20)]
DESK = (
    ("arrive", "booked", "arrived"), ("miss", "booked", "no_show"), ("arrive", "booked", "arrived"),
    ("call", "arrived", "called"), ("leave", "arrived", "left"), ("enter", "called", "in_consultation"),
    ("recall", "called", "arrived"), ("leave", "called", "left"), ("miss", "called", "no_show"),
    ("complete", "in_consultation", "completed"),
)  # fmt: skip


def there_is(*statuses: str) -> Callable[[Walk], bool]:
    """That somebody is in one of these states: without it the rule would only be refused."""
    return lambda walk: bool(walk.seen.of(*statuses))


class Walk(RuleBasedStateMachine):
    """One run in one transaction; `seen` are the rows after the last step."""

    place: ClassVar[World]
    met: ClassVar[Counter[str]] = Counter()

    def __init__(self) -> None:
        super().__init__()
        self.now: datetime = BEGINS
        self.stack = ExitStack()
        self.stack.enter_context(world.run())
        self.seen = rows.read()

    def check_invariants(self, *a, **k):
        self.met["STEPS"] += 1
        return super().check_invariants(*a, **k)

    def teardown(self) -> None:
        self.met["RUNS"] += 1
        self.met.update(event.act for event in self.seen.events if event.at > BEGINS)
        self.stack.close()

    # -- what a step is ------------------------------------------------------------------------------------------

    def act(self, act: Callable[[], Any], *, again: bool = False) -> bool:
        """Do it, as a door would; what is refused changed nothing, and what is done twice is done once (6)."""
        refusal = world.tried(act)
        if refusal is not None:
            self.met[type(refusal).__name__] += 1
            assert rows.read() == self.seen, f"{refusal!r} changed something"
        else:
            self.look()
        if again:
            world.tried(act)
            assert rows.read() == self.seen, "done twice"
        return refusal is None

    def look(self) -> None:
        """The laws hold."""
        before, self.seen = self.seen, rows.read()
        if before == self.seen:
            return
        wrong = [*laws.kept(before, self.seen), *laws.broken(self.seen, self.place.zones, self.place.doctors, self.now)]
        assert not wrong, "; ".join(wrong)

    def pick(self, pick: int, *statuses: str, wild: bool = False) -> Appointment:
        """One of the appointments in these states, or, now and then, in whatever state."""
        able = [] if wild else self.seen.of(*statuses)
        able = able or list(self.seen.appointments)
        return self.row(able[-1 - pick % len(able)].id)

    def row(self, row_id: int) -> Appointment:
        row = db.session.get(Appointment, row_id, populate_existing=True)
        assert row is not None
        return row

    def sitting(self, pick: int) -> Any:
        """One of the next sittings, or of all if none is ahead."""
        ahead = [sitting for sitting in self.seen.sittings if sitting.ends_at > self.now] or list(self.seen.sittings)
        ahead.sort(key=lambda sitting: (sitting.starts_at, sitting.id))
        return ahead[pick % len(ahead)]

    def side(self, row: Appointment, who: int, *, patient: bool) -> By:
        """Who acts: whoever it is for, or the clinic."""
        if patient:
            return By("patient", row.person_id)
        return self.place.clinic_side(row.sitting.chamber_id, who)

    def event(self, row: Appointment, *, old: bool) -> int:
        """The row's last event, or, for who looked a while ago, the one before."""
        ids = [event.id for event in self.seen.events_of[row.id]]
        return ids[-2] if old and len(ids) > 1 else ids[-1]

    # -- time ----------------------------------------------------------------------------------------------------

    @rule(span=st.sampled_from(SPANS))
    def wait(self, span: timedelta) -> None:
        self.now += span

    @rule(pick=PICK, late=st.sampled_from([timedelta(seconds=-1), timedelta(0), timedelta(minutes=1)]))
    def wait_for(self, pick: int, late: timedelta) -> None:
        """Until something is due: a hold's or a request's end, a sitting's start or an hour after its end."""
        moments = [*due(self.seen)]
        ahead = sorted({at + late for at in moments if at + late > self.now})
        if ahead:
            self.now = ahead[pick % min(len(ahead), 6)]

    @rule(name=st.sampled_from(STEPS), again=SOMETIMES)
    def sweep(self, name: str, again: bool) -> None:
        self.act(lambda: getattr(jobs, name)(self.now), again=again)

    @rule(again=SOMETIMES)
    def sweep_all(self, again: bool) -> None:
        self.act(self.swept, again=again)
        self.nothing_overdue()

    def swept(self) -> None:
        for name in STEPS:
            getattr(jobs, name)(self.now)
        schedule_jobs.extend(self.now)

    def nothing_overdue(self) -> None:
        """After a sweep nothing waits that time should have done."""
        for row in self.seen.live:
            sitting = self.seen.sitting[row.sitting_id]
            assert not (row.status == "held" and row.held_until <= self.now), f"{row.ref} is held"
            assert not (row.status == "requested" and row.lapses_at <= self.now), f"{row.ref} is requested"
            assert sitting.ends_at > self.now - closing.CLOSE_AFTER, f"{row.ref} is {row.status}"
            assert sitting.cancelled_at is None or row.status == "in_consultation", (
                f"{row.ref} is in a cancelled sitting"
            )

    # -- booking -------------------------------------------------------------------------------------------------

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

    def booked(self, browser: int, sitting: int, number: int, who: int, whom: int, again: bool = False) -> None:
        """All steps of a booking, one after another; each may be refused. Mostly a free number is chosen."""
        there = self.sitting(sitting)
        wanted, gone = there.id, {row.number for row in self.seen.live if row.sitting_id == there.id}
        free = [each for each in range(1, there.capacity + 1) if each not in gone]
        number = free[number % len(free)] if free and browser else number
        if not self.act(lambda: self.hold(browser, wanted, number, None)):
            return
        held = [row for row in self.seen.of("held") if (row.sitting_id, row.number) == (wanted, number)]
        if held:
            row_id = held[0].id
            self.act(lambda: self.answer(row_id, whom))
            self.act(lambda: requesting.claim(self.row(row_id), person_id=self.place.owners[who]))
            self.act(lambda: requesting.request(self.row(row_id), method="chamber", now=self.now), again=again)

    def answer(self, row_id: int, whom: int) -> None:
        name, age, sex, who = PEOPLE[whom]
        requesting.answers(
            self.row(row_id), who=who, name=name, age=age, sex=sex, phone="", visit="follow_up", reason="Cough"
        )

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

    # -- deciding, cancelling, moving, undoing -------------------------------------------------------------------

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

    # -- the day itself ------------------------------------------------------------------------------------------

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

    # -- sittings, hours, leave ----------------------------------------------------------------------------------

    @rule(pick=PICK, who=WHO, sweeps=MOSTLY, again=SOMETIMES)
    def cancel_sitting(self, pick: int, who: int, sweeps: bool, again: bool) -> None:
        sitting = self.sitting(pick)
        by = self.place.clinic_side(sitting.chamber_id, who)
        self.act(lambda: sitting_cancellation.cancel(sitting.id, why="away", by=by, now=self.now), again=again)
        if sweeps:
            self.act(lambda: jobs.end_cancelled(self.now), again=again)

    @rule(pick=PICK, who=WHO, minutes=st.sampled_from([0, 5, 20, 45]), again=SOMETIMES)
    def be_late(self, pick: int, who: int, minutes: int, again: bool) -> None:
        sitting = self.sitting(pick)
        by = self.place.clinic_side(sitting.chamber_id, who)
        self.act(lambda: lateness.announce(sitting.id, minutes=minutes, by=by, now=self.now), again=again)

    @rule(what=st.sampled_from(SCHEDULE), pick=PICK, day=DAY, start=START, confirmed=MOSTLY)
    def change_the_schedule(self, what: str, pick: int, day: int, start: int, confirmed: bool) -> None:
        self.met[what] += self.act(lambda: getattr(self, what)(pick, day, start, confirmed))

    def change_hours(self, pick: int, day: int, start: int, confirmed: bool) -> None:
        """New hours, or, mostly, those of a sitting that somebody is booked in, half an hour later."""
        chamber, span = self.chamber(pick), hours.Span(day % 7, start, start + 60, (10, 20)[pick % 2], 3)
        there = [row.hours_id for row in (self.seen.sitting[row.sitting_id] for row in self.seen.live) if row.hours_id]
        if there and day:
            row = db.session.get(WeeklyHours, there[pick % len(there)])
            chamber, span = (
                row.chamber,
                replace(hours.of(row), start=(row.start + 30) % 1380, until=row.start % 1350 + 90),
            )
        change = hours.weigh(chamber, span, hours_id=None, now=self.now)
        self.confirm(change.sittings, confirmed=confirmed)
        hours.save(change, span, chamber=chamber, unused=conflicts.unused(), now=self.now)

    def remove_hours(self, pick: int, _day: int, _start: int, confirmed: bool) -> None:
        there = db.session.scalars(db.select(WeeklyHours).order_by(WeeklyHours.id)).all()
        if len(there) <= FEWEST_HOURS:
            return
        row = there[pick % len(there)]
        change = hours.weigh(row.chamber, None, hours_id=row.id, now=self.now)
        self.confirm(change.sittings, confirmed=confirmed)
        hours.remove(change, unused=conflicts.unused(), now=self.now)

    def go_on_leave(self, pick: int, day: int, start: int, confirmed: bool) -> None:
        """Who is booked stays; what only was booked once is shut."""
        chamber = self.chamber(pick)
        first = self.now.date() + timedelta(days=day)
        times = (start, start + 120) if day % 2 else (None, None)
        everywhere = pick % 4 == 3
        away = leave.Away(None if everywhere else chamber.id, first, first + timedelta(days=pick % 3), *times)
        row, left = leave.add(chamber.doctor_id, away, unused=conflicts.unused(), now=self.now)
        standing = {each.sitting.id for each in self.confirm(left, confirmed=confirmed, empty=False)}
        leave.close(row, [each for each in left if each not in standing], now=self.now)

    def come_back(self, pick: int, _day: int, _start: int, _confirmed: bool) -> None:
        there = db.session.scalars(db.select(Leave.id).order_by(Leave.id)).all()
        if there:
            leave.remove(there[pick % len(there)], now=self.now)

    def sit_extra(self, pick: int, day: int, start: int, _confirmed: bool) -> None:
        begins = (start + 180) % 1440
        wanted = extras.Wanted(self.now.date() + timedelta(days=day), begins, begins + 60, 20, 3)
        extras.add(self.chamber(pick), wanted, now=self.now)

    def leave_out_extra(self, pick: int, _day: int, _start: int, _confirmed: bool) -> None:
        there = db.session.scalars(db.select(Sitting.id).where(Sitting.extra).order_by(Sitting.id)).all()
        if there:
            extras.remove(there[pick % len(there)], unused=conflicts.unused(), now=self.now)

    def chamber(self, pick: int) -> Chamber:
        chamber = db.session.get(Chamber, self.place.chambers[pick % len(self.place.chambers)])
        assert chamber is not None
        return chamber

    def confirm(self, ids: Sequence[int], *, confirmed: bool, empty: bool = True) -> list[Any]:
        """Who changes hours has seen the list of those in the way, or not."""
        seen = conflicts.digest(conflicts.among(ids, now=self.now, empty=empty)) if confirmed else ""
        return conflicts.settle(ids, seen=seen, now=self.now, empty=empty)

    # -- people --------------------------------------------------------------------------------------------------

    @rule(into=st.integers(0, 2))
    def join(self, into: int) -> None:
        """Somebody proves the phone of who has nothing but a phone, as the door does it."""
        self.act(lambda: self.joined(self.place.owners[into], self.place.phone_only[0]))

    def joined(self, person_id: int, other_id: int) -> None:
        phone = people.proven(other_id, "phone")
        if phone is None:
            return
        other = joining.candidate(person_id=person_id, phone=phone.value, now=self.now)
        if other is not None:
            joining.lock_both(person_id, other.id)
            joining.join(person_id=person_id, other_id=other.id, phone=phone.value, now=self.now)
            notices.move(person_id=person_id, other_id=other.id)
            bookings.move(person_id=person_id, other_id=other.id)


def due(seen: rows.Seen) -> Iterable[datetime]:
    """The moments at which something changes by itself."""
    used = {row.sitting_id for row in seen.appointments}
    for row in seen.appointments:
        if row.status == "held":
            yield row.held_until
        if row.status == "requested":
            yield row.lapses_at
        if row.status in {"requested", "booked"}:
            yield row.about_at
        if row.status not in ENDED:
            yield seen.sitting[row.sitting_id].ends_at + closing.CLOSE_AFTER
    for sitting in seen.sittings:
        if sitting.id in used:
            yield sitting.starts_at
