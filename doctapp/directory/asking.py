"""What an address of the search asks for: everything it does not understand counts as "any", and is said."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from flask_babel import LazyString
from flask_babel import lazy_gettext as _l

from doctapp.digits import latin
from doctapp.directory import queries
from doctapp.directory.search import MOST_LETTERS, SORTS
from doctapp.doctors.models import Specialty
from doctapp.web.filters import said

SLUG = re.compile(r"[a-z0-9-]{1,120}")
DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
FARTHEST = timedelta(days=366)
OFFERED_DAYS = 28


@dataclass(frozen=True)
class Asked:
    """The filters of a search, each already found to exist, and what had to be left out."""

    q: str = ""
    specialty: Specialty | None = None
    area: queries.AreaOption | None = None
    day: date | None = None
    sort: str = SORTS[0]
    ignored: tuple[LazyString, ...] = ()

    @property
    def anything(self) -> bool:
        return bool(self.q or self.specialty or self.area or self.day)

    def link(self, **changes: object) -> dict[str, object]:
        """The query of the address that asks for this with changes; what is empty is left out."""
        now = {
            "q": self.q,
            "specialty": self.specialty and self.specialty.slug,
            "area": self.area and self.area.slug,
            "day": self.day and self.day.isoformat(),
            "sort": self.sort,
        }
        return {
            name: value for name, value in {**now, **changes}.items() if value and (name, value) != ("sort", SORTS[0])
        }

    def without(self, *names: str) -> Asked:
        """The same with some filters taken away."""
        plain = Asked()
        return replace(self, **{name: getattr(plain, name) for name in names})


def is_slug(text: str) -> bool:
    """Whether this can be a name in an address at all."""
    return SLUG.fullmatch(text) is not None


def read_day(text: str, *, today: date) -> date | None:
    """A date of the coming year, in either digits; None for anything else."""
    given = latin(text.strip())
    if DAY.fullmatch(given) is None:
        return None
    try:
        day = date.fromisoformat(given)
    except ValueError:
        return None
    return day if today <= day <= today + FARTHEST else None


def read_number(text: str) -> int:
    """A small whole number in either digits; 0 for anything else."""
    given = latin(text.strip())
    return int(given) if given.isascii() and given.isdigit() and len(given) < 10 else 0


def read(
    args: Mapping[str, str], *, areas: Sequence[queries.AreaOption], specialties: Sequence[Specialty], today: date
) -> Asked:
    """The search that an address asks for."""
    ignored: list[LazyString] = []
    specialty = next((one for one in specialties if one.slug == args.get("specialty")), None)
    if args.get("specialty") and not specialty:
        ignored.append(_l("We do not know this specialty, so all are shown."))
    area = _area(args.get("area", ""), areas)
    if args.get("area") and not area:
        ignored.append(_l("We do not know this area, so all are shown."))
    day = read_day(args.get("day", ""), today=today)
    if args.get("day") and not day:
        ignored.append(_l("This day is past or is none, so any day is shown."))
    q = " ".join(args.get("q", "").replace("\0", " ").split())[:MOST_LETTERS]
    sort = args.get("sort", "")
    return Asked(q, specialty, area, day, sort if sort in SORTS else SORTS[0], tuple(ignored))


def _area(slug: str, areas: Sequence[queries.AreaOption]) -> queries.AreaOption | None:
    """One of those with clinics, else one that exists."""
    known = next((one for one in areas if one.slug == slug), None)
    return known or (queries.area(slug) if is_slug(slug) else None)


def form(asked: Asked, areas: Sequence[queries.AreaOption], *, today: date) -> dict[str, Any]:
    """What the search form offers beside the specialties: areas under their districts, and the coming days."""
    known = sorted(areas, key=lambda one: said(one, "name"))
    districts = [one for one in known if one.kind == "district"]
    inside = {one.slug: [area for area in known if area.parent == one.slug] for one in districts}
    coming = [today + timedelta(days=n) for n in range(OFFERED_DAYS)]
    if asked.day and asked.day not in coming:
        coming.append(asked.day)
    return {
        "asked": asked,
        "area_groups": [(one, inside[one.slug]) for one in districts if inside[one.slug]],
        "districts": [one for one in districts if not inside[one.slug]],
        "divisions": [one for one in known if one.kind == "division"],
        "days": coming,
        "today": today,
    }
