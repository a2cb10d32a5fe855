"""A month as a calendar: weeks from Saturday to Friday, each day with its sittings and its leave."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from doctapp.schedules.models import Leave, Sitting

SATURDAY = 5
ADAY = timedelta(days=1)


@dataclass(frozen=True)
class Day:
    """One day of the calendar; days of the months before and after only fill the weeks."""

    date: date
    inside: bool
    sittings: Sequence[Sitting]
    leave: Sequence[Leave]


def days(first: date, sittings: Iterable[Sitting], leave: Iterable[Leave]) -> list[Day]:
    """The days of the whole weeks that hold the month of `first`."""
    held, off = list(sittings), list(leave)
    start = first - timedelta(days=(first.weekday() - SATURDAY) % 7)
    after = after_month(first)
    end = after + timedelta(days=(SATURDAY - after.weekday()) % 7)
    every = [start + timedelta(days=n) for n in range((end - start).days)]
    return [
        Day(
            day,
            first <= day < after,
            [one for one in held if one.local_date == day],
            [one for one in off if one.first <= day <= one.last],
        )
        for day in every
    ]


def after_month(first: date) -> date:
    """The first day of the month after."""
    return (first.replace(day=28) + timedelta(days=4)).replace(day=1)


def before_month(first: date) -> date:
    """The first day of the month before."""
    return (first - ADAY).replace(day=1)
