"""The page of a payment says what is true in each of its states, and to whom how much."""

from datetime import timedelta

import pytest

from doctapp import clock
from doctapp.appointments import paying
from doctapp.appointments.models import Appointment
from doctapp.db import db, transaction
from doctapp.gateways.payments import CAPTURED, EXPIRED, FAILED, Answer
from doctapp.payments.models import Attempt, Refund
from tests import make
from tests.appointments.steps import answer, send, take
from tests.see import see


@pytest.fixture
def hers(client, alice, evening):
    """Alice's browser, at a chamber that takes the sandbox's money."""
    evening.chamber.methods = "chamber sandbox"
    db.session.commit()
    return make.sign_in(client, alice)


@pytest.fixture
def begun(hers, evening):
    """The payment that Alice began, for all of the fee."""
    page = answer(hers, take(hers, evening.sitting))
    send(hers, page, "payment", method="sandbox")
    return db.session.scalars(db.select(Attempt)).one()


def look(browser, attempt, query="", **headers):
    return see(browser.get(f"/payments/{attempt.token}{query}", headers=headers))


def says(attempt, state, **given):
    """Let the gateway's answer have its effect."""
    money = {"payment": "P1", "amount": attempt.amount, "currency": "BDT"} if state == CAPTURED else {}
    with transaction():
        paying.hear(
            db.session.get(Attempt, attempt.id), Answer(attempt.token, state, **money, **given), now=clock.now()
        )


def row_of(attempt):
    """The appointment that it was paid for."""
    return db.session.get(Appointment, attempt.appointment_id, populate_existing=True)


def ran_out(attempt):
    """The hold is over."""
    row = row_of(attempt)
    row.held_until = clock.now() - timedelta(minutes=1)
    make.saved(row)


def late(attempt, evening):
    """The money comes when somebody else has the serial; the refund that is due."""
    row = row_of(attempt)
    row.status = "expired"
    make.saved(row)
    make.appointment(evening.sitting, number=12)
    says(attempt, CAPTURED)
    return db.session.scalars(db.select(Refund)).one()


def test_one_who_chose_to_pay_is_led_to_a_plain_link_to_the_gateway(hers, begun):
    page = look(hers, begun)

    assert page.h1 == "Pay ৳ 700 for serial 12"
    assert page.select("a#pay")[0]["href"].endswith(f"/sandbox/checkout/{begun.token}")
    assert "kept until" in page
    assert page.link("Refresh") == f"/payments/{begun.token}"
    assert page.link("Choose another way to pay").endswith("/payment")


def test_before_the_gateway_answered_nothing_is_there_to_pay_yet(hers, begun):
    begun.url = begun.session = ""
    make.saved(begun)

    page = look(hers, begun)

    assert page.h1 == "We are asking the gateway, a moment"
    assert not page.select("a#pay")


def test_who_comes_back_is_told_not_to_pay_again(hers, begun):
    page = look(hers, begun, "?back=1")

    assert page.h1 == "We are checking your payment"
    assert "Do not pay again." in page
    assert "Go on to pay ৳\u00a0700" in page.select("a#pay")[0].get_text()


def test_it_refreshes_itself_until_it_knows_the_end(hers, begun):
    poll = look(hers, begun, "?back=1").select("#payment-state")[0]
    assert (poll["data-poll"], poll["hx-trigger"]) == ("5", "doctapp:poll")
    quiet = hers.get(poll["hx-get"], headers={"HX-Request": "true"})
    says(begun, CAPTURED)
    told = hers.get(poll["hx-get"], headers={"HX-Request": "true"})

    assert quiet.status_code == 204
    fragment = see(told)
    assert fragment.select("#payment-state")[0].get("hx-trigger") is None
    assert fragment.select("#payment-state")[0]["data-announce"] == "Paid: serial 12 is booked"
    assert "<title>Paid: serial 12 is booked" in told.text


def test_paid_says_the_serial_and_leads_to_ticket_and_receipt(hers, begun):
    says(begun, CAPTURED)

    page = look(hers, begun)

    assert page.h1 == "Paid: serial 12 is booked"
    assert page.select(".note.ok")
    assert page.link("Open the ticket") == f"/appointments/{row_of(begun).ref}"
    assert page.link("Receipt") == f"/payments/{begun.token}/receipt"
    assert not page.select("#not-booked")


