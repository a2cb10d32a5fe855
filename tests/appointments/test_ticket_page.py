"""The ticket, for the one who booked, for a stranger with the reference, and for the chamber."""

from datetime import UTC, timedelta

import pytest

from doctapp import clock
from doctapp.appointments.models import Event
from doctapp.db import db
from tests import make
from tests.appointments.steps import look, send, take
from tests.payments.steps import begun, heard, kept, paid, takes_online
from tests.people import HOUR, NOW
from tests.see import see

STATES = (
    "requested", "booked", "arrived", "called", "in_consultation", "completed", "declined", "lapsed", "cancelled",
    "no_show", "left", "elapsed",
)  # fmt: skip


@pytest.fixture
def hers(client, alice):
    """Alice's browser."""
    return make.sign_in(client, alice)


def of(alice, evening, status="booked", **given):
    given.setdefault("reason", "Cough")
    return make.appointment(evening.sitting, status=status, of=alice.patients[0], **given)


def done(row, act, became, *, side="patient", person_id=None, why="", at=NOW):
    """Write the event that led to the row's state."""
    event = Event(
        appointment_id=row.id, act=act, was="booked", became=became, side=side, person_id=person_id, why=why, at=at
    )
    row.last_event_id = make.saved(event).id
    return make.saved(row)


@pytest.mark.parametrize("status", STATES)
def test_every_state_has_its_page_for_everybody(client, other, alice, evening, status):
    row = of(alice, evening, status)
    make.sign_in(client, alice)

    assert look(client, row).h1
    assert look(other, row).h1


def test_a_booked_ticket_says_when_to_come(hers, alice, evening):
    page = look(hers, of(alice, evening))

    assert page.h1 == "Serial 12 is booked"
    assert "Come between 6:30–6:45pm" in page
    assert "seen about 6:50pm" in page
    assert page.select("#ticket .stub:not(.calm)")


def test_on_the_day_the_headline_is_the_time_to_come(client, alice, evening, monkeypatch):
    noon = clock.local(NOW, "Asia/Dhaka").replace(hour=12, minute=0, second=0).astimezone(UTC)
    monkeypatch.setattr(clock, "now", lambda: noon)
    soon = make.sitting(evening.chamber, days=0, starts_at=noon + 3 * HOUR)
    row = make.appointment(soon, number=1, of=alice.patients[0])

    assert look(client, row).h1.startswith("Today, come between ")


def test_a_request_never_looks_booked(hers, alice, evening):
    page = look(hers, of(alice, evening, "requested"))

    assert page.h1 == "Serial 12 waits for the doctor"
    assert "wait for our SMS before you travel" in page
    assert page.select("#ticket .stub.calm")
    assert "Booked" not in page


def test_the_one_who_booked_sees_name_price_and_reason(hers, alice, evening):
    page = look(hers, of(alice, evening))

    assert "Alice Akter, 30, female" in page
    assert "To pay there ৳ 700" in page
    assert "Cough" in page
    assert page.link("Cancel this appointment").endswith("/cancellation")


def test_a_stranger_with_the_reference_sees_number_time_and_place_only(other, alice, evening):
    row = of(alice, evening)
    page = look(other, row)

    for told in ("12", "6:30–6:45pm", "Gomoti Hospital", row.ref):
        assert told in page
    for private in ("Alice", "Cough", alice.ways_in[0].value, "৳"):
        assert private not in page
    assert "cancellation" not in " ".join(link.href for link in page.links)
    assert "undo" not in [form.id for form in page.forms]


def test_the_desk_sees_the_patient_and_is_led_to_the_inbox(client, nasrin, alice, evening):
    make.sign_in(client, nasrin)

    page = look(client, of(alice, evening, "requested"))

    assert "Alice Akter" in page and "Cough" not in page
    assert page.link("Go to the requests") == "/doctor/requests"
    assert page.link("Cancel this appointment")


def test_a_shared_link_names_nobody(hers, alice, evening):
    page = look(hers, of(alice, evening))

    assert "Alice" not in page.link("WhatsApp") and "Alice" not in page.link("Google")
    assert page.link("Calendar").endswith(".ics")
    assert page.link("Directions").startswith("https://www.google.com/maps/search/")
    assert page.link("Call the chamber") == f"tel:{evening.clinic.phone}"


def test_too_late_to_cancel_says_to_call(hers, alice, evening):
    row = of(alice, evening, booked_at=NOW - 3 * HOUR, cut_off_minutes=3 * 24 * 60)

    page = look(hers, row)

    assert "It is too late to cancel here. Please call the chamber." in page
    assert "Cancel this appointment" not in page


