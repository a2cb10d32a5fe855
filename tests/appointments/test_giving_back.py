"""What goes back when a paid appointment ends: by the copied policy, whole where the clinic ends it, taken back by an undo."""

from datetime import timedelta

import pytest

from doctapp.appointments import (
    cancelling,
    deciding,
    expiry,
    giving_back,
    moving,
    paying,
    requesting,
    sitting_cancellation,
    undoing,
)
from doctapp.appointments.life import By
from doctapp.appointments.models import Appointment
from doctapp.db import db, transaction
from doctapp.payments import refunding
from doctapp.payments.models import Refund
from tests import make
from tests.payments.steps import PRICE, again, begun, heard, kept, paid, refund, refunds, takes_online
from tests.people import HOUR, MINUTE, NOW

SECOND = timedelta(seconds=1)
HALF = PRICE // 2


@pytest.fixture
def soon(evening):
    """A sitting in five hours: later than a day before it, when the policy keeps half."""
    takes_online(evening.chamber)
    return make.sitting(evening.chamber, days=2, start=61, starts_at=NOW + 5 * HOUR)


@pytest.fixture
def held(soon, alice):
    return kept(soon, alice, number=1)


@pytest.fixture
def attempt(held):
    """Paid, and booked by that; old enough that nobody is held to second thoughts."""
    return paid(held)


@pytest.fixture
def clinic(evening, nasrin):
    return By("clinic", nasrin.id, evening.clinic.id)


@pytest.fixture
def patient(alice):
    return By("patient", alice.id)


def act(rule, row, **given):
    given.setdefault("now", NOW)
    with transaction():
        return rule(again(row), **given)


def cancel(row, by, **given):
    return act(cancelling.cancel, row, reason="time" if by.side == "patient" else "away", by=by, **given)


def undo(row, event, by, **given):
    return act(undoing.undo, row, event_id=event.id, by=by, **given)


def claim(row, now):
    with transaction():
        return refunding.claim(row.id, now=now)


