"""What time does an hour after a sitting, how the clinic puts that right, and what is forgotten after thirty days."""

from datetime import timedelta

import pytest

from doctapp.appointments import closing, expiry, jobs, life, queries, requesting, undoing
from doctapp.appointments.life import By
from doctapp.appointments.models import LIVE, Appointment, Event
from doctapp.audit.models import AuditEntry
from doctapp.db import db, transaction
from doctapp.notifications.models import Letter, Notification
from tests import make
from tests.people import HOUR, MINUTE, NOW

SECOND = timedelta(seconds=1)
DAY = timedelta(days=1)


@pytest.fixture
def clinic(evening, nasrin):
    return By("clinic", nasrin.id, evening.clinic.id)


@pytest.fixture
def over(evening):
    """An hour after the evening's end."""
    return evening.sitting.ends_at + HOUR


def ran(evening):
    """The doctor called the first patient."""
    evening.sitting.started_at = evening.sitting.starts_at
    db.session.commit()


def of(alice, evening, status="booked", **given):
    return make.appointment(evening.sitting, status=status, of=alice.patients[0], **given)


def again(row):
    return db.session.get(Appointment, row.id, populate_existing=True)


def notices():
    return db.session.scalars(db.select(Notification.kind).order_by(Notification.id)).all()


def turn(row, outcome, *, by, now, seen=None):
    with transaction():
        row = db.session.get(Appointment, row.id)
        return closing.turn(row, outcome=outcome, seen=seen or row.last_event_id, by=by, now=now).id


@pytest.mark.parametrize(
    ("was", "started", "became"),
    [
        ("booked", False, "elapsed"),
        ("booked", True, "no_show"),
        ("arrived", True, "left"),
        ("arrived", False, "left"),
        ("called", True, "left"),
        ("in_consultation", True, "completed"),
    ],
)
def test_an_hour_after_its_end_a_sitting_is_closed(alice, evening, over, was, started, became):
    row = of(alice, evening, was)
    if started:
        ran(evening)

    jobs.close_past(over - SECOND)
    assert again(row).status == was
    jobs.close_past(over)

    event = life.last_event(again(row))
    assert (row.status, row.closed_at) == (became, over)
    assert (event.act, event.was, event.became, event.side, event.at) == ("close", was, became, "time", over)


@pytest.mark.parametrize("status", ["held", "requested", "completed", "cancelled", "left", "no_show"])
def test_what_has_an_end_of_its_own_is_not_closed(alice, evening, over, status):
    row = of(alice, evening, status)

    jobs.close_past(over)

    assert (again(row).status, row.closed_at) == (status, None)


def test_a_sitting_is_closed_once_however_often_the_sweep_comes(alice, evening, over):
    ran(evening)
    row = of(alice, evening)

    jobs.close_past(over)
    jobs.close_past(over + MINUTE)

    assert again(row).closed_at == over
    assert db.session.scalars(db.select(Event.act).order_by(Event.id)).all() == ["make", "close"]
    assert notices() == ["no_show"]


def test_a_row_that_was_closed_before_is_not_closed_again(alice, evening, over):
    row = of(alice, evening, closed_at=over - MINUTE)

    with transaction():
        assert not closing.close(db.session.get(Appointment, row.id), now=over)


def test_what_moved_to_a_later_sitting_is_not_closed(alice, evening, over):
    row = of(alice, evening)
    row.sitting_id = make.sitting(evening.chamber, days=3).id
    db.session.commit()

    with transaction():
        assert not closing.close(db.session.get(Appointment, row.id), now=over)


@pytest.mark.parametrize(("was", "told"), [("booked", ["no_show"]), ("arrived", ["left"]), ("in_consultation", [])])
def test_who_was_not_seen_is_told_in_the_pages_only(alice, evening, over, was, told):
    ran(evening)
    of(alice, evening, was)

    jobs.close_past(over)

    assert notices() == told
    assert db.session.scalars(db.select(Letter.kind)).all() == []


def test_nobody_is_told_of_a_sitting_that_never_ran(alice, evening, over):
    of(alice, evening)

    jobs.close_past(over)

    assert notices() == []


@pytest.mark.parametrize("outcome", ["completed", "no_show"])
@pytest.mark.parametrize("was", ["left", "elapsed", "no_show"])
def test_for_five_days_the_clinic_says_how_it_really_ended(alice, evening, clinic, over, was, outcome):
    row = of(alice, evening, was, closed_at=over)
    if was == outcome:
        with pytest.raises(closing.NotTurnable):
            turn(row, outcome, by=clinic, now=over + DAY)
        return

    turn(row, outcome, by=clinic, now=over + 5 * DAY - SECOND)

    assert again(row).status == outcome
    assert life.last_event(row).was == was
    assert notices() == [outcome]
    assert [(e.act, e.person_id, e.row_id) for e in db.session.scalars(db.select(AuditEntry))] == [
        ("outcome", clinic.person_id, row.id)
    ]


def test_after_five_days_it_stays(alice, evening, clinic, over):
    row = of(alice, evening, "no_show", closed_at=over)

    with pytest.raises(closing.TooLateToTurn):
        turn(row, "completed", by=clinic, now=over + 5 * DAY)


