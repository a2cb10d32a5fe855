"""What a viewer is to an appointment; several relations are a union, less conflicts of interest."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from doctapp.appointments.looking import is_open
from doctapp.appointments.models import KEPT, Appointment
from doctapp.audit.reading import Read
from doctapp.web.access import Viewer, Visitor
from doctapp.web.cookies import BROWSER_SECONDS

HOLDS = (*KEPT, "expired")
A_LITTLE_LONGER = timedelta(minutes=5)


@dataclass(frozen=True)
class Relation:
    """The viewer's relations to one appointment (domain.md, "Who may do what")."""

    holder: bool = False
    browser: bool = False
    patient: bool = False
    doctor: bool = False
    staff: bool = False
    admin: bool = False
    looked: bool = False

    @property
    def cancels(self) -> bool:
        """May cancel on the patient's side: its owner, and who gave the ticket's reference and the phone's digits."""
        return self.patient or self.looked

    @property
    def sees_name(self) -> bool:
        """May read the patient's name."""
        return self.sees_contact or self.looked

    @property
    def decides(self) -> bool:
        """May accept and decline: its doctor or the clinic's staff, but nobody their own."""
        return (self.doctor or self.staff) and not self.patient

    @property
    def sees_contact(self) -> bool:
        """May read the patient's name, phone and the appointment in full."""
        return self.patient or self.doctor or self.staff or self.admin

    @property
    def sees_reason(self) -> bool:
        """May read why the patient comes: who it is about, and the doctor; not the desk, not an admin."""
        return self.patient or self.doctor


def relation(row: Appointment, viewer: Viewer | Visitor, *, browser_hash: str | None, now: datetime) -> Relation:
    """The viewer's relations to this appointment.

    The clinic is concerned from the request on, also after the end; a hold is its browser's, or its proven owner's.
    `browser` is the hold's own browser while nobody is signed in there, also after the phone was proven: who lost the
    answer to the right code sends it again.
    """
    is_hold = row.status in HOLDS and row.patient_id is None
    owner = viewer.id is not None and viewer.id in {row.person_id, row.patient.person_id if row.patient else None}
    same = row.browser_hash is not None and row.browser_hash == browser_hash
    browser = same and now < known_until(row)
    concerned = row.requested_at is not None
    doctor = concerned and viewer.doctor_id is not None and viewer.doctor_id == row.doctor_id
    staff = concerned and row.sitting.chamber.clinic_id in viewer.clinic_ids
    stranger = concerned and not (owner or doctor or staff or viewer.admin)
    return Relation(
        holder=is_hold and (owner or (browser and row.person_id in {None, viewer.id})),
        browser=is_hold and browser and viewer.id is None,
        patient=owner and not is_hold,
        doctor=doctor,
        staff=staff,
        admin=viewer.admin,
        looked=stranger and browser_hash is not None and is_open(row, browser_hash=browser_hash, now=now),
    )


def known_until(row: Appointment) -> datetime:
    """How long the browser that keeps a number is known by its cookie: five minutes after the longest hold, or offer."""
    ends = row.held_until or row.created_at
    return max(row.created_at + timedelta(seconds=BROWSER_SECONDS), ends + A_LITTLE_LONGER)


def reads(row: Appointment, eyes: Relation) -> list[Read]:
    """What the audit is told of showing this appointment in full to this viewer; nothing of one's own."""
    if eyes.patient or not eyes.sees_contact or row.patient_id is None:
        return []
    if not eyes.doctor and not eyes.staff:
        return [Read("appointment", row.id, row.patient_id, "admin")]
    side = "doctor" if eyes.doctor else "staff"
    return [Read("appointment", row.id, row.patient_id, side, row.sitting.chamber.clinic_id)]


def reads_of(rows: Iterable[Appointment], viewer: Viewer | Visitor, *, now: datetime) -> list[Read]:
    """The same of a list that names their patients."""
    seen = ((row, relation(row, viewer, browser_hash=None, now=now)) for row in rows)
    return [read for row, eyes in seen for read in reads(row, eyes)]
