"""Another serial on the same row: who may, how often, until when, what stays, who is told, and the way back."""

from datetime import timedelta

import pytest

from doctapp.appointments import calendar, cancelling, deciding, holding, life, moving, places, telling, undoing
from doctapp.appointments.life import By
from doctapp.appointments.models import Appointment, Event
from doctapp.db import db
from doctapp.errors import DomainError
from doctapp.notifications.models import Letter, Notification
from doctapp.schedules.models import Sitting
from tests import make
from tests.appointments.test_deciding import SECOND, act
from tests.people import HOUR, MINUTE, NOW


@pytest.fixture
def row(evening, alice):
    return make.appointment(evening.sitting, of=alice.patients[0], now=NOW - HOUR)


@pytest.fixture
def clinic(evening, nasrin):
    return By("clinic", nasrin.id, evening.clinic.id)


@pytest.fixture
def patient(alice):
    return By("patient", alice.id)


@pytest.fixture
def tuesday(evening):
    """Another evening of the same chamber."""
    return make.sitting(evening.chamber, days=3)


def move(row, sitting, number, by, **given):
    return act(moving.move, row, sitting_id=sitting.id, number=number, by=by, **given)


def place(row):
    row = db.session.get(Appointment, row.id, populate_existing=True)
    return row.sitting_id, row.number


def kinds(of=Notification):
    return db.session.scalars(db.select(of.kind).order_by(of.id)).all()


def test_a_patient_gets_another_number_of_the_same_sitting(row, patient, evening):
    move(row, evening.sitting, 5, patient)

    moved = db.session.get(Appointment, row.id)
    assert (moved.number, moved.status) == (5, "booked")
    assert moved.about_at == places.about(evening.sitting, 5)


def test_reference_price_payment_and_state_stay_in_another_sitting(row, patient, tuesday):
    before = (row.ref, row.price, row.method, row.status, row.booked_at, row.cut_off_minutes)

    move(row, tuesday, 5, patient)

    moved = db.session.get(Appointment, row.id)
    assert (moved.ref, moved.price, moved.method, moved.status, moved.booked_at, moved.cut_off_minutes) == before
    assert place(row) == (tuesday.id, 5)


def test_the_event_names_the_old_place(row, patient, evening, tuesday):
    event = db.session.get(Event, move(row, tuesday, 5, patient))

    assert (event.act, event.was, event.became) == ("move", "booked", "booked")
    assert (event.was_sitting_id, event.was_number) == (evening.sitting.id, 12)


def test_the_freed_number_can_be_taken_at_once(row, patient, evening, bob):
    move(row, evening.sitting, 5, patient)

    assert make.appointment(evening.sitting, number=12, of=bob.patients[0]).status == "booked"


def test_a_taken_number_is_refused_and_nothing_is_changed(row, patient, evening, bob):
    make.appointment(evening.sitting, number=5, of=bob.patients[0])

    with pytest.raises(holding.NumberTaken):
        move(row, evening.sitting, 5, patient)

    assert place(row) == (evening.sitting.id, 12)


def test_a_held_number_is_refused(row, patient, evening):
    make.hold(evening.sitting, number=5)

    with pytest.raises(holding.NumberTaken):
        move(row, evening.sitting, 5, patient)


def test_an_overdue_hold_does_not_block_the_number(row, patient, evening):
    held = make.hold(evening.sitting, number=5, held_until=NOW - SECOND)

    move(row, evening.sitting, 5, patient)

    assert place(row) == (evening.sitting.id, 5)
    assert db.session.get(Appointment, held.id).status == "expired"


def test_who_has_a_serial_in_the_other_sitting_is_told_so_by_name(row, patient, alice, tuesday):
    make.appointment(tuesday, number=3, of=alice.patients[0])

    with pytest.raises(DomainError) as refused:
        move(row, tuesday, 5, patient)

    assert refused.value.facts["name"] == "Alice Akter"
    assert not isinstance(refused.value, holding.NotTaken)


def test_another_chamber_is_refused(row, patient, evening):
    elsewhere = make.sitting(make.chamber(evening.doctor), days=4)

    with pytest.raises(holding.SittingClosed):
        move(row, elsewhere, 5, patient)


@pytest.mark.parametrize("number", [25, 10_000])
def test_a_number_beyond_the_capacity_is_refused(row, clinic, evening, number):
    with pytest.raises(holding.NoSuchPlace):
        move(row, evening.sitting, number, clinic)


def test_a_cancelled_sitting_is_refused(row, clinic, tuesday):
    tuesday.cancelled_at = NOW
    db.session.commit()

    with pytest.raises(holding.SittingClosed):
        move(row, tuesday, 5, clinic)


def test_an_unknown_sitting_is_refused(row, clinic):
    with pytest.raises(holding.SittingClosed):
        act(moving.move, row, sitting_id=10**6, number=1, by=clinic)


