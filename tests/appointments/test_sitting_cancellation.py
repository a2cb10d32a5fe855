"""A whole sitting is cancelled: it closes at once, everybody is told once, and nothing is left half done."""

from datetime import timedelta

import pytest

from doctapp.appointments import holding, jobs, places, requesting, sitting_cancellation, undoing
from doctapp.appointments.life import By
from doctapp.appointments.models import LIVE, Appointment, Event
from doctapp.audit.models import AuditEntry
from doctapp.db import db, transaction
from doctapp.notifications.models import Letter, Notification
from doctapp.schedules.models import Sitting
from doctapp.work.timetable import STEPS
from tests import make
from tests.people import HOUR, MINUTE, NOW

STATES = ("held", "offered", "requested", "booked", "arrived", "called", "in_consultation")


@pytest.fixture
def by(evening, nasrin):
    return By("clinic", nasrin.id, evening.clinic.id)


@pytest.fixture
def full(evening):
    """An appointment of each live state, by its state."""
    return {state: of_state(evening.sitting, n, state) for n, state in enumerate(STATES, start=1)}


def of_state(sitting, number, state):
    if state == "held":
        return make.hold(sitting, number=number)
    return make.appointment(sitting, number=number, status=state)


def cancel(sitting, by, *, why="emergency", now=NOW):
    with transaction():
        return sitting_cancellation.cancel(sitting.id, why=why, by=by, now=now)


def states(rows):
    return {name: db.session.get(Appointment, row.id, populate_existing=True).status for name, row in rows.items()}


def told(model, kind="clinic_cancelled"):
    return db.session.scalars(db.select(model).filter_by(kind=kind)).all()


def test_a_cancelled_sitting_gives_no_number_any_more(evening, by):
    assert cancel(evening.sitting, by)

    assert places.open_sittings([evening.doctor.id], now=NOW) == []
    with pytest.raises(holding.SittingClosed), transaction():
        holding.hold(
            sitting_id=evening.sitting.id, number=3, browser_hash="b", person_id=None, address="a", language="en",
            now=NOW,
        )  # fmt: skip


def test_every_live_appointment_ends_and_who_is_in_the_room_stays(evening, by, full):
    cancel(evening.sitting, by)
    jobs.end_cancelled(NOW)

    assert states(full) == {
        "held": "expired",
        "offered": "expired",
        "requested": "cancelled",
        "booked": "cancelled",
        "arrived": "cancelled",
        "called": "cancelled",
        "in_consultation": "in_consultation",
    }


def test_the_event_says_who_for_which_clinic_and_why(evening, by, full):
    cancel(evening.sitting, by, why="away")
    jobs.end_cancelled(NOW)

    row = db.session.get(Appointment, full["booked"].id)
    event = db.session.get(Event, row.last_event_id)
    assert (event.act, event.side, event.person_id, event.clinic_id, event.why) == (
        "sitting_cancel", "clinic", by.person_id, evening.clinic.id, "away",
    )  # fmt: skip


def test_each_patient_is_told_once_however_often_the_job_runs(evening, by, full):
    cancel(evening.sitting, by)
    for _ in range(3):
        jobs.end_cancelled(NOW)
        jobs.end_sitting(evening.sitting.id)

    assert len(told(Notification)) == 4
    assert len([letter for letter in told(Letter) if letter.channel == "sms"]) == 4


def test_a_patient_with_a_proven_address_is_written_to_as_well(evening, by):
    person = make.person(phone="+8801755555555", email="alice@a.test")
    make.appointment(evening.sitting, of=make.patient(person))

    cancel(evening.sitting, by)
    jobs.end_cancelled(NOW)

    assert {(letter.channel, letter.address) for letter in told(Letter)} == {
        ("sms", "+8801755555555"),
        ("mail", "alice@a.test"),
    }


def test_a_patient_whom_the_desk_wrote_down_is_told_by_sms(evening, by):
    row = make.appointment(evening.sitting)
    row.person_id = None
    db.session.commit()

    cancel(evening.sitting, by)
    jobs.end_cancelled(NOW)

    assert told(Notification) == []
    assert [letter.address for letter in told(Letter)] == [row.phone]


def test_the_letters_do_not_wait_for_an_undo_that_is_not_there(evening, by, full):
    cancel(evening.sitting, by)
    jobs.end_cancelled(NOW)

    assert {letter.due_at for letter in told(Letter)} == {NOW}


def test_a_second_cancellation_changes_nothing(evening, by):
    assert cancel(evening.sitting, by, why="away")

    assert not cancel(evening.sitting, By("clinic", None, None), why="closed", now=NOW + MINUTE)

    sitting = db.session.get(Sitting, evening.sitting.id, populate_existing=True)
    assert (sitting.cancelled_at, sitting.cancelled_why, sitting.cancelled_by_id) == (NOW, "away", by.person_id)
    assert len(db.session.scalars(db.select(AuditEntry).filter_by(kind="sitting")).all()) == 1


