"""A number that is gone, and a choice that was none."""

from doctapp.appointments.models import Appointment
from doctapp.db import db
from tests import make
from tests.appointments.steps import answer, take
from tests.see import see


def take_gone(client, evening, number=12):
    return see(
        client.post("/appointments", data={"sitting": evening.sitting.id, "number": number}, follow_redirects=True)
    )


def test_somebody_was_first_and_the_three_nearest_are_buttons(client, evening):
    make.appointment(evening.sitting, number=12)

    page = take_gone(client, evening)

    assert page.code == 409
    assert page.h1 == "Someone took this serial a moment before you."
    assert page.form(f"place-{evening.sitting.id}").choices("number") == ["10", "11", "13"]


def test_the_buttons_carry_no_token_and_take_the_place(client, evening):
    make.appointment(evening.sitting, number=12)
    form = take_gone(client, evening).form(f"place-{evening.sitting.id}")

    page = see(client.post(form.action, data=form.fill(number=13), follow_redirects=True))

    assert set(form.fields) == {"sitting"}
    assert page.h1 == "Who is the appointment for?"


def test_the_nearest_of_two_days_are_two_forms(client, evening):
    for number in range(3, 25):
        make.appointment(evening.sitting, number=number)
    next_day = make.sitting(evening.chamber, days=2)

    page = take_gone(client, evening, number=24)

    assert page.form(f"place-{evening.sitting.id}").choices("number") == ["1", "2"] or page.form(f"place-{next_day.id}")
    assert sum(len(form.choices("number")) for form in page.forms if form.id.startswith("place-")) == 3


def test_what_was_typed_before_goes_along(client, evening):
    answer(client, take(client, evening.sitting, 5))
    make.appointment(evening.sitting, number=12)
    form = take_gone(client, evening).form(f"place-{evening.sitting.id}")

    page = see(client.post(form.action, data=form.fill(number=13), follow_redirects=True))

    assert page.form("patient").fields["name"] == "Momena Bibi"


def test_a_sitting_without_a_free_place_leads_to_the_doctor(client, evening):
    for number in range(1, 25):
        make.appointment(evening.sitting, number=number)

    page = take_gone(client, evening)

    assert "has no other free place within two weeks of it" in page
    assert page.link("See all places") == "/doctors/rokeya-begum"


def test_no_serial_chosen_leads_back_to_the_doctor(client, evening):
    page = see(client.post("/appointments", data={"sitting": evening.sitting.id}, follow_redirects=True))

    assert page.code == 422
    assert page.h1 == "Choose a serial first"
    assert page.link("Back to").startswith("/doctors/rokeya-begum?day=")
    assert db.session.query(Appointment).count() == 0


def test_nonsense_is_told_the_same(client, evening):
    page = see(client.post("/appointments", data={"sitting": "9" * 30, "number": "x"}, follow_redirects=True))

    assert page.code == 422
    assert page.link("Find a doctor") == "/doctors"
