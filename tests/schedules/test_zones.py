"""All IANA zones × all clock changes of 2026-2036 × a weekly schedule: each sitting at its wall time, none twice.

What should be is read off the clock itself: the quarter hours around a change are walked through in UTC, and the wall
time each shows is noted with the first moment that shows it. A wall time that nobody sees has no sitting.
"""

from __future__ import annotations

import zoneinfo
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise, product
from typing import Any
from zoneinfo import ZoneInfo

from doctapp.clinics.models import Clinic
from doctapp.doctors.models import Chamber
from doctapp.schedules.models import WeeklyHours
from doctapp.schedules.sittings import planned

FIRST, LAST = datetime(2026, 1, 1, tzinfo=UTC), datetime(2037, 1, 1, tzinfo=UTC)
QUARTER, HOUR, ADAY = timedelta(minutes=15), timedelta(hours=1), timedelta(days=1)
SPANS = dict.fromkeys(range(0, 24 * 60, 60), 5 * 60)  # some straddle the change, some the next midnight
SPANS |= dict.fromkeys((15, 30, 45, 90, 105, 135, 150, 165, 195, 210, 23 * 60 + 30), 45)
CLINIC = Clinic()
CHAMBER = Chamber(id=1, clinic=CLINIC)
WEEK = [
    [
        WeeklyHours(chamber=CHAMBER, weekday=weekday, start=start, until=start + length, minutes=15, capacity=3)
        for start, length in SPANS.items()
    ]
    for weekday in range(7)
]


def changes(zone: ZoneInfo) -> list[datetime]:
    """The moments at which this zone's clocks are set, to the quarter hour."""
    step, offsets = timedelta(days=1), []
    moment = FIRST
    while moment <= LAST:
        offsets.append((moment, moment.astimezone(zone).utcoffset()))
        moment += step
    return [_moment(zone, before, after) for (before, was), (after, now) in pairwise(offsets) if was != now]


def _moment(zone: ZoneInfo, before: datetime, after: datetime) -> datetime:
    was = before.astimezone(zone).utcoffset()
    while after - before > QUARTER:
        middle = before + (after - before) // QUARTER // 2 * QUARTER
        before, after = (middle, after) if middle.astimezone(zone).utcoffset() == was else (before, middle)
    return after


def seen(zone: ZoneInfo, around: datetime) -> dict[datetime, datetime]:
    """Every wall time the clock shows in the three days around a moment, with the first moment that shows it."""
    shown: dict[datetime, datetime] = {}
    for n in range(-4 * 48, 4 * 48):
        moment = around + n * QUARTER
        shown.setdefault(moment.astimezone(zone).replace(tzinfo=None), moment)
    return shown


def check(name: str, change: datetime) -> tuple[int, int, int]:
    """The sittings around one change: how many were looked for, are skipped, and begin in an hour seen twice."""
    zone, CLINIC.zone = ZoneInfo(name), name
    shown = seen(zone, change)
    days = [change.astimezone(zone).date() + n * ADAY for n in (-1, 0, 1)]
    made = sittings(days, now=change - 48 * HOUR)
    skipped = twice = 0
    for day, (start, length) in product(days, SPANS.items()):
        wall = datetime.combine(day, time()) + timedelta(minutes=start)
        expected = shown.get(wall)
        found = made.get((day, start))
        assert found == (expected and (expected, expected + timedelta(minutes=length))), f"{name} {wall}: {found}"
        skipped += expected is None
        twice += expected is not None and (expected + HOUR).astimezone(zone).replace(tzinfo=None) == wall
    return len(days) * len(SPANS), skipped, twice


def sittings(days: list[date], *, now: datetime) -> dict[tuple[date, int], tuple[datetime, datetime]]:
    """What is made of the hours on these days, by day and wall time; no wall time of a day is made twice."""
    made: dict[tuple[date, int], tuple[datetime, datetime]] = {}
    for row in planned([hours for day in days for hours in WEEK[day.weekday()]], [], now=now, days=5):
        key: Any = row["local_date"], row["local_start"]
        assert key not in made, f"{key} is made twice"
        made[key] = row["starts_at"], row["ends_at"]  # type: ignore[assignment]
    return made


def test_each_sitting_is_at_its_wall_time_in_all_zones_over_all_changes() -> None:
    zones = sorted(zoneinfo.available_timezones())
    tested = skipped = twice = times = 0
    for name in zones:
        for change in changes(ZoneInfo(name)):
            made, gone, double = check(name, change)
            tested, skipped, twice, times = tested + 1, skipped + gone, twice + double, times + made

    print(
        f"{len(zones)} zones, {tested} clock changes, {times} sittings, {skipped} skipped, {twice} in an hour seen twice"
    )
    assert len(zones) > 450
    assert tested > 2000
    assert skipped > 5_000
    assert twice > 5_000


def test_a_zone_without_clock_changes_has_every_sitting() -> None:
    made, skipped, twice = check("Asia/Dhaka", datetime(2026, 6, 1, tzinfo=UTC))

    assert (made, skipped, twice) == (3 * len(SPANS), 0, 0)
