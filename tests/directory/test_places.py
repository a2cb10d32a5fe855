"""The places of a day: what can be chosen, what is chosen already, and how another day is reached."""

from __future__ import annotations

from datetime import timedelta

import pytest

from doctapp import clock
from doctapp.digits import bangla
from doctapp.directory.hours import Line, lines
from doctapp.schedules.models import WeeklyHours
from doctapp.web.filters import day_long
from tests import make
from tests.people import HOUR, NOW
from tests.see import see

HTMX = {"HX-Request": "true"}
TODAY = clock.local(NOW, "Asia/Dhaka").date()
DAY = timedelta(days=1)


@pytest.fixture
def english_day(app):
    """A date as an English page says it."""

    def say(day):
        with app.test_request_context(headers={"Accept-Language": "en"}):
            return day_long(day)

    return say


def path(row, **asked) -> str:
    """The page of a sitting's doctor, with what is asked of it."""
    query = "&".join(f"{name}={value}" for name, value in asked.items())
    return f"/doctors/{row.chamber.doctor.slug}?{query}"


def place_form(page, sitting):
    return page.form(f"place-{sitting.id}")


def test_each_sitting_of_the_day_is_a_form_that_posts_the_number(client, evening):
    form = place_form(see(client.get("/doctors/rokeya-begum")), evening.sitting)

    assert (form.method, form.action) == ("post", "/appointments")
    assert form.fields == {"sitting": str(evening.sitting.id), "number": "1"}
    assert form.choices("number") == [str(n) for n in range(1, 25)]
    assert form.buttons == ["Continue with your choice"]


def test_numbers_stand_under_the_part_of_the_day_they_are_in(client, evening):
    page = see(client.get("/doctors/rokeya-begum"))

    parts = [tag.get_text(" ", strip=True) for tag in page.select("#places fieldset legend")]
    assert parts == ["Late afternoon", "Evening", "Night"]
    assert "5:00 serial 1" in page and "8:50 serial 24" in page


def test_a_taken_number_is_disabled_and_called_taken(client, evening):
    make.appointment(evening.sitting, number=2)
    make.hold(evening.sitting, number=3)

    page = see(client.get("/doctors/rokeya-begum"))

    disabled = [tag["value"] for tag in page.select("#places input[disabled]")]
    assert disabled == ["2", "3"]
    assert "5:10 taken" in page
    assert "22 free" in page


def test_the_first_free_number_is_chosen(client, evening):
    make.hold(evening.sitting, number=1)

    assert place_form(see(client.get("/doctors/rokeya-begum")), evening.sitting).fields["number"] == "2"


def test_the_address_chooses_a_number(client, evening):
    asked = {"day": evening.sitting.local_date, "sitting": evening.sitting.id, "number": 12}

    assert place_form(see(client.get(path(evening.sitting, **asked))), evening.sitting).fields["number"] == "12"


def test_a_sitting_and_a_number_suffice_to_find_the_day(client, evening):
    later = make.sitting(evening.chamber, days=6)

    page = see(client.get(path(later, sitting=later.id, number=bangla(5))))

    assert place_form(page, later).fields["number"] == "5"


def test_where_the_number_asked_for_is_gone_the_next_one_is_chosen_and_it_is_said(client, evening):
    make.hold(evening.sitting, number=12)

    page = see(client.get(path(evening.sitting, sitting=evening.sitting.id, number=12)))

    assert "Serial 12 has been taken meanwhile. The next free one is chosen: serial 13." in page
    assert place_form(page, evening.sitting).fields["number"] == "13"


@pytest.mark.parametrize(
    "query",
    ["day=x", "day=1999-01-01", "day=%00", "number=0", "sitting=x&number=y", "sitting=999999999&number=3",
     "sitting=99999999999999999999", "sitting=-1&number=-1"],
)  # fmt: skip
def test_what_is_not_understood_shows_the_first_free_day(client, evening, query):
    page = see(client.get(f"/doctors/rokeya-begum?{query}"))

    assert place_form(page, evening.sitting).fields["number"] == "1"


def test_another_doctors_sitting_says_nothing_about_the_day(client, evening):
    other = make.sitting(days=5)

    page = see(client.get(f"/doctors/rokeya-begum?sitting={other.id}&number=1"))

    assert place_form(page, evening.sitting)


def test_the_first_day_with_a_free_place_is_shown_and_full_days_are_marked(client, app):
    full = make.sitting(make.chamber(make.doctor(slug="busy")), capacity=1)
    free = make.sitting(full.chamber, days=3)
    make.hold(full, number=1)

    page = see(client.get("/doctors/busy"))

    days = page.select("#places nav a")
    assert [tag["id"] for tag in days] == [f"day-{full.local_date}", f"day-{free.local_date}"]
    assert "full" in days[0].get_text() and days[0].select("s")
    assert days[1]["aria-current"] == "date" and "24 free" in days[1].get_text(" ")
    assert place_form(page, free)


def test_days_are_links_that_htmx_swaps_in_place(client, evening):
    (day,) = see(client.get("/doctors/rokeya-begum")).select("#places nav a")

    assert day["href"] == f"/doctors/rokeya-begum?day={evening.sitting.local_date}#places"
    assert day["hx-get"] == f"/doctors/rokeya-begum/places?day={evening.sitting.local_date}"


def test_with_htmx_the_places_come_alone_and_say_themselves(client, evening, english_day):
    answer = client.get(f"/doctors/rokeya-begum/places?day={evening.sitting.local_date}", headers=HTMX)

    page = see(answer)
    assert [tag["id"] for tag in page.soup.body.find_all(recursive=False)] == ["places"]
    assert page.select("[data-announce]")[0]["data-announce"] == f"24 free on {english_day(evening.sitting.local_date)}"
    assert "HX-Request" in answer.vary


