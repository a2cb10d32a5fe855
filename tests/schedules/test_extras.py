"""Extra sittings: one date, never while the doctor sits elsewhere, gone again while they are empty."""

from datetime import UTC, date, datetime, timedelta

import pytest

from doctapp.appointments import conflicts
from doctapp.db import db, transaction
from doctapp.doctors.models import Chamber
from doctapp.schedules import extras
from doctapp.schedules.extras import Wanted
from doctapp.schedules.hours import Overlaps
from doctapp.schedules.models import Sitting
from tests import make
from tests.people import NOW
from tests.schedules.planning import doctors_chamber, in_days, standing, weekday, with_hours


@pytest.fixture
def chamber(app):
    return doctors_chamber()


def add(chamber, days=3, start=17 * 60, until=19 * 60, *, now=NOW, day=None):
    with transaction():
        wanted = Wanted(day or in_days(days), start, until, 10, 12)
        return extras.add(db.session.get(Chamber, chamber.id), wanted, now=now).id


def remove(sitting_id):
    with transaction():
        extras.remove(sitting_id, unused=conflicts.unused(), now=NOW)


def test_an_extra_sitting_stands_on_its_date(chamber):
    sitting = db.session.get(Sitting, add(chamber))

    assert (sitting.local_date, sitting.extra, sitting.hours_id) == (in_days(3), True, None)
    assert sitting.ends_at - sitting.starts_at == timedelta(hours=2)


def test_it_may_end_after_midnight(chamber):
    sitting = db.session.get(Sitting, add(chamber, start=23 * 60, until=25 * 60))

    assert sitting.ends_at - sitting.starts_at == timedelta(hours=2)


@pytest.mark.parametrize(("start", "until"), [(16 * 60, 18 * 60), (18 * 60, 20 * 60), (17 * 60, 19 * 60)])
def test_it_never_overlaps_with_another_sitting_of_the_doctor(chamber, start, until):
    first = add(chamber)

    with pytest.raises(Overlaps) as refusal:
        add(make.chamber(chamber.doctor), start=start, until=until)

    assert refusal.value.facts["other"].id == first


def test_it_may_begin_when_another_ends(chamber):
    add(chamber)
    add(chamber, start=19 * 60, until=20 * 60)

    assert len(standing(chamber)) == 2


def test_it_never_overlaps_with_weekly_hours_for_which_no_sitting_is_made_yet(chamber):
    row = with_hours(chamber, days=90)

    with pytest.raises(Overlaps) as refusal:
        add(chamber, days=90)

    assert refusal.value.facts["other"].id == row.id


def test_it_takes_the_place_of_a_weekly_sitting_that_was_cancelled(chamber):
    with_hours(chamber, start=16 * 60, until=18 * 60)
    for sitting in standing(chamber):
        sitting.cancelled_at = NOW
    db.session.commit()

    add(chamber)

    assert len([s for s in standing(chamber) if s.cancelled_at is None]) == 1


def test_a_cancelled_sitting_keeps_its_beginning(chamber):
    make.sitting(chamber, days=3, cancelled_at=NOW)

    with pytest.raises(extras.StartTaken):
        add(chamber)


def test_it_is_refused_while_the_doctor_is_on_leave(chamber):
    make.leave(chamber.doctor, in_days(2), in_days(4))

    with pytest.raises(Overlaps):
        add(chamber)


def test_it_must_lie_ahead(chamber):
    with pytest.raises(extras.Bygone):
        add(chamber, days=-1)


def test_it_must_not_lie_too_far_ahead(chamber):
    with pytest.raises(extras.TooFar):
        add(chamber, days=200)


def test_a_time_that_does_not_come_is_refused(app):
    chamber = doctors_chamber(clinic=make.clinic(zone="America/New_York"))

    with pytest.raises(extras.NoSuchTime):
        add(chamber, day=date(2027, 3, 14), start=150, until=240, now=datetime(2027, 3, 1, tzinfo=UTC))


def test_an_empty_one_is_taken_away(chamber):
    remove(add(chamber))

    assert standing(chamber) == []


def test_one_with_anybody_in_it_is_not(chamber):
    sitting_id = add(chamber)
    make.appointment(db.session.get(Sitting, sitting_id), number=3, status="expired")

    with pytest.raises(extras.NotEmpty):
        remove(sitting_id)

    assert len(standing(chamber)) == 1


def test_weekly_hours_come_back_where_an_extra_stood_in_their_way(chamber):
    sitting_id = add(chamber)
    with_hours(chamber)
    assert in_days(3) in {s.local_date for s in standing(chamber) if s.extra}

    remove(sitting_id)

    assert next(s for s in standing(chamber)).hours_id is not None
    assert standing(chamber)[0].local_date == in_days(3)
    assert weekday(3) == in_days(3).weekday()
