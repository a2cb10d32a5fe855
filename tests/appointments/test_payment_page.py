"""Check everything once more, then ask the doctor."""

import pytest

from doctapp.appointments.models import Appointment
from doctapp.db import db
from tests import make
from tests.appointments.steps import PHONE, answer, look, prove, send, take
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


def test_the_page_speaks_bangla(signed_in, evening):
    row = take(signed_in, evening.sitting)
    answer(signed_in, row)
    signed_in.set_cookie("lang", "bn")

    page = look(signed_in, row, "payment")

    assert "৳ ৭০০" in page and "সন্ধ্যা ৬:৫০" in page
