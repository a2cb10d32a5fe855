"""Leave and extra sittings: added, refused, removed, and what becomes of those who are booked."""

import pytest

from doctapp.appointments import jobs
from doctapp.audit.models import AuditEntry
from doctapp.db import db
from doctapp.notifications.models import Letter
from doctapp.schedules.models import Leave
from tests import make
from tests.people import NOW
from tests.schedules.planning import doctors_chamber, generate, in_days, sign_in, standing
from tests.see import see

LEAVE = "/doctor/leave"
EXTRAS = "/doctor/schedule/extras"


@pytest.fixture
def chamber(app):
    chamber = doctors_chamber(clinic=make.clinic(name_en="Gomoti Hospital"))
    for each in range(7):
        make.hours(chamber, weekday=each)
    generate(chamber)
    return chamber


@pytest.fixture
def rokeya(client, chamber):
    return sign_in(client, chamber)


@pytest.fixture
def desk(other, chamber):
    clerk = make.person(name="Nasrin Akter")
    make.staff(clerk, chamber.clinic)
    return make.sign_in(other, clerk)


def add(browser, first=2, last=4, path=LEAVE, **values):
    """Fill the form of leave in; the answer."""
    form = see(browser.get(path)).form("leave")
    values = {"from": in_days(first).isoformat(), "to": in_days(last).isoformat(), **values}
    return browser.post(form.action, data=form.fill(**values))


def rows():
    db.session.rollback()
    return db.session.scalars(db.select(Leave).order_by(Leave.first)).all()


def days(chamber):
    open_days = {s.local_date for s in standing(chamber) if s.cancelled_at is None}
    return [n for n in range(1, 10) if in_days(n) in open_days]


def book(chamber, *, days=3, number=12, name="Momena Bibi", **given):
    sitting = next(s for s in standing(chamber) if s.local_date == in_days(days))
    patient = make.patient(make.person(phone=f"+8801755{number:06}"), name, 58)
    return make.appointment(sitting, number=number, of=patient, **given)


def state(row):
    db.session.refresh(row)
    return row.status


def test_leave_is_added_and_listed(rokeya, chamber):
    answer = add(rokeya, reason="Umrah")

    assert answer.status_code == 303
    page = see(rokeya.get(answer.headers["Location"]))
    assert "The leave is added." in page.alert
    assert "Umrah · everywhere" in page
    assert days(chamber) == [1, 5, 6, 7, 8, 9]


def test_patients_read_the_reason_and_when_the_doctor_is_back(rokeya, chamber, app):
    add(rokeya, 0, 4, reason="Umrah")

    page = see(app.test_client().get(f"/doctors/{chamber.doctor.slug}", headers={"Accept-Language": "en"}))

    assert "is on leave and sits again on" in page
    assert "Umrah" in page


def test_patients_read_that_the_doctor_is_away_for_a_part_of_today(rokeya, chamber, app):
    make.leave(chamber.doctor, in_days(0), in_days(0), start=16 * 60, until=18 * 60, reason="Meeting")

    page = see(app.test_client().get(f"/doctors/{chamber.doctor.slug}", headers={"Accept-Language": "en"}))

    assert "is away today from 4:00pm to 6:00pm. Meeting" in page


def test_one_day_needs_no_last_day(rokeya, chamber):
    add(rokeya, 3, 3, to="")

    assert [(row.first, row.last) for row in rows()] == [(in_days(3), in_days(3))]


def test_a_date_may_be_typed(rokeya, chamber):
    day = in_days(3)
    bangla = f"{day.day}/{day.month}/{day.year}".translate(str.maketrans("0123456789", "০১২৩৪৫৬৭৮৯"))

    add(rokeya, **{"from": bangla, "to": ""})

    assert [row.first for row in rows()] == [day]


def test_leave_for_a_part_of_the_day(rokeya, chamber):
    add(rokeya, 3, 3, start="4pm", end="6pm")

    assert [(row.start, row.until) for row in rows()] == [(16 * 60, 18 * 60)]
    assert days(chamber) == [1, 2, 4, 5, 6, 7, 8, 9]


