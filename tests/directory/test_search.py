"""Finding a doctor: by words, area, day and order."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from doctapp import clock
from doctapp.directory.search import SIZE, meant, search, words
from tests import make
from tests.people import HOUR, MINUTE, NOW
from tests.statements import counted

TOMORROW = clock.local(NOW, "Asia/Dhaka").date() + timedelta(days=1)


def found(**asked: object) -> list[str]:
    """The English names of the doctors found, in order."""
    return [card.doctor.name_en for card in search(now=NOW, **asked).items]


def practising(name: str = "Rokeya Begum", name_bn: str = "রোকেয়া বেগম", *, clinic=None, **given):
    """A doctor with a live chamber that sits tomorrow."""
    doctor = make.doctor(name, name_bn=name_bn, **given)
    make.sitting(make.chamber(doctor, clinic or make.clinic()))
    return doctor


@pytest.fixture
def heart(app):
    return make.specialty("heart", name_en="Heart", name_bn="হৃদ্‌রোগ", words="chest pain; palpitation;বুকে ব্যথা; বুক ধড়ফড়")


@pytest.mark.parametrize("q", ["rokeya", "ROKEYA begum", "begum rok", "Dr Rokeya", "Dr. Rokeya Begum", "  keya  "])
def test_a_doctor_is_found_by_any_part_of_the_english_name_with_or_without_the_title(app, q):
    practising()

    assert found(q=q) == ["Rokeya Begum"]


@pytest.mark.parametrize("q", ["রোকেয়া", "রোকেয়া বেগম", "ডা. রোকেয়া", "ডাঃ বেগম", "রোকেয়া ডাক্তার"])
def test_a_doctor_is_found_by_any_part_of_the_bangla_name_with_or_without_the_title(app, q):
    practising()

    assert found(q=q) == ["Rokeya Begum"]


def test_every_word_must_match(app):
    practising()

    assert found(q="rokeya haque") == []


def test_signs_only_separate_words(app):
    practising()

    assert found(q="rok_ya") == found(q="begum,rokeya") == ["Rokeya Begum"]
    assert found(q="r%z") == []
    assert found(q="%") == found(q="\\") == found(q="'") == found(q="\0") == ["Rokeya Begum"]


@pytest.mark.parametrize(
    "q", ["heart", "chest pain", "pain in chest", "palpit", "বুকে ব্যথা", "হৃদ্‌রোগ", "হৃদরোগ", "বুকের ব্যথা"]
)
def test_a_doctor_is_found_by_the_specialty_and_its_illnesses_in_both_scripts(heart, q):
    practising(specialties=[heart])
    practising("Anisur Rahman", "আনিসুর রহমান")

    expected = [] if q == "pain in chest" else ["Rokeya Begum"]
    assert found(q=q) == expected


def test_a_short_word_is_only_looked_for_where_a_word_begins(heart):
    practising(specialties=[heart])

    assert found(q="hea") == ["Rokeya Begum"]
    assert found(q="ear") == []


def test_words_of_the_name_and_of_the_illness_may_be_mixed(heart):
    practising(specialties=[heart])
    practising("Anisur Rahman", "আনিসুর রহমান", specialties=[heart])

    assert found(q="chest anisur") == ["Anisur Rahman"]


def test_a_word_tells_which_specialties_it_means(heart):
    assert meant("chest rokeya") == {"chest": {heart.id}, "rokeya": set()}


def test_words_are_folded_and_bounded(app):
    assert words("Dr. ROKEYA ১২") == ["rokeya", "12"]
    assert len(words("a " * 500)) == 8
    assert words("ডা.") == []


def test_the_specialty_filter_keeps_only_its_doctors(heart):
    practising(specialties=[heart])
    practising("Anisur Rahman")

    assert found(specialty="heart") == ["Rokeya Begum"]


def test_an_area_includes_all_below_it(app):
    division = make.area("chattogram-division", "division")
    district = make.area("cumilla", "district", division)
    kandirpar = make.area("kandirpar", "area", district)
    practising(clinic=make.clinic(area=kandirpar))
    practising("Anisur Rahman", clinic=make.clinic(area=make.area("dhaka")))

    assert found(area="kandirpar") == found(area="cumilla") == found(area="chattogram-division") == ["Rokeya Begum"]
    assert found(area="dhaka") == ["Anisur Rahman"]
    assert found(area="no-such-area") == []


def test_only_approved_doctors_with_a_live_chamber_are_found(app):
    practising(status="applicant")
    practising(status="suspended")
    make.sitting(make.chamber(make.doctor("No Live Chamber"), live_at=None))
    make.sitting(make.chamber(make.doctor("Live Later"), live_at=NOW + HOUR))
    make.doctor("No Chamber")

    assert found() == []


def test_a_doctor_without_sittings_is_found_and_has_no_places(app):
    make.chamber(make.doctor())

    (card,) = search(now=NOW).items
    assert card.places == []
    assert card.fee == 70000


def test_the_best_rated_come_first_and_the_unrated_last(app):
    practising("New", rating_tenths=None, rating_count=0)
    practising("Good few", rating_tenths=47, rating_count=3)
    practising("Good many", rating_tenths=47, rating_count=300)
    practising("Best", rating_tenths=50, rating_count=1)
    practising("Bad", rating_tenths=30, rating_count=9)

    assert found() == ["Best", "Good many", "Good few", "Bad", "New"]


def test_sorted_by_soonest_the_next_free_place_decides_not_the_start_of_the_sitting(app):
    early = make.sitting(make.chamber(make.doctor("Starts first")), start=17 * 60, capacity=4, minutes=30)
    make.sitting(make.chamber(make.doctor("Free first")), start=18 * 60)
    make.chamber(make.doctor("Never"))
    for number in (1, 2, 3):
        make.hold(early, number=number, browser=str(number))

    assert found(sort="soonest") == ["Free first", "Starts first", "Never"]


def test_a_gap_between_taken_numbers_is_the_next_free_place(app):
    gap = make.sitting(make.chamber(make.doctor("Gap at ten past")))
    make.sitting(make.chamber(make.doctor("From twenty past")), start=17 * 60 + 20)
    make.hold(gap, number=1, browser="a")
    make.hold(gap, number=3, browser="b")

    (first, _) = search(now=NOW, sort="soonest").items
    assert first.doctor.name_en == "Gap at ten past"
    assert [place.number for place in first.places] == [2, 4]


def test_a_card_shows_the_next_two_free_places_exactly(app):
    sitting = make.sitting()
    make.sitting(sitting.chamber, days=2)
    make.appointment(sitting, number=1)
    make.hold(sitting, number=2)

    (card,) = search(now=NOW).items
    assert [place.number for place in card.places] == [3, 4]
    assert {place.sitting.id for place in card.places} == {sitting.id}


def test_a_card_goes_on_to_the_next_sitting_when_one_is_nearly_full(app):
    sitting = make.sitting(capacity=2)
    later = make.sitting(sitting.chamber, days=2)
    make.hold(sitting, number=1)

    (card,) = search(now=NOW).items
    assert [(place.sitting.id, place.number) for place in card.places] == [(sitting.id, 2), (later.id, 1)]


def test_ended_and_overdue_appointments_keep_no_place(app):
    sitting = make.sitting(capacity=2)
    make.appointment(sitting, number=1, status="cancelled")
    make.hold(sitting, number=2, held_until=NOW - MINUTE)

    (card,) = search(now=NOW, day=TOMORROW).items
    assert [place.number for place in card.places] == [1, 2]


def test_extras_beyond_the_capacity_take_no_place_from_anybody(app):
    sitting = make.sitting(capacity=2)
    for number in (1, 3, 4):
        make.appointment(sitting, number=number)

    (card,) = search(now=NOW, day=TOMORROW).items
    assert [place.number for place in card.places] == [2]


def test_a_day_keeps_only_doctors_with_a_free_place_on_it(app):
    free, full = make.sitting(), make.sitting(capacity=1)
    make.sitting(make.chamber(make.doctor("Another day")), days=2)
    make.sitting(make.chamber(make.doctor("Cancelled")), cancelled_at=NOW)
    make.sitting(full.chamber, days=2)
    make.hold(full, number=1)

    (card,) = search(now=NOW, day=TOMORROW).items
    assert card.doctor.id == free.doctor_id
    assert {place.sitting.local_date for place in card.places} == {TOMORROW}
    assert found(day=TOMORROW + timedelta(days=30)) == []


def running(*, capacity: int):
    """A sitting that began an hour ago; its numbers from 14 on are more than an hour ahead."""
    row = make.sitting(starts_at=NOW - HOUR, capacity=capacity)
    make.hold(row, number=14)
    return row


def test_of_a_running_sitting_only_what_is_beyond_the_lead_time_is_offered(app):
    sitting = running(capacity=15)

    (card,) = search(now=NOW, day=sitting.local_date, sort="soonest").items
    assert [place.number for place in card.places] == [15]


def test_a_running_sitting_without_a_place_beyond_the_lead_time_is_none_on_that_day(app):
    sitting = running(capacity=14)

    assert found(day=sitting.local_date) == []


def test_the_chamber_shown_is_the_one_in_the_chosen_area(app):
    doctor = make.doctor()
    here, there = make.clinic(area=make.area("cumilla")), make.clinic(area=make.area("dhaka"))
    make.sitting(make.chamber(doctor, here))
    make.sitting(make.chamber(doctor, there, fee_new=90000), days=3)

    (card,) = search(now=NOW, area="dhaka").items
    assert card.clinic.id == there.id
    assert card.fee == 90000
    assert {place.sitting.chamber.clinic_id for place in card.places} == {there.id}


def test_an_area_and_a_day_must_be_true_of_the_same_chamber(app):
    doctor = make.doctor()
    make.sitting(make.chamber(doctor, make.clinic(area=make.area("cumilla"))))
    make.sitting(make.chamber(doctor, make.clinic(area=make.area("dhaka"))), days=2)

    assert found(area="cumilla", day=TOMORROW) == ["Rokeya Begum"]
    assert found(area="dhaka", day=TOMORROW) == []


def test_there_are_twenty_a_page_and_a_page_past_the_end_is_the_last(app):
    for n in range(SIZE + 3):
        practising(f"Doctor {n:02}", rating_tenths=None, rating_count=0)

    first, second, far = (search(now=NOW, page=page) for page in (1, 2, 40))

    assert [len(page.items) for page in (first, second, far)] == [20, 3, 3]
    assert (first.total, far.total, far.number) == (23, 23, 2)
    assert not {c.doctor.id for c in first.items} & {c.doctor.id for c in second.items}


def test_the_number_of_queries_does_not_grow_with_the_doctors(heart):
    cumilla = make.area("cumilla")
    for n in range(12):
        practising(f"Doctor {n}", specialties=[heart], clinic=make.clinic(area=cumilla))
    everything = {"q": "chest", "specialty": "heart", "area": "cumilla", "day": TOMORROW, "sort": "soonest"}

    with counted() as sent:
        page = search(now=NOW, **everything)
        assert [(card.clinic.area.name_en, card.specialties[0].slug) for card in page.items]

    assert len(page.items) == 12
    assert len(sent) <= 10


def test_the_day_is_the_clinics_own(app):
    abroad = make.sitting(make.chamber(clinic=make.clinic(zone="Asia/Tokyo")), days=1, start=30)

    assert found(day=abroad.local_date) == ["Rokeya Begum"]
    assert found(day=abroad.local_date - timedelta(days=1)) == []


def test_a_date_far_away_is_simply_empty(app):
    practising()

    assert found(day=date(2400, 1, 1)) == []
