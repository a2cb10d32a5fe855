"""The doctor or the clinic's staff decides; the patient cancels; both take it back."""

from datetime import timedelta

import pytest

from doctapp.appointments import cancelling, deciding, expiry, holding, undoing
from doctapp.appointments.life import By
from doctapp.appointments.models import Appointment
from doctapp.db import db, transaction
from doctapp.notifications.models import Letter, Notification
from tests import make
from tests.people import HOUR, MINUTE, NOW

SECOND = timedelta(seconds=1)


@pytest.fixture
def row(evening, alice):
    return make.appointment(evening.sitting, status="requested", of=alice.patients[0])


@pytest.fixture
def clinic(evening, nasrin):
    return By("clinic", nasrin.id, evening.clinic.id)


@pytest.fixture
def patient(alice):
    return By("patient", alice.id)


def act(rule, row, **given):
    given.setdefault("now", NOW)
    with transaction():
        return rule(db.session.get(Appointment, row.id), **given).id


def status(row):
    return db.session.get(Appointment, row.id).status


def test_an_accepted_request_is_booked(row, clinic):
    act(deciding.accept, row, by=clinic)

    assert status(row) == "booked"


def test_the_letter_of_an_accept_waits_for_an_undo_the_notice_does_not(row, clinic):
    act(deciding.accept, row, by=clinic)

    assert db.session.scalars(db.select(Letter.due_at)).all() == [NOW + MINUTE]
    assert db.session.scalars(db.select(Notification.kind)).all() == ["booked"]


def test_who_is_second_is_told_who_was_first(row, clinic, patient):
    act(cancelling.cancel, row, reason="", by=patient)

    with pytest.raises(deciding.AlreadyDecided) as lost:
        act(deciding.accept, row, by=clinic)

    assert lost.value.facts["event"].person_id == patient.person_id


def test_a_declined_request_frees_its_number(row, clinic, evening, bob):
    act(deciding.decline, row, reason="away", by=clinic)

    assert make.appointment(evening.sitting, number=row.number, of=bob.patients[0]).status == "booked"


def test_an_accept_is_undone_within_sixty_seconds(row, clinic):
    event = act(deciding.accept, row, by=clinic)

    act(undoing.undo, row, event_id=event, by=clinic, now=NOW + 59 * SECOND)

    assert status(row) == "requested"


def test_an_accept_is_not_undone_later(row, clinic):
    event = act(deciding.accept, row, by=clinic)

    with pytest.raises(undoing.TooLateToUndo):
        act(undoing.undo, row, event_id=event, by=clinic, now=NOW + 61 * SECOND)


def test_a_decline_is_undone_while_the_number_is_free(row, clinic):
    event = act(deciding.decline, row, reason="away", by=clinic)

    act(undoing.undo, row, event_id=event, by=clinic, now=NOW + 9 * MINUTE)

    assert status(row) == "requested"


def test_an_undo_loses_to_whoever_took_the_number(row, clinic, evening, bob):
    event = act(deciding.decline, row, reason="away", by=clinic)
    make.appointment(evening.sitting, number=row.number, of=bob.patients[0])

    with pytest.raises(holding.NumberTaken):
        act(undoing.undo, row, event_id=event, by=clinic)

    assert status(row) == "declined"


def test_an_undo_names_the_event_that_is_still_the_last(row, clinic):
    first = act(deciding.accept, row, by=clinic)
    act(undoing.undo, row, event_id=first, by=clinic)

    with pytest.raises(undoing.TooLateToUndo):
        act(undoing.undo, row, event_id=first, by=clinic)


def test_a_patients_cancellation_is_undone_by_the_patient_only(row, clinic, patient):
    event = act(cancelling.cancel, row, reason="better", by=patient)

    with pytest.raises(undoing.TooLateToUndo):
        act(undoing.undo, row, event_id=event, by=clinic)
    act(undoing.undo, row, event_id=event, by=patient)

    assert status(row) == "requested"


def test_a_restored_request_lapses_no_earlier_than_thirty_minutes_later(row, clinic):
    row.lapses_at = NOW + 5 * MINUTE
    db.session.commit()
    event = act(deciding.decline, row, reason="away", by=clinic)

    act(undoing.undo, row, event_id=event, by=clinic, now=NOW + MINUTE)

    assert db.session.get(Appointment, row.id).lapses_at == NOW + 31 * MINUTE


def test_an_undo_after_the_letter_went_out_writes_its_own(row, clinic):
    event = act(deciding.decline, row, reason="away", by=clinic)
    act(undoing.undo, row, event_id=event, by=clinic, now=NOW + 5 * MINUTE)

    assert db.session.scalars(db.select(Letter.kind).order_by(Letter.id)).all() == ["declined", "requested"]


def test_an_undo_before_the_letter_went_out_writes_none(row, clinic):
    event = act(deciding.decline, row, reason="away", by=clinic)
    act(undoing.undo, row, event_id=event, by=clinic, now=NOW + 30 * SECOND)

    assert db.session.scalars(db.select(Letter.kind)).all() == ["declined"]


def test_the_patient_cancels_always_while_requested(row, patient):
    act(cancelling.cancel, row, reason="", by=patient, now=row.about_at - MINUTE)

    assert status(row) == "cancelled"


def test_the_patient_cancels_a_booking_until_the_cut_off(row, clinic, patient):
    act(deciding.accept, row, by=clinic)

    with pytest.raises(cancelling.TooLateToCancel):
        act(cancelling.cancel, row, reason="", by=patient, now=row.about_at - 2 * HOUR)
    act(cancelling.cancel, row, reason="", by=patient, now=row.about_at - 2 * HOUR - MINUTE)

    assert status(row) == "cancelled"


def test_a_late_booking_may_be_cancelled_for_fifteen_minutes(row, clinic, patient):
    late = row.about_at - HOUR
    act(deciding.accept, row, by=clinic, now=late)

    act(cancelling.cancel, row, reason="", by=patient, now=late + 14 * MINUTE)

    assert status(row) == "cancelled"


def test_what_is_over_cannot_be_cancelled(row, clinic, patient):
    act(deciding.decline, row, reason="away", by=clinic)

    with pytest.raises(cancelling.NotCancellable):
        act(cancelling.cancel, row, reason="", by=patient)


def test_an_undecided_request_lapses_once_and_the_patient_is_told(row):
    with transaction():
        again = db.session.get(Appointment, row.id)
        assert expiry.lapse(again, now=row.lapses_at)
        assert not expiry.lapse(again, now=row.lapses_at)

    assert status(row) == "lapsed"
    assert db.session.scalars(db.select(Letter.kind)).all() == ["lapsed"]


def test_a_request_does_not_lapse_before_its_time(row):
    with transaction():
        assert not expiry.lapse(db.session.get(Appointment, row.id), now=row.lapses_at - SECOND)


def test_the_doctor_is_reminded_once(row):
    row.remind_at = NOW + MINUTE
    db.session.commit()

    for expected in (True, False):
        with transaction():
            assert expiry.remind(db.session.get(Appointment, row.id), now=NOW + MINUTE) is expected

    assert db.session.scalars(db.select(Letter.kind)).all() == ["reminder"]