@pytest.mark.parametrize(
    ("before", "percent", "back"),
    [
        (24 * HOUR, 50, HALF),
        (5 * HOUR, 50, PRICE),
        (5 * HOUR - MINUTE, 50, PRICE),
        (5 * HOUR + MINUTE, 50, HALF),
        (24 * HOUR, 0, 0),
        (24 * HOUR, 100, PRICE),
        (24 * HOUR, 33, 23100),
    ],
)
def test_who_cancels_gets_back_what_the_copied_policy_says(held, attempt, patient, before, percent, back):
    db.session.execute(db.update(Appointment).values(refund_minutes=before // MINUTE, refund_percent=percent))
    db.session.commit()

    cancel(held, patient)

    assert refunds() == ([(back, "refund_due")] if back else [])


@pytest.mark.parametrize(("paid_", "percent", "back"), [(1, 50, 1), (3, 50, 2), (99, 33, 33), (101, 33, 34)])
def test_a_part_of_a_poisha_goes_to_the_patient(paid_, percent, back):
    assert giving_back.back(paid_, percent) == back


def test_the_policy_of_the_request_stays_though_the_chamber_changed_its_own(held, attempt, patient, evening):
    evening.chamber.refund_percent = 0
    db.session.commit()

    cancel(held, patient)

    assert refunds() == [(HALF, "refund_due")]


def test_the_refund_waits_for_the_end_of_the_undo(held, attempt, patient):
    cancel(held, patient)

    assert (refund().not_before, refund().next_try_at) == (NOW + 10 * MINUTE,) * 2
    assert refunding.to_send(now=NOW + 10 * MINUTE - SECOND) == []
    assert claim(refund(), NOW + 10 * MINUTE - SECOND) is None


@pytest.mark.parametrize("side", ["clinic", "admin"])
def test_whatever_the_clinic_or_the_office_cancels_goes_back_whole(held, attempt, clinic, admin, side):
    cancel(held, clinic if side == "clinic" else By("admin", admin.id))

    assert refunds() == [(PRICE, "refund_due")]


@pytest.mark.parametrize("status", ["booked", "arrived", "called"])
def test_a_cancelled_sitting_gives_all_back_at_once(held, attempt, soon, clinic, status):
    db.session.execute(db.update(Appointment).values(status=status))
    db.session.commit()
    with transaction():
        sitting_cancellation.cancel(soon.id, why="away", by=clinic, now=NOW)
    act(sitting_cancellation.end, held)

    assert (refunds(), refund().not_before) == ([(PRICE, "refund_due")], NOW)


def test_who_is_in_the_room_when_the_sitting_is_cancelled_has_a_visit_that_stands(held, attempt, soon, clinic):
    db.session.execute(db.update(Appointment).values(status="in_consultation"))
    db.session.commit()
    with transaction():
        sitting_cancellation.cancel(soon.id, why="away", by=clinic, now=NOW)
    act(sitting_cancellation.end, held)

    assert refunds() == []


@pytest.mark.parametrize("status", ["completed", "no_show", "left", "elapsed"])
def test_what_happened_after_the_sitting_moves_no_money(held, attempt, status):
    db.session.execute(db.update(Appointment).values(status=status))
    db.session.commit()

    assert refunds() == []


def test_a_patient_whom_the_clinic_moved_gets_all_back(held, attempt, patient, clinic, soon):
    act(moving.move, held, sitting_id=soon.id, number=3, by=clinic)

    cancel(held, patient)

    assert refunds() == [(PRICE, "refund_due")]


@pytest.mark.parametrize("then", ["undone", "moved by the patient"])
def test_who_chose_the_time_again_has_the_policy_again(held, attempt, patient, clinic, soon, then):
    moved = act(moving.move, held, sitting_id=soon.id, number=3, by=clinic)
    if then == "undone":
        undo(held, moved, clinic)
    else:
        act(moving.move, held, sitting_id=soon.id, number=4, by=patient)

    cancel(held, patient)

    assert refunds() == [(HALF, "refund_due")]


# undo


@pytest.mark.parametrize("side", ["patient", "clinic"])
def test_an_undo_withdraws_the_refund_and_the_money_stands_again(held, attempt, patient, clinic, side):
    by = patient if side == "patient" else clinic
    event = cancel(held, by)

    undo(held, event, by, now=NOW + 9 * MINUTE)

    assert (refunds()[0][1], again(held).status, again(held).paid) == ("withdrawn", "booked", PRICE)
    assert refunding.to_send(now=NOW + HOUR) == []
    assert claim(refund(), NOW + HOUR) is None


def test_an_undo_after_the_refund_began_is_refused(held, attempt, patient):
    event = cancel(held, patient)
    db.session.execute(db.update(Refund).values(not_before=NOW, next_try_at=NOW))
    db.session.commit()
    assert claim(refund(), NOW + MINUTE)

    with pytest.raises(undoing.TooLateToUndo):
        undo(held, event, patient, now=NOW + 2 * MINUTE)

    assert (again(held).status, refunds()) == ("cancelled", [(HALF, "refunding")])


def test_cancel_undo_cancel_owes_once(held, attempt, patient):
    first = cancel(held, patient)
    undo(held, first, patient, now=NOW + MINUTE)
    cancel(held, patient, now=NOW + 2 * MINUTE)

    assert refunds() == [(HALF, "withdrawn"), (HALF, "refund_due")]


def test_a_part_and_then_the_whole_are_never_more_than_came(held, attempt, patient, clinic):
    undo(held, cancel(held, patient), patient, now=NOW + MINUTE)
    cancel(held, clinic, now=NOW + 2 * MINUTE)

    assert refunds() == [(HALF, "withdrawn"), (PRICE, "refund_due")]


def test_what_is_owed_for_two_causes_is_at_most_what_was_captured(held, attempt):
    with transaction():
        for cause, amount in (("event:1", 60000), ("event:2", 60000), ("event:3", 60000)):
            refunding.due(again(attempt), amount=amount, cause=cause, not_before=NOW, now=NOW)

    amounts = [amount for amount, _ in refunds()]
    assert amounts == [60000, 10000]
    with transaction():  # so that the equation holds: it was owed without a cause
        db.session.execute(db.update(Refund).values(state="withdrawn"))


def test_the_same_cause_owes_once(held, attempt):
    with transaction():
        given = {"amount": 100, "cause": "late", "not_before": NOW, "now": NOW}
        assert refunding.due(again(attempt), **given) is not None
        assert refunding.due(again(attempt), **given) is None
        db.session.execute(db.update(Refund).values(state="withdrawn"))


# flagged money in an appointment that ends


@pytest.fixture
def risky(held):
    attempt = begun(held)
    heard(attempt, risky=True)
    return attempt


def test_flagged_money_goes_back_whole_when_the_patient_cancels_what_the_doctor_accepted(held, risky, clinic, patient):
    act(deciding.accept, held, by=clinic)

    cancel(held, patient, now=NOW + MINUTE)

    assert refunds() == [(PRICE, "refund_due")]


@pytest.mark.parametrize("how", ["declined", "cancelled", "lapsed"])
def test_flagged_money_goes_back_with_the_end_of_its_request_and_nobody_has_to_decide(
    held, risky, clinic, patient, how
):
    if how == "declined":
        act(deciding.decline, held, reason="away", by=clinic)
    elif how == "cancelled":
        cancel(held, patient)
    else:
        act(expiry.lapse, held, now=again(held).lapses_at)

    assert (again(held).status, refunds()) == (how, [(PRICE, "refund_due")])
    assert again(risky).decided_at is not None


def test_an_admin_decides_again_after_an_undone_decline(held, risky, clinic, admin):
    event = act(deciding.decline, held, reason="away", by=clinic)

    undo(held, event, clinic, now=NOW + MINUTE)

    assert (again(held).status, again(risky).decided_at, refunds()) == ("requested", None, [(PRICE, "withdrawn")])
    act(paying.let_stand, risky, by=By("admin", admin.id), now=NOW + 2 * MINUTE)
    assert (again(held).status, again(held).paid) == ("booked", PRICE)


def test_nothing_is_owed_for_what_was_never_paid(soon, alice, patient):
    row = kept(soon, alice, number=2)
    act(requesting.request, row, method="chamber")

    cancel(row, patient)

    assert refunds() == []
