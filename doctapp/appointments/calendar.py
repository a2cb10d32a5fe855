"""The appointment as a calendar file and as a Google Calendar link; it names no patient and no reason."""

from __future__ import annotations

from datetime import datetime, timedelta
from urllib.parse import urlencode

from flask_babel import gettext as _
from icalendar import Calendar, Event

from doctapp.appointments import places
from doctapp.appointments.models import Appointment

STATUS = {"requested": "TENTATIVE", "booked": "CONFIRMED"}


def _summary(row: Appointment, doctor: str) -> str:
    if row.status == "booked":
        return str(_("Serial %(number)s, %(doctor)s", number=row.number, doctor=doctor))
    return str(_("Serial %(number)s, %(doctor)s (not answered yet)", number=row.number, doctor=doctor))


def file(row: Appointment, *, doctor: str, place: str, url: str, now: datetime) -> bytes:
    """An RFC 5545 file: TENTATIVE while requested, CONFIRMED once booked, CANCELLED after its end."""
    come_from, _until = places.come_between(row.sitting, row.about_at, late=0)
    event = Event()
    event.add("uid", f"{row.ref}@doctapp")
    event.add("dtstamp", now)
    event.add("sequence", row.sequence)
    event.add("dtstart", come_from)
    event.add("dtend", row.about_at + timedelta(minutes=row.sitting.minutes))
    event.add("summary", _summary(row, doctor))
    event.add("location", place)
    event.add("url", url)
    event.add("description", f"{row.ref} {url}")
    event.add("status", STATUS.get(row.status, "CANCELLED"))
    calendar = Calendar()
    calendar.add("prodid", "-//DoctApp//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add_component(event)
    return bytes(calendar.to_ical())


def google_link(row: Appointment, *, doctor: str, place: str, url: str) -> str:
    """A link that opens Google Calendar with the appointment filled in."""
    come_from, _until = places.come_between(row.sitting, row.about_at, late=0)
    end = row.about_at + timedelta(minutes=row.sitting.minutes)
    stamp = "%Y%m%dT%H%M%SZ"
    query = {
        "action": "TEMPLATE",
        "text": _summary(row, doctor),
        "dates": f"{come_from.strftime(stamp)}/{end.strftime(stamp)}",
        "location": place,
        "details": f"{row.ref} {url}",
    }
    return f"https://calendar.google.com/calendar/render?{urlencode(query)}"