def test_the_lead_time_binds_the_patient_only(row, patient, clinic, evening):
    near = make.sitting(evening.chamber, start=30, starts_at=NOW + 30 * MINUTE)

    with pytest.raises(holding.TooSoon):
        move(row, near, 1, patient)
    move(row, near, 1, clinic)

    assert place(row) == (near.id, 1)


def test_nobody_is_moved_into_the_past(row, clinic, evening):
    running = make.sitting(evening.chamber, start=20, starts_at=NOW - HOUR)

    with pytest.raises(holding.TooSoon):
        move(row, running, 1, clinic)


def test_the_cut_off_binds_the_patient_only(row, patient, clinic, tuesday):
    late = row.about_at - 2 * HOUR

    with pytest.raises(moving.TooLateToMove):
        move(row, tuesday, 5, patient, now=late)
    move(row, tuesday, 5, clinic, now=late)

    assert place(row) == (tuesday.id, 5)


def test_the_patient_moves_twice_and_the_clinic_as_often_as_it_likes(row, patient, clinic, evening):
    move(row, evening.sitting, 5, patient)
    move(row, evening.sitting, 6, patient)

    with pytest.raises(moving.MovedOften):
        move(row, evening.sitting, 7, patient)
    for number in (8, 9, 10):
        move(row, evening.sitting, number, clinic)

    assert place(row) == (evening.sitting.id, 10)


@pytest.mark.parametrize("status", ["arrived", "called", "in_consultation", "cancelled", "declined", "completed"])
def test_what_has_begun_or_ended_cannot_be_moved(row, clinic, evening, status):
    row.status = status
    db.session.commit()

    with pytest.raises(moving.NotMovable):
        move(row, evening.sitting, 5, clinic)


def test_a_repeated_tap_changes_nothing_more(row, patient, evening):
    seen = row.last_event_id
    move(row, evening.sitting, 5, patient, seen=seen)

    with pytest.raises(moving.AlreadyThere):
        move(row, evening.sitting, 5, patient, seen=seen)

    assert db.session.get(Appointment, row.id).patient_moves == 1


def test_who_moves_what_another_moved_meanwhile_is_told_who_and_when(row, patient, clinic, evening):
    seen = row.last_event_id
    first = move(row, evening.sitting, 5, clinic, seen=seen)

    with pytest.raises(moving.MovedMeanwhile) as lost:
        move(row, evening.sitting, 6, patient, seen=seen)

    assert lost.value.facts["event"].id == first
    assert place(row) == (evening.sitting.id, 5)


def test_who_moves_what_was_cancelled_meanwhile_is_told_who_and_when(row, patient, clinic, evening):
    first = act(cancelling.cancel, row, reason="away", by=clinic)

    with pytest.raises(moving.NotMovable) as lost:
        move(row, evening.sitting, 6, patient)

    assert lost.value.facts["event"].id == first


def test_a_moved_request_lapses_by_its_new_time(alice, evening, patient, tuesday):
    row = make.appointment(tuesday, status="requested", of=alice.patients[0], now=NOW - 2 * HOUR)
    soon = make.sitting(evening.chamber, start=60, starts_at=NOW + 5 * HOUR)

    move(row, soon, 1, patient)

    moved = db.session.get(Appointment, row.id)
    assert moved.status == "requested"
    assert moved.lapses_at == soon.starts_at - 2 * HOUR
    assert moved.remind_at == NOW + (moved.lapses_at - NOW) / 2


def test_a_moved_request_leaves_the_doctor_half_an_hour(alice, patient, tuesday):
    row = make.appointment(tuesday, status="requested", of=alice.patients[0], now=NOW - 24 * HOUR)

    move(row, tuesday, 13, patient)

    assert db.session.get(Appointment, row.id).lapses_at == NOW + 30 * MINUTE


def test_the_calendar_file_keeps_its_uid_and_raises_its_sequence(row, patient, tuesday):
    def read():
        again = db.session.get(Appointment, row.id)
        text = calendar.file(again, doctor="Dr Rokeya", place="Gomoti", url="http://x", now=NOW).decode()
        return dict(line.split(":", 1) for line in text.splitlines() if ":" in line)

    before = read()
    move(row, tuesday, 5, patient)
    after = read()

    assert int(after["SEQUENCE"]) == int(before["SEQUENCE"]) + 1
    assert (after["UID"], after["METHOD"], after["STATUS"]) == (before["UID"], before["METHOD"], "CONFIRMED")
    come_from, _ = places.come_between(tuesday, places.about(tuesday, 5))
    assert after["DTSTART"] == come_from.strftime("%Y%m%dT%H%M%SZ")


def test_the_patients_move_is_told_to_the_patient_at_once_and_to_the_doctor(row, patient, tuesday):
    move(row, tuesday, 5, patient)

    letter = db.session.scalars(db.select(Letter)).one()
    assert (letter.kind, letter.channel, letter.due_at) == ("moved", "sms", NOW)
    assert letter.body.startswith("Serial 12 (")
    assert "is now serial 5:" in letter.body
    assert sorted(kinds()) == ["moved", "patient_moved"]


