"""The week: a row a weekday, edited in its place, with whoever is booked outside shown before anything is saved."""

import pytest

from doctapp.audit.models import AuditEntry
from doctapp.db import db
from doctapp.doctors.models import Chamber
from doctapp.schedules.models import WeeklyHours
from tests import make
from tests.people import NOW
from tests.schedules.planning import HTMX, NAMES, doctors_chamber, generate, in_days, sign_in, standing, times, weekday
from tests.see import see

WEEK = "/doctor/schedule"
FIVE, SIX, EIGHT, NINE = 17 * 60, 18 * 60, 20 * 60, 21 * 60


@pytest.fixture
def chamber(app):
    chamber = doctors_chamber(clinic=make.clinic(name_en="Gomoti Hospital"))
    make.hours(chamber, weekday=weekday(3))
    generate(chamber)
    return chamber


@pytest.fixture
def rokeya(client, chamber):
    """The doctor's browser."""
    return sign_in(client, chamber)


def hours_of(chamber):
    db.session.rollback()
    return db.session.scalars(db.select(WeeklyHours).filter_by(chamber_id=chamber.id)).all()


def edit(browser, chamber, which=None, **values):
    """Fill in the form of some hours as a browser without JavaScript does; the answer."""
    page = see(browser.get(address(chamber, which)))
    form = page.form("hours")
    return browser.post(form.action, data=form.fill(**values))


def address(chamber, which=None):
    return f"{WEEK}/{chamber.id}/{which or hours_of(chamber)[0].id}/edit"


def row_id(chamber, days=3):
    return f"day-{chamber.id}-{NAMES[weekday(days)]}"


def test_the_week_runs_from_saturday_to_friday(rokeya, chamber):
    page = see(rokeya.get(WEEK))

    assert page.h1 == "Weekly hours"
    days = [tag.get_text() for tag in page.select("#week > li > h2")]
    assert days == ["Saturday", "Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday"]
    assert "5:00pm to 9:00pm · 10 min each · ≈ 24 patients" in page
    assert page.text.count("No sitting") == 6


def test_the_week_is_in_the_navigation(rokeya, chamber):
    page = see(rokeya.get("/doctor/requests"))

    assert page.link("Hours") == WEEK


def test_edit_opens_the_row_alone_for_htmx(rokeya, chamber):
    link = see(rokeya.get(WEEK)).select(f"#{row_id(chamber)} a[hx-get]")[0]

    fragment = see(rokeya.get(link["hx-get"], headers=HTMX))

    assert link["hx-target"] == f"#{row_id(chamber)}"
    assert fragment.select(f"li#{row_id(chamber)} form#hours")
    assert not fragment.select("h1")


def test_edit_is_a_page_of_its_own_without_javascript(rokeya, chamber):
    page = see(rokeya.get(address(chamber)))

    fields = page.form("hours").fields
    assert {name for name in fields if name != "csrf_token"} == {
        *("chamber", "weekday", "start", "end", "minutes", "capacity")
    }  # fmt: skip
    assert (fields["start"], fields["end"], fields["minutes"], fields["capacity"]) == ("5:00pm", "9:00pm", "10", "24")


def test_saving_leads_back_to_the_row(rokeya, chamber):
    answer = edit(rokeya, chamber, start="18:00", end="8pm", minutes="10", capacity="12")

    assert answer.status_code == 303
    assert answer.headers["Location"].endswith(f"#{row_id(chamber)}")
    page = see(rokeya.get(answer.headers["Location"]))
    assert "saved. It counts from now on." in page.alert
    assert "6:00pm to 8:00pm · 10 min each · ≈ 12 patients" in page
    assert set(times(chamber)) == {(SIX, EIGHT)}


def test_saving_by_htmx_answers_the_row(rokeya, chamber):
    form = see(rokeya.get(address(chamber), headers=HTMX)).form("hours")

    answer = rokeya.post(form.action, data=form.fill(start="6pm", capacity="18"), headers=HTMX)

    fragment = see(answer)
    assert answer.status_code == 200
    assert fragment.select(f"li#{row_id(chamber)}[data-announce$='saved.']")
    assert "6:00pm to 9:00pm" in fragment
    assert fragment.link("Edit")


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        ("17:00", "20:00", (FIVE, EIGHT)),
        ("5pm", "8 pm", (FIVE, EIGHT)),
        ("5:30 PM", "9.00 pm", (FIVE + 30, NINE)),
        ("১৭:০০", "২০:০০", (FIVE, EIGHT)),
        ("বিকাল ৫টা", "রাত ৮:০০", (FIVE, EIGHT)),
        ("22:00", "1:30", (22 * 60, 25 * 60 + 30)),
    ],
)
def test_times_are_read_as_people_type_them(rokeya, chamber, start, end, expected):
    assert edit(rokeya, chamber, start=start, end=end, minutes="10", capacity="").status_code == 303

    assert set(times(chamber)) == {expected}


