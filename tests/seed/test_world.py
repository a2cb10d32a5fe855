import csv
import itertools
import re
import unicodedata
from collections import Counter
from dataclasses import fields
from datetime import date

import pytest

from doctapp.seed import names
from doctapp.seed.world import AREAS, CALLINGS, SPECIALTIES, Doctor, describe

WORLD = describe()
BANGLA = re.compile(r"[\u0985-\u09b9]")
TAGS = {
    "demo": 1,
    "karim": 1,
    "on-leave": 3,
    "full": 5,
    "two-chambers-one-day": 1,
    "past-midnight": 1,
    "short-name": 1,
    "long-name": 1,
    "equal-names": 3,
    "forty-requests": 1,
    "automatic": 1,
    "no-hours": 1,
    "new": 1,
    "applicant": 2,
    "suspended": 1,
}


def slugs(path) -> set[str]:
    with path.open(encoding="utf-8", newline="") as file:
        return {row["slug"] for row in csv.DictReader(file)}


def tagged(tag: str, world=WORLD) -> list[Doctor]:
    return [doctor for doctor in world.doctors if tag in doctor.tags]


def test_the_same_world_is_described_every_time():
    assert describe() == WORLD


def test_a_larger_world_begins_with_the_same_doctors():
    assert describe(500).doctors[:300] == WORLD.doctors


