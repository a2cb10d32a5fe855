"""Weekly hours in a form that can be said: "Sat to Wed, 5:00pm to 9:00pm"."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from doctapp.schedules.models import WeeklyHours

WEEK = (5, 6, 0, 1, 2, 3, 4)  # Bangladesh's begins on Saturday


@dataclass(frozen=True)
class Line:
    """Runs of weekdays (first and last) with the same hours, in minutes after midnight."""

    runs: Sequence[tuple[int, int]]
    start: int
    until: int


def lines(hours: Iterable[WeeklyHours]) -> list[Line]:
    """The hours of one chamber, days with equal hours together."""
    days: dict[tuple[int, int], set[int]] = defaultdict(set)
    for each in hours:
        days[each.start, each.until].add(each.weekday)
    said = [Line(_runs(weekdays), *span) for span, weekdays in days.items()]
    return sorted(said, key=lambda line: (WEEK.index(line.runs[0][0]), line.start))


def _runs(weekdays: set[int]) -> list[tuple[int, int]]:
    """Days that follow each other as one run from three on; two stay two."""
    runs: list[list[int]] = []
    for at, day in enumerate(WEEK):
        if day not in weekdays:
            continue
        if runs and at and runs[-1][-1] == WEEK[at - 1]:
            runs[-1].append(day)
        else:
            runs.append([day])
    return [pair for run in runs for pair in ([(run[0], run[-1])] if len(run) > 2 else [(day, day) for day in run])]
