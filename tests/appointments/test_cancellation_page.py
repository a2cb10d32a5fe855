"""Cancelling: what happens, a reason if one likes, and what is said when it is too late."""

import pytest

from doctapp.appointments import deciding, life
from doctapp.appointments.life import By
from doctapp.appointments.models import Appointment
from doctapp.db import db, transaction
from tests import make
from tests.appointments.steps import look, send
from tests.payments.steps import kept, paid, takes_online
from tests.people import HOUR, MINUTE, NOW
from tests.see import see


@pytest.fixture
def hers(client, alice):
    """Alice's browser."""
    return make.sign_in(client, alice)


def of(alice, evening, status="booked", **given):
    return make.appointment(evening.sitting, status=status, of=alice.patients[0], **given)


def soon(alice, evening):
    """A serial in an hour, booked yesterday: the time to cancel is over."""
    sitting = make.sitting(evening.chamber, start=60, starts_at=NOW + HOUR)
    return make.appointment(sitting, number=1, of=alice.patients[0], booked_at=NOW - 24 * HOUR)


def test_the_page_says_what_happens_and_until_when(hers, alice, evening):
    page = look(hers, of(alice, evening), "cancellation")

    assert page.h1 == "Cancel serial 12?"
    for words in (
        "Alice Akter",
        "Dr Rokeya Begum",
        "there is nothing to pay",
        "becomes free",
        "For 10 minutes you can undo",
    ):
        assert words in page
    assert "You can cancel here until" in page
    assert page.form("cancellation").choices("reason") == ["time", "better", "other_doctor", "other"]


def test_cancelling_leads_to_the_ticket_with_undo(hers, alice, evening):
    row = of(alice, evening)

    page = see(send(hers, look(hers, row, "cancellation"), "cancellation", reason="better"))

    assert page.h1 == "Serial 12 is cancelled"
    assert page.form("undo")
    event = life.last_event(db.session.get(Appointment, row.id))
    assert (event.act, event.why, event.side) == ("cancel", "better", "patient")


def test_no_reason_is_needed(hers, alice, evening):
    row = of(alice, evening, "requested")

    send(hers, look(hers, row, "cancellation"), "cancellation")

    db.session.refresh(row)
    assert row.status == "cancelled"


def test_a_reason_that_is_not_offered_is_refused(hers, alice, evening):
    row = of(alice, evening)
    form = look(hers, row, "cancellation").form("cancellation")

    answer = hers.post(form.action, data={**form.fill(), "reason": "because"})

    db.session.refresh(row)
    assert answer.status_code == 422
    assert see(answer).title.startswith("Error: ")
    assert row.status == "booked"


def test_too_late_says_to_call_the_chamber(hers, alice, evening):
    row = soon(alice, evening)

    answer = hers.get(f"/appointments/{row.ref}/cancellation")

    page = see(answer)
    assert answer.status_code == 409
    assert page.h1 == "It is too late to cancel here"
    assert "The serial is still yours" in page
    assert page.link("Call Gomoti Hospital") == "tel:081600001"
    assert [form.id for form in page.forms if form.id == "cancellation"] == []


def test_a_form_sent_too_late_changes_nothing(hers, alice, evening):
    row = of(alice, evening)
    form = look(hers, row, "cancellation").form("cancellation")
    row.about_at, row.booked_at = NOW + 30 * MINUTE, NOW - HOUR
    make.saved(row)

    answer = hers.post(form.action, data=form.fill())

    assert answer.status_code == 409
    assert see(answer).h1 == "It is too late to cancel here"
    db.session.refresh(row)
    assert row.status == "booked"


@pytest.mark.parametrize(("status", "heading"), [
    ("cancelled", "There is nothing left to cancel"),
    ("declined", "There is nothing left to cancel"),
    ("completed", "There is nothing left to cancel"),
    ("arrived", "This visit has already begun"),
])  # fmt: skip
def test_what_has_ended_or_begun_says_so(hers, alice, evening, status, heading):
    row = of(alice, evening, status)

    answer = hers.get(f"/appointments/{row.ref}/cancellation")

    assert answer.status_code == 409
    assert see(answer).h1 == heading
    assert see(answer).link("Open the ticket") == f"/appointments/{row.ref}"


