"""The walk past the pages of money and of waiting, with doctors of its own, and the office; part of `pages.Walk`."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import TYPE_CHECKING

from pyotp import TOTP

from doctapp import clock
from doctapp.payments.models import Attempt, Refund
from tests.browser import steps
from tests.browser.practice import Practice
from tests.browser.visitor import Visitor
from tests.journeys.booking import new_phone

if TYPE_CHECKING:
    from tests.browser.pages import Seen, Walk

ADMIN = "admin@demo.test"
TAKES = {"methods": "chamber sandbox", "online_part": "either", "advance": 20_000}
FAULT = "The card was closed by its bank"


def paying(walk: Walk) -> Iterator[Seen]:
    """Every page by which money comes and goes back, and what the office sees of it."""
    practice = Practice(walk.rows, walk.language, settings=TAKES)
    for part in (booked_by_money, not_paid, paid_too_late, given_back):
        yield from part(walk, practice)
    yield from waiting(walk)
    yield from office(walk)
    yield from authenticator(walk)


def keep(walk: Walk, practice: Practice, number: int) -> Visitor:
    """A patient who keeps this number and is asked how to pay."""
    patient = walk.person(cookies=practice.somebody().cookies)
    sitting = practice.sittings[0]
    patient.get(f"{practice.page}?day={practice.days[0].isoformat()}&sitting={sitting}")
    return patient.submit(f"place-{sitting}", number=number).submit("patient")


def begin(walk: Walk, practice: Practice, number: int) -> tuple[Visitor, str, str]:
    """A patient who has begun to pay; the appointment, and the path of the payment."""
    patient = keep(walk, practice, number)
    ref = patient.ref
    patient.submit("payment", method="sandbox", amount="whole")
    return patient, ref, patient.path


def end(patient: Visitor, outcome: str) -> Visitor:
    """Pay, or not, in the sandbox."""
    return patient.click("#pay").submit("checkout", outcome=outcome)


def booked_by_money(walk: Walk, practice: Practice) -> Iterator[Seen]:
    """From the choice of a way to the receipt."""
    patient = keep(walk, practice, 3)
    ref = patient.ref
    yield "check-with-ways-to-pay", patient
    patient.submit("payment", method="sandbox", amount="advance")
    truth = patient.path
    yield "payment-waiting", patient
    yield "payment-waiting-stranger", walk.person().get(truth)
    yield "payment-checking", patient.get(f"{truth}?back=1")
    patient.page.locator("#not-booked summary").click()
    yield "payment-claim", patient
    yield "payment-claim-error", patient.submit("claim", reference="x" * 200)
    yield "check-with-a-payment-begun", patient.get(f"/appointments/{ref}/payment")
    yield "sandbox-checkout", patient.get(truth).click("#pay")
    yield "payment-paid", patient.submit("checkout", outcome="before")
    yield "payment-paid-stranger", walk.person().get(truth)
    yield "ticket-paid", patient.get(f"/appointments/{ref}")
    yield "ticket-paid-doctor", walk.person(device="desktop", cookies=practice.cookies()).get(f"/appointments/{ref}")
    yield "receipt", patient.get(f"{truth}/receipt")


def not_paid(walk: Walk, practice: Practice) -> Iterator[Seen]:
    """A payment that failed, and one that nobody made in time."""
    patient, ref, truth = begin(walk, practice, 4)
    end(patient, "failed").page.locator(f'#payment-state a.btn[href="/appointments/{ref}/payment"]').wait_for()
    yield "payment-failed", patient
    patient, ref, truth = begin(walk, practice, 5)
    walk.rows.let_the_hold_run_out(ref)
    yield "payment-over", patient.get(truth)


def paid_too_late(walk: Walk, practice: Practice) -> Iterator[Seen]:
    """Somebody else has the number when the money comes."""
    patient, ref, _ = begin(walk, practice, 6)
    yield "sandbox-late", end(patient, "late")
    walk.rows.let_the_hold_run_out(ref)
    keep(walk, practice, 6)
    patient.submit("checkout").page.locator("#payment-state form[id^=place-]").first.wait_for()
    yield "payment-too-late", patient


def given_back(walk: Walk, practice: Practice) -> Iterator[Seen]:
    """Cancelled, and what then becomes of the money; one payment that a person looks at."""
    patient, ref, truth = begin(walk, practice, 7)
    end(patient, "before")
    cancellation, ticket = f"/appointments/{ref}/cancellation", f"/appointments/{ref}"
    yield "cancellation-paid", patient.get(cancellation)
    doctor = walk.person(device="desktop", cookies=practice.cookies())
    yield "cancellation-paid-doctor", doctor.get(cancellation)
    yield "ticket-refund-due", patient.submit("cancellation", reason="better")
    yield "payment-refund-due", patient.get(truth)
    walk.rows.set_money(Refund, ref, state="refunding", next_try_at=None)
    yield "payment-refunding", patient.get(truth)
    walk.rows.set_money(Refund, ref, state="refund_failed", fault=FAULT)
    yield "payment-refund-failed", patient.get(truth)
    yield "ticket-refund-failed", patient.get(ticket)
    patient, ref, truth = begin(walk, practice, 8)
    end(patient, "before")
    walk.rows.set_money(Attempt, ref, flag="amount", captured_amount=65_000)
    walk.rows.set(ref, status="requested", paid=0, lapses_at=clock.now() + timedelta(hours=3))
    yield "payment-looked-at", patient.get(truth)


def waiting(walk: Walk) -> Iterator[Seen]:
    """A full sitting, its list, what is offered, and what was."""
    practice, phone = Practice(walk.rows, walk.language, capacity=2), new_phone()
    booked = [practice.book(number) for number in (1, 2)]
    stranger = walk.person()
    yield "doctor-full-with-a-list", stranger.get(f"{practice.page}?day={practice.days[0].isoformat()}")
    yield "waiting-error", stranger.submit("waiting", phone="12")
    yield "waiting-joined", stranger.submit("waiting", phone=phone)
    token = walk.rows.offer(booked[1].ref, practice.sittings[0])
    yield "waiting-offer", stranger.get(f"/waiting/{token}")
    yield "patient-of-an-offer", stranger.submit("offer")
    yield "waiting-left", stranger.get(f"/waiting/{token}").submit("leaving")


def office(walk: Walk) -> Iterator[Seen]:
    """What waits for a person at DoctApp."""
    admin = walk.person(device="desktop").sign_in(ADMIN)
    yield "office", admin.get("/admin")
    yield "office-money", admin.get("/admin/money")
    yield "office-money-error", admin.submit(str(admin.page.locator("form[id^=settlement-]").first.get_attribute("id")))
    yield "office-letters", admin.get("/admin/letters")
    yield "office-health", admin.get("/admin/health")


def authenticator(walk: Walk) -> Iterator[Seen]:
    """An app, from none to one."""
    somebody = walk.person()
    steps.sign_in_by_code(somebody, walk.product, new_phone())
    yield "authenticator-none", somebody.get("/account/authenticator")
    yield "authenticator-key", somebody.submit("key-form")
    yield "authenticator-error", somebody.submit("authenticator", code="000000")
    key = "".join(somebody.page.locator("#key").inner_text().split())
    yield "authenticator-set-up", somebody.submit("authenticator", code=TOTP(key).now())
