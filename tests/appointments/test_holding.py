"""Holding a number before anybody is known."""

from datetime import timedelta

import pytest

from doctapp.accounts.limits import TooMany
from doctapp.appointments import holding
from doctapp.appointments.models import Appointment, Event
from doctapp.db import db, transaction
from tests import make
from tests.people import MINUTE, NOW


def hold(sitting, number=12, browser="a", *, now=NOW, person_id=None, address="somewhere"):
    with transaction():
        return holding.hold(
            sitting_id=sitting.id,
            number=number,
            browser_hash=browser,
            person_id=person_id,
            address=address,
            language="en",
            now=now,
        )


def test_a_free_number_is_kept_for_fifteen_minutes(evening):
    kept = hold(evening.sitting)

    assert kept.status == "held"
    assert kept.held_until == NOW + timedelta(minutes=15)
    assert kept.about_at == evening.sitting.starts_at + timedelta(minutes=110)


def test_two_browsers_cannot_hold_the_same_number(evening):
    hold(evening.sitting, browser="a")

    with pytest.raises(holding.NumberTaken):
        hold(evening.sitting, browser="b")


def test_the_same_browser_gets_the_same_hold_again(evening):
    first = hold(evening.sitting).ref

    assert hold(evening.sitting).ref == first


def test_back_after_the_request_leads_to_the_request(evening, alice):
    row = make.appointment(evening.sitting, status="requested", of=alice.patients[0], browser_hash="a")

    assert hold(evening.sitting).ref == row.ref


def test_a_new_hold_replaces_the_browsers_old_one_at_this_doctor(evening):
    old = hold(evening.sitting, 12).id
    hold(evening.sitting, 13)

    assert db.session.get(Appointment, old).status == "expired"


def test_an_old_hold_stands_when_the_new_one_was_not_gained(evening):
    old = hold(evening.sitting, 12, "a").id
    hold(evening.sitting, 13, "b")

    with pytest.raises(holding.NumberTaken):
        hold(evening.sitting, 13, "a")

    assert db.session.get(Appointment, old).status == "held"


def test_an_overdue_hold_is_taken_over_with_no_sweep_running(evening):
    old = hold(evening.sitting, browser="a").id

    taken_over = hold(evening.sitting, browser="b", now=NOW + 16 * MINUTE)

    assert taken_over.status == "held"
    assert db.session.get(Appointment, old).status == "expired"


def test_answers_are_kept_for_the_next_hold(evening):
    first = hold(evening.sitting)
    first.typed_name, first.reason = "Momena Bibi", "Cough"
    db.session.commit()

    again = hold(evening.sitting, now=NOW + 20 * MINUTE)

    assert (again.typed_name, again.reason) == ("Momena Bibi", "Cough")
    assert again.ref != first.ref


@pytest.mark.parametrize("number", [0, -1, 25, 9999])
def test_a_number_beyond_the_capacity_is_refused(evening, number):
    with pytest.raises(holding.NoSuchPlace):
        hold(evening.sitting, number)


def test_a_number_too_near_is_refused(evening):
    soon = make.sitting(evening.chamber, starts_at=NOW + timedelta(minutes=30), start=0)

    with pytest.raises(holding.TooSoon):
        hold(soon, 1)
    assert hold(soon, 5).status == "held"


def test_a_cancelled_sitting_takes_nobody(evening):
    evening.sitting.cancelled_at = NOW
    db.session.commit()

    with pytest.raises(holding.SittingClosed):
        hold(evening.sitting)


def test_a_suspended_doctor_takes_nobody(evening):
    evening.doctor.status = "suspended"
    db.session.commit()

    with pytest.raises(holding.NotTaken):
        hold(evening.sitting)


def test_an_unknown_sitting_takes_nobody(app):
    with transaction(), pytest.raises(holding.SittingClosed):
        holding.hold(sitting_id=999, number=1, browser_hash="a", person_id=None, address="x", language="en", now=NOW)


def test_unproven_holds_take_at_most_a_third_of_a_sitting(evening):
    for number in range(1, 9):
        hold(evening.sitting, number, browser=f"b{number}")

    with pytest.raises(holding.TooManyUnproven):
        hold(evening.sitting, 20, browser="late")


def test_a_proven_person_may_hold_beyond_the_third(evening, alice):
    for number in range(1, 9):
        hold(evening.sitting, number, browser=f"b{number}")

    assert hold(evening.sitting, 20, browser="alice", person_id=alice.id).status == "held"


def test_a_browser_gains_five_holds_an_hour(evening):
    for number in range(1, 6):
        hold(evening.sitting, number)

    with pytest.raises(TooMany) as refusal:
        hold(evening.sitting, 6)

    assert refusal.value.retry_after > 0
    assert hold(evening.sitting, 6, now=NOW + timedelta(minutes=61)).number == 6


def test_a_try_that_gained_nothing_is_not_counted(evening):
    hold(evening.sitting, 1, browser="b")
    for _ in range(9):
        with pytest.raises(holding.NumberTaken):
            hold(evening.sitting, 1, browser="a")

    assert hold(evening.sitting, 2, browser="a").number == 2


def test_an_address_gains_a_hundred_and_twenty_holds_an_hour(app):
    chambers = [make.sitting(capacity=40) for _ in range(13)]
    for n in range(120):
        hold(chambers[n // 10], n % 10 + 1, browser=f"b{n}")

    with pytest.raises(TooMany):
        hold(chambers[12], 1, browser="one more")


def test_one_post_extends_a_hold_by_ten_minutes_once(evening):
    row = hold(evening.sitting)
    for _ in range(2):
        with transaction():
            row = db.session.get(Appointment, row.id)
            holding.extend(row, now=NOW + MINUTE)

    assert db.session.get(Appointment, row.id).held_until == NOW + 25 * MINUTE


def test_a_hold_that_ran_out_cannot_be_extended(evening):
    row = hold(evening.sitting)

    with transaction(), pytest.raises(holding.HoldRanOut):
        holding.extend(db.session.get(Appointment, row.id), now=NOW + 16 * MINUTE)


def test_every_change_writes_an_event(evening):
    row = hold(evening.sitting)
    with transaction():
        holding.expire(db.session.get(Appointment, row.id), now=NOW + 16 * MINUTE)

    acts = db.session.scalars(db.select(Event.act).filter_by(appointment_id=row.id).order_by(Event.id)).all()
    assert acts == ["hold", "expire"]


def test_a_hold_is_expired_once(evening):
    row = hold(evening.sitting)
    for expected in (True, False):
        with transaction():
            assert holding.expire(db.session.get(Appointment, row.id), now=NOW + 16 * MINUTE) is expected