def test_without_htmx_the_places_are_the_doctors_page(client, evening):
    assert see(client.get("/doctors/rokeya-begum/places")).h1 == "Dr Rokeya Begum"


def test_a_day_may_be_written_in_bangla_digits(client, evening):
    later = make.sitting(evening.chamber, days=4)

    page = see(client.get(f"/doctors/rokeya-begum?day={bangla(later.local_date)}"))

    assert place_form(page, later)


def test_the_strip_has_fourteen_days_and_a_field_for_the_others(client, evening):
    for days in range(2, 19):
        make.sitting(evening.chamber, days=days)
    far = make.sitting(evening.chamber, days=55)

    page = see(client.get("/doctors/rokeya-begum"))
    there = see(client.get(path(far, day=far.local_date)))

    assert len(page.select("#places nav a")) == 14
    assert page.select("#other")[0]["max"] == far.local_date.isoformat()
    assert page.form("other-day").action == "/doctors/rokeya-begum#places"
    assert place_form(there, far)
    assert len(there.select("#places nav a")) == 15
    assert there.select("#places nav a")[0]["aria-current"] == "date"


def test_a_day_without_a_sitting_says_so_and_leads_to_the_next_free_serial(client, evening, english_day):
    page = see(client.get(f"/doctors/rokeya-begum?day={TODAY + 3 * DAY}"))

    assert f"No sitting on {english_day(TODAY + 3 * DAY)}." in page
    assert f"sitting={evening.sitting.id}&number=1" in page.link("serial 1")


def test_a_full_day_leads_to_the_next_free_serial(client, app, english_day):
    full = make.sitting(make.chamber(make.doctor(slug="busy")), capacity=1)
    free = make.sitting(full.chamber, days=3)
    make.hold(full, number=1, browser="a")
    make.hold(free, number=1, browser="b")

    page = see(client.get(path(full, day=full.local_date)))

    assert f"{english_day(full.local_date)} is full" in page
    assert f"sitting={free.id}&number=2" in page.link("serial 2")
    assert "Continue with your choice" not in page


def test_when_every_day_is_full_the_chamber_is_to_be_called(client, app):
    full = make.sitting(make.chamber(make.doctor(slug="busy")), capacity=1)
    make.hold(full, number=1)

    page = see(client.get("/doctors/busy"))

    assert "No other day is free either." in page
    assert page.select('#places a[href^="tel:"]')


def test_two_chambers_on_one_day_are_two_forms_with_their_names(client, evening):
    hall = make.chamber(evening.doctor, make.clinic(name_en="Town Hall Clinic"), room_en="", room_bn="", fee_new=60000)
    morning = make.sitting(hall, start=10 * 60, capacity=6)

    page = see(client.get("/doctors/rokeya-begum"))

    first, second = place_form(page, morning), place_form(page, evening.sitting)
    assert "Town Hall Clinic 10:00am – 11:00am" in first.text and "New visit ৳ 600" in first.text
    assert "Gomoti Hospital, room 204 5:00pm – 9:00pm" in second.text
    assert first.fields["number"] == second.fields["number"] == "1"


def test_numbers_that_are_too_near_are_left_out_with_the_phone_of_the_chamber(client, app):
    running = make.sitting(make.chamber(make.doctor(slug="busy")), starts_at=NOW - HOUR, capacity=24)

    page = see(client.get("/doctors/busy"))

    assert place_form(page, running).fields["number"] in {"14", "15"}
    assert "are too near to be booked here" in page


def test_a_sitting_that_is_over_cancelled_or_of_a_closed_chamber_is_not_offered(client, evening):
    make.sitting(evening.chamber, days=2, cancelled_at=NOW)
    make.sitting(make.chamber(evening.doctor, live_at=None), days=3)
    make.sitting(evening.chamber, days=-1)

    assert len(see(client.get("/doctors/rokeya-begum")).select("#places nav a")) == 1


def test_a_sitting_past_midnight_belongs_to_the_day_on_which_it_begins(client, app):
    late = make.sitting(make.chamber(make.doctor(slug="late")), start=22 * 60, capacity=21)

    page = see(client.get(path(late, day=late.local_date)))

    assert [tag.get_text(strip=True) for tag in page.select("#places legend")] == ["Night", "After midnight"]
    assert "1:20 serial 21" in page


def test_times_are_those_of_the_clinics_zone(client, app):
    abroad = make.sitting(make.chamber(make.doctor(slug="tokyo"), make.clinic(zone="Asia/Tokyo")), days=2, start=9 * 60)

    page = see(client.get(path(abroad, day=abroad.local_date)))

    assert "9:00 serial 1" in page and "9:00am – 1:00pm" in page


def hours(weekday: int, start: int = 1020, until: int = 1260) -> WeeklyHours:
    return WeeklyHours(weekday=weekday, start=start, until=until)


def test_weekly_hours_are_said_from_saturday_on_with_runs_of_days_together():
    assert lines([hours(day) for day in (0, 1, 2, 5, 6)]) == [Line([(5, 2)], 1020, 1260)]
    assert lines([hours(5), hours(6)]) == [Line([(5, 5), (6, 6)], 1020, 1260)]
    assert lines([hours(5), hours(0), hours(2)]) == [Line([(5, 5), (0, 0), (2, 2)], 1020, 1260)]
    assert lines([hours(4, 600, 780), hours(6)]) == [Line([(6, 6)], 1020, 1260), Line([(4, 4)], 600, 780)]
    assert lines([]) == []
