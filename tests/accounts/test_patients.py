"""Patients of a person: the same name, sex and age is the same patient; six relatives and no more."""

from datetime import UTC, datetime

import pytest

from doctapp.accounts import patients
from doctapp.accounts.patients import RELATIVES, TooManyRelatives
from tests import make
from tests.people import ALICE, BOB, NOW


def find_or_make(person, name="Momena Bibi", age=58, sex="female", *, oneself=False, now=NOW):
    given = {"name": name, "sex": sex, "age": age, "oneself": oneself, "phone": ALICE, "now": now}
    return patients.find_or_make(person=person, **given)


@pytest.fixture
def momena(alice):
    return find_or_make(alice)


@pytest.mark.parametrize("age", [57, 58, 59])
def test_the_same_name_sex_and_age_within_a_year_is_the_same_patient(alice, momena, age):
    assert find_or_make(alice, "  momena   BIBI. ", age).id == momena.id


@pytest.mark.parametrize("other", [{"age": 56}, {"age": 60}, {"sex": "other"}, {"name": "Momena Begum"}])
def test_another_age_sex_or_name_is_another(alice, momena, other):
    assert find_or_make(alice, **other).id != momena.id


def test_the_same_name_of_another_person_is_another_patient(alice, bob, momena):
    assert find_or_make(bob).id != momena.id


def test_a_year_later_she_is_a_year_older(alice, momena):
    later = NOW.replace(year=NOW.year + 5, day=1)

    assert patients.age(momena, now=later) == 63
    assert find_or_make(alice, age=63, now=later).id == momena.id


def test_a_near_match_is_worth_asking_about(alice, momena):
    mine = patients.of_person(alice.id)

    assert patients.near(mine, name="momena bibi", sex="female", age=40, now=NOW) == [momena]
    assert patients.near(mine, name="Momena Bibi", sex="other", age=58, now=NOW) == [momena]
    assert patients.near(mine, name="Momena Bibi", sex="female", age=58, now=NOW) == []
    assert patients.near(mine, name="Nobody", sex="female", age=58, now=NOW) == []


def test_oneself_comes_first(alice, momena):
    assert [patient.name for patient in patients.of_person(alice.id)] == ["Alice Akter", "Momena Bibi"]


def test_who_says_me_for_the_first_time_gives_the_person_a_name(app):
    person = make.person(phone=ALICE)

    patient = find_or_make(person, "Rahima Khatun", oneself=True)

    assert patient.oneself
    assert person.name == "Rahima Khatun"


def test_a_second_me_of_another_name_is_a_relative(alice):
    assert not find_or_make(alice, oneself=True).oneself
    assert alice.name == "Alice Akter"


def test_six_relatives_and_oneself_fit_and_no_seventh(alice):
    for n in range(RELATIVES):
        find_or_make(alice, f"Relative {'abcdef'[n]}")

    with pytest.raises(TooManyRelatives) as refusal:
        find_or_make(alice, "Relative g")

    assert refusal.value.status == 409
    assert find_or_make(alice, "Relative a").name == "Relative a"
    assert len(patients.of_person(alice.id)) == RELATIVES + 1


@pytest.mark.parametrize("name", ["ß" * 120, "ΐ" * 120, "ড়" * 60, "x" * 120])
def test_a_name_that_grows_when_it_is_compared_fits_and_is_found_again(alice, name):
    made = find_or_make(alice, name)

    assert made.name == patients.names.tidy(name)
    assert len(made.name_key) <= 120
    assert find_or_make(alice, name).id == made.id


def test_a_child_of_this_year_is_0(alice):
    assert find_or_make(alice, "Baby", 0).born == NOW.year


def test_an_age_is_known_to_within_one_year(alice):
    patient = find_or_make(alice, age=58, now=datetime(2026, 12, 31, tzinfo=UTC))

    assert patients.age(patient, now=datetime(2027, 1, 1, tzinfo=UTC)) == 59


def call(name="Momena Bibi", age=58, sex="female", phone=BOB):
    return patients.make_for_caller(name=name, sex=sex, age=age, phone=phone, now=NOW)


def test_a_callers_patient_has_a_phone_and_no_owner(app):
    row = call("  Momena   Bibi ")

    assert (row.name, row.phone, row.person_id, row.oneself) == ("Momena Bibi", BOB, None, False)


@pytest.mark.parametrize("again", [{}, {"age": 57}, {"age": 59}, {"name": "MOMENA bibi."}])
def test_a_caller_with_the_same_phone_name_sex_and_age_is_the_same_patient(app, again):
    assert call(**again).id == call().id


@pytest.mark.parametrize("other", [{"age": 61}, {"sex": "male"}, {"name": "Momena Khatun"}, {"phone": ALICE}])
def test_another_phone_name_sex_or_age_is_another_caller(app, other):
    assert call(**other).id != call().id


def test_a_caller_who_was_claimed_since_is_the_same_patient(app, bob):
    row = call()
    row.person_id = bob.id

    assert call().id == row.id


def test_who_is_taken_off_the_list_is_left_out_and_found_again(alice, momena):
    patients.hide(momena.id, person_id=alice.id, now=NOW)

    assert [patient.name for patient in patients.of_person(alice.id)] == ["Alice Akter"]
    assert find_or_make(alice).id == momena.id
    assert [patient.name for patient in patients.of_person(alice.id)] == ["Alice Akter", "Momena Bibi"]


def test_a_correction_keeps_the_year_of_birth_where_the_age_is_the_same(alice, momena):
    patients.change(momena.id, person_id=alice.id, name="Momena Khatun", sex="female", age=58, now=NOW)

    assert (momena.name, momena.name_key, momena.born) == ("Momena Khatun", "momena khatun", NOW.year - 58)