def test_the_number_of_patients_is_worked_out(rokeya, chamber):
    edit(rokeya, chamber, minutes="১৫", capacity="")

    assert [(row.minutes, row.capacity) for row in hours_of(chamber)] == [(15, 16)]


def test_the_minutes_are_worked_out(rokeya, chamber):
    edit(rokeya, chamber, minutes="", capacity="20")

    assert [(row.minutes, row.capacity) for row in hours_of(chamber)] == [(12, 20)]


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"start": "soon"}, "Enter when it begins, as 5pm or 17:00"),
        ({"end": ""}, "Enter when it ends, as 9pm or 21:00"),
        ({"end": "5pm"}, "Enter an end at most 16 hours after the beginning"),
        ({"minutes": "", "capacity": ""}, "Enter the minutes each patient takes, or how many patients you see"),
        ({"minutes": "0"}, "Enter from 1 to 240 minutes"),
        ({"minutes": "ten"}, "Enter from 1 to 240 minutes"),
        ({"capacity": "25"}, "So many patients do not fit between these times"),
    ],
)
def test_what_can_not_be_is_shown_beside_its_field(rokeya, chamber, typed, sentence):
    answer = edit(rokeya, chamber, **typed)

    page = see(answer)
    assert answer.status_code == 422
    assert page.errors == [sentence]
    assert {name: page.form("hours").fields[name] for name in typed} == typed
    assert set(times(chamber)) == {(FIVE, NINE)}


def test_hours_are_added_to_an_empty_day(rokeya, chamber):
    answer = edit(rokeya, chamber, NAMES[weekday(4)], start="9am", end="12pm", minutes="10")

    assert answer.status_code == 303
    assert len(hours_of(chamber)) == 2
    assert (9 * 60, 12 * 60) in times(chamber)


def test_a_day_may_have_several_spans(rokeya, chamber):
    edit(rokeya, chamber, NAMES[weekday(3)], start="9am", end="12pm", minutes="10")

    page = see(rokeya.get(WEEK))
    row = page.select(f"#{row_id(chamber)}")[0].get_text()
    assert row.index("9:00am") < row.index("5:00pm")


def test_the_form_below_the_week_sets_the_hours_of_a_day(rokeya, chamber):
    form = see(rokeya.get(WEEK)).form("hours")

    day = weekday(3)
    answer = rokeya.post(form.action, data=form.fill(weekday=day, start="17:00", end="20:00", minutes="10"))

    assert answer.status_code == 303
    assert [(row.start, row.until) for row in hours_of(chamber)] == [(FIVE, EIGHT)]


def test_hours_are_removed(rokeya, chamber):
    row = hours_of(chamber)[0].id
    form = see(rokeya.get(address(chamber))).form(f"removal-{row}")

    answer = rokeya.post(form.action, data=form.fill())

    assert answer.status_code == 303
    assert hours_of(chamber) == standing(chamber) == []


def test_an_overlap_names_the_other_place(rokeya, chamber):
    other = make.chamber(chamber.doctor, make.clinic(name_en="Town Hall Clinic"))

    answer = edit(rokeya, other, NAMES[weekday(3)], start="8pm", end="10pm", minutes="10")

    page = see(answer)
    assert answer.status_code == 409
    assert "The doctor already sits at Gomoti Hospital then:" in page.errors[0]
    assert "5:00pm – 9:00pm" in page.errors[0]
    assert page.form("hours").fields["start"] == "8pm"


def book(chamber, *, number=20, name="Momena Bibi", days=3, **given):
    """Somebody at the end of the evening of that day."""
    sitting = next(s for s in standing(chamber) if s.local_date == in_days(days))
    patient = make.patient(make.person(phone=f"+8801755{number:06}"), name, 58)
    return make.appointment(sitting, number=number, of=patient, **given)


def test_whoever_is_booked_outside_is_shown_before_anything_is_saved(rokeya, chamber):
    inside, out = book(chamber, number=2, name="Alice Akter"), book(chamber)

    answer = edit(rokeya, chamber, end="8pm", minutes="10", capacity="18")

    page = see(answer)
    assert answer.status_code == 409
    assert "1 booked patient falls outside." in page.alert
    assert "Serial 20 Momena Bibi" in page
    assert "about 8:10pm" in page
    assert "fits the new hours" in page
    assert page.link("Move – Serial 20, Momena Bibi") == f"/appointments/{out.ref}/move"
    assert page.link("Cancel – Serial 20, Momena Bibi") == f"/appointments/{out.ref}/cancellation"
    assert f"/appointments/{inside.ref}/move" in {link.href for link in page.links}
    assert page.link("Open this sitting") == f"/doctor/sittings/{out.sitting_id}"
    assert set(times(chamber)) == {(FIVE, NINE)}


