"""Clinics, doctors, chambers, weekly hours, leave and sittings, from the description to rows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from zlib import crc32

from sqlalchemy import insert, select
from sqlalchemy.orm import joinedload

from doctapp.accounts.models import Person
from doctapp.clinics.models import Area, Clinic
from doctapp.clock import local
from doctapp.db import db
from doctapp.doctors.models import Chamber, Doctor, Specialty, doctor_specialty
from doctapp.doctors.profile import searched
from doctapp.schedules.models import Leave, Sitting, WeeklyHours
from doctapp.schedules.sittings import planned
from doctapp.seed import world
from doctapp.seed.bulk import write, write_for_ids
from doctapp.seed.people import SINCE

ZONE = "Asia/Dhaka"
PAST_DAYS = 21
AS_DESCRIBED = (
    *("slug", "name_en", "name_bn", "sex", "degrees_en", "degrees_bn", "title_en", "title_bn"),
    *("college_en", "college_bn", "passing_year", "registration", "registration_until"),
    *("about_en", "about_bn", "rating_tenths", "rating_count"),
)
CHAMBER_AS_DESCRIBED = (
    *("room_en", "room_bn", "acceptance"),
    *("fee_new", "fee_follow_up", "follow_up_days", "fee_report", "report_days"),
)
ALL_WAYS = "chamber sslcommerz stripe sandbox"
# How chambers take money: at the desk only, or also before the visit, with milder and harder refund rules.
PAID_HOW: tuple[dict[str, Any], ...] = (
    {"methods": ALL_WAYS, "online_part": "either", "advance": 10_000, "refund_minutes": 24 * 60, "refund_percent": 50},
    {"methods": ALL_WAYS, "online_part": "whole", "advance": 0, "refund_minutes": 4 * 60, "refund_percent": 0},
    {"methods": ALL_WAYS, "online_part": "advance", "advance": 20_000, "refund_minutes": 48 * 60, "refund_percent": 25},
    {"methods": "chamber", "online_part": "whole", "advance": 0, "refund_minutes": 24 * 60, "refund_percent": 50},
)
LEAVE = (("Training in Kolkata", 3, 14), ("Family matter", 1, 18), ("Umrah", 5, 16))


def write_clinics(clinics: Sequence[world.Clinic]) -> int:
    """Write the clinics that are not there yet; how many those were."""
    there = set(db.session.scalars(select(Clinic.slug)))
    areas = dict(db.session.execute(select(Area.slug, Area.id)).all())
    rows = [
        {
            "slug": clinic.slug,
            "name_en": clinic.name_en,
            "name_bn": clinic.name_bn,
            "address_en": clinic.address_en,
            "address_bn": clinic.address_bn,
            "area_id": areas[clinic.area],
            "phone": clinic.phone,
            "zone": ZONE,
        }
        for clinic in clinics
        if clinic.slug not in there
    ]
    write(Clinic, rows)
    return len(rows)


def write_doctors(
    doctors: Sequence[world.Doctor], *, owners: Mapping[str, int], now: datetime
) -> dict[int, world.Doctor]:
    """Write doctors with all that hangs on them but their sittings; the descriptions by the doctors' ids.

    `owners` says which of them are demo people; every other gets a person without a way to sign in.
    """
    persons = iter(write_for_ids(Person, [_person(doctor, now=now) for doctor in doctors if doctor.slug not in owners]))
    people = {doctor.slug: owners.get(doctor.slug) or next(persons) for doctor in doctors}
    ids = write_for_ids(Doctor, [_doctor(doctor, person_id=people[doctor.slug]) for doctor in doctors])
    written = dict(zip(ids, doctors, strict=True))
    _write_specialties(written)
    _write_chambers(written, now=now)
    write(Leave, list(_leave(written, now=now)))
    return written


def _person(doctor: world.Doctor, *, now: datetime) -> dict[str, Any]:
    return {"name": doctor.name_en, "language": "en", "admin": False, "created_at": now - SINCE}


def _doctor(doctor: world.Doctor, *, person_id: int) -> dict[str, Any]:
    unusual = doctor.tags & {"applicant", "suspended"}
    return {
        **{field: getattr(doctor, field) for field in AS_DESCRIBED},
        "person_id": person_id,
        "status": next(iter(unusual), "approved"),
        "languages": ",".join(doctor.languages),
        "search": searched(doctor.name_en, doctor.name_bn),
    }


def _write_specialties(written: Mapping[int, world.Doctor]) -> None:
    ids = dict(db.session.execute(select(Specialty.slug, Specialty.id)).all())
    pairs = [
        {"doctor_id": doctor_id, "specialty_id": ids[slug]}
        for doctor_id, doctor in written.items()
        for slug in doctor.specialties
    ]
    db.session.execute(insert(doctor_specialty), pairs)


def _write_chambers(written: Mapping[int, world.Doctor], *, now: datetime) -> None:
    clinics = dict(db.session.execute(select(Clinic.slug, Clinic.id)).all())
    described = [(doctor_id, doctor, chamber) for doctor_id, doctor in written.items() for chamber in doctor.chambers]
    rows = [
        {
            **{field: getattr(chamber, field) for field in CHAMBER_AS_DESCRIBED},
            "doctor_id": doctor_id,
            "clinic_id": clinics[chamber.clinic],
            "currency": "BDT",
            "lead_minutes": 60,
            "cut_off_minutes": 120,
            **PAID_HOW[0 if "demo" in doctor.tags else crc32(doctor.slug.encode()) % len(PAID_HOW)],
            "live_at": None if "applicant" in doctor.tags else now - SINCE,
        }
        for doctor_id, doctor, chamber in described
    ]
    hours = [
        {
            "chamber_id": chamber_id,
            "weekday": each.weekday,
            "start": each.start,
            "until": each.end,
            "minutes": each.minutes,
            "capacity": each.capacity,
        }
        for chamber_id, (_, _, chamber) in zip(write_for_ids(Chamber, rows), described, strict=True)
        for each in chamber.hours
    ]
    write(WeeklyHours, hours)


def _leave(written: Mapping[int, world.Doctor], *, now: datetime) -> Iterator[dict[str, Any]]:
    """Leave that began some days ago and lasts two to three weeks more."""
    today = local(now, ZONE).date()
    away = [doctor_id for doctor_id, doctor in written.items() if "on-leave" in doctor.tags]
    for n, doctor_id in enumerate(away):
        reason, before, after = LEAVE[n % len(LEAVE)]
        first, last = today - timedelta(days=before), today + timedelta(days=after)
        yield {"doctor_id": doctor_id, "chamber_id": None, "first": first, "last": last, "reason": reason}


def write_sittings(written: Mapping[int, world.Doctor], *, days: int, past: frozenset[str], now: datetime) -> int:
    """Write the sittings of so many days; the doctors of these slugs sat in the past weeks too. How many there are.

    Applicants have none: a chamber that is not live takes nobody.
    """
    hours, leave = _hours(written), _away(written)
    rows: list[dict[str, Any]] = []
    for doctor_id, doctor in written.items():
        if "applicant" not in doctor.tags:
            back = PAST_DAYS if doctor.slug in past else 0
            since = now - timedelta(days=back)
            rows += planned(hours[doctor_id], leave[doctor_id], now=since, days=days + back)
    write(Sitting, rows)
    return len(rows)


def _hours(written: Mapping[int, world.Doctor]) -> dict[int, list[WeeklyHours]]:
    query = select(WeeklyHours).join(Chamber).where(Chamber.doctor_id.in_(written)).order_by(WeeklyHours.id)
    query = query.options(joinedload(WeeklyHours.chamber).joinedload(Chamber.clinic))
    found: dict[int, list[WeeklyHours]] = defaultdict(list)
    for row in db.session.scalars(query):
        found[row.chamber.doctor_id].append(row)
    return found


def _away(written: Mapping[int, world.Doctor]) -> dict[int, list[Leave]]:
    found: dict[int, list[Leave]] = defaultdict(list)
    for row in db.session.scalars(select(Leave).where(Leave.doctor_id.in_(written)).order_by(Leave.id)):
        found[row.doctor_id].append(row)
    return found