def test_cancelling_can_be_undone_for_ten_minutes(hers, alice, evening):
    row = done(of(alice, evening, "cancelled"), "cancel", "cancelled", person_id=alice.id)

    page = look(hers, row)
    undone = see(send(hers, page, "undo"))

    assert "You cancelled it on" in page
    assert page.form("undo").buttons[0].startswith("Undo cancelling, until ")
    assert "Undone." in undone.alert
    assert undone.h1 == "Serial 12 is booked"


def test_there_is_no_undo_once_somebody_has_the_serial(hers, alice, evening):
    row = done(of(alice, evening, "cancelled"), "cancel", "cancelled", person_id=alice.id, at=clock.now())
    assert look(hers, row).form("undo")
    make.hold(evening.sitting, number=row.number, held_until=clock.now() + HOUR)

    assert "undo" not in [form.id for form in look(hers, row).forms]


def test_after_ten_minutes_there_is_no_undo(hers, alice, evening):
    long_ago = NOW - timedelta(minutes=11)
    row = done(of(alice, evening, "cancelled"), "cancel", "cancelled", person_id=alice.id, at=long_ago)

    page = look(hers, row)

    assert "undo" not in [form.id for form in page.forms]
    assert page.link("Choose another time").startswith("/doctors/rokeya-begum?day=")


def test_a_refusal_says_who_and_why_to_the_patient_only(client, other, alice, evening):
    row = of(alice, evening, "declined")
    done(row, "decline", "declined", side="clinic", person_id=evening.doctor.person_id, why="no_time")
    make.sign_in(client, alice)

    assert "Reason: “I have no time left that day”" in look(client, row)
    assert "Rokeya Begum declined on" in look(client, row)
    assert "Reason" not in look(other, row)


def test_a_hold_leads_its_holder_on_and_nobody_else(client, other, evening):
    row = take(client, evening.sitting)

    assert look(client, row).link("Go on") == f"/appointments/{row.ref}/patient"
    assert "Somebody is choosing it just now" in look(other, row)


def test_a_hold_that_nobody_swept_is_over_all_the_same(client, evening):
    row = make.hold(evening.sitting, held_until=NOW - HOUR)

    page = look(client, row)

    assert page.h1 == "Serial 12 is not kept any more"
    assert "Ran out" in page


def test_an_unknown_reference_is_not_found(client, evening):
    assert client.get("/appointments/222-222").status_code == 404
    assert client.get("/appointments/kq7-4m2").status_code == 404


def test_the_ticket_speaks_bangla(hers, alice, evening):
    row = of(alice, evening)
    hers.set_cookie("lang", "bn")

    page = look(hers, row)

    assert "১২" in page and "সন্ধ্যা ৬:৩০–৬:৪৫" in page
    assert row.ref in page
    assert db.session.get(type(row), row.id).status == "booked"


@pytest.fixture
def bought(alice, evening):
    """Alice paid an advance of ৳ 200 for serial 12."""
    takes_online(evening.chamber, online_part="advance", advance=20000)
    row = kept(evening.sitting, alice)
    return row, paid(row, part="advance")


def test_what_was_paid_is_on_the_ticket_with_its_receipt(hers, bought):
    row, attempt = bought

    page = look(hers, row)

    assert "To pay there ৳ 500 ৳ 200 paid" in page
    assert page.link("Receipt") == f"/payments/{attempt.token}/receipt"
    assert page.link("See the payment") == f"/payments/{attempt.token}"


def test_a_stranger_reads_nothing_of_money(other, bought):
    page = look(other, bought[0])

    assert "৳" not in page and "Receipt" not in page and not page.select("#money")


def test_the_desk_sees_what_is_left_to_pay(client, nasrin, bought):
    page = look(make.sign_in(client, nasrin), bought[0])

    assert "To pay there ৳ 500 ৳ 200 paid" in page
    assert page.link("Receipt")


@pytest.mark.parametrize(("state", "tag"), [("open", "Not finished yet"), ("failed", "Nothing was taken")])
def test_an_open_or_failed_payment_leads_its_owner_to_the_truth(hers, alice, evening, state, tag):
    takes_online(evening.chamber)
    row = kept(evening.sitting, alice)
    attempt = begun(row)
    heard(attempt, state)

    page = look(hers, row)

    assert tag in page
    assert page.link("See how it stands") == f"/payments/{attempt.token}"


def test_a_ticket_whose_payment_is_looked_at_promises_the_money_back(hers, alice, evening):
    takes_online(evening.chamber)
    row = kept(evening.sitting, alice)
    heard(begun(row), risky=True)

    page = look(hers, row)

    assert page.h1 == "Serial 12 waits for the doctor"
    assert "Being looked at" in page
    assert "If no answer comes, the request ends and all your money goes back." in page