def keep(browser, answer, **values):
    form = see(answer).form("keep")
    return browser.post(form.action, data=form.fill(**values))


def test_they_are_kept_by_a_button_and_all_other_days_follow(rokeya, chamber):
    row = book(chamber)
    answer = edit(rokeya, chamber, end="8pm", minutes="10", capacity="18")

    assert keep(rokeya, answer).status_code == 303

    kept = standing(chamber)[0]
    assert (kept.id, kept.hours_id, times(chamber)[0]) == (row.sitting_id, None, (FIVE, NINE))
    assert set(times(chamber)[1:]) == {(FIVE, EIGHT)}


def test_with_htmx_the_list_stands_in_the_row(rokeya, chamber):
    book(chamber)
    form = see(rokeya.get(address(chamber), headers=HTMX)).form("hours")

    answer = rokeya.post(form.action, data=form.fill(end="8pm", capacity="18"), headers=HTMX)
    fragment = see(answer)
    saved = rokeya.post(fragment.form("keep").action, data=fragment.form("keep").fill(), headers=HTMX)

    assert (answer.status_code, saved.status_code) == (409, 200)
    assert fragment.select(f"li#{row_id(chamber)} form#keep")
    assert "5:00pm to 8:00pm" in see(saved)


def test_a_list_that_grew_meanwhile_is_shown_again(rokeya, chamber):
    book(chamber)
    answer = edit(rokeya, chamber, end="8pm", minutes="10", capacity="18")
    book(chamber, number=21, name="Late Comer")

    again = keep(rokeya, answer)

    assert again.status_code == 409
    assert "The list has changed since you looked." in see(again).alert
    assert "Late Comer" in see(again)
    assert set(times(chamber)) == {(FIVE, NINE)}
    assert keep(rokeya, again).status_code == 303


def test_who_is_only_choosing_is_not_named(rokeya, chamber):
    make.hold(standing(chamber)[0], number=5, typed_name="Secret Name", held_until=NOW.replace(year=2099))

    page = see(edit(rokeya, chamber, end="8pm", minutes="10", capacity="18"))

    assert "Serial 5 being chosen just now" in page
    assert "Secret Name" not in page


def test_removing_hours_shows_the_list_too(rokeya, chamber):
    book(chamber)
    row = hours_of(chamber)[0].id
    form = see(rokeya.get(address(chamber))).form(f"removal-{row}")

    answer = rokeya.post(form.action, data=form.fill())

    assert answer.status_code == 409
    assert hours_of(chamber) != []
    assert keep(rokeya, answer).status_code == 303
    assert hours_of(chamber) == []
    assert [sitting.hours_id for sitting in standing(chamber)] == [None]


def test_the_patient_who_is_the_doctor_gets_no_buttons_there(rokeya, chamber):
    sitting = standing(chamber)[0]
    own = make.patient(chamber_person(chamber), "Rokeya Begum", 44)
    row = make.appointment(sitting, number=20, of=own)

    page = see(edit(rokeya, chamber, end="8pm", minutes="10", capacity="18"))

    assert f"/appointments/{row.ref}/move" not in {link.href for link in page.links}


def chamber_person(chamber):
    from doctapp.accounts.models import Person

    return db.session.get(Person, chamber.doctor.person_id)


def test_each_change_leaves_an_audit_row(rokeya, chamber):
    edit(rokeya, chamber, end="8pm", minutes="10", capacity="18")

    entry = db.session.scalars(db.select(AuditEntry)).one()
    assert (entry.act, entry.kind, entry.row_id) == ("set_hours", "chamber", chamber.id)
    assert (entry.person_id, entry.clinic_id) == (chamber.doctor.person_id, chamber.clinic_id)


def test_saving_what_is_so_already_changes_nothing(rokeya, chamber):
    page = see(rokeya.get(edit(rokeya, chamber).headers["Location"]))

    assert "stays as it was" in page.alert
    assert db.session.scalars(db.select(AuditEntry)).all() == []


def test_the_clinics_staff_see_the_chambers_of_their_clinic(other, chamber):
    clerk = make.person(name="Nasrin Akter")
    make.staff(clerk, chamber.clinic)
    second = make.chamber(make.doctor("Karim Uddin"), chamber.clinic)
    make.chamber()
    desk = make.sign_in(other, clerk)

    page = see(desk.get(WEEK))

    chips = [link.href for link in page.links if link.text.endswith("Gomoti Hospital")]
    assert chips == [f"{WEEK}?chamber={chamber.id}", f"{WEEK}?chamber={second.id}"]
    assert edit(desk, second, "sunday", start="9am", end="11am", minutes="10").status_code == 303


