"""The sentences of refusals that name what is in the way."""

from __future__ import annotations

from flask_babel import gettext as _

from doctapp.errors import DomainError
from doctapp.schedules.models import Leave, Sitting, WeeklyHours
from doctapp.web.filters import WEEKDAYS, clock, clock_minutes, day_long, day_short, said


def worded(refusal: DomainError) -> str:
    """The sentence of a refusal; one of an overlap names what is in the way."""
    other = refusal.facts.get("other")
    if isinstance(other, Leave):
        first, last = day_short(other.first), day_short(other.last)
        on_leave = _(
            "The doctor is on leave then, %(first)s to %(last)s. Remove the leave first.", first=first, last=last
        )
        return str(on_leave)
    if isinstance(other, WeeklyHours | Sitting):
        clinic = said(other.chamber.clinic, "name")
        return str(_("The doctor already sits at %(clinic)s then: %(times)s.", clinic=clinic, times=_times(other)))
    return str(refusal.message)


def _times(other: WeeklyHours | Sitting) -> str:
    if isinstance(other, WeeklyHours):
        return f"{WEEKDAYS[other.weekday]}, {clock_minutes(other.start)} – {clock_minutes(other.until)}"
    zone = other.chamber.clinic.zone
    return f"{day_long(other.local_date)}, {clock(other.starts_at, zone)} – {clock(other.ends_at, zone)}"
