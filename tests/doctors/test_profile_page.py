"""A doctor's own profile and the fees of a chamber: what patients read, and what stays as it was."""

import pytest
from sqlalchemy import select

from doctapp.accounts.models import Person
from doctapp.appointments.models import Appointment
from doctapp.audit.models import AuditEntry
from doctapp.db import db
from doctapp.doctors.models import Chamber, Doctor
from tests import make
from tests.appointments.steps import answer, send, take
from tests.people import NOW
from tests.see import see


@pytest.fixture
def fields_of_medicine(evening):
    """Two specialties, of which Dr Rokeya has the first."""
    heart, skin = make.specialty("heart", name_en="Heart"), make.specialty("skin", name_en="Skin")
    evening.doctor.specialties = [heart]
    evening.doctor.languages = "bn en"
    db.session.commit()
    return heart, skin


@pytest.fixture
def hers(client, evening, fields_of_medicine):
    """Dr Rokeya's browser."""
    return make.sign_in(client, db.session.get(Person, evening.doctor.person_id))


def save(browser, **values):
    """Fill the profile in and send it; the answer."""
    page = see(browser.get("/doctor/profile"))
    return browser.post("/doctor/profile", data=filled(page.form("profile"), **values))


def filled(form, **values):
    """What the browser would post, with every ticked box."""
    ticked = {
        name: [box["value"] for box in form.tag.select(f"input[name={name}][checked]")]
        for name in ("specialties", "languages")
        if form.tag.select(f"input[name={name}]")
    }
    return {**form.fill(), **ticked, **values}


def fees_of(evening):
    return f"/doctor/chambers/{evening.chamber.id}/fees"


def set_fees(browser, evening, **values):
    """Fill the fees in and send them; the answer."""
    page = see(browser.get(fees_of(evening)))
    return browser.post(fees_of(evening), data=filled(page.form("fees"), **values))


def saved(row):
    db.session.rollback()
    return db.session.get(type(row), row.id)


def acts():
    return [(row.act, row.kind, row.side, row.clinic_id) for row in db.session.scalars(select(AuditEntry))]


def test_the_profile_shows_what_is_public_and_what_is_verified(hers, evening):
    page = see(hers.get("/doctor/profile"))

    assert page.h1 == "My public profile"
    assert evening.doctor.registration in page
    assert "Name and registration number were checked with the register" in page
    assert {"name_en", "registration"}.isdisjoint(page.form("profile").fields)
    assert page.form("profile").fields["degrees_en"] == "MBBS, FCPS (Medicine)"


def test_everything_is_saved_and_audited(hers, evening, fields_of_medicine):
    wrote = {
        "title_en": "Associate Professor",
        "title_bn": "সহযোগী অধ্যাপক",
        "degrees_en": "MBBS, MD",
        "degrees_bn": "এমবিবিএস, এমডি",
        "college_en": "Dhaka Medical College",
        "college_bn": "ঢাকা মেডিকেল কলেজ",
        "about_en": "Twenty years\nof hearts.",
        "about_bn": "হৃদরোগ",
    }
    ticked = {"specialties": [str(one.id) for one in fields_of_medicine], "languages": ["bn", "hi"]}

    sent = save(hers, **wrote, **ticked, passing_year="২০০৫")

    assert sent.headers["Location"] == "/doctor/profile?ok=saved"
    row = saved(evening.doctor)
    assert {name: getattr(row, name) for name in wrote} == wrote
    assert (row.passing_year, row.languages) == (2005, "bn hi")
    assert [one.name_en for one in row.specialties] == ["Heart", "Skin"]
    assert acts() == [("edit_profile", "doctor", "clinic", None)]


def test_the_public_page_and_the_search_follow(hers, other, evening, fields_of_medicine):
    save(hers, specialties=[str(fields_of_medicine[1].id)], degrees_en="MBBS, MD", passing_year=str(NOW.year - 17))

    page = see(other.get("/doctors/rokeya-begum"))
    assert "MBBS, MD" in page and "Skin" in page and "Heart" not in page
    assert f"passed in {NOW.year - 17} · 17 years of experience" in page
    assert "Rokeya Begum" in see(other.get("/doctors?specialty=skin"))
    assert "Rokeya Begum" not in see(other.get("/doctors?specialty=heart"))


