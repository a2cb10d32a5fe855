"""The doors of the directory: search, all specialties, a doctor's page and the places of a day."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import quote_plus

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue
from flask_login import current_user

from doctapp import clock
from doctapp.clinics.models import Clinic
from doctapp.directory import asking, days, hours, queries
from doctapp.directory.search import search, words
from doctapp.doctors.models import Doctor
from doctapp.doctors.profile import LANGUAGES, experience
from doctapp.doctors.queries import by_slug
from doctapp.errors import NotFound
from doctapp.web.access import anyone
from doctapp.web.filters import MONTHS, SHORT_WEEKDAYS, digits, said
from doctapp.web.htmx import page_or_fragment, wants_fragment
from doctapp.web.pagecache import kept
from doctapp.web.paging import page_number

ZONE = "Asia/Dhaka"
STRIP_DAYS = 14
HEART = ("chest", "heart", "বুক", "হার্ট", "হৃদ")
HONORIFICS = re.compile(r"^(dr|prof|ডা|ডাঃ|অধ্যাপক)\.?\s+", re.IGNORECASE)

bp = Blueprint("directory", __name__)


def today() -> date:
    """The date people mean when they say "today"."""
    return clock.local(clock.now(), ZONE).date()


@bp.app_template_filter()
def initials(doctor: Doctor) -> str:
    """The letters on the disc of who has no photo: first and last in English, the first syllable in Bangla."""
    name = HONORIFICS.sub("", said(doctor, "name"))
    if name[:1].isascii():
        words = [word for word in name.split() if word[0].isalpha()]
        return "".join(word[0].upper() for word in (words[:1] + words[-1:] if len(words) > 1 else words))
    return syllable(name)


def syllable(word: str) -> str:
    """The first letter with its vowel sign, so that রোকেয়া gives রো."""
    end = 1
    while end < len(word) and "\u09bc" <= word[end] <= "\u09cc":
        end += 1
    return word[:end]


@bp.app_template_filter()
def bare_time(moment: datetime, zone: str) -> str:
    """The hour and minute alone, where the part of the day stands above: "6:50"."""
    local = clock.local(moment, zone)
    return digits(f"{local.hour % 12 or 12}:{local.minute:02}")


@bp.app_template_filter()
def month_year(day: date) -> str:
    """The month with its year: "June 2028"."""
    return f"{MONTHS[day.month - 1]} {digits(day.year)}"


@bp.app_template_filter()
def weekday_short(weekday: int) -> str:
    """The short name of a weekday, Monday being 0."""
    return str(SHORT_WEEKDAYS[weekday])


@bp.app_template_filter()
def directions(clinic: Clinic) -> str:
    """Where a map looks for the clinic."""
    return "https://www.google.com/maps/search/?api=1&query=" + quote_plus(f"{clinic.name_en}, {clinic.address_en}")


@bp.app_template_filter()
def tongues(languages: str) -> str:
    """The languages of a doctor in words."""
    return ", ".join(str(LANGUAGES[code]) for code in re.findall(r"[a-z]+", languages) if code in LANGUAGES)


@bp.get("/doctors")
@anyone
def index() -> ResponseReturnValue:
    """The doctors found, twenty a page; for htmx only the results."""
    areas, specialties = queries.areas(), queries.specialties()
    asked = asking.read(request.args, areas=areas, specialties=specialties, today=today())
    found = search(
        q=asked.q,
        specialty=asked.specialty.slug if asked.specialty else None,
        area=asked.area.slug if asked.area else None,
        day=asked.day,
        sort=asked.sort,
        page=page_number(),
        now=clock.now(),
    )
    return kept(
        page_or_fragment(
            "directory/index.html",
            "directory/_results.html",
            **asking.form(asked, areas, today=today()),
            specialties=specialties,
            page=found,
            heart=is_heart(asked),
            swapped=wants_fragment(),
        )
    )


def is_heart(asked: asking.Asked) -> bool:
    """Whether somebody may be looking for help with a heart attack."""
    about = asked.specialty is not None and asked.specialty.slug == "heart"
    return about or any(word.startswith(HEART) for word in words(asked.q))


@bp.get("/specialties")
@anyone
def specialties() -> ResponseReturnValue:
    """All specialties, with what each is for."""
    return kept(render_template("directory/specialties.html", specialties=queries.specialties()))


@bp.get("/doctors/<slug>")
@anyone
def show(slug: str) -> ResponseReturnValue:
    """A doctor, and the places of a day."""
    doctor = find(slug)
    return kept(render_template("directory/show.html", **profile(doctor), **places_of(doctor)))


@bp.get("/doctors/<slug>/places")
@anyone
def places(slug: str) -> ResponseReturnValue:
    """The places of a day; a browser without htmx gets the whole page of the doctor."""
    doctor = find(slug)
    given = places_of(doctor) if wants_fragment() else {**profile(doctor), **places_of(doctor)}
    return kept(page_or_fragment("directory/show.html", "directory/_places.html", **given))


def find(slug: str) -> Doctor:
    """A doctor this viewer may see: an approved one, or one's own page, or any for an admin."""
    doctor = by_slug(slug) if asking.is_slug(slug) else None
    if doctor is None or (doctor.status != "approved" and not sees_all(doctor)):
        raise NotFound
    return doctor


