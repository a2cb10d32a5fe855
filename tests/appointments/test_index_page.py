"""My bookings: what is not finished, what comes, what is past."""

from datetime import timedelta

import pytest

from doctapp.accounts.models import Person
from doctapp.db import db
from tests import make
from tests.people import MINUTE, NOW
from tests.see import see

HTMX = {"HX-Request": "true", "HX-Request-Type": "partial"}


@pytest.fixture
def hers(client, alice):
    """Alice's browser."""
    return make.sign_in(client, alice)


def past(alice, evening, count, status="completed"):
    """So many visits on the days before, the newest yesterday."""
    for day in range(1, count + 1):
        make.appointment(make.sitting(evening.chamber, days=-day), number=day, status=status, of=alice.patients[0])


def test_a_booked_serial_says_when_to_come_and_for_whom(hers, alice, evening):
    row = make.appointment(evening.sitting, of=alice.patients[0])

    page = see(hers.get("/appointments"))

    assert page.h1 == "My bookings"
    for words in (
        "Serial 12",
        "Tomorrow, come between 6:30 and 6:45pm",
        "Booked",
        "For Alice Akter",
        "Gomoti Hospital",
    ):
        assert words in page
    assert page.link("Open the ticket") == f"/appointments/{row.ref}"


def test_a_request_says_that_the_answer_must_be_waited_for(hers, alice, evening):
    make.appointment(evening.sitting, status="requested", of=alice.patients[0])

    page = see(hers.get("/appointments"))

    assert "Tomorrow, about 6:50pm" in page
    assert "Wait for our SMS before you travel" in page
    assert "come between" not in page


def test_a_relative_is_named(hers, alice, evening):
    son = make.patient(alice, "Ayaan", 6, sex="male")
    make.appointment(evening.sitting, of=son)

    assert "For Ayaan" in see(hers.get("/appointments"))


def test_an_unfinished_hold_can_be_gone_on_with(hers, alice, evening):
    row = make.appointment(evening.sitting, status="held", person_id=alice.id, held_until=NOW + 14 * MINUTE)

    page = see(hers.get("/appointments"))

    assert "Serial 12 is kept for you until" in page
    assert page.link("Go on") == f"/appointments/{row.ref}/patient"


def test_somebody_elses_bookings_are_not_shown(hers, bob, evening):
    make.appointment(evening.sitting, of=bob.patients[0])

    page = see(hers.get("/appointments"))

    assert "Bob Barua" not in page
    assert "No bookings yet" in page


def test_the_clinics_patients_are_not_the_doctors_bookings(client, alice, evening):
    make.appointment(evening.sitting, of=alice.patients[0])
    make.sign_in(client, db.session.get(Person, evening.doctor.person_id))

    assert "Alice Akter" not in see(client.get("/appointments"))


def test_nothing_booked_leads_to_the_doctors(hers):
    page = see(hers.get("/appointments"))

    assert "No bookings yet" in page
    assert page.link("Find a doctor") == "/doctors"


def test_past_ones_are_in_the_other_tab(hers, alice, evening):
    past(alice, evening, 1)

    page = see(hers.get("/appointments"))
    assert "Past (1)" in page
    page = see(hers.get(page.link("Past (1)")))

    assert "Done" in page
    assert "For Alice Akter" in page
    assert page.select(".tabs [aria-current=page]")[0].get_text() == "Past (1)"


def test_twenty_past_ones_are_a_page_and_more_can_be_shown(hers, alice, evening):
    past(alice, evening, 23)

    page = see(hers.get("/appointments?view=past"))

    assert len(page.select("#past > li")) == 21
    assert page.link("Show 3 earlier ones") == "/appointments?view=past&page=2"
    assert page.link("Page 2") == "/appointments?view=past&page=2"
    assert len(see(hers.get(page.link("Page 2"))).select("#past > li")) == 4


def test_no_past_says_so(hers):
    assert "No past bookings" in see(hers.get("/appointments?view=past"))


def test_what_ended_without_a_visit_is_past(hers, alice, evening):
    make.appointment(evening.sitting, status="declined", of=alice.patients[0])

    assert "Declined" in see(hers.get("/appointments?view=past"))
    assert "Declined" not in see(hers.get("/appointments"))


def test_the_list_alone_is_answered_to_htmx(hers):
    fragment = see(hers.get("/appointments", headers=HTMX))

    assert fragment.select("div#bookings")
    assert not fragment.select("h1")


def test_nobody_signed_in_signs_in_first(client):
    answer = client.get("/appointments")

    assert answer.status_code == 303
    assert answer.headers["Location"].startswith("/login?next=")


@pytest.mark.parametrize("view", ["upcoming", "past"])
def test_the_list_reads_in_bangla(hers, alice, evening, view):
    make.appointment(evening.sitting, of=alice.patients[0], about_at=evening.sitting.starts_at + timedelta(minutes=110))
    past(alice, evening, 2)
    hers.set_cookie("lang", "bn")

    assert "গোমতী হাসপাতাল" in see(hers.get(f"/appointments?view={view}"))
