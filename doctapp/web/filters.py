"""What templates and letters say numbers, money, days and times with, in the reader's language."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from flask import Flask
from flask_babel import get_locale
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from doctapp import clock as house_clock
from doctapp.digits import bangla

WEEKDAYS = (_l("Monday"), _l("Tuesday"), _l("Wednesday"), _l("Thursday"), _l("Friday"), _l("Saturday"), _l("Sunday"))
SHORT_WEEKDAYS = (_l("Mon"), _l("Tue"), _l("Wed"), _l("Thu"), _l("Fri"), _l("Sat"), _l("Sun"))
MONTHS = (
    _l("January"), _l("February"), _l("March"), _l("April"), _l("May"), _l("June"),
    _l("July"), _l("August"), _l("September"), _l("October"), _l("November"), _l("December"),
)  # fmt: skip
SHORT_MONTHS = (
    _l("Jan"), _l("Feb"), _l("Mar"), _l("Apr"), _l("May (short)"), _l("Jun"),
    _l("Jul"), _l("Aug"), _l("Sep"), _l("Oct"), _l("Nov"), _l("Dec"),
)  # fmt: skip
NO_BREAK = "\u00a0"
PARTS_OF_DAY = ((4, "রাত"), (6, "ভোর"), (12, "সকাল"), (15, "দুপুর"), (18, "বিকাল"), (20, "সন্ধ্যা"), (24, "রাত"))


def in_bangla() -> bool:
    """Whether the reader reads Bangla."""
    locale = get_locale()
    return locale is not None and locale.language == "bn"


def digits(text: object) -> str:
    """The text with Bangla digits where the reader reads Bangla; never used for phones, codes and references."""
    return bangla(text) if in_bangla() else str(text)


def money(poisha: int, currency: str = "BDT") -> str:
    """An amount in integer poisha as taka: "৳ 1,500", in lakh grouping; poisha only where there are some.

    No line ends between sign and number. Of another currency in its hundredths, with its letters: "USD 6.50".
    """
    if currency != "BDT":
        return f"{currency}{NO_BREAK}{digits(f'{poisha / 100:.2f}')}"
    taka, rest = divmod(poisha, 100)
    head, tail = str(taka)[:-3], str(taka)[-3:]
    while len(head) > 2:
        head, tail = head[:-2], f"{head[-2:]},{tail}"
    grouped = f"{head},{tail}" if head else tail
    return digits(f"৳{NO_BREAK}{grouped}.{rest:02}" if rest else f"৳{NO_BREAK}{grouped}")


def said(row: Any, field: str) -> str:
    """The Bangla or English of a bilingual row: `doctor|said('name')`."""
    own, other = ("bn", "en") if in_bangla() else ("en", "bn")
    get = row.get if isinstance(row, dict) else lambda name: getattr(row, name)
    return str(get(f"{field}_{own}") or get(f"{field}_{other}") or "")


def _read(value: Any) -> Any:
    """A moment; notices keep theirs as ISO text."""
    return datetime.fromisoformat(value) if isinstance(value, str) else value


def _day(value: date | datetime | str, zone: str) -> date:
    read: date = _read(value)
    return house_clock.local(read, zone).date() if isinstance(read, datetime) else read


def day_short(value: date | datetime | str, zone: str = "Asia/Dhaka") -> str:
    """A day as in "Mon 23 Nov"."""
    day = _day(value, zone)
    month = str(SHORT_MONTHS[day.month - 1]).removesuffix(" (short)")
    return f"{SHORT_WEEKDAYS[day.weekday()]} {digits(day.day)} {month}"


def day_long(value: date | datetime | str, zone: str = "Asia/Dhaka") -> str:
    """A day as in "Monday 23 November"."""
    day = _day(value, zone)
    return f"{WEEKDAYS[day.weekday()]} {digits(day.day)} {MONTHS[day.month - 1]}"


def day_brief(value: date | datetime | str, zone: str = "Asia/Dhaka") -> str:
    """A day as in "23/11", where an SMS has no room for more."""
    day = _day(value, zone)
    return digits(f"{day.day}/{day.month}")


def day_near(value: date | datetime | str, zone: str = "Asia/Dhaka") -> str:
    """A day as in "Today", "Tomorrow" or "Tue 24 Nov"."""
    day = _day(value, zone)
    ahead = day - house_clock.local(house_clock.now(), zone).date()
    if ahead == timedelta(0):
        return str(_("Today"))
    return str(_("Tomorrow")) if ahead == timedelta(days=1) else day_short(day)


def clock(value: datetime | str, zone: str = "Asia/Dhaka") -> str:
    """A time as in "6:50pm"; in Bangla with the part of the day: "সন্ধ্যা ৬:৫০"."""
    read: datetime = _read(value)
    local = house_clock.local(read, zone) if read.tzinfo else read
    return clock_minutes(local.hour * 60 + local.minute)


def clock_minutes(minutes: int) -> str:
    """The time so many minutes after midnight, as `clock` says it; past the next midnight it begins anew."""
    hour, minute = divmod(minutes % 1440, 60)
    hour12 = hour % 12 or 12
    if in_bangla():
        part = next(name for end, name in PARTS_OF_DAY if hour < end)
        return bangla(f"{part} {hour12}:{minute:02}")
    return f"{hour12}:{minute:02}{'am' if hour < 12 else 'pm'}"


def moment(value: datetime | str, zone: str = "Asia/Dhaka") -> str:
    """A moment as in "Mon 23 Nov, 6:50pm"."""
    return f"{day_short(value, zone)}, {clock(value, zone)}"


def init_app(app: Flask) -> None:
    """Give the filters to all templates."""
    for rule in (digits, money, said, day_short, day_brief, day_long, day_near, clock, clock_minutes, moment):
        app.add_template_filter(rule)
    app.jinja_env.optimized = False  # a filter of a constant would be folded in the first reader's language
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