@pytest.mark.parametrize("status", ["completed", "booked", "cancelled", "declined", "lapsed"])
def test_only_what_time_closed_unseen_is_turned(alice, evening, clinic, over, status):
    row = of(alice, evening, status, closed_at=over if status == "completed" else None)

    with pytest.raises(closing.NotTurnable):
        turn(row, "no_show", by=clinic, now=over + HOUR)


def test_what_the_desk_ended_by_hand_is_not_turned(alice, evening, clinic, over):
    row = of(alice, evening, "left")

    with pytest.raises(closing.NotTurnable):
        turn(row, "completed", by=clinic, now=over)


def test_who_is_second_is_told_who_was_first(alice, evening, clinic, over):
    row = of(alice, evening, "no_show", closed_at=over)
    seen = row.last_event_id
    first = turn(row, "completed", by=clinic, now=over + MINUTE)

    with pytest.raises(closing.TurnedMeanwhile) as lost:
        turn(row, "completed", by=By("clinic", evening.doctor.person_id), now=over + MINUTE, seen=seen)

    assert lost.value.facts["event"].id == first


def test_putting_right_is_undone_within_sixty_seconds(alice, evening, clinic, over):
    row = of(alice, evening, "no_show", closed_at=over)
    event = turn(row, "completed", by=clinic, now=over + HOUR)

    with pytest.raises(undoing.TooLateToUndo), transaction():
        undoing.undo(again(row), event_id=event, by=clinic, now=over + HOUR + MINUTE)
    with transaction():
        undoing.undo(again(row), event_id=event, by=clinic, now=over + HOUR + MINUTE - SECOND)

    assert (again(row).status, row.closed_at) == ("no_show", over)
    assert notices() == ["completed", "no_show"]
    turn(row, "completed", by=clinic, now=over + 2 * HOUR)


def test_what_time_did_cannot_be_undone(alice, evening, clinic, over):
    row = of(alice, evening)
    jobs.close_past(over)

    for by in (clinic, By("patient", alice.id), By("time")):
        with pytest.raises(undoing.TooLateToUndo), transaction():
            undoing.undo(again(row), event_id=again(row).last_event_id, by=by, now=over)


def test_who_was_seen_after_all_may_come_for_a_follow_up(alice, evening, clinic, over):
    row = of(alice, evening, "no_show", closed_at=over)
    later = make.appointment(make.sitting(evening.chamber, days=8), status="held", visit="follow_up")
    assert requesting.granted(later, alice.patients[0]).visit == "new"

    turn(row, "completed", by=clinic, now=over + HOUR)

    fee = requesting.granted(db.session.get(Appointment, later.id), alice.patients[0])
    assert (fee.visit, fee.price) == ("follow_up", 50000)


@pytest.mark.parametrize("status", ["booked", "arrived", "called", "in_consultation"])
def test_what_is_not_ended_is_upcoming_until_time_closes_it(alice, evening, over, status):
    row = of(alice, evening, status)

    assert queries.upcoming(alice.id, over - SECOND) == [row]
    assert queries.past(alice.id, over - SECOND, page=1) == ([], 0)
    assert queries.upcoming(alice.id, over) == []
    assert queries.past(alice.id, over, page=1) == ([row], 1)


def ended_hold(evening, *, days, **given):
    row = make.appointment(evening.sitting, status="expired", now=NOW - days * DAY, **given)
    return row.id


def test_unpaid_holds_are_forgotten_thirty_days_after_they_ended(evening):
    old, young = ended_hold(evening, days=30), ended_hold(evening, days=29, number=3)

    jobs.purge(NOW)

    assert db.session.scalars(db.select(Appointment.id)).all() == [young]
    assert db.session.scalars(db.select(Event.appointment_id)).all() == [young]
    assert old != young


def test_a_hold_that_is_old_but_ended_lately_is_kept(evening):
    row = ended_hold(evening, days=40)
    db.session.execute(db.update(Event).values(at=NOW - DAY))
    db.session.commit()

    jobs.purge(NOW)

    assert db.session.scalars(db.select(Appointment.id)).all() == [row]


@pytest.mark.parametrize(
    "status", [*LIVE, "declined", "lapsed", "cancelled", "no_show", "left", "elapsed", "completed"]
)
def test_nothing_that_anybody_came_for_is_forgotten(alice, evening, status):
    row = of(alice, evening, status, now=NOW - 400 * DAY)

    jobs.purge(NOW)

    assert db.session.scalars(db.select(Appointment.id)).all() == [row.id]


def test_what_was_asked_for_once_is_kept_though_it_expired(alice, evening):
    of(alice, evening, "expired", now=NOW - 400 * DAY)

    assert list(expiry.forgettable(now=NOW)) == []


def test_many_are_forgotten_in_batches(evening, monkeypatch):
    monkeypatch.setattr(expiry, "BATCH", 2)
    for number in range(1, 6):
        ended_hold(evening, days=31, number=number)

    jobs.purge(NOW)

    assert db.session.scalars(db.select(Appointment.id)).all() == []


def test_what_is_to_be_forgotten_is_looked_for_once_an_hour(evening):
    jobs.purge(NOW)
    row = ended_hold(evening, days=31)

    jobs.purge(NOW + 59 * MINUTE)
    assert db.session.get(Appointment, row)
    jobs.purge(NOW + HOUR)
    assert db.session.get(Appointment, row) is None