@pytest.mark.parametrize("size", [20, 300, 4_000])
def test_it_has_as_many_doctors_as_asked_each_with_an_address_and_a_number(size):
    doctors = describe(size).doctors

    assert (
        len(doctors)
        == len({doctor.slug for doctor in doctors})
        == len({doctor.registration for doctor in doctors})
        == size
    )
    assert all(re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", doctor.slug) for doctor in doctors)


@pytest.mark.parametrize("size", [20, 300])
def test_every_special_case_is_there_whatever_the_size(size):
    world = describe(size)

    assert all(len(tagged(tag, world)) >= least for tag, least in TAGS.items())


def test_too_few_doctors_are_refused():
    with pytest.raises(ValueError, match="at least 20"):
        describe(19)


def test_there_are_about_sixty_clinics_and_more_than_half_in_four_districts():
    with AREAS.open(encoding="utf-8", newline="") as file:
        parents = {row["slug"]: row["parent"] for row in csv.DictReader(file)}
    four = [clinic for clinic in WORLD.clinics if parents[clinic.area] in {"cumilla", "dhaka", "chattogram", "sylhet"}]

    assert 55 <= len(WORLD.clinics) <= 75
    assert len(four) > len(WORLD.clinics) / 2


def test_a_large_world_has_more_clinics():
    clinics = describe(5_000).clinics

    assert len(clinics) == len({clinic.slug for clinic in clinics}) == len(WORLD.clinics) + 50
    assert len({clinic.phone for clinic in clinics}) == len(clinics)
    assert {clinic.area for clinic in clinics} <= slugs(AREAS)


def test_every_clinic_lies_in_a_known_area_and_every_chamber_at_a_known_clinic():
    assert {clinic.area for clinic in WORLD.clinics} <= slugs(AREAS)
    assert {chamber.clinic for doctor in WORLD.doctors for chamber in doctor.chambers} <= {
        clinic.slug for clinic in WORLD.clinics
    }


def test_every_specialty_has_a_doctor():
    assert {slug for doctor in WORLD.doctors for slug in doctor.specialties} == slugs(SPECIALTIES) == set(CALLINGS)


def test_rokeya_begum_comes_first_as_the_demo_promises():
    rokeya = WORLD.doctors[0]
    gomoti, town_hall = rokeya.chambers

    assert (rokeya.slug, rokeya.name_bn, rokeya.registration, rokeya.registration_until) == (
        "rokeya-begum",
        "রোকেয়া বেগম",
        "A-48213",
        date(2028, 6, 30),
    )
    assert (rokeya.rating_tenths, rokeya.rating_count, rokeya.languages) == (47, 128, ("bn", "en"))
    assert (gomoti.clinic, gomoti.room_en, gomoti.fee_new, gomoti.fee_follow_up, gomoti.fee_report) == (
        "gomoti-hospital",
        "Room 204",
        70_000,
        50_000,
        0,
    )
    assert (gomoti.acceptance, gomoti.follow_up_days, gomoti.report_days) == ("hand", 30, 7)
    assert {(hours.start, hours.end, hours.minutes, hours.capacity) for hours in gomoti.hours} == {(1020, 1260, 10, 24)}
    assert {hours.weekday for hours in gomoti.hours} == {5, 6, 0, 1, 2, 3}
    assert (
        town_hall.clinic,
        town_hall.fee_new,
        [(hours.weekday, hours.start, hours.end) for hours in town_hall.hours],
    ) == ("town-hall-clinic", 60_000, [(4, 600, 780)])


def test_karim_uddin_comes_second():
    karim = WORLD.doctors[1]

    assert (karim.slug, karim.specialties[0], karim.chambers[0].clinic) == (
        "karim-uddin",
        "heart",
        "mainamati-heart-centre",
    )


def test_three_doctors_share_one_name_and_no_specialty():
    three = tagged("equal-names")

    assert len({doctor.name_en for doctor in three}) == 1
    assert len({doctor.specialties[0] for doctor in three}) == 3


def test_the_tags_say_what_is_so():
    assert len(tagged("short-name")[0].name_en) == len(tagged("short-name")[0].name_bn) == 2
    assert len(tagged("long-name")[0].name_en) >= 60
    assert any(not chamber.hours for doctor in tagged("no-hours") for chamber in doctor.chambers)
    assert {
        (hours.start, hours.end)
        for doctor in tagged("past-midnight")
        for chamber in doctor.chambers
        for hours in chamber.hours
    } == {(1320, 1530)}
    assert all(
        doctor.rating_tenths is None and doctor.rating_count == 0 for doctor in tagged("new") + tagged("applicant")
    )
    assert {doctor.slug for doctor in tagged("automatic")} == {
        doctor.slug for doctor in WORLD.doctors if "auto" in {chamber.acceptance for chamber in doctor.chambers}
    }


def test_nobody_sits_in_two_places_at_once():
    for doctor in WORLD.doctors:
        week = sorted(
            (hours.weekday * 1440 + hours.start, hours.weekday * 1440 + hours.end)
            for chamber in doctor.chambers
            for hours in chamber.hours
        )
        around = [*week, *((start + 7 * 1440, end + 7 * 1440) for start, end in week[:1])]
        assert all(before[1] <= after[0] for before, after in itertools.pairwise(around)), doctor.slug


def test_fees_hours_ratings_and_dates_are_within_reason():
    for doctor in WORLD.doctors:
        assert date(2027, 1, 1) <= doctor.registration_until <= date(2029, 12, 31)
        assert (doctor.rating_tenths is None) == (doctor.rating_count == 0)
        assert doctor.rating_tenths is None or 10 <= doctor.rating_tenths <= 50
        assert len({chamber.clinic for chamber in doctor.chambers}) == len(doctor.chambers) >= 1
        for chamber in doctor.chambers:
            assert 15_000 <= chamber.fee_follow_up <= chamber.fee_new * 2
            assert chamber.fee_new <= 200_000
            assert chamber.fee_report < chamber.fee_new
            assert chamber.fee_follow_up < chamber.fee_new
            assert chamber.fee_new % 5_000 == 0
            assert all(1 <= hours.capacity <= (hours.end - hours.start) // hours.minutes for hours in chamber.hours)


def test_every_bangla_text_is_bangla_in_nfc():
    chambers = [chamber for doctor in WORLD.doctors for chamber in doctor.chambers]
    for row in (*WORLD.clinics, *WORLD.doctors, *chambers, *names.people(200)):
        for field in fields(row):
            if field.name.endswith("_bn"):
                text = getattr(row, field.name)
                assert BANGLA.search(text), text
                assert not re.search("[A-Za-z0-9]", text), text
                assert unicodedata.is_normalized("NFC", text), text


def test_a_name_is_spelled_the_same_way_in_bangla_every_time():
    spelling: dict[str, str] = {}
    for person in (*describe(5_000).doctors, *names.people(5_000)):
        for en, bn in zip(person.name_en.split(), person.name_bn.split(), strict=True):
            assert spelling.setdefault(en, bn) == bn, en


def test_patients_are_the_same_every_time_and_of_all_ages():
    people = names.people(400)

    assert people == names.people(400)
    assert names.people(10) == people[:10]
    assert set(Counter(person.sex for person in people)) == {"female", "male"}
    assert min(person.age for person in people) < 5
    assert max(person.age for person in people) > 70


def test_every_specialty_has_reasons_to_come():
    for specialty in CALLINGS:
        assert len(names.reasons(specialty)) >= 3
        assert all(
            BANGLA.search(reason.bn) and unicodedata.is_normalized("NFC", reason.bn) and reason.en.isascii()
            for reason in names.reasons(specialty)
        )
