"""Bangladesh's public holidays on fixed dates, from the data file beside this module; Eid and others move."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from pathlib import Path

FILE = Path(__file__).with_name("holidays.csv")
OFFERED = timedelta(days=365)


@dataclass(frozen=True)
class Holiday:
    """A holiday of one year."""

    day: date
    name_en: str
    name_bn: str

    @property
    def reason(self) -> str:
        """What patients read as the reason, in both languages."""
        return f"{self.name_en} · {self.name_bn}"


@cache
def _lines() -> tuple[tuple[int, int, str, str], ...]:
    with FILE.open(encoding="utf-8", newline="") as lines:
        return tuple((int(x["month"]), int(x["day"]), x["en"], x["bn"]) for x in csv.DictReader(lines))


def coming(today: date) -> list[Holiday]:
    """The holidays after today within a year, soonest first."""
    every = [
        Holiday(date(year, month, day), en, bn)
        for year in (today.year, today.year + 1)
        for month, day, en, bn in _lines()
    ]
    return [holiday for holiday in sorted(every, key=lambda each: each.day) if today < holiday.day <= today + OFFERED]
