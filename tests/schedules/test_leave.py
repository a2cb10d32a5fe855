"""Leave: empty sittings go, sittings with patients are asked about, and all comes back when it is removed."""

import pytest

from doctapp.appointments import conflicts
from doctapp.db import db, transaction
from doctapp.errors import NotFound
from doctapp.schedules import holidays, leave
from doctapp.schedules.leave import Away
from doctapp.schedules.models import Leave
from tests import make
from tests.people import NOW
from tests.schedules.planning import doctors_chamber, generate, in_days, standing, times, weekday, with_hours

FIVE, NINE = 17 * 60, 21 * 60


@pytest.fixture
def chamber(app):
    """A chamber that sits every day from five to nine."""
    chamber = doctors_chamber()
    for each in range(7):
        make.hours(chamber, weekday=each)
    generate(chamber)
    return chamber


def add(chamber, first=2, last=4, **given):
    """Add leave from that day to that one, and shut what is left of it; the ids of what was left."""
    away = Away(given.pop("chamber_id", None), in_days(first), in_days(last), **given)
    with transaction():
        row, left = leave.add(chamber.doctor_id, away, unused=conflicts.unused(), now=NOW)
        busy = {each.sitting.id for each in conflicts.among(left, now=NOW, empty=False)}
        leave.close(row, [one for one in left if one not in busy], now=NOW)
        return row.id, left


def remove(leave_id):
    with transaction():
        leave.remove(leave_id, now=NOW)


def days(chamber):
    """On which of the next ten days it sits, counted from today."""
    open_days = {s.local_date for s in standing(chamber) if s.cancelled_at is None}
    return [n for n in range(1, 10) if in_days(n) in open_days]


def on(chamber, day):
    return next(s for s in standing(chamber) if s.local_date == in_days(day))


def test_empty_sittings_inside_go(chamber):
    add(chamber)

    assert days(chamber) == [1, 5, 6, 7, 8, 9]


def test_they_come_back_when_the_leave_is_removed(chamber):
    leave_id, _ = add(chamber)

    remove(leave_id)

    assert days(chamber) == list(range(1, 10))
    assert db.session.scalars(db.select(Leave)).all() == []


def test_a_sitting_with_somebody_booked_is_left_and_named(chamber):
    booked = make.appointment(on(chamber, 3))

    _, left = add(chamber)

    assert left == [booked.sitting_id]
    assert days(chamber) == [1, 3, 5, 6, 7, 8, 9]


def test_a_sitting_in_which_all_ended_is_shut_and_opens_again_without_the_leave(chamber):
    make.appointment(on(chamber, 3), status="cancelled")

    leave_id, _ = add(chamber, reason="Umrah")
    assert (days(chamber), on(chamber, 3).cancelled_why) == ([1, 5, 6, 7, 8, 9], "Umrah")

    remove(leave_id)
    assert days(chamber) == list(range(1, 10))
    assert on(chamber, 3).leave_id is None


def test_what_was_shut_stays_so_while_other_leave_covers_it(chamber):
    make.appointment(on(chamber, 3), status="cancelled")
    leave_id, _ = add(chamber)
    add(chamber, 3, 3)

    remove(leave_id)

    assert days(chamber) == [1, 2, 4, 5, 6, 7, 8, 9]


def test_a_sitting_cancelled_with_its_patients_stays_cancelled(chamber):
    sitting = on(chamber, 3)
    make.appointment(sitting, status="cancelled")
    sitting.cancelled_at = NOW
    db.session.commit()
    leave_id, _ = add(chamber)

    remove(leave_id)

    assert 3 not in days(chamber)


def test_leave_of_one_chamber_leaves_the_others_alone(chamber):
    other = make.chamber(chamber.doctor)
    make.hours(other, weekday=weekday(3), start=9 * 60, until=12 * 60, capacity=18)
    generate(other)

    add(chamber, chamber_id=chamber.id)

    assert days(chamber) == [1, 5, 6, 7, 8, 9]
    assert 3 in days(other)


def test_leave_everywhere_counts_in_all_chambers(chamber):
    other = make.chamber(chamber.doctor)
    make.hours(other, weekday=weekday(3), start=9 * 60, until=12 * 60, capacity=18)
    generate(other)

    add(chamber)

    assert 3 not in days(other)


def test_leave_for_a_part_of_the_day_takes_what_overlaps_with_it(app):
    chamber = doctors_chamber()
    make.hours(chamber, weekday=weekday(3), start=9 * 60, until=12 * 60, capacity=18)
    with_hours(chamber)

    leave_id, _ = add(chamber, start=8 * 60, until=10 * 60)

    assert times(chamber)[:2] == [(FIVE, NINE), (9 * 60, 12 * 60)]
    remove(leave_id)
    assert times(chamber)[:2] == [(9 * 60, 12 * 60), (FIVE, NINE)]


def test_a_part_of_the_day_reaches_a_sitting_that_began_the_evening_before(app):
    chamber = doctors_chamber()
    with_hours(chamber, days=3, start=22 * 60, until=26 * 60)

    add(chamber, 4, 4, start=60, until=120)

    assert in_days(3) not in {s.local_date for s in standing(chamber)}


def test_new_sittings_respect_a_part_of_the_day(app):
    chamber = doctors_chamber()
    make.leave(chamber.doctor, in_days(0), in_days(30), start=FIVE, until=FIVE + 30)
    make.hours(chamber, weekday=weekday(3), start=9 * 60, until=12 * 60, capacity=18)
    with_hours(chamber)

    near = [s for s in standing(chamber) if s.local_date <= in_days(30)]
    assert {s.local_start for s in near} == {9 * 60}
    assert {s.local_start for s in standing(chamber)} == {9 * 60, FIVE}


def test_empty_extra_sittings_inside_go_too(chamber):
    make.sitting(chamber, days=3, start=9 * 60, capacity=6, extra=True)

    add(chamber)

    assert in_days(3) not in {s.local_date for s in standing(chamber)}


def test_leave_that_is_gone_can_not_be_removed(chamber):
    with pytest.raises(NotFound):
        remove(12345)


def test_the_holidays_of_the_coming_year_are_offered_once_each():
    offered = holidays.coming(in_days(0))

    assert {(each.day.month, each.day.day) for each in offered} >= {
        (2, 21),
        (3, 26),
        (4, 14),
        (5, 1),
        (12, 16),
        (12, 25),
    }
    assert len({each.day for each in offered}) == len(offered) == len(holidays._lines())
    assert [each.day for each in offered] == sorted(each.day for each in offered)
    assert all(each.name_bn for each in offered)
