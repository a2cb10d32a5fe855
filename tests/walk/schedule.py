"""What doctors and desks do with whole sittings and the hours they are made from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import rule

from doctapp.appointments import conflicts, jobs, lateness, sitting_cancellation
from doctapp.db import db
from doctapp.doctors.models import Chamber
from doctapp.schedules import extras, hours, leave
from doctapp.schedules.models import Leave, Sitting, WeeklyHours
from tests.walk.steps import MOSTLY, PICK, SOMETIMES, WHO, Steps

SCHEDULE = ["change_hours", "remove_hours", "go_on_leave", "come_back", "sit_extra", "leave_out_extra"]
DAY, START = st.integers(0, 8), st.sampled_from([60, 90, 150, 16 * 60, 17 * 60, 23 * 60])
FEWEST_HOURS = 4


class Schedule(Steps):
    """Sittings are cancelled or late; hours, leave and extras come and go."""

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
            begins = (row.start + 30) % 1380
            chamber, span = row.chamber, replace(hours.of(row), start=begins, until=begins + 60)
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
