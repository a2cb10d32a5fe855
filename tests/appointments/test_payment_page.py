"""Check everything once more, then ask the doctor, or pay."""

from datetime import timedelta

import pytest

from doctapp import clock
from doctapp.appointments.models import Appointment
from doctapp.db import db
from tests import make
from tests.appointments.steps import PHONE, answer, look, prove, send, take
from tests.payments.steps import takes_online
from tests.see import see


@pytest.fixture
def signed_in(client, alice):
    make.sign_in(client, alice)
    return client


def test_everything_is_said_once_more(client, evening):
    row = take(client, evening.sitting)

    page = prove(client, answer(client, row, reason="Cough"))

    assert page.h1 == "Book for Momena Bibi"
    for said in ("6:30 and 6:45pm", "seen about 6:50pm", "Gomoti Hospital", "Momena Bibi, 58, female", "Cough"):
        assert said in page
    assert PHONE in page


def test_what_can_be_changed_has_a_link_back(signed_in, evening):
    row = take(signed_in, evening.sitting)
    page = answer(signed_in, row)

    assert page.link("Change – Patient") == f"/appointments/{row.ref}/patient"
    assert page.link("Change – Serial").startswith("/doctors/rokeya-begum?day=")


def test_nothing_is_paid_here(signed_in, evening):
    page = answer(signed_in, take(signed_in, evening.sitting))

    assert page.form("payment").fields["method"] == "chamber"
    assert "Booking with DoctApp Free" in page
    assert "You pay ৳ 700 at the desk when you come." in page


def test_a_follow_up_that_is_not_known_costs_the_fee_of_a_new_visit_and_says_why(signed_in, evening):
    page = answer(signed_in, take(signed_in, evening.sitting), visit="follow_up")

    assert "DoctApp knows of no visit to this doctor here in the last 30 days" in page
    assert "Total ৳ 700" in page


def test_the_button_requests_where_the_doctor_answers_by_hand(signed_in, evening):
    row = take(signed_in, evening.sitting)
    page = answer(signed_in, row)

    ticket = see(send(signed_in, page, "payment"))

    assert "Request serial 12" in page.form("payment").buttons
    assert "answers by" in page
    assert ticket.h1 == "Serial 12 waits for the doctor"
    assert db.session.get(Appointment, row.id).status == "requested"


def test_the_button_books_where_the_chamber_accepts_by_itself(signed_in, evening):
    evening.chamber.acceptance = "auto"
    db.session.commit()
    page = answer(signed_in, take(signed_in, evening.sitting))

    ticket = see(send(signed_in, page, "payment"))

    assert "Book serial 12" in page.form("payment").buttons
    assert ticket.h1 == "Serial 12 is booked"
    assert "Booked." in ticket.alert


def test_a_second_serial_of_the_same_patient_is_refused_by_name(signed_in, alice, evening):
    make.appointment(evening.sitting, number=3, of=alice.patients[0])
    row = take(signed_in, evening.sitting)
    page = see(send(signed_in, look(signed_in, row, "patient"), "patient", who="me"))

    page = see(send(signed_in, page, "payment"))

    assert page.code == 409
    assert "Nothing was booked" in page.alert
    assert page.errors == ["Alice Akter already has a serial in this sitting."]


def test_the_last_moment_to_cancel_is_said_before_asking(signed_in, evening):
    page = answer(signed_in, take(signed_in, evening.sitting))

    assert "Once it is booked you can cancel here until" in page
    assert "4:50pm. After that, call the chamber." in page


def test_a_chamber_that_takes_online_payments_offers_them_with_their_amounts(signed_in, evening):
    takes_online(evening.chamber, online_part="either", advance=10000)

    page = answer(signed_in, take(signed_in, evening.sitting))

    form = page.form("payment")
    assert form.choices("method") == ["chamber", "sandbox"]
    assert form.fields["method"] == "chamber"
    assert form.choices("amount") == ["advance", "whole"]
    assert "The rest, ৳ 600, at the desk when you come." in page
    assert form.buttons == ["Request serial 12, or pay and book it"]
    assert "If you pay at the chamber: Dr Rokeya Begum answers by" in page


