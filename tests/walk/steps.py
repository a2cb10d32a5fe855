"""What a step of the walk is, whom it is about, and what time does between steps."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from datetime import datetime, timedelta
from typing import Any, ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule

from doctapp.appointments import closing, jobs, offering
from doctapp.appointments.life import By
from doctapp.appointments.models import ENDED, KEPT, Appointment
from doctapp.db import db
from doctapp.schedules import jobs as schedule_jobs
from doctapp.schedules.models import Sitting
from tests import money
from tests.walk import laws, rows, world
from tests.walk.world import BEGINS, World

PICK, WHO, NUMBER = st.integers(0, 11), st.integers(0, 2), st.integers(1, 4)
SOMETIMES = st.sampled_from([False, False, False, True])
MOSTLY = st.sampled_from([True, True, True, False])
SWEEP = ("end_cancelled", "expire_holds", "lapse_requests", "offer_places", "remind_doctors", "remind_patients")
SWEEP = (*SWEEP, "close_past", "tell_late", "purge")
SPANS = [timedelta(seconds=30), timedelta(minutes=9), timedelta(minutes=16), timedelta(hours=2), timedelta(hours=20)]
SPANS = [*SPANS, *SPANS, timedelta(days=31)]


def there_is(*statuses: str) -> Callable[[Steps], bool]:
    """That somebody is in one of these states: without it the rule would only be refused."""
    return lambda walk: bool(walk.seen.of(*statuses))


class Steps(RuleBasedStateMachine):
    """One run in one transaction; `seen` are the rows after the last step."""

    place: ClassVar[World]
    met: ClassVar[Counter[str]] = Counter()

    def __init__(self) -> None:
        super().__init__()
        self.now: datetime = BEGINS
        self.stack = ExitStack()
        self.stack.enter_context(world.run())
        self.seen = rows.read()
        self.before = self.seen.events[-1].id

    def teardown(self) -> None:
        self.met.update(event.act for event in self.seen.events if event.id > self.before)
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
        wrong += [f"{found} is not even" for found in money.owed() if not found.balanced]
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

    @rule(name=st.sampled_from(SWEEP), again=SOMETIMES)
    def sweep(self, name: str, again: bool) -> None:
        self.act(lambda: getattr(jobs, name)(self.now), again=again)

    @rule(again=SOMETIMES)
    def sweep_all(self, again: bool) -> None:
        self.act(self.swept, again=again)
        self.nothing_overdue()

    def swept(self) -> None:
        for name in SWEEP:
            getattr(jobs, name)(self.now)
        schedule_jobs.extend(self.now)

    def nothing_overdue(self) -> None:
        """After a sweep nothing waits that time should have done."""
        for row in self.seen.live:
            sitting = self.seen.sitting[row.sitting_id]
            assert not (row.status in KEPT and row.held_until <= self.now), f"{row.ref} is {row.status}"
            assert not (row.status == "requested" and row.lapses_at <= self.now), f"{row.ref} is requested"
            assert sitting.ends_at > self.now - closing.CLOSE_AFTER, f"{row.ref} is {row.status}"
            assert sitting.cancelled_at is None or row.status == "in_consultation", (
                f"{row.ref} is in a cancelled sitting"
            )
        for one in self.seen.waiting:
            assert one.state != "waiting" or not self.could_be_offered(one.sitting_id), f"{one.id} waits for nothing"

    def could_be_offered(self, sitting_id: int) -> bool:
        """Whether the sitting has a number for who waits."""
        sitting = db.session.get(Sitting, sitting_id)
        assert sitting is not None
        over = sitting.cancelled_at is not None or sitting.ends_at <= self.now
        return over or bool([*offering.free_numbers(sitting, now=self.now)])


def due(seen: rows.Seen) -> Iterable[datetime]:
    """The moments at which something changes by itself."""
    used = {row.sitting_id for row in seen.appointments}
    for row in seen.appointments:
        if row.status in KEPT:
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