def sees_all(doctor: Doctor) -> bool:
    """Whether this viewer sees the doctor's page before it is public."""
    if not current_user.is_authenticated:
        return False
    return bool(current_user.admin) or doctor.person_id == current_user.id


def live_chambers(doctor: Doctor) -> list[Any]:
    """The chambers that take patients."""
    now = clock.now()
    return [chamber for chamber in doctor.chambers if chamber.live_at and chamber.live_at <= now]


def profile(doctor: Doctor) -> dict[str, Any]:
    """What the page says of the doctor beside the places."""
    weekly = queries.hours(doctor.id)
    chambers = live_chambers(doctor)
    return {
        "experience": experience(doctor, now=clock.now()),
        "chambers": [(chamber, hours.lines(weekly[chamber.id])) for chamber in chambers],
        "one_fee": len({(c.fee_new, c.fee_follow_up, c.fee_report) for c in chambers}) == 1,
    }


def places_of(doctor: Doctor) -> dict[str, Any]:
    """The strip of days and the places of the one that is asked for, or of the first with a free one."""
    now = clock.now()
    coming = days.ahead(doctor.id, now=now)
    asked = asking.read_number(request.args.get("sitting", "")), asking.read_number(request.args.get("number", ""))
    wanted = asking.read_day(request.args.get("day", ""), today=today() - timedelta(days=1))
    if wanted is None and asked[0]:
        wanted = days.day_of(asked[0], doctor_id=doctor.id)
    day = days.choose(coming, wanted)
    sheets = days.sheets(doctor.id, day, asked=asked, now=now) if day else []
    free = sum(sheet.free for sheet in sheets)
    strip = coming[:STRIP_DAYS]
    return {
        "doctor": doctor,
        "strip": [one for one in coming[STRIP_DAYS:] if one.date == day] + strip,  # a far day is seen first
        "last_day": coming[-1].date if len(coming) > len(strip) else None,
        "day": day,
        "sheets": sheets,
        "free": free,
        "full": [sheet.sitting for sheet in sheets if sheet.places and not sheet.free],
        "next_place": days.next_free(doctor.id, coming, after=day, now=now) if day and not free else None,
        "phones": live_chambers(doctor),
        "leaves": [(leave, back_on(coming, leave.last)) for leave in queries.leave(doctor.id, today=today())],
        "today": today(),
    }


def back_on(coming: Sequence[days.Day], last: date) -> date:
    """When a doctor on leave sits again: the first day after it, by the sittings where there are some."""
    return next((day.date for day in coming if day.date > last), last + timedelta(days=1))