@pytest.mark.parametrize(("settings", "rule"), [
    ({"refund_minutes": 1440, "refund_percent": 100}, "If you cancel in time, all your money goes back."),
    ({"refund_minutes": 60, "refund_percent": 0}, "If you cancel in time, all your money goes back."),
    ({"refund_minutes": 180, "refund_percent": 50}, "all your money back until"),
    ({"refund_minutes": 180, "refund_percent": 0}, "after that nothing."),
    ({"refund_minutes": 10080, "refund_percent": 25}, "25 % of your money goes back"),
    ({"refund_minutes": 10080, "refund_percent": 0}, "If you cancel, nothing goes back"),
])  # fmt: skip
def test_the_refund_rule_is_said_before_one_pays(signed_in, evening, settings, rule):
    takes_online(evening.chamber, **settings)

    page = answer(signed_in, take(signed_in, evening.sitting))

    assert rule in page
    assert "If the chamber cancels, always all of it." in page


def test_where_only_an_advance_is_taken_its_amount_is_not_asked(signed_in, evening):
    takes_online(evening.chamber, online_part="advance", advance=20000)

    page = answer(signed_in, take(signed_in, evening.sitting))

    assert page.form("payment").fields["amount"] == "advance"
    assert "only this advance is taken. The rest, ৳ 500, you pay at the desk." in page


def test_a_visit_that_is_free_is_not_paid_online(signed_in, evening):
    takes_online(evening.chamber, fee_new=0)

    page = answer(signed_in, take(signed_in, evening.sitting))

    assert page.form("payment").choices("method") == ["chamber"]
    assert "There is nothing to pay." in page


def test_paying_leads_to_the_truth_about_the_payment(signed_in, evening):
    takes_online(evening.chamber, online_part="either", advance=10000)
    page = answer(signed_in, take(signed_in, evening.sitting))

    truth = see(send(signed_in, page, "payment", method="sandbox", amount="advance"))

    assert truth.h1 == "Pay ৳ 100 for serial 12"


def test_who_began_to_pay_is_led_back_to_that_before_choosing_again(signed_in, evening):
    takes_online(evening.chamber)
    row = take(signed_in, evening.sitting)
    send(signed_in, answer(signed_in, row), "payment", method="sandbox")

    page = look(signed_in, row, "payment")

    assert "You began to pay ৳ 700." in page
    assert page.link("See how that payment stands").startswith("/payments/")


def test_a_payment_that_can_not_be_ended_in_time_offers_the_serial_again_and_the_chamber(signed_in, evening):
    takes_online(evening.chamber)
    row = take(signed_in, evening.sitting)
    page = answer(signed_in, row)
    row.created_at = clock.now() - timedelta(minutes=31)
    make.saved(row)

    gone = see(send(signed_in, page, "payment", method="sandbox"))

    assert gone.code == 410
    assert gone.h1 == "Too little time is left to pay"
    assert gone.link("Pay at the chamber instead") == f"/appointments/{row.ref}/payment"
    again = see(send(signed_in, gone, f"place-{evening.sitting.id}", number=12))
    assert again.h1 == "Who is the appointment for?"
    assert look(signed_in, db.session.get(Appointment, row.id)).h1 == "Serial 12 is not kept any more"


def test_a_hold_that_ran_out_while_one_paid_says_where_the_payment_stands(signed_in, evening):
    takes_online(evening.chamber)
    row = take(signed_in, evening.sitting)
    send(signed_in, answer(signed_in, row), "payment", method="sandbox")
    row = db.session.get(Appointment, row.id)
    row.held_until = clock.now() - timedelta(minutes=1)
    make.saved(row)

    page = look(signed_in, row, "payment")

    assert page.code == 410
    assert "If you have paid, do not pay again:" in page
    assert "nothing is to be paid" not in page


def test_the_page_speaks_bangla(signed_in, evening):
    row = take(signed_in, evening.sitting)
    answer(signed_in, row)
    signed_in.set_cookie("lang", "bn")

    page = look(signed_in, row, "payment")

    assert "৳ ৭০০" in page and "সন্ধ্যা ৬:৫০" in page
