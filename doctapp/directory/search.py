"""Finding a doctor: by name in either script, specialty or illness, area, and a day with a free place."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import islice
from typing import Any

from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.orm import joinedload, selectinload

from doctapp.accounts import names
from doctapp.appointments import places
from doctapp.appointments.places import Place
from doctapp.clinics.models import Area, Clinic
from doctapp.clinics.queries import within
from doctapp.db import db
from doctapp.directory import counting
from doctapp.doctors.models import Chamber, Doctor, Specialty, doctor_specialty
from doctapp.schedules.models import Sitting
from doctapp.web.paging import LAST_PAGE, Page

SIZE = 20
SHOWN_PLACES = 2
SORTS = ("rating", "soonest")
MOST_LETTERS, MOST_WORDS = 120, 8
TITLES = frozenset({"dr", "doctor", "prof", "professor", "specialist", "ডা", "ডাঃ", "ডাক্তার", "ডক্টর", "অধ্যাপক", "বিশেষজ্ঞ"})
ENDINGS = frozenset({"s", "es", "র", "ের", "এর", "ে", "য়", "তে"})
LONG_WORD = 4


@dataclass(frozen=True)
class Card:
    """A doctor in the list: where, for how much, and the next places that can be taken."""

    doctor: Doctor
    chamber: Chamber
    places: Sequence[Place]

    @property
    def specialties(self) -> Sequence[Specialty]:
        return self.doctor.specialties

    @property
    def clinic(self) -> Clinic:
        return self.chamber.clinic

    @property
    def fee(self) -> int:
        return self.chamber.fee_new


def search(
    *,
    q: str = "",
    specialty: str | None = None,
    area: str | None = None,
    day: date | None = None,
    sort: str = "rating",
    page: int = 1,
    now: datetime,
) -> Page[Card]:
    """A page of the doctors for whom every word and every filter is true; a page past the end is the last."""
    page = min(max(page, 1), LAST_PAGE)
    area_ids = within(area) if area else None
    found = _found(q, specialty=specialty, area_ids=area_ids, day=day, now=now)
    ordered = found.order_by(*_order(sort, area_ids=area_ids, day=day, now=now))
    ids, total = _slice(ordered, page)
    if not ids and page > 1:
        total = db.session.scalar(select(func.count()).select_from(found.subquery())) or 0
        page = max(1, min(LAST_PAGE, -(-total // SIZE)))
        ids, total = _slice(ordered, page)
    return Page(_cards(ids, area_ids=area_ids, day=day, now=now), page, SIZE, total)


def words(q: str) -> list[str]:
    """What is looked for: folded as names are, without titles."""
    return [word for word in names.key(q[:MOST_LETTERS]).split() if word not in TITLES][:MOST_WORDS]


def meant(q: str) -> dict[str, set[int]]:
    """For each word of the query the ids of the specialties it is a name or an illness of."""
    wanted = words(q)
    if not wanted:
        return {}
    known = db.session.execute(select(Specialty.id, Specialty.name_en, Specialty.name_bn, Specialty.words))
    hay = {row_id: _haystack(f"{name_en} {name_bn} {ills}") for row_id, name_en, name_bn, ills in known}
    return {word: {row_id for row_id, there in hay.items() if _names(word, there)} for word in wanted}


def _haystack(text: str) -> set[str]:
    """The words of a text; those with a joined হসন্ত also in the spellings people type."""
    spellings = (text, text.replace("\u09cd\u200c", ""), text.replace("\u200c", ""))
    return {word for spelling in spellings for word in names.key(spelling).split()}


def _names(word: str, there: set[str]) -> bool:
    """Whether a word begins one of these, is one with an ending, or, if it is long, stands inside one."""
    if len(word) >= LONG_WORD:
        return any(word in one or (word.startswith(one) and word[len(one) :] in ENDINGS) for one in there)
    return any(one.startswith(word) for one in there)


def _found(
    q: str, *, specialty: str | None, area_ids: Sequence[int] | None, day: date | None, now: datetime
) -> Select[Any]:
    live = select(Chamber.doctor_id).where(Chamber.live_at <= now)
    if area_ids is not None:
        live = live.where(counting.in_area(area_ids))
    query = select(Doctor.id).where(Doctor.status == "approved", Doctor.id.in_(live))
    for word, specialty_ids in meant(q).items():
        query = query.where(_matches(word, specialty_ids))
    if specialty:
        query = query.where(_has(Specialty.slug == specialty))
    if day:
        free = counting.sittings_with_places(Sitting.doctor_id, now=now, area_ids=area_ids, day=day)
        query = query.where(Doctor.id.in_(free))
    return query


def _matches(word: str, specialty_ids: set[int]) -> ColumnElement[bool]:
    named = Doctor.search.contains(word, autoescape=True)
    return or_(named, _has(Specialty.id.in_(specialty_ids))) if specialty_ids else named


def _has(which: ColumnElement[bool]) -> ColumnElement[bool]:
    theirs = select(doctor_specialty.c.doctor_id).join(Specialty, Specialty.id == doctor_specialty.c.specialty_id)
    return Doctor.id.in_(theirs.where(which))


def _order(sort: str, *, area_ids: Sequence[int] | None, day: date | None, now: datetime) -> list[Any]:
    rated = [Doctor.rating_tenths.desc().nulls_last(), Doctor.rating_count.desc(), Doctor.name_en, Doctor.id]
    if sort != "soonest":
        return rated
    free = counting.sittings_with_places(counting.first_free(now), now=now, area_ids=area_ids, day=day)
    return [counting.nth_of_doctor(free, 0).asc().nulls_last(), *rated]


def _slice(ordered: Select[Any], page: int) -> tuple[list[int], int]:
    """The ids of one page, and how many there are in all."""
    counted = ordered.add_columns(func.count().over()).limit(SIZE).offset((page - 1) * SIZE)
    rows = db.session.execute(counted).all()
    return [row[0] for row in rows], rows[0][1] if rows else 0


def _cards(ids: Sequence[int], *, area_ids: Sequence[int] | None, day: date | None, now: datetime) -> list[Card]:
    """The doctors of these ids in their order, each with the next places; the sittings are chosen by the database."""
    if not ids:
        return []
    free = counting.sittings_with_places(Sitting.id, now=now, area_ids=area_ids, day=day)
    nexts = [counting.nth_of_doctor(free, n) for n in range(SHOWN_PLACES)]
    clinic = joinedload(Chamber.clinic).joinedload(Clinic.area).joinedload(Area.parent)
    query = select(Doctor, *nexts).where(Doctor.id.in_(ids))
    query = query.options(selectinload(Doctor.specialties), selectinload(Doctor.chambers).options(clinic))
    rows = {row[0].id: row for row in db.session.execute(query)}
    offered = _places([sitting_id for row in rows.values() for sitting_id in row[1:] if sitting_id], now=now)
    return [_card(rows[row_id][0], offered[row_id], area_ids=area_ids, now=now) for row_id in ids]


def _places(sitting_ids: Sequence[int], *, now: datetime) -> dict[int, list[Place]]:
    """The next places of these sittings, by doctor, exactly as they can be taken."""
    there = select(Sitting).where(Sitting.id.in_(sitting_ids)).order_by(Sitting.starts_at, Sitting.id)
    sittings = db.session.scalars(there).all()
    gone = places.taken(sittings, now=now)
    offered: dict[int, list[Place]] = defaultdict(list)
    for sitting in sittings:
        here = offered[sitting.doctor_id]
        if len(here) < SHOWN_PLACES:
            free = (place for place in places.of_sitting(sitting, gone=gone[sitting.id], now=now) if place.free)
            here.extend(islice(free, SHOWN_PLACES - len(here)))
    return offered


def _card(doctor: Doctor, offered: Sequence[Place], *, area_ids: Sequence[int] | None, now: datetime) -> Card:
    """The chamber shown is that of the next place, else the first live one in the area."""
    if offered:
        return Card(doctor, offered[0].sitting.chamber, offered)
    live = (chamber for chamber in doctor.chambers if chamber.live_at and chamber.live_at <= now)
    return Card(doctor, next(one for one in live if area_ids is None or one.clinic.area_id in area_ids), [])