def test_leave_in_one_chamber(rokeya, chamber):
    add(rokeya, chamber=chamber.id)

    assert [row.chamber_id for row in rows()] == [chamber.id]


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"from": ""}, "Enter the first day"),
        ({"from": "soon"}, "Enter the first day"),
        ({"from": "2020-01-01", "to": ""}, "These days are past"),
        ({"to": "2020-01-01"}, "Enter a last day within a year after the first"),
        ({"start": "4pm"}, "Enter when it ends, as 9pm or 21:00"),
        ({"end": "4pm"}, "Enter when it begins, as 5pm or 17:00"),
        ({"start": "4pm", "end": "4pm"}, "Enter an end after the beginning"),
    ],
)
def test_what_can_not_be_is_refused_and_kept(rokeya, chamber, typed, sentence):
    answer = add(rokeya, reason="Umrah", **typed)

    page = see(answer)
    assert answer.status_code == 422
    assert page.errors == [sentence]
    assert page.form("leave").fields["reason"] == "Umrah"
    assert {name: page.form("leave").fields[name] for name in typed} == typed


def test_a_second_tap_adds_nothing(rokeya, chamber):
    form = see(rokeya.get(LEAVE)).form("leave")
    data = form.fill(**{"from": in_days(2).isoformat()})

    first, second = (rokeya.post(form.action, data=data) for _ in range(2))

    assert (first.status_code, second.status_code) == (303, 303)
    assert len(rows()) == 1


def test_whoever_is_booked_inside_is_shown_first(rokeya, chamber):
    row = book(chamber)

    answer = add(rokeya)

    page = see(answer)
    assert answer.status_code == 409
    assert page.h1 == "1 patient is booked in your leave"
    assert "Serial 12 Momena Bibi" in page
    assert f"/appointments/{row.ref}/move" in {link.href for link in page.links}
    assert rows() == []
    assert days(chamber) == list(range(1, 10))


def choose(browser, answer, then):
    form = see(answer).form("conflict")
    return browser.post(form.action, data=form.fill(then=then))


def test_they_are_kept(rokeya, chamber):
    row = book(chamber)

    assert choose(rokeya, add(rokeya), "keep").status_code == 303

    assert days(chamber) == [1, 3, 5, 6, 7, 8, 9]
    assert state(row) == "booked"


def test_or_the_sittings_are_cancelled_and_the_patients_told(rokeya, chamber):
    row = book(chamber)

    assert choose(rokeya, add(rokeya, reason="Umrah"), "cancel").status_code == 303
    jobs.end_sitting(row.sitting_id)

    assert days(chamber) == [1, 5, 6, 7, 8, 9]
    assert state(row) == "cancelled"
    assert db.session.scalars(db.select(Letter).filter_by(about=row.ref, channel="sms")).first()


def test_a_list_that_grew_meanwhile_is_shown_again(rokeya, chamber):
    book(chamber)
    answer = add(rokeya)
    late = book(chamber, number=14, name="Late Comer")

    again = choose(rokeya, answer, "cancel")

    assert again.status_code == 409
    assert "The list has changed since you looked." in see(again).alert
    assert state(late) == "booked"
    assert choose(rokeya, again, "cancel").status_code == 303


def test_a_sitting_in_which_all_ended_stands_in_nobodys_way(rokeya, chamber):
    book(chamber, status="cancelled")

    assert add(rokeya).status_code == 303
    assert days(chamber) == [1, 5, 6, 7, 8, 9]


def test_leave_is_removed_and_the_sittings_are_back(rokeya, chamber):
    add(rokeya)
    form = see(rokeya.get(LEAVE)).form(f"removal-{rows()[0].id}")

    answer = rokeya.post(form.action, data=form.fill())

    assert answer.status_code == 303
    assert (rows(), days(chamber)) == ([], list(range(1, 10)))
    assert db.session.scalars(db.select(AuditEntry.act).order_by(AuditEntry.id)).all() == ["add_leave", "remove_leave"]