def test_a_cache_that_kept_the_public_page_is_told_that_it_changed(hers, other, evening):
    tag = other.get("/doctors/rokeya-begum").headers["ETag"]
    assert other.get("/doctors/rokeya-begum", headers={"If-None-Match": tag}).status_code == 304

    save(hers, degrees_en="MBBS, MD")

    again = other.get("/doctors/rokeya-begum", headers={"If-None-Match": tag})
    assert again.status_code == 200
    assert again.headers["Cache-Control"] == "public, max-age=60"


def test_the_name_that_is_looked_for_is_folded_anew(hers, evening):
    db.session.get(Doctor, evening.doctor.id).search = ""
    db.session.commit()

    save(hers, degrees_en="MBBS, MD")

    assert saved(evening.doctor).search == "rokeya begum রোকেয়া বেগম"


def test_what_changes_for_others_is_said_before(hers, evening):
    make.appointment(evening.sitting, status="requested")
    make.appointment(evening.sitting, number=13, status="declined")

    assert "You have 1 appointment ahead: it stays as it is" in see(hers.get("/doctor/profile"))


def test_saving_what_is_so_already_writes_nothing(hers):
    save(hers)

    assert acts() == []


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"passing_year": "1900"}, "Enter the year in which you passed, like 2009"),
        ({"passing_year": "soon"}, "Enter the year in which you passed, like 2009"),
        ({"passing_year": str(NOW.year + 1)}, "Enter the year in which you passed, like 2009"),
        ({"specialties": []}, "Choose at least one specialty"),
        ({"languages": []}, "Choose at least one language"),
        ({"degrees_en": "", "degrees_bn": " "}, "Write your degrees in Bangla, in English or in both"),
        ({"college_en": "", "college_bn": ""}, "Write the college in Bangla, in English or in both"),
        ({"title_en": "x" * 201}, "Write it shorter, please"),
        ({"about_bn": "অ" * 2001}, "Write at most 2000 letters"),
        ({"specialties": ["999999"]}, "'999999' is not a valid choice for this field."),
        ({"languages": ["xx"]}, "'xx' is not a valid choice for this field."),
    ],
)
def test_what_is_wrong_is_said_and_everything_typed_stays(hers, evening, typed, said):
    page = see(save(hers, **{"about_en": "Kept", **typed}))

    assert page.code == 422
    assert page.errors == [said]
    assert page.form("profile").fields["about_en"] == "Kept"
    assert saved(evening.doctor).about_en == ""


def test_one_script_is_enough(hers, evening, other):
    save(hers, degrees_en="", college_en="")

    assert saved(evening.doctor).degrees_en == ""
    assert "এমবিবিএস" in see(other.get("/doctors/rokeya-begum"))


def test_name_registration_and_standing_never_change_here(hers, evening):
    save(hers, name_en="Somebody", registration="A-1", status="suspended", rating_tenths="50", degrees_en="MBBS")

    row = saved(evening.doctor)
    assert (row.name_en, row.status, row.rating_tenths) == ("Rokeya Begum", "approved", 47)
    assert row.registration != "A-1"


def test_an_applicant_edits_a_draft(client, app):
    person = make.person(name="Applicant")
    doctor = make.doctor("New Doctor", slug="applicant", status="applicant", person_id=person.id, languages="bn")
    doctor.specialties = [make.specialty()]
    db.session.commit()
    make.sign_in(client, person)

    assert "This is a draft" in see(client.get("/doctor/profile"))
    save(client, degrees_en="MBBS, MD")
    assert saved(doctor).degrees_en == "MBBS, MD"


def test_a_suspended_doctor_has_no_profile_to_edit(client, app):
    person = make.person(name="Suspended")
    make.doctor(status="suspended", person_id=person.id)

    assert make.sign_in(client, person).get("/doctor/profile").status_code == 404


def test_the_navigation_leads_to_the_profile(hers):
    assert see(hers.get("/doctor/requests")).link("Profile") == "/doctor/profile"


def test_the_profile_leads_to_the_fees_of_every_chamber(hers, evening):
    assert see(hers.get("/doctor/profile")).link("Change – Gomoti Hospital") == fees_of(evening)


def test_fees_are_typed_in_taka_and_kept_in_poisha(hers, evening):
    sent = set_fees(hers, evening, fee_new="৯০০", fee_follow_up="600", follow_up_days="45", room_en="room 301")

    assert sent.headers["Location"] == f"{fees_of(evening)}?ok=saved"
    row = saved(evening.chamber)
    assert (row.fee_new, row.fee_follow_up, row.follow_up_days, row.fee_report) == (90000, 60000, 45, 0)
    assert (row.room_en, row.languages) == ("room 301", "")
    assert acts() == [("set_fees", "chamber", "clinic", evening.clinic.id)]