def test_the_letter_of_the_clinics_move_waits_for_an_undo_the_notice_does_not(row, clinic, tuesday):
    move(row, tuesday, 5, clinic)

    assert db.session.scalars(db.select(Letter.due_at)).all() == [NOW + MINUTE]
    assert sorted(kinds()) == ["desk_moved", "moved"]


def test_the_doctors_own_move_is_not_told_to_the_doctor(row, evening, tuesday):
    move(row, tuesday, 5, By("clinic", evening.doctor.person_id, evening.clinic.id))

    assert kinds() == ["moved"]


def is_true(letter):
    return telling.is_true(letter.kind, ref=letter.about, cause=letter.cause)


def test_the_letter_of_a_move_that_was_moved_again_is_obsolete(row, clinic, evening):
    for number in (5, 6):
        move(row, evening.sitting, number, clinic)

    letters = db.session.scalars(db.select(Letter).order_by(Letter.id)).all()
    assert [is_true(letter) for letter in letters] == [False, True]


def test_a_letter_that_names_the_old_time_is_obsolete_after_a_move(alice, clinic, evening):
    row = make.appointment(evening.sitting, status="requested", of=alice.patients[0])
    act(deciding.accept, row, by=clinic)
    move(row, evening.sitting, 5, clinic)

    letters = db.session.scalars(db.select(Letter).order_by(Letter.id)).all()
    assert [(letter.kind, is_true(letter)) for letter in letters] == [("booked", False), ("moved", True)]


def test_a_move_is_undone_while_the_old_number_is_free(row, patient, evening, tuesday):
    event = move(row, tuesday, 5, patient)

    act(undoing.undo, row, event_id=event, by=patient, now=NOW + 9 * MINUTE)

    assert place(row) == (evening.sitting.id, 12)
    assert db.session.get(Appointment, row.id).about_at == places.about(evening.sitting, 12)
    assert life.last_event(db.session.get(Appointment, row.id)).undoes_id == event


def test_an_undone_move_does_not_count_for_the_patient(row, patient, evening):
    event = move(row, evening.sitting, 5, patient)
    act(undoing.undo, row, event_id=event, by=patient)

    assert db.session.get(Appointment, row.id).patient_moves == 0


def test_an_undo_loses_to_whoever_took_the_old_number(row, patient, evening, bob):
    event = move(row, evening.sitting, 5, patient)
    make.appointment(evening.sitting, number=12, of=bob.patients[0])

    with pytest.raises(holding.NumberTaken):
        act(undoing.undo, row, event_id=event, by=patient)

    assert place(row) == (evening.sitting.id, 5)


def test_a_move_is_not_undone_after_ten_minutes_or_by_the_other_side(row, patient, clinic, evening):
    event = move(row, evening.sitting, 5, patient)

    with pytest.raises(undoing.TooLateToUndo):
        act(undoing.undo, row, event_id=event, by=patient, now=NOW + 10 * MINUTE)
    with pytest.raises(undoing.TooLateToUndo):
        act(undoing.undo, row, event_id=event, by=clinic)


def test_a_move_into_a_sitting_that_was_cancelled_meanwhile_is_not_taken_back_there(row, clinic, evening, tuesday):
    event = move(row, tuesday, 5, clinic)
    evening.sitting.cancelled_at = NOW
    db.session.commit()

    with pytest.raises(holding.SittingClosed):
        act(undoing.undo, row, event_id=event, by=clinic)


def test_the_clinics_undo_within_a_minute_writes_no_letter_a_later_one_its_own(row, clinic, evening):
    first = move(row, evening.sitting, 5, clinic)
    act(undoing.undo, row, event_id=first, by=clinic, now=NOW + 59 * SECOND)
    assert kinds(Letter) == ["moved"]

    second = move(row, evening.sitting, 5, clinic)
    act(undoing.undo, row, event_id=second, by=clinic, now=NOW + 2 * MINUTE)

    assert kinds(Letter) == ["moved", "moved", "moved"]
    last = db.session.scalars(db.select(Letter).order_by(Letter.id.desc()).limit(1)).one()
    assert (last.due_at, is_true(last)) == (NOW + 2 * MINUTE, True)
    assert "Serial 5 (" in last.body
    assert "is now serial 12:" in last.body


def test_a_move_of_a_booking_that_its_patient_may_still_cancel_for_fifteen_minutes(alice, evening, patient, tuesday):
    row = make.appointment(evening.sitting, of=alice.patients[0], booked_at=NOW)
    row.about_at = NOW + HOUR
    db.session.commit()

    move(row, tuesday, 5, patient, now=NOW + timedelta(minutes=14))

    assert place(row) == (tuesday.id, 5)


def test_both_sittings_are_locked_first_in_one_statement(row, clinic, evening, tuesday, monkeypatch):
    locked = []
    monkeypatch.setattr(moving, "lock", lambda of, *ids, share: locked.append((of, set(ids), share)))

    move(row, tuesday, 5, clinic)

    assert locked == [(Sitting, {evening.sitting.id, tuesday.id}, True)]