def test_holidays_are_ticked_off(rokeya, chamber):
    form = see(rokeya.get(LEAVE)).form("holidays")
    offered = form.choices("days")

    answer = rokeya.post(form.action, data=form.fill(days=offered[:2]))

    assert answer.status_code == 303
    assert [row.first.isoformat() for row in rows()] == offered[:2]
    assert all("·" in row.reason for row in rows())


def test_ticking_none_says_so(rokeya, chamber):
    form = see(rokeya.get(LEAVE)).form("holidays")

    answer = rokeya.post(form.action, data=form.fill())

    assert (answer.status_code, see(answer).errors) == (422, ["Tick at least one holiday"])


def test_staff_add_leave_for_their_chamber_only(desk, chamber):
    page = see(desk.get(LEAVE))
    assert page.form("leave").choices("chamber") == [str(chamber.id)]

    forged = {**page.form("leave").fill(**{"from": in_days(2).isoformat()}), "chamber": ""}
    assert desk.post(page.form("leave").action, data=forged).status_code == 422
    assert add(desk).status_code == 303
    assert [row.chamber_id for row in rows()] == [chamber.id]


def test_staff_see_doctor_wide_leave_and_can_not_remove_it(rokeya, desk, chamber):
    add(rokeya)
    row = rows()[0].id
    form = see(rokeya.get(LEAVE)).form(f"removal-{row}")

    page = see(desk.get(LEAVE))

    assert "set by the doctor" in page
    token = page.form("leave").fields["csrf_token"]
    assert desk.post(form.action, data={"csrf_token": token}).status_code == 404
    assert len(rows()) == 1


def extra(browser, days=3, **values):
    form = see(browser.get(EXTRAS)).form("extra")
    given = {"day": in_days(days).isoformat(), "start": "9am", "end": "11am", "minutes": "10", **values}
    return browser.post(form.action, data=form.fill(**given))


def test_an_extra_sitting_is_added_and_listed(rokeya, chamber):
    answer = extra(rokeya)

    assert answer.status_code == 303
    page = see(rokeya.get(answer.headers["Location"]))
    assert "The sitting is added." in page.alert
    assert "9:00am – 11:00am 10 min each · ≈ 12 patients · 0 booked" in page
    assert db.session.scalars(db.select(AuditEntry.act)).all() == ["add_sitting"]


def test_one_that_overlaps_names_the_other(rokeya, chamber):
    answer = extra(rokeya, start="8pm", end="10pm")

    page = see(answer)
    assert answer.status_code == 409
    assert "The doctor already sits at Gomoti Hospital then:" in page.errors[0]
    assert page.form("extra").fields["start"] == "8pm"


def test_one_in_a_leave_names_the_leave(rokeya, chamber):
    add(rokeya)

    assert "The doctor is on leave then" in see(extra(rokeya)).errors[0]


def test_one_without_a_date_is_refused(rokeya, chamber):
    answer = extra(rokeya, day="")

    assert (answer.status_code, see(answer).errors) == (422, ["Enter a date"])


def test_an_empty_one_is_removed(rokeya, chamber):
    extra(rokeya)
    made = next(s for s in standing(chamber) if s.extra)
    form = see(rokeya.get(EXTRAS)).form(f"removal-{made.id}")

    assert rokeya.post(form.action, data=form.fill()).status_code == 303
    assert not any(s.extra for s in standing(chamber))


def test_one_that_somebody_took_meanwhile_is_not(rokeya, chamber):
    extra(rokeya)
    made = next(s for s in standing(chamber) if s.extra)
    form = see(rokeya.get(EXTRAS)).form(f"removal-{made.id}")
    make.hold(made, number=3, held_until=NOW.replace(year=2099))

    answer = rokeya.post(form.action, data=form.fill())

    assert answer.status_code == 409
    assert "Somebody has already been booked in this sitting." in see(answer).alert


def test_the_pages_read_in_bangla(rokeya, chamber):
    add(rokeya)
    extra(rokeya, days=6)
    rokeya.set_cookie("lang", "bn")

    assert see(rokeya.get(LEAVE)).form("leave")
    assert see(rokeya.get(EXTRAS)).form("extra")
