"""Fields for wall times and dates, as people type them."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

from wtforms import StringField

from doctapp.digits import latin
from doctapp.schedules import times
from doctapp.web.filters import clock_minutes


class ClockTime(StringField):
    """A wall time as typed; its data are minutes after midnight, None where it could not be read."""

    data: Any

    def process_formdata(self, valuelist: list[str]) -> None:
        self.data = times.minutes(valuelist[0]) if valuelist else None

    def _value(self) -> str:
        if self.raw_data:
            return str(self.raw_data[0])
        return clock_minutes(self.data) if self.data is not None else ""

    @property
    def typed(self) -> bool:
        return bool(self.raw_data and str(self.raw_data[0]).strip())


class DayField(StringField):
    """A date as a browser's calendar sends it, or typed as 23/11/2026, in digits of either set."""

    data: Any

    def process_formdata(self, valuelist: list[str]) -> None:
        self.data = _day(latin(valuelist[0]).strip()) if valuelist else None

    def _value(self) -> str:
        if self.raw_data:
            return str(self.raw_data[0])
        return self.data.isoformat() if self.data else ""


def _day(text: str) -> date | None:
    turned = re.fullmatch(r"(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})", text)
    try:
        return date(*map(int, turned.group(3, 2, 1))) if turned else date.fromisoformat(text)
    except ValueError:
        return None
