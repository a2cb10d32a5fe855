"""Weekly hours that change: empty sittings follow, others keep their times, and nobody is moved."""

import pytest

from doctapp.appointments import conflicts
from doctapp.appointments.models import Appointment, Event
from doctapp.db import db, transaction
from doctapp.doctors.models import Chamber
from doctapp.schedules import hours
from doctapp.schedules.hours import Span
from doctapp.schedules.models import Sitting, WeeklyHours
from tests import make
from tests.people import MINUTE, NOW
from tests.schedules.planning import doctors_chamber, generate, standing, times, weekday, with_hours

FIVE, SIX, EIGHT, NINE = 17 * 60, 18 * 60, 20 * 60, 21 * 60


def span(start=FIVE, until=EIGHT, minutes=10, capacity=18, *, days=3):
    return Span(weekday(days), start, until, minutes, capacity)


def change(chamber, wanted, row=None, *, seen="", now=NOW):
    """Save hours as the door does."""
    with transaction():
        chamber = db.session.get(Chamber, chamber.id)
        found = hours.weigh(chamber, wanted, hours_id=row.id if row else None, now=now)
        conflicts.settle(found.sittings, seen=seen, now=now)
        return hours.save(found, wanted, chamber=chamber, unused=conflicts.unused(), now=now)


def remove(chamber, row, *, seen="", now=NOW):
    with transaction():
        found = hours.weigh(db.session.get(Chamber, chamber.id), None, hours_id=row.id, now=now)
        conflicts.settle(found.sittings, seen=seen, now=now)
        hours.remove(found, unused=conflicts.unused(), now=now)


def shown(chamber):
    """The digest of the list that stands in the way now."""
    return conflicts.digest(conflicts.among([s.id for s in standing(chamber)], now=NOW))


@pytest.fixture
def chamber(app):
    return doctors_chamber()


@pytest.fixture
def row(chamber):
    return with_hours(chamber)


def test_generated_sittings_name_their_hours(chamber, row):
    assert {sitting.hours_id for sitting in standing(chamber)} == {row.id}


def test_empty_sittings_follow_changed_hours(chamber, row):
    assert change(chamber, span(SIX, EIGHT, capacity=12), row)

    assert set(times(chamber)) == {(SIX, EIGHT)}
    assert {sitting.hours_id for sitting in standing(chamber)} == {row.id}
    assert len(standing(chamber)) == 9


def test_a_sitting_with_somebody_in_it_is_detached_and_keeps_its_times(chamber, row):
    first = standing(chamber)[0]
    booked = make.appointment(first, number=3)

    change(chamber, span(SIX, EIGHT, capacity=12), row, seen=shown(chamber))

    kept = standing(chamber)[0]
    assert (kept.id, kept.hours_id, times(chamber)[0]) == (first.id, None, (FIVE, NINE))
    assert set(times(chamber)[1:]) == {(SIX, EIGHT)}
    db.session.refresh(booked)
    assert (booked.sitting_id, booked.status) == (first.id, "booked")


@pytest.mark.parametrize("status", ["expired", "cancelled", "declined"])
def test_a_sitting_in_which_something_ended_is_detached_too(chamber, row, status):
    first = standing(chamber)[0]
    make.appointment(first, number=3, status=status)

    change(chamber, span(SIX, EIGHT, capacity=12), row, seen=shown(chamber))

    assert (standing(chamber)[0].id, standing(chamber)[0].hours_id) == (first.id, None)


def test_a_sitting_that_somebody_was_moved_out_of_is_detached_too(chamber, row):
    first, second = standing(chamber)[:2]
    moved = make.appointment(second, number=3)
    make.saved(
        Event(
            appointment_id=moved.id,
            act="move",
            was="booked",
            became="booked",
            side="patient",
            at=NOW,
            was_sitting_id=first.id,
            was_number=3,
        )  # fmt: skip
    )

    change(chamber, span(SIX, EIGHT, capacity=12), row, seen=shown(chamber))

    assert [sitting.id for sitting in standing(chamber)[:2]] == [first.id, second.id]


def test_what_was_detached_once_does_not_follow_later_changes(chamber, row):
    make.appointment(standing(chamber)[0], number=3)
    change(chamber, span(SIX, EIGHT, capacity=12), row, seen=shown(chamber))

    change(chamber, span(FIVE, EIGHT), row)

    assert times(chamber)[0] == (FIVE, NINE)
    assert set(times(chamber)[1:]) == {(FIVE, EIGHT)}


def test_with_somebody_booked_nothing_is_changed_before_the_list_was_seen(chamber, row):
    make.appointment(standing(chamber)[0], number=3)

    with pytest.raises(conflicts.InTheWay):
        change(chamber, span(SIX, EIGHT, capacity=12), row)

    assert set(times(chamber)) == {(FIVE, NINE)}


def test_whoever_came_since_the_list_was_seen_makes_it_shown_again(chamber, row):
    make.appointment(standing(chamber)[0], number=3)
    seen = shown(chamber)
    make.hold(standing(chamber)[1], number=4)

    with pytest.raises(conflicts.InTheWay):
        change(chamber, span(SIX, EIGHT, capacity=12), row, seen=seen)

    assert set(times(chamber)) == {(FIVE, NINE)}


