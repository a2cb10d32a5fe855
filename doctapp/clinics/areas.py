"""The areas of Bangladesh, from the data file beside this module."""

from __future__ import annotations

import csv
from pathlib import Path

from sqlalchemy import select

from doctapp.clinics.models import Area
from doctapp.db import db

FILE = Path(__file__).with_name("areas.csv")


def load_areas() -> int:
    """Write what is not there yet; returns how many there are. Parents come before children in the file."""
    known = {area.slug: area for area in db.session.scalars(select(Area))}
    with FILE.open(encoding="utf-8", newline="") as lines:
        for line in csv.DictReader(lines):
            area = known.get(line["slug"]) or Area(slug=line["slug"])
            area.kind, area.name_en, area.name_bn = line["kind"], line["en"], line["bn"]
            area.parent = known[line["parent"]] if line["parent"] else None
            db.session.add(area)
            known[area.slug] = area
    db.session.flush()
    return len(known)