@pytest.mark.parametrize(("state", "heading"), [
    (FAILED, "The payment did not work"), (EXPIRED, "The payment was not finished")
])  # fmt: skip
def test_what_failed_says_that_nothing_was_taken_and_offers_another_way(hers, begun, state, heading):
    says(begun, state)

    page = look(hers, begun)

    assert page.h1 == heading
    assert "Nothing was taken. Serial 12 is still kept for you until" in page
    assert page.link("Try again, or pay at the chamber") == f"/appointments/{row_of(begun).ref}/payment"


def test_what_failed_after_the_hold_leads_to_a_new_serial(hers, begun):
    says(begun, FAILED)
    row = row_of(begun)
    row.status = "expired"
    make.saved(row)

    page = look(hers, begun)

    assert "Serial 12 is not kept any more." in page
    assert page.link("Choose a serial again").startswith("/doctors/rokeya-begum?day=")


def test_a_serial_that_is_not_kept_any_more_is_not_to_be_paid(hers, begun):
    ran_out(begun)

    page = look(hers, begun)

    assert page.h1 == "The time to pay is over"
    assert "please do not pay now" in page
    assert not page.select("a#pay")


def test_money_that_is_looked_at_keeps_the_serial_and_asks_nothing(hers, begun):
    says(begun, CAPTURED, risky=True)

    page = look(hers, begun)

    assert page.h1 == "We are looking at your payment"
    assert "Serial 12 is kept for you. If it is not decided by" in page
    assert not page.select("a#pay") and not page.select("#not-booked")


def test_late_money_goes_back_with_the_nearest_serials_as_buttons(hers, begun, evening):
    late(begun, evening)

    page = look(hers, begun)

    assert page.h1 == "৳ 700 go back to you"
    assert "When your payment came, serial 12 was gone." in page
    assert "up to 7 working days" in page
    assert "Serial 11" in page.form(f"place-{evening.sitting.id}").text


@pytest.mark.parametrize(("state", "heading", "words"), [
    ("refunding", "৳ 700 are on the way back to you", "up to 7 working days"),
    ("refunded", "৳ 700 were sent back to you", "were sent back on"),
    ("refund_failed", "৳ 700 could not be sent back yet", "A person sees to it; you need do nothing."),
])  # fmt: skip
def test_a_refund_says_where_it_is(hers, begun, evening, state, heading, words):
    refund = late(begun, evening)
    refund.state, refund.ended_at = state, clock.now()
    make.saved(refund)

    page = look(hers, begun)

    assert page.h1 == heading
    assert words in page


def test_a_stranger_with_the_link_sees_state_and_amount_only(other, begun):
    says(begun, CAPTURED)

    page = look(other, begun)

    assert page.h1 == "Paid: ৳ 700"
    for kept in ("Serial", "Rokeya", "Gomoti", row_of(begun).ref, "Receipt"):
        assert kept not in page
    assert page.link("Sign in to see what was booked") == f"/login?next=/payments/{begun.token}"


def test_the_clinic_finds_the_receipt_and_the_doctor_no_more_than_others(hers, other, begun, nasrin, evening):
    says(begun, CAPTURED)

    assert look(make.sign_in(other, nasrin), begun).link("Receipt").endswith("/receipt")
    make.sign_in(other, db.session.get(type(nasrin), evening.doctor.person_id))
    assert "Receipt" not in look(other, begun)


def test_who_says_that_they_paid_is_believed_as_far_as_the_gateway_is(hers, begun, app):
    page = look(hers, begun, "?back=1")

    asked = see(send(hers, page, "claim", reference="8N7A6D5EE7"))

    assert "it knows of no finished payment yet" in asked.alert
    assert db.session.get(Attempt, begun.id, populate_existing=True).fault == "claimed: 8N7A6D5EE7"


def test_a_claim_without_a_number_is_asked_for_it(hers, begun):
    form = look(hers, begun).form("claim")

    refused = hers.post(form.action, data=form.fill())

    assert refused.status_code == 422
    assert see(refused).errors == ["Type the number that your bank or wallet shows for the payment"]
    assert see(refused).title.startswith("Error: ")


def test_an_unknown_and_a_malformed_address_are_not_found(client, app):
    assert client.get("/payments/unknown").status_code == 404
    assert client.get(f"/payments/{'x' * 400}").status_code == 404
