"""The door of this room: who read or changed one's own and one's family's records."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from flask import Blueprint, request
from flask.typing import ResponseReturnValue
from flask_babel import LazyString
from flask_babel import lazy_gettext as _l
from flask_login import current_user

from doctapp.accounts import patients, people
from doctapp.accounts.models import Patient
from doctapp.appointments.queries import refs
from doctapp.audit import acts, queries
from doctapp.audit.models import AuditEntry
from doctapp.clinics.models import Clinic
from doctapp.clinics.queries import by_ids
from doctapp.doctors.models import Doctor
from doctapp.doctors.queries import by_person
from doctapp.errors import NotFound
from doctapp.web.access import signed_in
from doctapp.web.htmx import page_or_fragment
from doctapp.web.paging import Page, page_number

SIZE = 20
ROLES: dict[str, LazyString] = {
    "doctor": _l("Doctor"),
    "staff": _l("Front desk"),
    "clinic": _l("Front desk"),
    "admin": _l("DoctApp’s office"),
    "patient": _l("Who booked it"),
}

bp = Blueprint("audit", __name__)


@dataclass(frozen=True)
class Line:
    """One act or reading, as the page says it; `itself` is what time did, by nobody."""

    at: datetime
    act: LazyString
    patient: str
    ref: str | None
    doctor: Doctor | None
    name: str
    role: LazyString | None
    itself: bool
    clinic: Clinic | None


@bp.get("/account/access")
@signed_in
def access() -> ResponseReturnValue:
    """What others read and did, newest first, for the whole family or for one of it."""
    family = {patient.id: patient for patient in patients.ever_of(current_user.id)}
    chosen, number = _chosen(family), page_number()
    shown = [chosen.id] if chosen else list(family)
    rows, total = queries.of_patients(shown, but_not_by=people.selves(current_user.id), page=number, size=SIZE)
    page = Page(_lines(rows, family), number, SIZE, total)
    return page_or_fragment(
        "audit/access.html", "audit/_entries.html", page=page, chosen=chosen, family=list(family.values())
    )


def _chosen(family: dict[int, Patient]) -> Patient | None:
    """Whom the address asks for; anybody who is not of the family is not there."""
    given = request.args.get("patient", "")
    if not given:
        return None
    patient = family.get(int(given)) if given.isascii() and given.isdigit() and len(given) < 16 else None
    if patient is None:
        raise NotFound
    return patient


def _lines(rows: Sequence[AuditEntry], family: dict[int, Patient]) -> list[Line]:
    """The entries with the names of all that they point at, one query a room."""
    persons = {row.person_id for row in rows if row.person_id is not None}
    names, doctors = people.names_of(persons), by_person(persons)
    clinics = by_ids({row.clinic_id for row in rows if row.clinic_id is not None})
    known = refs({row.row_id for row in rows if row.kind == "appointment"})
    return [
        Line(
            at=row.at,
            act=acts.WORDS.get(row.act, acts.OTHERWISE),
            patient=family[row.patient_id].name if row.patient_id in family else "",
            ref=known.get(row.row_id) if row.kind == "appointment" else None,
            doctor=doctors.get(row.person_id or 0),
            name=names.get(row.person_id or 0, ""),
            role=_role(row, is_doctor=row.person_id in doctors),
            itself=row.side == "time",
            clinic=clinics.get(row.clinic_id or 0),
        )
        for row in rows
    ]


def _role(row: AuditEntry, *, is_doctor: bool) -> LazyString | None:
    """In what capacity it was done; a doctor who acted for the clinic is called a doctor."""
    return ROLES.get("doctor" if row.side == "clinic" and is_doctor else row.side)