def test_new_fees_are_public_and_who_asked_before_keeps_the_price(hers, other, evening):
    row = make.appointment(evening.sitting, status="requested")
    assert "1 appointment is ahead here. It keeps its price" in see(hers.get(fees_of(evening)))

    set_fees(hers, evening, fee_new="900")

    assert "৳ 900" in see(other.get("/doctors/rokeya-begum"))
    assert db.session.get(Appointment, row.id).price == 70000


def test_the_languages_of_a_chamber_are_shown_where_they_differ(hers, other, evening):
    set_fees(hers, evening, languages=["bn"])

    assert "Spoken here: Bangla" in see(other.get("/doctors/rokeya-begum"))


def test_the_clinics_staff_sets_the_fees_too(other, evening, nasrin):
    make.sign_in(other, nasrin)

    set_fees(other, evening, fee_report="100")

    assert saved(evening.chamber).fee_report == 10000


def test_another_clinics_staff_and_another_doctor_find_no_such_chamber(client, other, evening):
    clerk = make.person(name="Clerk")
    make.staff(clerk, make.clinic())
    karim = make.person(name="Karim")
    make.doctor("Karim Uddin", person_id=karim.id)

    for browser, person in ((client, clerk), (other, karim)):
        make.sign_in(browser, person)
        assert browser.get(fees_of(evening)).status_code == 404
        assert browser.get("/doctor/chambers/99999999999999999999/fees").status_code == 404


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"fee_new": ""}, "Enter a whole amount in taka, from 0 to 100,000"),
        ({"fee_new": "-1"}, "Enter a whole amount in taka, from 0 to 100,000"),
        ({"fee_follow_up": "100001"}, "Enter a whole amount in taka, from 0 to 100,000"),
        ({"fee_report": "12.50"}, "Enter a whole amount in taka, from 0 to 100,000"),
        ({"follow_up_days": "0"}, "Enter a number of days, from 1 to 365"),
        ({"report_days": "many"}, "Enter a number of days, from 1 to 365"),
        ({"room_bn": "x" * 81}, "Write it shorter, please"),
    ],
)
def test_wrong_fees_are_said_and_stay(hers, evening, typed, said):
    page = see(set_fees(hers, evening, **{"room_en": "room 9", **typed}))

    assert page.code == 422
    assert page.errors == [said]
    assert page.form("fees").fields | {"room_en": "room 9"} | typed == page.form("fees").fields
    assert saved(evening.chamber).fee_new == 70000


def test_a_fee_with_poisha_stays_so_until_it_is_changed(hers, evening):
    db.session.get(Chamber, evening.chamber.id).fee_new = 70050
    db.session.commit()

    set_fees(hers, evening, fee_follow_up="600")

    assert saved(evening.chamber).fee_new == 70050


def test_who_is_booking_meanwhile_is_shown_the_new_fee_before_asking(hers, other, alice, evening):
    make.sign_in(other, alice)
    row = take(other, evening.sitting)
    page = answer(other, row)
    set_fees(hers, evening, fee_new="900")

    refused = see(send(other, page, "payment"))

    assert refused.code == 409
    assert refused.errors == ["The fee has changed meanwhile. Look at the new one below before you ask."]
    assert "Total ৳ 900" in refused
    see(send(other, refused, "payment"))
    assert db.session.get(Appointment, row.id).price == 90000


def test_a_fee_never_comes_from_the_form(other, alice, evening):
    make.sign_in(other, alice)
    page = answer(other, take(other, evening.sitting))

    data = page.form("payment").fill(fee_seen="100") | {"price": "1"}

    assert other.post(page.form("payment").action, data=data).status_code == 409
    assert db.session.scalars(select(Appointment)).one().price is None


def test_the_pages_speak_bangla(hers, evening):
    hers.set_cookie("lang", "bn")

    assert see(hers.get("/doctor/profile")).form("profile")
    assert see(hers.get(fees_of(evening))).form("fees")


def test_the_pages_of_a_chambers_hours_and_its_fees_lead_to_each_other(hers, evening):
    assert see(hers.get("/doctor/schedule")).link("Fees and room") == fees_of(evening)
    assert see(hers.get(fees_of(evening))).link("Weekly hours").startswith("/doctor/schedule")