def test_the_page_is_not_there_for_others(other, bob, alice, evening):
    row = of(alice, evening)
    make.sign_in(other, bob)

    assert other.get(f"/appointments/{row.ref}/cancellation").status_code == 404


def test_an_admin_who_cancels_is_led_to_no_page_of_the_chambers(client, admin, nasrin, alice, evening):
    row = of(alice, evening)

    at_the_desk = look(make.sign_in(client, nasrin), row, "cancellation")
    of_an_admin = look(make.sign_in(client, admin), row, "cancellation")

    assert of_an_admin.form("cancellation")
    assert "/doctor/requests" in [link.href for link in at_the_desk.links]
    assert not [link.href for link in of_an_admin.links if link.href.startswith("/doctor/")]


def test_the_page_reads_in_bangla(hers, alice, evening):
    row = of(alice, evening)
    hers.set_cookie("lang", "bn")

    page = look(hers, row, "cancellation")

    assert "১২" in page.h1
    assert page.form("cancellation")


def test_who_cancels_while_the_doctor_accepts_is_told_who_and_when(hers, alice, evening):
    row = of(alice, evening, "requested")
    page = look(hers, row, "cancellation")
    accepted(row, evening)

    answer = see(send(hers, page, "cancellation"))

    assert answer.code == 409
    assert "Nothing was cancelled yet. Dr Rokeya Begum accepted it at" in answer
    assert see(send(hers, answer, "cancellation")).h1 == "Serial 12 is cancelled"


def accepted(row, evening):
    with transaction():
        by = By("clinic", evening.doctor.person_id, evening.clinic.id)
        deciding.accept(db.session.get(Appointment, row.id), by=by, now=NOW)


def bought(alice, evening, **policy):
    """Alice paid ৳ 700 for serial 12, by this policy."""
    takes_online(evening.chamber, **policy)
    row = kept(evening.sitting, alice)
    paid(row)
    return db.session.get(Appointment, row.id, populate_existing=True)


@pytest.mark.parametrize(("policy", "back", "stays", "why"), [
    ({"refund_minutes": 60, "refund_percent": 0}, "৳ 700", "৳ 0", "All of it, because you cancel before"),
    ({"refund_minutes": 10080, "refund_percent": 50}, "৳ 350", "৳ 350", "after that 50 %."),
    ({"refund_minutes": 10080, "refund_percent": 0}, "৳ 0", "৳ 700", "after that nothing."),
])  # fmt: skip
def test_money_is_stated_before_the_act(hers, alice, evening, policy, back, stays, why):
    page = look(hers, bought(alice, evening, **policy), "cancellation")

    assert "Paid · Practice payment, no real money ৳ 700" in page
    assert f"Stays with the chamber {stays} Goes back {back}" in page
    assert why in page
    assert ("up to 7 working days" in page) == (back != "৳ 0")
    assert "paid nothing" not in page


def test_after_it_the_ticket_says_what_goes_back_and_the_undo_that_nothing_does(hers, alice, evening):
    row = bought(alice, evening, refund_minutes=10080, refund_percent=50)

    page = see(send(hers, look(hers, row, "cancellation"), "cancellation"))
    assert "Cancelled. ৳ 350 go back to you." in page.alert
    assert "৳ 350 are sent back to the wallet or card that paid, from" in page
    assert "৳ 350 stay with the chamber" in page
    assert "nothing to pay" not in page

    undone = see(send(hers, page, "undo"))
    assert "the payment stands, and no money goes back" in undone.alert
    assert "To pay there ৳ 0 ৳ 700 paid" in undone


def test_what_the_clinic_cancels_goes_back_whole(client, nasrin, alice, evening):
    row = bought(alice, evening, refund_minutes=10080, refund_percent=0)
    make.sign_in(client, nasrin)

    page = look(client, row, "cancellation")

    assert "Goes back ৳ 700" in page
    assert "All of it goes back, because it is not the patient who cancels." in page
    ticket = see(send(client, page, "cancellation", reason="closed"))
    assert "৳ 700 go back to the patient." in ticket.alert
