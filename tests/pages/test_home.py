"""The first page: for a visitor how it works, for who is signed in what comes next."""

from __future__ import annotations

import pytest

from doctapp.web.filters import clock as say_time
from doctapp.web.filters import day_near
from tests import make
from tests.see import see


@pytest.fixture
def specialties(app):
    return [make.specialty(f"field-{n}", name_en=f"Field {n}") for n in range(10)]


def test_a_visitor_can_search_at_once(client, evening):
    form = see(client.get("/")).form("search")

    assert (form.method, form.action) == ("get", "/doctors")
    assert set(form.fields) == {"q", "specialty", "area", "day"}
    assert client.get("/doctors", query_string=form.fill(q="rokeya")).status_code == 200


def test_the_first_eight_specialties_lead_to_their_doctors_and_a_link_to_all(client, specialties):
    page = see(client.get("/"))

    tiles = [tag["href"] for tag in page.select("#specialties a")]
    assert tiles == [f"/doctors?specialty=field-{n}" for n in range(8)]
    assert page.link("All 10 specialties") == "/specialties"


def test_a_visitor_reads_how_it_works(client, app):
    page = see(client.get("/"))

    assert page.h1 == "Find a doctor. Know your serial, and when to come."
    assert "How it works" in page and "You pay at the chamber." in page


def test_the_page_of_a_visitor_is_cacheable_and_carries_no_token(client, app):
    answer = client.get("/")

    assert answer.headers["Cache-Control"] == "public, max-age=60"
    assert "Set-Cookie" not in answer.headers and b"csrf" not in answer.data
    assert client.get("/", headers={"If-None-Match": answer.headers["ETag"]}).status_code == 304


def test_who_is_signed_in_is_greeted_by_name_on_a_page_that_nobody_keeps(client, alice):
    answer = make.sign_in(client, alice).get("/")

    page = see(answer)
    assert page.h1.startswith("Good ") and page.h1.endswith(", Alice Akter")
    assert answer.headers["Cache-Control"] == "no-store"
    assert "No bookings ahead" in page
    assert page.form("search")


def test_who_has_no_name_yet_is_greeted_without_one(client, app):
    nobody = make.person(phone="+8801799999999")

    assert see(make.sign_in(client, nobody).get("/")).h1 in {"Good morning", "Good afternoon", "Good evening"}


def test_the_next_appointment_is_a_ticket_with_number_day_and_when_to_come(client, alice, evening):
    alicia = make.patient(alice, "Alicia Akter", 60)
    row = make.appointment(evening.sitting, number=12, of=alicia)

    page = see(make.sign_in(client, alice).get("/"))
    ticket = " ".join(page.select("#next-ticket")[0].get_text(" ", strip=True).split())

    with client.application.test_request_context(headers={"Accept-Language": "en"}):
        day = day_near(row.about_at)
        about = say_time(row.about_at)
    for words in ("Serial 12", "Come between 6:30–6:45pm", f"seen about {about}", day, "For Alicia Akter", "Booked"):
        assert words in ticket
    assert "Gomoti Hospital, room 204" in ticket
    assert page.link("Open ticket") == f"/appointments/{row.ref}"


def test_a_request_is_shown_as_waiting_and_asks_not_to_travel(client, alice, evening):
    make.appointment(evening.sitting, status="requested", of=make.patient(alice))

    ticket = see(make.sign_in(client, alice).get("/")).select("#next-ticket")[0].get_text(" ", strip=True)

    assert "Waiting for the doctor" in ticket
    assert "Wait for our SMS before you travel." in ticket
    assert "Come between" not in ticket


def test_later_appointments_follow_in_their_order(client, alice, evening):
    relatives = [make.patient(alice, name) for name in ("Bela", "Chameli", "Dola")]
    sittings = [evening.sitting, make.sitting(evening.chamber, days=5), make.sitting(evening.chamber, days=3)]
    for patient, sitting in zip(relatives, sittings, strict=True):
        make.appointment(sitting, of=patient)

    page = see(make.sign_in(client, alice).get("/"))

    later = [tag.get_text(" ", strip=True) for tag in page.select("#later li")]
    assert ["Dola" in later[0], "Chameli" in later[1], len(later)] == [True, True, 2]
    assert page.link("All bookings") == "/appointments"


def test_other_peoples_and_ended_appointments_are_not_shown(client, alice, bob, evening):
    make.appointment(evening.sitting, number=1, of=make.patient(bob, "Bela"))
    make.appointment(evening.sitting, number=2, of=make.patient(alice, "Chameli"), status="cancelled")

    assert "No bookings ahead" in see(make.sign_in(client, alice).get("/"))


def test_help_says_how_to_book_what_the_states_mean_and_whom_to_call(client, app):
    page = see(client.get("/help"))

    for words in ("How to book", "Waiting for the doctor", "To cancel", "call 999"):
        assert words in page
    assert page.link("09612-345678") == "tel:09612345678"


@pytest.mark.parametrize("path", ["/", "/help", "/specialties"])
def test_the_pages_are_well_made_in_bangla_too(client, specialties, path):
    client.set_cookie("lang", "bn")

    page = see(client.get(path))

    assert page.soup.html["lang"] == "bn"


def test_the_drawn_ticket_has_the_digits_of_the_reader_whoever_came_first(client, app):
    client.set_cookie("lang", "bn")
    assert "১২" in see(client.get("/")).select(".serial")[0].get_text()

    client.set_cookie("lang", "en")
    assert "12" in see(client.get("/")).select(".serial")[0].get_text()
