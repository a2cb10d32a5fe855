"""The walk past the pages of hours, sittings and changes, with a doctor of its own; part of `pages.Walk`."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import TYPE_CHECKING

from doctapp import clock
from tests.browser.practice import Booked, Practice
from tests.browser.visitor import Visitor
from tests.journeys.booking import DESK
from tests.product import until

if TYPE_CHECKING:
    from tests.browser.pages import Seen, Walk


def changing(walk: Walk) -> Iterator[Seen]:
    """Every page by which hours, sittings and appointments are changed, and what patients then find."""
    practice = Practice(walk.rows, walk.language)
    booked = [practice.book(number) for number in (3, 5, 20)]
    doctor = walk.person(device="desktop", cookies=practice.cookies())
    for part in (hours(doctor, practice), leave(doctor, practice), profile(doctor, practice)):
        yield from part
    patient = walk.person(cookies=booked[0].cookies)
    yield from moving(patient, practice, booked[0])
    yield from by_the_clinic(walk, doctor, practice, booked[1])
    yield from sittings(walk, doctor, practice, booked[2])
    yield from looked_up(walk, practice)


def hours(doctor: Visitor, practice: Practice) -> Iterator[Seen]:
    """The week, and one row of it: open, wrong, and with who stands in its way; the other pages of hours."""
    yield "hours", doctor.get("/doctor/schedule")
    doctor.page.locator(f"{practice.row} a[hx-get]").first.click()
    doctor.page.locator(f"{practice.row} form#hours").wait_for()
    yield "hours-row", doctor
    doctor.swap("hours", start="25", capacity=900).page.locator(f"{practice.row} .errsum").wait_for()
    yield "hours-row-error", doctor
    doctor.swap("hours", start="6pm", capacity=18).form("keep").wait_for()
    yield "hours-row-conflict", doctor
    yield "hours-page-of-a-row", doctor.get(f"/doctor/schedule/{practice.chamber_id}/wednesday/edit")
    yield "settings", doctor.get(f"/doctor/schedule/{practice.chamber_id}/settings")
    doctor.get("/doctor/schedule/extras")
    yield "extras-error", doctor.submit("extra", start="10am")
    day = practice.days[0] + timedelta(days=2)
    yield "extras-added", doctor.submit("extra", day=day.isoformat(), start="10am", end="12pm", minutes=10)


def leave(doctor: Visitor, practice: Practice) -> Iterator[Seen]:
    """Leave: none, wrong, with patients inside, and some; the month that shows it."""
    off, busy = practice.days[-1], practice.days[0]
    yield "leave-empty", doctor.get("/doctor/leave")
    yield "leave-error", doctor.submit("leave", **{"from": "2020-01-01"})
    yield "leave-conflict", doctor.submit("leave", **{"from": busy.isoformat(), "to": ""})
    doctor.get("/doctor/leave")
    yield "leave-added", doctor.submit("leave", **{"from": off.isoformat(), "reason": "Training"})
    yield "month", doctor.get(f"/doctor/schedule/month?month={busy:%Y-%m}")


def profile(doctor: Visitor, practice: Practice) -> Iterator[Seen]:
    """What patients read of a doctor, and what a visit costs."""
    yield "profile", doctor.get("/doctor/profile")
    yield "profile-error", doctor.submit("profile", passing_year="1800", degrees_bn="", degrees_en="")
    yield "fees", doctor.get(f"/doctor/chambers/{practice.chamber_id}/fees")


def moving(patient: Visitor, practice: Practice, booked: Booked) -> Iterator[Seen]:
    """The move of a patient: the days, what was lost, what was done, and where it is not possible."""
    sitting_id = practice.sittings[0]
    yield "move", patient.get(f"/appointments/{booked.ref}/move")
    yield "move-chosen", chosen(patient, sitting_id, 8)
    practice.book(8)
    yield "move-lost", patient.submit(f"place-{sitting_id}")
    patient.get(f"/appointments/{booked.ref}/move")
    yield "ticket-moved", chosen(patient, sitting_id, 9).submit(f"place-{sitting_id}")
    practice.rows.set(booked.ref, patient_moves=2)
    yield "move-refused", patient.get(f"/appointments/{booked.ref}/move")


def chosen(visitor: Visitor, sitting_id: int, number: int) -> Visitor:
    """A serial is chosen on the page of a move, and the button says where to."""
    visitor.form(f"place-{sitting_id}").locator(f'[name=number][value="{number}"]').check()
    visitor.page.locator(f"#change-{sitting_id} [data-announce]").wait_for()
    return visitor


def by_the_clinic(walk: Walk, doctor: Visitor, practice: Practice, booked: Booked) -> Iterator[Seen]:
    """What the doctor moves, cancels, and puts right."""
    here = practice.sittings[0]
    yield "move-by-doctor", doctor.get(f"/appointments/{booked.ref}/move")
    yield "ticket-moved-doctor", chosen(doctor, here, 11).submit(f"place-{here}")
    yield "cancellation-by-doctor", doctor.get(f"/appointments/{booked.ref}/cancellation")
    yield "cancellation-by-doctor-error", doctor.submit("cancellation")
    yield "ticket-cancelled-doctor", doctor.submit("cancellation", reason="emergency", words="Called to the ward")
    yield "ticket-cancelled-by-doctor", walk.person(cookies=booked.cookies).get(f"/appointments/{booked.ref}")
    ended = practice.book(10)
    walk.rows.set(ended.ref, status="elapsed", closed_at=clock.now())
    yield "outcome", doctor.get(f"/appointments/{ended.ref}")
    yield "outcome-error", doctor.submit(f"outcome-{ended.ref}")


def sittings(walk: Walk, doctor: Visitor, practice: Practice, booked: Booked) -> Iterator[Seen]:
    """The sittings and one of them, late and cancelled, at the doctor's and at the desk; the tickets of it."""
    here = f"/doctor/sittings/{practice.sittings[0]}"
    patient, clerk = walk.person(cookies=booked.cookies), walk.person(device="desktop")
    yield "sittings", doctor.get("/doctor/sittings")
    yield "sitting", doctor.get(here)
    yield "sitting-late", doctor.get(here).submit("lateness", minutes=40)
    yield "ticket-late", patient.get(f"/appointments/{booked.ref}")
    doctor.get(here).page.locator("details", has=doctor.form("sitting-cancellation")).locator("summary").click()
    yield "sitting-cancelling", doctor
    yield "sitting-cancelling-error", doctor.submit("sitting-cancellation")
    yield "sitting-cancelled", doctor.submit("sitting-cancellation", reason="emergency")
    until(lambda: patient.reload().state == patient.said("Cancelled"))
    yield "ticket-of-a-cancelled-sitting", patient
    yield "notifications-of-changes", patient.get("/notifications")
    clerk.sign_in(DESK)
    yield "hours-desk", clerk.get("/doctor/schedule")
    yield "sitting-desk", clerk.get(here)


def looked_up(walk: Walk, practice: Practice) -> Iterator[Seen]:
    """A ticket found by its reference and four digits."""
    booked, stranger = practice.book(2, week=1), walk.person()
    stranger.get("/ticket")
    yield "find-ticket-error", stranger.submit("ticket", ref="what", digits="1")
    yield "ticket-looked-up", stranger.get("/ticket").submit("ticket", ref=booked.ref, digits=booked.phone[-4:])
