"""The month: each sitting with its times and how full it is, leave, and links; made to be printed."""

from datetime import timedelta

import pytest

from doctapp.schedules import month
from tests import make
from tests.people import NOW
from tests.schedules.planning import doctors_chamber, in_days, sign_in
from tests.see import see

MONTH = "/doctor/schedule/month"


@pytest.fixture
def chamber(app):
    return doctors_chamber(clinic=make.clinic(name_en="Gomoti Hospital"))


@pytest.fixture
def rokeya(client, chamber):
    return sign_in(client, chamber)


def of(days):
    """The address of the month in which that day lies."""
    return f"{MONTH}?month={in_days(days):%Y-%m}"


def cell(page, days):
    """The words of a day."""
    name = f"{in_days(days):%a} {in_days(days).day} "
    return next(tag.get_text(" ", strip=True) for tag in page.select("#month > li") if name in tag.get_text())


def test_a_sitting_stands_on_its_day_with_how_full_it_is(rokeya, chamber):
    sitting = make.sitting(chamber, days=1)
    make.appointment(sitting, number=3)
    make.appointment(sitting, number=4, status="cancelled")

    page = see(rokeya.get(of(1)))

    assert "5:00pm – 9:00pm" in cell(page, 1)
    assert "1 /24 booked" in cell(page, 1)
    assert f"/doctor/sittings/{sitting.id}" in {link.href for link in page.links}


def test_leave_is_marked_on_each_of_its_days(rokeya, chamber):
    make.leave(chamber.doctor, in_days(1), in_days(1), reason="Umrah")

    assert "Leave Umrah" in cell(see(rokeya.get(of(1))), 1)


def test_a_cancelled_sitting_says_so(rokeya, chamber):
    make.sitting(chamber, days=1, cancelled_at=NOW)

    assert "Cancelled" in cell(see(rokeya.get(of(1))), 1)


def test_a_doctors_chambers_stand_together_and_one_alone_where_it_is_asked_for(rokeya, chamber):
    other = make.chamber(chamber.doctor, make.clinic(name_en="Town Hall Clinic"))
    make.sitting(chamber, days=1)
    make.sitting(other, days=1, start=9 * 60, capacity=6)

    both, one = see(rokeya.get(of(1))), see(rokeya.get(f"{of(1)}&chamber={other.id}"))

    assert "Gomoti Hospital" in cell(both, 1)
    assert "9:00am" in cell(both, 1)
    assert "5:00pm" not in cell(one, 1)
    assert "9:00am" in cell(one, 1)


def test_the_months_lead_to_each_other(rokeya, chamber):
    page = see(rokeya.get(f"{MONTH}?month=2026-12"))

    assert page.h1 == "December 2026"
    assert page.link("November 2026") == f"{MONTH}?month=2026-11"
    assert page.link("January 2027") == f"{MONTH}?month=2027-01"


@pytest.mark.parametrize("asked", ["", "soon", "2026-13", "0000-01", "9999-12"])
def test_a_month_that_is_none_is_this_one(rokeya, chamber, asked):
    assert str(in_days(0).year) in see(rokeya.get(f"{MONTH}?month={asked}")).h1


def test_a_months_weeks_are_whole_and_begin_on_saturday():
    for n in range(48):
        first = (in_days(0).replace(day=1) + timedelta(days=31 * n)).replace(day=1)
        days = month.days(first, [], [])

        assert len(days) % 7 == 0
        assert {day.date.weekday() for day in days[::7]} == {5}
        assert [day.date for day in days if day.inside] == [
            first + timedelta(days=k) for k in range((month.after_month(first) - first).days)
        ]


def test_it_can_be_printed_on_a4(rokeya, chamber):
    page = see(rokeya.get(MONTH))

    assert page.select("body.a4")
    assert page.select("button[data-print]")


def test_another_doctors_month_is_not_there(client, chamber):
    stranger = sign_in(client, doctors_chamber("Karim Uddin"))

    assert stranger.get(f"{MONTH}?chamber={chamber.id}").status_code == 404


def test_it_reads_in_bangla(rokeya, chamber):
    make.sitting(chamber, days=1)
    rokeya.set_cookie("lang", "bn")

    assert "০" in see(rokeya.get(of(1))).text
