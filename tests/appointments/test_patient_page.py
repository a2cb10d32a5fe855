"""Who is the appointment for?"""

import pytest

from doctapp.appointments.models import Appointment
from doctapp.db import db
from tests import make
from tests.appointments.steps import MOMENA, PHONE, answer, look, send, take
from tests.people import MINUTE, NOW
from tests.see import see


def test_a_visitor_is_asked_who_comes_and_for_a_phone(client, evening):
    page = look(client, take(client, evening.sitting), "patient")

    assert page.h1 == "Who is the appointment for?"
    assert page.form("patient").choices("who") == ["me", "new"]
    assert {"who", "name", "age", "sex", "phone", "visit", "reason"} <= set(page.form("patient").fields)
    assert page.form("patient").tag.has_attr("novalidate")


def test_the_strip_says_what_is_kept_and_until_when(client, evening):
    page = look(client, take(client, evening.sitting), "patient")

    strip = page.select("#hold")[0].get_text(" ")
    assert "Serial 12 is kept for you until" in strip
    assert "Gomoti Hospital" in strip


def test_ten_minutes_more_can_be_had_once_without_javascript(client, evening):
    row = take(client, evening.sitting)

    page = see(send(client, look(client, row, "patient"), "extension"))

    assert "ten minutes longer" in page.alert
    assert "extension" not in [form.id for form in page.forms]


def test_with_htmx_only_the_strip_answers(client, evening):
    row = take(client, evening.sitting)
    form = look(client, row, "patient").form("extension")

    strip = see(client.post(form.action, data=form.fill(), headers={"HX-Request": "true"}))

    assert [tag["id"] for tag in strip.select("#hold")] == ["hold"]
    assert "is kept for you until" in strip


def test_ten_minutes_more_for_a_hold_that_ran_out_leads_to_its_page(client, evening):
    row = take(client, evening.sitting)
    form = look(client, row, "patient").form("extension")
    run_out(row)

    answered = client.post(form.action, data=form.fill(), headers={"HX-Request": "true"})

    assert answered.headers["HX-Redirect"] == f"/appointments/{row.ref}/patient"


def test_everything_wrong_is_said_at_once_and_what_was_typed_stays(client, evening):
    row = take(client, evening.sitting)

    page = answer(client, row, name="", age="old", phone="123", reason="Cough")

    assert page.code == 422
    assert page.title.startswith("Error: ")
    assert page.errors == [
        "Enter the name, as the doctor should call it out",
        "Enter the age in years, from 0 to 120",
        "Enter a mobile number with 11 digits, like 01712 345678",
    ]
    fields = page.form("patient").fields
    assert (fields["age"], fields["phone"], fields["reason"], fields["who"]) == ("old", "123", "Cough", "new")


def test_the_age_may_be_typed_in_bangla_digits(client, evening):
    row = take(client, evening.sitting)

    answer(client, row, age="৫৮")

    assert db.session.get(Appointment, row.id).typed_age == 58


def test_the_visits_say_the_fees_of_the_chamber(client, evening):
    page = look(client, take(client, evening.sitting), "patient")

    assert choices(page)[-3:] == [
        "No, or more than 30 days ago New visit ৳\u00a0700",
        "Yes, in the last 30 days Follow-up ৳\u00a0500",
        "Only to show a report Within 7 days of the visit Free",
    ]


def test_a_person_with_a_proven_phone_chooses_from_the_list(client, evening, alice):
    make.patient(alice, "Abdul Karim", 62, sex="male")
    make.sign_in(client, alice)
    row = take(client, evening.sitting)
    page = look(client, row, "patient")

    assert len(page.form("patient").choices("who")) == 3
    assert "phone" not in page.form("patient").fields
    assert choices(page)[:2] == ["Me Alice Akter, 30 years", "Abdul Karim 62 years"]
    assert "only for someone who is not in the list" in page


def test_whoever_is_in_the_list_needs_nothing_typed(client, evening, alice):
    make.sign_in(client, alice)
    row = take(client, evening.sitting)

    page = see(send(client, look(client, row, "patient"), "patient", who="me"))

    assert page.h1 == "Book for Alice Akter"


def test_the_answers_stand_there_again(client, evening):
    row = take(client, evening.sitting)
    answer(client, row, reason="Cough", visit="report")

    fields = look(client, row, "patient").form("patient").fields

    assert fields | MOMENA == fields
    assert (fields["phone"], fields["visit"], fields["reason"]) == (PHONE, "report", "Cough")


def test_another_browser_sees_the_number_and_nothing_typed(client, other, evening):
    row = take(client, evening.sitting)
    answer(client, row, reason="Cough")

    page = look(other, row, "patient")

    assert page.h1 == "Serial 12 is kept for somebody"
    assert "Momena" not in page and "Cough" not in page and PHONE not in page
    assert page.link("Prove your phone") == f"/login?next=/appointments/{row.ref}/patient"


def test_a_hold_that_ran_out_keeps_the_answers_and_is_held_again_by_one_button(client, evening):
    row = take(client, evening.sitting)
    answer(client, row, reason="Cough")
    run_out(row)

    page = see(client.get(f"/appointments/{row.ref}/patient"))
    again = see(send(client, page, f"place-{evening.sitting.id}", number=12))

    assert page.code == 410
    assert page.h1 == "Your time for serial 12 ran out"
    assert "Momena Bibi, 58, female" in page and "Cough" in page
    assert again.form("patient").fields["name"] == "Momena Bibi"


def test_a_hold_that_ran_out_and_is_gone_offers_the_nearest(client, other, evening):
    row = take(client, evening.sitting)
    run_out(row)
    take(other, evening.sitting)

    page = see(client.get(f"/appointments/{row.ref}/patient"))

    assert page.form(f"place-{evening.sitting.id}").choices("number") == ["10", "11", "13"]
    assert "Somebody else has serial 12 now." in page


@pytest.mark.parametrize("step", ["patient", "code", "payment"])
def test_no_step_is_kept_by_a_cache(client, evening, step):
    row = take(client, evening.sitting)

    assert "no-store" in client.get(f"/appointments/{row.ref}/{step}").headers["Cache-Control"]


def choices(page):
    """The words of every radio."""
    return [tag.get_text(" ") for tag in page.select(".choice")]


def run_out(row):
    """Let the hold's time pass."""
    kept = db.session.get(Appointment, row.id)
    kept.held_until = NOW - MINUTE
    db.session.commit()