def test_the_doctor_is_told_what_the_desk_changed(client, other, chamber):
    clerk = make.person(name="Nasrin Akter")
    make.staff(clerk, chamber.clinic)
    edit(make.sign_in(other, clerk), chamber, end="8pm", minutes="10", capacity="18")

    page = see(sign_in(client, chamber).get("/notifications"))

    assert "Weekly hours were changed Nasrin Akter did it for Gomoti Hospital." in page.text.replace(" New", "")


def test_another_doctors_chamber_is_not_there(client, chamber):
    stranger = sign_in(client, doctors_chamber("Karim Uddin"))

    assert stranger.get(f"{WEEK}?chamber={chamber.id}").status_code == 404
    assert stranger.get(address(chamber)).status_code == 404


def test_the_week_reads_in_bangla(rokeya, chamber):
    rokeya.set_cookie("lang", "bn")

    page = see(rokeya.get(address(chamber)))

    assert page.form("hours").fields["start"] == "বিকাল ৫:০০"
    assert edit(rokeya, chamber).status_code == 303


SETTINGS = "/doctor/schedule/{}/settings"


def test_the_rules_of_booking_are_saved(rokeya, chamber):
    form = see(rokeya.get(SETTINGS.format(chamber.id))).form("settings")
    assert "Bookings already made keep the cut-off" in form.text

    answer = rokeya.post(form.action, data=form.fill(lead="৯০", cut_off="240", acceptance="auto"))

    assert answer.status_code == 303
    db.session.rollback()
    saved = db.session.get(Chamber, chamber.id, populate_existing=True)
    assert (saved.lead_minutes, saved.cut_off_minutes, saved.acceptance) == (90, 240, "auto")
    assert db.session.scalars(db.select(AuditEntry.act)).all() == ["set_chamber"]


def test_a_booking_keeps_the_cut_off_it_was_made_with(rokeya, chamber):
    row = book(chamber)
    form = see(rokeya.get(SETTINGS.format(chamber.id))).form("settings")

    rokeya.post(form.action, data=form.fill(cut_off="600"))

    db.session.refresh(row)
    assert row.cut_off_minutes == 120


@pytest.mark.parametrize("value", ["", "-1", "soon", "20161"])
def test_rules_that_can_not_be_are_refused(rokeya, chamber, value):
    form = see(rokeya.get(SETTINGS.format(chamber.id))).form("settings")

    answer = rokeya.post(form.action, data=form.fill(lead=value))

    assert answer.status_code == 422
    assert see(answer).errors == ["Enter minutes, from 0 to 20,160 (two weeks)"]


def test_how_patients_pay_is_saved_and_said_what_it_changes(rokeya, chamber):
    book(chamber)
    form = see(rokeya.get(SETTINGS.format(chamber.id))).form("settings")
    assert "1 appointment is ahead here: it keeps its price and the refund rule it was made with." in form.text
    assert form.choices("ways") == ["sandbox"]

    values = {
        "ways": ["sandbox"],
        "online_part": "either",
        "advance": "১০০",
        "refund_hours": "48",
        "refund_percent": "25",
    }
    answer = rokeya.post(form.action, data=form.fill(**values))

    assert answer.status_code == 303
    db.session.rollback()
    saved = db.session.get(Chamber, chamber.id, populate_existing=True)
    assert (saved.methods, saved.online_part, saved.advance) == ("chamber sandbox", "either", 10000)
    assert (saved.refund_minutes, saved.refund_percent) == (2880, 25)
    assert db.session.scalars(db.select(AuditEntry.act)).all() == ["set_chamber"]


def test_a_way_to_pay_that_is_not_set_up_just_now_is_kept(rokeya, chamber):
    chamber.methods = "chamber stripe sandbox"
    make.saved(chamber)
    form = see(rokeya.get(SETTINGS.format(chamber.id))).form("settings")

    rokeya.post(form.action, data=form.fill(ways=None))

    assert db.session.get(Chamber, chamber.id, populate_existing=True).methods == "chamber stripe"


@pytest.mark.parametrize(("values", "error"), [
    ({"ways": ["sandbox"], "online_part": "advance", "advance": ""}, "Enter the advance in whole taka"),
    ({"ways": ["sandbox"], "online_part": "advance", "advance": "0"}, "Enter a whole amount in taka, from 1 to 100,000"),
    ({"refund_hours": "337"}, "Enter hours, from 0 to 336 (two weeks)"),
    ({"refund_percent": "101"}, "Enter a share from 0 to 100"),
])  # fmt: skip
def test_rules_of_money_that_can_not_be_are_refused(rokeya, chamber, values, error):
    form = see(rokeya.get(SETTINGS.format(chamber.id))).form("settings")

    answer = rokeya.post(form.action, data=form.fill(**values))

    assert answer.status_code == 422
    assert see(answer).errors == [error]
