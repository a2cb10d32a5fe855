"""A doctor's page: who it is, where and when the doctor sits, what it costs, and who may see it."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from doctapp import clock
from doctapp.web.filters import day_long
from tests import make
from tests.people import NOW
from tests.see import see

TODAY = clock.local(NOW, "Asia/Dhaka").date()
DAY = timedelta(days=1)


@pytest.fixture
def rokeya(app):
    """A doctor with two chambers."""
    doctor = make.doctor(
        slug="rokeya-begum",
        title_en="Associate Professor",
        languages="bn,en",
        registration="A-48213",
        about_en="Sees fever and diabetes.",
        specialties=[make.specialty("medicine", name_en="Medicine")],
    )
    cumilla = make.area("cumilla", name_en="Cumilla")
    gomoti = make.clinic(name_en="Gomoti Hospital", area=make.area("kandirpar", "area", cumilla, name_en="Kandirpar"))
    hall = make.clinic(name_en="Town Hall Clinic", phone="08160-0002", area=cumilla)
    evenings = make.chamber(doctor, gomoti)
    friday = make.chamber(doctor, hall, room_en="", room_bn="", fee_new=60000)
    for weekday in (5, 6, 0, 1, 2):
        make.hours(evenings, weekday)
    make.hours(friday, 4, 10 * 60, 13 * 60)
    make.sitting(evenings)
    return doctor


def text(page, css: str) -> str:
    return " ".join(page.select(css)[0].get_text(" ", strip=True).split())


def test_the_page_says_who_the_doctor_is(client, rokeya):
    page = see(client.get("/doctors/rokeya-begum"))

    assert page.h1 == "Dr Rokeya Begum"
    assert page.title.startswith("Dr Rokeya Begum, Medicine, Kandirpar, Cumilla")
    for words in (
        "MBBS, FCPS (Medicine)",
        "Associate Professor",
        "BMDC A-48213, valid until June 2028",
        "Cumilla Medical College, passed in 2009",
        "Bangla, English",
        "Sees fever and diabetes.",
        "4.7",
    ):
        assert words in page


def test_a_title_in_the_name_is_not_said_twice(client, app):
    make.doctor("Dr Anisur Rahman", slug="anisur")

    assert see(client.get("/doctors/anisur")).h1 == "Dr Anisur Rahman"


def test_the_fees_say_within_which_time_they_hold(client, rokeya):
    fees = text(see(client.get("/doctors/rokeya-begum")), "dl.fees")

    assert fees == "New visit ৳ 700 Follow-up ৳ 500 within 30 days Report Free within 7 days"


def test_each_chamber_has_address_directions_phone_hours_and_its_own_fee(client, rokeya):
    page = see(client.get("/doctors/rokeya-begum"))
    chambers = text(page, "#chambers")

    assert "Gomoti Hospital Kandirpar, Cumilla · room 204 Sat to Wed: 5:00pm – 9:00pm" in chambers
    assert "Fri: 10:00am – 1:00pm New visit ৳ 600" in chambers
    assert page.link("Directions").startswith("https://www.google.com/maps/search/?api=1&query=Gomoti+Hospital")
    assert page.link("08160-0002") == "tel:081600002"


def test_chambers_that_are_not_live_are_not_shown(client, rokeya):
    make.chamber(rokeya, make.clinic(name_en="Coming Soon"), live_at=None)

    assert "Coming Soon" not in see(client.get("/doctors/rokeya-begum"))


def test_a_new_doctor_has_no_stars(client, app):
    make.chamber(make.doctor(slug="new", rating_tenths=None, rating_count=0))

    assert "New here, no reviews yet" in see(client.get("/doctors/new"))


@pytest.mark.parametrize("slug", ["nobody", "NOBODY", "%00", "%F0%9F%98%80", "a" * 300, "..%2F"])
def test_an_unknown_and_a_malformed_name_are_the_same_404(client, rokeya, slug):
    answer = client.get(f"/doctors/{slug}")

    assert answer.status_code == 404
    assert answer.data == client.get("/doctors/somebody-else").data


@pytest.mark.parametrize("status", ["applicant", "suspended"])
def test_a_doctor_who_is_not_approved_is_nowhere_for_others(client, rokeya, alice, status):
    rokeya.status = status
    make.saved(rokeya)

    for browser in (client, make.sign_in(client, alice)):
        assert browser.get("/doctors/rokeya-begum").status_code == 404
        assert browser.get("/doctors/rokeya-begum/places").status_code == 404
        assert browser.get("/doctors/rokeya-begum/places", headers={"HX-Request": "true"}).status_code == 404


@pytest.mark.parametrize("status", ["applicant", "suspended"])
def test_a_doctor_who_is_not_approved_sees_the_own_page_without_places(client, rokeya, alice, status):
    rokeya.status, rokeya.person_id = status, alice.id
    make.saved(rokeya)

    page = see(make.sign_in(client, alice).get("/doctors/rokeya-begum"))

    assert "it is not public" in page
    assert [form.id for form in page.forms if form.id.startswith("place-")] == []


def test_an_admin_sees_every_doctors_page(client, rokeya, admin):
    rokeya.status = "suspended"
    make.saved(rokeya)

    assert make.sign_in(client, admin).get("/doctors/rokeya-begum").status_code == 200


def test_a_doctor_on_leave_has_a_banner_with_the_day_of_return(client, app):
    doctor = make.doctor(slug="goutam-barua", name="Goutam Barua")
    make.sitting(make.chamber(doctor), days=9)
    make.leave(doctor, TODAY - DAY, TODAY + 5 * DAY, reason="Training in Kolkata")

    page = see(client.get("/doctors/goutam-barua"))

    with client.application.test_request_context(headers={"Accept-Language": "en"}):
        back = day_long(TODAY + 9 * DAY)
    assert f"Dr Goutam Barua is on leave and sits again on {back}. Training in Kolkata" in page


def test_leave_that_is_over_or_to_come_is_not_spoken_of(client, rokeya):
    make.leave(rokeya, TODAY - 9 * DAY, TODAY - DAY)
    make.leave(rokeya, TODAY + 9 * DAY, TODAY + 12 * DAY)

    assert "on leave" not in see(client.get("/doctors/rokeya-begum"))


def test_without_sittings_the_page_says_so_with_the_phone_of_the_chamber(client, app):
    make.chamber(make.doctor(slug="quiet"))

    page = see(client.get("/doctors/quiet"))

    assert "No sittings are planned here in the coming weeks." in page
    assert page.select('#places a[href="tel:081600001"]')


def test_a_visitors_page_is_cacheable_and_its_forms_carry_no_token(client, rokeya):
    answer = client.get("/doctors/rokeya-begum")

    assert answer.headers["Cache-Control"] == "public, max-age=60"
    assert "Set-Cookie" not in answer.headers
    assert b"csrf" not in answer.data and b"form_key" not in answer.data
    assert client.get("/doctors/rokeya-begum", headers={"If-None-Match": answer.headers["ETag"]}).status_code == 304


def test_a_place_taken_since_changes_the_tag(client, rokeya):
    tag = client.get("/doctors/rokeya-begum").headers["ETag"]
    make.hold(make.sitting(rokeya.chambers[0], days=2), number=1)

    assert client.get("/doctors/rokeya-begum", headers={"If-None-Match": tag}).status_code == 200


def test_who_is_signed_in_gets_a_page_that_nobody_keeps(client, rokeya, alice):
    assert make.sign_in(client, alice).get("/doctors/rokeya-begum").headers["Cache-Control"] == "no-store"


def test_the_page_speaks_bangla_with_its_digits(client, rokeya):
    client.set_cookie("lang", "bn")

    page = see(client.get("/doctors/rokeya-begum"))

    assert "রোকেয়া বেগম" in page.h1
    assert page.select(".ava")[0].get_text() == "রো"
    assert "৳ ৭০০" in page and "A-48213" in page


def test_the_registration_may_be_past(client, app):
    make.doctor(slug="old", registration_until=date(2020, 1, 31))

    assert "valid until January 2020" in see(client.get("/doctors/old"))
