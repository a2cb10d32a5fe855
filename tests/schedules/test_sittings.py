"""Sittings made from weekly hours."""

from datetime import UTC, date, datetime, timedelta

import pytest

from doctapp.clock import local, wall_start
from doctapp.db import db, transaction
from doctapp.doctors.models import Doctor
from doctapp.schedules import jobs, sittings
from doctapp.schedules.models import Sitting
from tests import make
from tests.people import NOW

DHAKA, NEW_YORK = "Asia/Dhaka", "America/New_York"


def generate(chamber, **given):
    given.setdefault("now", NOW)
    with transaction():
        return sittings.generate(chamber.doctor_id, **given)


def made():
    return db.session.scalars(db.select(Sitting).order_by(Sitting.starts_at)).all()


@pytest.fixture
def chamber(app):
    return make.chamber()


def test_weekly_hours_give_a_sitting_each_week_for_sixty_days(chamber):
    make.hours(chamber, weekday=(local(NOW, DHAKA) + timedelta(days=1)).weekday())

    assert generate(chamber) == 9
    assert {s.local_date.weekday() for s in made()} == {(local(NOW, DHAKA) + timedelta(days=1)).weekday()}


def test_making_them_twice_makes_nothing_new(chamber):
    make.hours(chamber)
    first = generate(chamber)

    assert generate(chamber) == 0
    assert len(made()) == first


def test_leave_takes_its_days_out(chamber):
    for weekday in range(7):
        make.hours(chamber, weekday=weekday)
    today = local(NOW, DHAKA).date()
    make.leave(chamber.doctor, today + timedelta(days=3), today + timedelta(days=5))

    generate(chamber, days=10)

    away = {today + timedelta(days=n) for n in (3, 4, 5)}
    assert not away & {s.local_date for s in made()}
    assert {s.local_date for s in made()} >= {today + timedelta(days=n) for n in (1, 2, 6, 7)}


def test_leave_of_one_chamber_leaves_the_other(app):
    doctor = make.doctor()
    first, second = make.chamber(doctor), make.chamber(doctor)
    for weekday in range(7):
        make.hours(first, weekday=weekday, start=600, until=720, capacity=12)
        make.hours(second, weekday=weekday, start=900, until=1020, capacity=12)
    today = local(NOW, DHAKA).date()
    make.leave(doctor, today, today + timedelta(days=9), chamber_id=first.id)

    generate(first, days=10)

    assert {s.chamber_id for s in made()} == {second.id}


def test_a_doctor_never_sits_twice_at_once(app):
    doctor = make.doctor()
    first, second = make.chamber(doctor), make.chamber(doctor)
    for weekday in range(7):
        make.hours(first, weekday=weekday, start=17 * 60, until=21 * 60)
        make.hours(second, weekday=weekday, start=20 * 60, until=23 * 60)

    generate(first)

    spans = [(s.starts_at, s.ends_at) for s in made()]
    assert all(end <= start for (_, end), (start, _) in zip(spans, spans[1:], strict=False))


def test_a_sitting_past_midnight_belongs_to_the_day_it_begins(chamber):
    for weekday in range(7):
        make.hours(chamber, weekday=weekday, start=22 * 60, until=25 * 60 + 30, capacity=21)

    generate(chamber, days=3)

    sitting = made()[-1]
    assert sitting.ends_at - sitting.starts_at == timedelta(minutes=210)
    assert local(sitting.ends_at, DHAKA).date() == sitting.local_date + timedelta(days=1)


def test_a_chamber_that_is_not_live_gives_none(chamber):
    chamber.live_at = None
    make.hours(chamber)
    db.session.commit()

    assert generate(chamber) == 0


def test_the_sweep_makes_the_day_that_has_just_come_near(chamber):
    for weekday in range(7):
        make.hours(chamber, weekday=weekday)
    noon = (NOW + timedelta(days=1)).replace(hour=6)  # in Dhaka, where it is the same date as in UTC
    jobs.extend(noon)
    before = len(made())

    jobs.extend(noon + timedelta(hours=1))
    assert len(made()) == before
    jobs.extend(noon + timedelta(days=1))

    assert len(made()) == before + 1
    assert db.session.get(Doctor, chamber.doctor_id).sittings_until == (noon + timedelta(days=60)).date()


@pytest.mark.parametrize(
    ("day", "minutes", "expected"),
    [
        (date(2026, 3, 8), 2 * 60 + 30, None),  # the clocks jump from two to three
        (date(2026, 3, 8), 3 * 60, datetime(2026, 3, 8, 7, tzinfo=UTC)),
        (date(2026, 11, 1), 60 + 30, datetime(2026, 11, 1, 5, 30, tzinfo=UTC)),  # comes twice: the first
        (date(2026, 11, 1), 17 * 60, datetime(2026, 11, 1, 22, tzinfo=UTC)),
    ],
)
def test_wall_times_that_do_not_exist_are_skipped_and_those_that_come_twice_are_taken_once(day, minutes, expected):
    assert wall_start(day, minutes, NEW_YORK) == expected


def test_hours_keep_their_wall_time_over_a_clock_change(app):
    autumn = datetime(2026, 10, 25, tzinfo=UTC)
    chamber = make.chamber(clinic=make.clinic(zone=NEW_YORK), live_at=autumn)
    for weekday in range(7):
        make.hours(chamber, weekday=weekday, start=9 * 60, until=12 * 60, capacity=18)

    generate(chamber, now=autumn, days=14)

    assert {local(s.starts_at, NEW_YORK).hour for s in made()} == {9}
    assert len({s.starts_at.hour for s in made()}) == 2
