"""Specialties, with the words by which people look for them, from the data file beside this module."""

from __future__ import annotations

import csv
from pathlib import Path

from sqlalchemy import select

from doctapp.db import db
from doctapp.doctors.models import Specialty

FILE = Path(__file__).with_name("specialties.csv")


def load_specialties() -> int:
    """Write what is not there yet, in the order of the file; returns how many there are."""
    known = {specialty.slug: specialty for specialty in db.session.scalars(select(Specialty))}
    with FILE.open(encoding="utf-8", newline="") as lines:
        for position, line in enumerate(csv.DictReader(lines), start=1):
            row = known.setdefault(line["slug"], Specialty(slug=line["slug"]))
            row.position, row.icon = position, line["icon"]
            row.name_en, row.name_bn, row.hint_en, row.hint_bn = (
                line[field] for field in ("en", "bn", "hint_en", "hint_bn")
            )
            row.words = f"{line['words_en']};{line['words_bn']}".casefold()
            db.session.add(row)
    db.session.flush()
    return len(known)