def test_hours_that_stay_as_they_are_detach_nothing(chamber, row):
    make.appointment(standing(chamber)[0], number=3)

    assert not change(chamber, hours.of(row), row)
    assert {sitting.hours_id for sitting in standing(chamber)} == {row.id}


def test_a_sitting_that_has_begun_stays(chamber, row):
    first = standing(chamber)[0]

    change(chamber, span(SIX, EIGHT, capacity=12), row, now=first.starts_at + MINUTE)

    assert times(chamber)[0] == (FIVE, NINE)
    assert set(times(chamber)[1:]) == {(SIX, EIGHT)}


def test_a_cancelled_sitting_is_not_made_again(chamber, row):
    first = standing(chamber)[0]
    first.cancelled_at = NOW
    db.session.commit()

    change(chamber, span(FIVE, EIGHT), row)

    assert [s.cancelled_at is None for s in standing(chamber)][:2] == [False, True]
    assert standing(chamber)[0].id == first.id


def test_removed_hours_take_their_empty_sittings_along(chamber, row):
    kept = make.appointment(standing(chamber)[2], number=3).sitting_id

    remove(chamber, row, seen=shown(chamber))

    assert [(sitting.id, sitting.hours_id) for sitting in standing(chamber)] == [(kept, None)]
    assert db.session.scalars(db.select(WeeklyHours)).all() == []


def test_hours_without_an_id_are_those_they_overlap_with(chamber, row):
    change(chamber, span(FIVE, EIGHT))

    assert [hours.of(each) for each in hours.of_doctor(chamber.doctor_id)] == [span(FIVE, EIGHT)]


def test_hours_beside_others_of_the_day_are_new(chamber, row):
    change(chamber, span(9 * 60, 12 * 60))

    assert sorted(set(times(chamber))) == [(9 * 60, 12 * 60), (FIVE, NINE)]


def test_hours_that_overlap_with_two_are_refused(chamber, row):
    change(chamber, span(9 * 60, 12 * 60))

    with pytest.raises(hours.TwoInTheWay):
        change(chamber, span(11 * 60, EIGHT, capacity=40))


def test_hours_that_were_removed_meanwhile_are_gone(chamber, row):
    with pytest.raises(hours.HoursGone):
        change(chamber, span(), type(row)(id=row.id + 1000))


def test_two_chambers_of_a_doctor_never_overlap(chamber, row):
    elsewhere = make.chamber(chamber.doctor)

    with pytest.raises(hours.Overlaps) as refusal:
        change(elsewhere, span(EIGHT, 23 * 60))

    assert refusal.value.facts["other"].id == row.id


def test_hours_that_end_after_midnight_meet_those_of_the_next_day(chamber):
    with_hours(chamber, days=3, start=22 * 60, until=26 * 60)

    with pytest.raises(hours.Overlaps):
        change(chamber, Span(weekday(4), 60, 180, 10, 12))


def test_hours_leave_extra_sittings_alone(chamber):
    make.sitting(chamber, days=3, start=SIX, capacity=6, extra=True)

    with pytest.raises(hours.Overlaps):
        change(chamber, span())


def test_another_doctor_may_sit_at_the_same_time(chamber, row):
    other = make.chamber(clinic=chamber.clinic)

    change(other, span())

    assert set(times(other)) == {(FIVE, EIGHT)}


def test_hours_of_a_chamber_that_is_not_live_are_kept_and_give_no_sittings(app):
    chamber = doctors_chamber(live_at=None)

    change(chamber, span())

    assert standing(chamber) == []
    assert len(hours.of_doctor(chamber.doctor_id)) == 1


def test_an_overdue_hold_is_nobody_but_its_sitting_stays(chamber, row):
    first = standing(chamber)[0]
    make.hold(first, number=3, held_until=NOW - MINUTE)

    found = conflicts.among([first.id], now=NOW)

    assert [(each.sitting.id, each.rows) for each in found] == [(first.id, [])]


def test_the_seeds_sittings_name_their_hours_too(chamber, row):
    from doctapp.schedules.sittings import planned

    assert {each["hours_id"] for each in planned([row], [], now=NOW, days=14)} == {row.id}


def test_no_live_appointment_changes_its_time(chamber, row):
    booked = [make.appointment(sitting, number=n) for n, sitting in enumerate(standing(chamber), start=1)]
    before = {one.id: (one.sitting_id, one.number, one.about_at) for one in booked}

    change(chamber, span(9 * 60, 12 * 60), row, seen=shown(chamber))
    generate(chamber)

    db.session.rollback()
    rows = db.session.scalars(db.select(Appointment))
    assert {one.id: (one.sitting_id, one.number, one.about_at) for one in rows} == before
    assert db.session.scalar(db.select(db.func.count()).select_from(Sitting).where(Sitting.hours_id.is_(None))) == 9