def test_a_sitting_that_is_over_is_not_cancelled(evening, by):
    with pytest.raises(sitting_cancellation.SittingOver):
        cancel(evening.sitting, by, now=evening.sitting.ends_at)


def test_the_cancellation_is_audited_for_its_clinic(evening, by):
    cancel(evening.sitting, by)

    entry = db.session.scalars(db.select(AuditEntry).filter_by(act="sitting_cancel")).one()
    assert (entry.kind, entry.row_id, entry.person_id, entry.clinic_id) == (
        "sitting", evening.sitting.id, by.person_id, evening.clinic.id,
    )  # fmt: skip


def test_a_hold_is_not_requested_once_the_sitting_is_cancelled(evening, by, alice):
    row = make.hold(
        evening.sitting, person_id=alice.id, typed_who="me", typed_name="Alice Akter", typed_age=30, typed_sex="female"
    )
    cancel(evening.sitting, by)

    with pytest.raises(holding.SittingClosed), transaction():
        requesting.request(db.session.get(Appointment, row.id), method="chamber", now=NOW)


def test_what_slipped_in_beside_goes_with_the_next_sweep(evening, by):
    cancel(evening.sitting, by)
    jobs.end_cancelled(NOW)
    late = make.appointment(evening.sitting, number=9)

    jobs.end_cancelled(NOW + MINUTE)

    assert states({"late": late}) == {"late": "cancelled"}


def test_more_than_a_batch_ends_in_one_run(app, by, monkeypatch, evening):
    monkeypatch.setattr(sitting_cancellation, "BATCH", 2)
    monkeypatch.setattr(sitting_cancellation.left_over, "__kwdefaults__", {"sitting_id": None, "most": 2})
    rows = {n: make.appointment(evening.sitting, number=n) for n in range(1, 6)}

    cancel(evening.sitting, by)
    jobs.end_sitting(evening.sitting.id)

    assert set(states(rows).values()) == {"cancelled"}


def test_a_job_that_was_killed_half_way_is_finished_by_the_next(evening, by, monkeypatch):
    rows = {n: make.appointment(evening.sitting, number=n) for n in range(1, 5)}
    cancel(evening.sitting, by)
    ended = iter([True, True])
    end = sitting_cancellation.end
    monkeypatch.setattr(sitting_cancellation, "end", lambda row, *, now: next(ended) and end(row, now=now))
    with pytest.raises(StopIteration):
        jobs.end_sitting(evening.sitting.id)
    monkeypatch.undo()

    jobs.end_cancelled(NOW)

    assert set(states(rows).values()) == {"cancelled"}
    assert len(told(Notification)) == 4


def test_other_sittings_are_left_alone(evening, by):
    other = make.appointment(make.sitting(evening.chamber, days=3))

    cancel(evening.sitting, by)
    jobs.end_cancelled(NOW)

    assert states({"other": other}) == {"other": "booked"}


def test_nobody_takes_the_end_of_a_sitting_back(evening, by, full):
    cancel(evening.sitting, by)
    jobs.end_cancelled(NOW)
    row = db.session.get(Appointment, full["booked"].id)

    with pytest.raises(undoing.TooLateToUndo), transaction():
        undoing.undo(row, event_id=row.last_event_id, by=by, now=NOW)


def test_a_patients_own_cancel_is_not_undone_into_a_cancelled_sitting(evening, by, alice):
    row = make.appointment(evening.sitting, status="cancelled", of=alice.patients[0])
    event = make.saved(
        Event(appointment_id=row.id, act="cancel", was="booked", became="cancelled", side="patient", at=NOW)
    )
    row.last_event_id = event.id
    db.session.commit()
    cancel(evening.sitting, by)

    with pytest.raises(holding.SittingClosed), transaction():
        undoing.undo(
            db.session.get(Appointment, row.id), event_id=event.id, by=By("patient", alice.id), now=NOW + MINUTE
        )


def test_the_doctor_is_told_what_the_desk_did_and_not_what_they_did_themselves(evening, by):
    cancel(evening.sitting, by)
    own = make.sitting(evening.chamber, days=2)
    cancel(own, By("clinic", evening.doctor.person_id, evening.clinic.id))

    assert [(n.person_id, n.link) for n in told(Notification, "sitting_cancelled")] == [
        (evening.doctor.person_id, f"/doctor/sittings/{evening.sitting.id}")
    ]


def test_the_sweep_ends_them_before_time_could_close_them(evening, by):
    row = make.appointment(evening.sitting)
    cancel(evening.sitting, by)

    jobs.end_cancelled(evening.sitting.ends_at + 2 * HOUR)

    assert STEPS.index("appointments.end_cancelled") < STEPS.index("appointments.close_past")
    assert states({"row": row}) == {"row": "cancelled"}


def test_what_is_counted_before_is_what_is_told_after(evening, full):
    make.hold(evening.sitting, number=20, browser="c", held_until=NOW - timedelta(minutes=1))

    assert sitting_cancellation.concerned(evening.sitting.id) == (4, 3)
    assert sum(row.status in LIVE for row in full.values()) == 7
