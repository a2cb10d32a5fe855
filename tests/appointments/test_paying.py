"""Paid means booked: how a payment begins on a kept number, and what its money brings, late, twice, flagged or in time."""

from datetime import timedelta

import pytest

from doctapp.accounts import joining
from doctapp.accounts.models import Patient
from doctapp.appointments import (
    cancelling,
    deciding,
    expiry,
    holding,
    moving,
    paying,
    requesting,
    sitting_cancellation,
    undoing,
)
from doctapp.appointments import joining as appointments_joining
from doctapp.appointments.life import By
from doctapp.appointments.models import Appointment, Event
from doctapp.db import db, transaction
from doctapp.notifications.models import Letter, Notification
from doctapp.payments.models import Attempt, Receipt, Refund
from tests import make, people
from tests.payments.steps import (
    ADVANCE,
    PRICE,
    ProcessDied,
    again,
    attempt_of,
    begun,
    die_after,
    heard,
    kept,
    paid,
    refund,
    refunds,
    takes_online,
)
from tests.payments.steps import answer as told
from tests.people import HOUR, MINUTE, NOW

SECOND = timedelta(seconds=1)


@pytest.fixture(autouse=True)
def _online(evening):
    takes_online(evening.chamber)


@pytest.fixture
def held(evening, alice):
    return kept(evening.sitting, alice)


@pytest.fixture
def clinic(evening, nasrin):
    return By("clinic", nasrin.id, evening.clinic.id)


@pytest.fixture
def office(admin):
    return By("admin", admin.id)


def act(rule, row, **given):
    given.setdefault("now", NOW)
    with transaction():
        return rule(again(row), **given)


def request_at_chamber(row, now=NOW):
    act(requesting.request, row, method="chamber", now=now)


def status(row):
    return again(row).status


def acts(row):
    return db.session.scalars(db.select(Event.act).filter_by(appointment_id=row.id).order_by(Event.id)).all()[1:]


def kinds(of=Notification):
    return db.session.scalars(db.select(of.kind).order_by(of.id)).all()


# to begin


def test_what_is_agreed_when_a_payment_begins_is_written_down(held):
    attempt = begun(held)

    assert (attempt.visit, attempt.price, attempt.amount, attempt.currency) == ("new", PRICE, PRICE, "BDT")
    assert (attempt.state, attempt.session, attempt.next_query_at) == ("started", "", NOW)
    assert status(held) == "held"


@pytest.mark.parametrize(
    ("online_part", "advance", "offered"),
    [
        ("whole", 0, [("whole", PRICE)]),
        ("whole", ADVANCE, [("whole", PRICE)]),
        ("advance", ADVANCE, [("advance", ADVANCE)]),
        ("advance", 0, [("whole", PRICE)]),
        ("advance", PRICE, [("whole", PRICE)]),
        ("either", ADVANCE, [("advance", ADVANCE), ("whole", PRICE)]),
    ],
)
def test_a_chamber_takes_the_advance_the_whole_fee_or_either(evening, online_part, advance, offered):
    takes_online(evening.chamber, online_part=online_part, advance=advance)

    assert [(part.name, part.amount) for part in paying.parts(evening.chamber, PRICE)] == offered


def test_a_visit_that_costs_nothing_is_not_paid_online(evening):
    assert paying.parts(evening.chamber, 0) == []


def test_only_what_the_chamber_takes_and_the_settings_reach_is_offered(evening):
    assert paying.methods(evening.chamber) == ["chamber", "sandbox"]
    takes_online(evening.chamber)
    evening.chamber.methods = "chamber"
    assert paying.methods(evening.chamber) == ["chamber"]


@pytest.mark.parametrize("given", [{"provider": "stripe"}, {"provider": "chamber"}, {"part": "advance"}])
def test_what_is_not_offered_cannot_begin(held, given):
    with pytest.raises(paying.NotOffered):
        begun(held, **given)


def test_a_changed_fee_is_shown_before_it_is_paid(held):
    with pytest.raises(requesting.FeeChanged):
        begun(held, fee_seen=50000)


def test_no_patient_is_made_before_the_money_came(evening, alice):
    row = kept(evening.sitting, alice, typed_who="new", typed_name="Momena Bibi", typed_age=58)
    attempt = begun(row)
    assert db.session.scalars(db.select(Patient.name)).all() == ["Alice Akter"]

    heard(attempt)

    assert again(row).patient.name == "Momena Bibi"


def test_a_seventh_relative_is_refused_before_anybody_pays(evening, alice):
    for letter in "abcdef":
        make.patient(alice, f"Relative {letter}")
    row = kept(evening.sitting, alice, typed_who="new", typed_name="Momena Bibi", typed_age=58)

    with pytest.raises(requesting.patients.TooManyRelatives):
        begun(row)


def test_who_has_a_serial_there_already_is_told_before_paying(evening, alice, held):
    make.appointment(evening.sitting, number=3, of=alice.patients[0])

    with pytest.raises(requesting.DomainError, match="Alice Akter"):
        begun(held)


@pytest.mark.parametrize(
    ("age", "until"), [(0, 20), (5, 20), (10, 20), (20, 15), (30, 5)], ids=lambda minutes: f"{minutes}min"
)
def test_a_payment_moves_the_end_of_the_hold_to_20_minutes_from_now_never_past_35(evening, alice, age, until):
    row = kept(evening.sitting, alice, now=NOW - age * MINUTE, held_until=NOW + MINUTE)

    begun(row)

    assert again(row).held_until == NOW + until * MINUTE


def test_the_end_of_a_hold_is_never_moved_nearer(evening, alice):
    row = kept(evening.sitting, alice, held_until=NOW + 25 * MINUTE)

    begun(row)

    assert again(row).held_until == NOW + 25 * MINUTE


def test_with_under_five_minutes_to_the_limit_no_payment_begins(evening, alice):
    row = kept(evening.sitting, alice, now=NOW - 30 * MINUTE - SECOND, held_until=NOW + MINUTE)

    with pytest.raises(paying.NoTimeToPay):
        begun(row)


def test_an_overdue_hold_cannot_be_paid_even_with_no_sweep(held):
    with pytest.raises(holding.HoldRanOut):
        begun(held, now=NOW + 15 * MINUTE)


def test_the_same_payment_begun_twice_is_one(held):
    assert begun(held).id == begun(held).id


@pytest.mark.parametrize("changed", [{"price": 60000}, {"visit": "follow_up"}, {"part": "advance"}])
def test_another_agreement_is_another_payment_though_the_amount_is_the_same(held, evening, changed):
    takes_online(evening.chamber, advance=ADVANCE, online_part="either")
    part, amount = ("whole", PRICE) if "part" in changed else ("advance", ADVANCE)
    first = attempt_of(held, **{"part": part, "amount": amount, **changed})

    second = begun(held, part=part)

    assert second.id != first.id
    assert (second.price, second.visit) == (PRICE, "new")


def test_a_failed_payment_leaves_ten_minutes_to_choose_another_way(held):
    attempt = begun(held)

    heard(attempt, "failed", now=NOW + 15 * MINUTE)

    assert (again(attempt).state, status(held)) == ("failed", "held")
    assert again(held).held_until == NOW + 25 * MINUTE


def test_a_payment_that_fails_at_once_does_not_shorten_the_hold(held):
    attempt = begun(held)

    heard(attempt, "failed", now=NOW + MINUTE)

    assert again(held).held_until == NOW + 20 * MINUTE


def test_a_failure_does_not_bring_an_overdue_hold_back(held):
    attempt = begun(held)

    heard(attempt, "failed", now=NOW + 21 * MINUTE)

    assert not holding.is_held(again(held), now=NOW + 21 * MINUTE)


def test_an_offer_keeps_its_own_longer_end(evening, alice):
    row = kept(evening.sitting, alice, held_until=NOW + 4 * HOUR)
    row.status = "offered"
    db.session.commit()

    begun(row)
    assert again(row).held_until == NOW + 4 * HOUR


# a browser keeps what it pays for


def hold_another(sitting, browser_hash, number, now=NOW):
    with transaction():
        return holding.hold(
            sitting_id=sitting.id, number=number, browser_hash=browser_hash, person_id=None, address="a", language="en", now=now
        ).id  # fmt: skip


def test_a_hold_is_not_replaced_while_a_payment_is_open_on_it(held, evening):
    attempt = begun(held)

    with pytest.raises(holding.PaymentOpen) as refused:
        hold_another(evening.sitting, held.browser_hash, 13)

    assert refused.value.facts["payment"] == attempt.token
    assert status(held) == "held"


@pytest.mark.parametrize("state", ["failed", "expired"])
def test_a_hold_whose_payment_ended_is_replaced(held, evening, state):
    heard(begun(held), state)

    hold_another(evening.sitting, held.browser_hash, 13)

    assert status(held) == "expired"


def test_an_overdue_hold_is_replaced_though_its_payment_is_still_open(held, evening):
    begun(held)

    hold_another(evening.sitting, held.browser_hash, 13, now=NOW + 20 * MINUTE)

    assert status(held) == "expired"


# paid means booked


def test_captured_money_books_the_number_at_the_agreed_price(held):
    heard(begun(held))

    row = again(held)
    assert (row.status, row.paid, row.price, row.method) == ("booked", PRICE, PRICE, "sandbox")
    assert (row.patient.name, row.cut_off_minutes) == ("Alice Akter", 120)
    assert (row.refund_minutes, row.refund_percent) == (24 * 60, 50)
    assert (row.booked_at, row.lapses_at) == (NOW, None)
    assert acts(row) == ["request", "pay"]


def test_the_price_stays_that_of_the_beginning_though_the_chamber_raised_it(held, evening):
    attempt = begun(held)
    evening.chamber.fee_new = 90000
    db.session.commit()

    heard(attempt)

    assert (again(held).price, again(held).paid) == (PRICE, PRICE)


def test_the_patient_is_told_once_that_it_is_booked_and_not_that_it_waits(held):
    heard(begun(held))

    assert (kinds(), kinds(Letter)) == (["booked"], ["booked"])


def test_a_payment_that_stands_gets_the_clinics_next_receipt(held, evening, bob):
    heard(begun(held))
    heard(begun(kept(evening.sitting, bob, number=13)))

    assert db.session.scalars(db.select(Receipt.number).order_by(Receipt.id)).all() == [1, 2]


def test_an_advance_books_as_the_whole_does(held, evening):
    takes_online(evening.chamber, online_part="advance", advance=ADVANCE)

    heard(begun(held, part="advance"))

    assert (status(held), again(held).paid, again(held).price) == ("booked", ADVANCE, PRICE)


@pytest.mark.parametrize("before", ["failed", "expired"])
def test_captured_is_the_last_word_whatever_it_was_thought_to_be(held, before):
    attempt = begun(held)
    heard(attempt, before)

    heard(attempt)

    assert (again(attempt).state, status(held)) == ("captured", "booked")


@pytest.mark.parametrize("after", ["failed", "expired", "open"])
def test_nothing_that_comes_after_the_money_undoes_it(held, after):
    attempt = paid(held)

    assert not heard(attempt, after)
    assert (again(attempt).state, status(held)) == ("captured", "booked")


def test_money_heard_of_twice_books_once(held):
    attempt = begun(held)

    assert [heard(attempt), heard(attempt), heard(attempt, event="asked back")] == [True, False, False]
    assert (acts(held), refunds()) == (["request", "pay"], [])


def test_other_money_for_the_same_order_is_listed_for_a_person(held):
    attempt = paid(held)

    heard(attempt, event="another", payment="paid again")

    found = db.session.execute(db.text("SELECT kind, ours, theirs FROM difference")).one()
    assert tuple(found) == ("missing_here", f"payment of {attempt.token}", "paid again")


# late money


def test_an_overdue_hold_that_nobody_swept_is_booked(held):
    attempt = begun(held)

    heard(attempt, now=NOW + 30 * MINUTE)

    assert status(held) == "booked"


@pytest.fixture
def late(held):
    """A payment whose hold has expired."""
    attempt = begun(held)
    act(holding.expire, held, now=NOW + 21 * MINUTE)
    assert status(held) == "expired"
    return attempt


def test_late_money_books_the_same_number_if_it_is_still_free(held, late):
    heard(late, now=NOW + HOUR)

    assert (status(held), acts(held)) == ("booked", ["expire", "request", "pay"])


def test_late_money_takes_the_number_from_a_hold_that_ran_out_unnoticed(held, late, evening):
    stale = make.hold(evening.sitting, number=12, browser="another", held_until=NOW + 50 * MINUTE)

    heard(late, now=NOW + HOUR)

    assert (status(held), status(stale)) == ("booked", "expired")


@pytest.mark.parametrize("by", ["held", "booked"])
def test_late_money_goes_back_whole_where_another_has_the_number(held, late, evening, bob, by):
    if by == "held":
        make.hold(evening.sitting, number=12, browser="another", held_until=NOW + 2 * HOUR)
    else:
        make.appointment(evening.sitting, number=12, of=bob.patients[0])

    heard(late, now=NOW + HOUR)

    assert (status(held), refunds()) == ("expired", [(PRICE, "refund_due")])
    assert again(late).state == "captured"
    assert refund().not_before == NOW + HOUR
    assert kinds() == kinds(Letter) == ["going_back"]
    assert "was gone when your payment came" in db.session.scalars(db.select(Letter.body)).one()
    assert again(held).patient_id is None


def test_late_money_goes_back_where_the_patient_has_another_serial_there(held, late, evening, alice):
    make.appointment(evening.sitting, number=3, of=alice.patients[0])

    heard(late, now=NOW + HOUR)

    assert (status(held), refunds()) == ("expired", [(PRICE, "refund_due")])


def test_a_patient_named_anew_is_not_made_where_the_number_was_lost(evening, alice, bob):
    row = kept(evening.sitting, alice, typed_who="new", typed_name="Momena Bibi", typed_age=58)
    attempt = begun(row)
    act(holding.expire, row, now=NOW + 21 * MINUTE)
    make.appointment(evening.sitting, number=12, of=bob.patients[0])

    heard(attempt, now=NOW + HOUR)

    assert refunds() == [(PRICE, "refund_due")]
    assert "Momena Bibi" not in db.session.scalars(db.select(Patient.name)).all()


def test_late_money_goes_back_where_the_time_has_come(held, late):
    heard(late, now=again(held).about_at)

    assert (status(held), refunds()) == ("expired", [(PRICE, "refund_due")])


@pytest.mark.parametrize("swept", [False, True])
def test_money_goes_back_where_the_sitting_was_cancelled(held, evening, clinic, swept):
    attempt = begun(held)
    with transaction():
        sitting_cancellation.cancel(evening.sitting.id, why="away", by=clinic, now=NOW + MINUTE)
    if swept:
        act(sitting_cancellation.end, held, now=NOW + MINUTE)

    heard(attempt, now=NOW + 2 * MINUTE)

    assert refunds() == [(PRICE, "refund_due")]
    assert status(held) == ("expired" if swept else "held")


def test_money_for_a_hold_that_its_browser_replaced_books_it_if_the_number_is_free(held, evening):
    attempt = begun(held)
    heard(attempt, "failed")
    hold_another(evening.sitting, held.browser_hash, 13)

    heard(attempt, now=NOW + MINUTE)

    assert status(held) == "booked"


# asked for at the chamber meanwhile


def test_a_request_at_the_chamber_is_booked_by_the_money_that_was_under_way(held):
    attempt = begun(held)
    request_at_chamber(held)

    heard(attempt)

    row = again(held)
    assert (row.status, row.paid, row.method) == ("booked", PRICE, "sandbox")
    assert acts(row) == ["request", "pay"]


def test_what_was_booked_at_the_chamber_is_paid_by_the_money_that_was_under_way(held, clinic):
    attempt = begun(held)
    request_at_chamber(held)
    act(deciding.accept, held, by=clinic)

    heard(attempt, now=NOW + 10 * SECOND)

    assert (status(held), again(held).paid, acts(held)) == ("booked", PRICE, ["request", "accept", "pay"])


def test_a_paid_booking_is_not_taken_back_by_the_undo_of_an_earlier_accept(held, clinic):
    attempt = begun(held)
    request_at_chamber(held)
    accepted = act(deciding.accept, held, by=clinic).id
    heard(attempt, now=NOW + 10 * SECOND)

    with pytest.raises(undoing.TooLateToUndo):
        act(undoing.undo, held, event_id=accepted, by=clinic, now=NOW + 20 * SECOND)


@pytest.mark.parametrize("state", ["arrived", "called", "in_consultation", "completed"])
def test_a_visit_under_way_is_paid_and_nobody_is_told_to_come(held, clinic, state):
    attempt = begun(held)
    request_at_chamber(held)
    act(deciding.accept, held, by=clinic)
    db.session.execute(db.update(Appointment).values(status=state))
    db.session.commit()
    told = len(kinds())

    heard(attempt, now=NOW + MINUTE)

    assert (status(held), again(held).paid, len(kinds())) == (state, PRICE, told)


def test_money_for_what_was_cancelled_meanwhile_goes_back(held, alice):
    attempt = begun(held)
    request_at_chamber(held)
    act(cancelling.cancel, held, reason="time", by=By("patient", alice.id))

    heard(attempt)

    assert (status(held), refunds()) == ("cancelled", [(PRICE, "refund_due")])


@pytest.mark.parametrize("state", ["no_show", "left", "elapsed", "declined", "lapsed"])
def test_money_for_what_ended_otherwise_goes_back(held, state):
    attempt = begun(held)
    request_at_chamber(held)
    db.session.execute(db.update(Appointment).values(status=state))
    db.session.commit()

    heard(attempt)

    assert (status(held), refunds()) == (state, [(PRICE, "refund_due")])


# two payments


@pytest.fixture
def two(held):
    """Two payments that are open for one number."""
    return attempt_of(held), attempt_of(held, provider="stripe")


def test_of_two_payments_the_second_goes_back_whole(held, two):
    heard(two[0])
    heard(two[1])

    assert (refunds(two[0]), refunds(two[1])) == ([], [(PRICE, "refund_due")])
    assert (again(held).paid, db.session.scalar(db.select(db.func.count(Receipt.id)))) == (PRICE, 1)
    assert "is paid already" in db.session.scalars(db.select(Letter.body).filter_by(kind="going_back")).one()


def test_of_two_payments_for_a_lost_number_both_go_back(held, two, evening, bob):
    act(holding.expire, held, now=NOW + 21 * MINUTE)
    make.appointment(evening.sitting, number=12, of=bob.patients[0])

    for attempt in two:
        heard(attempt, now=NOW + HOUR)

    assert refunds() == [(PRICE, "refund_due")] * 2


# answers that were changed after the payment began


@pytest.fixture
def follow_up(held):
    """A payment for a follow-up is under way, at 400 taka."""
    again(held).visit = "follow_up"
    db.session.commit()
    return attempt_of(held, visit="follow_up", price=40000, amount=40000)


def test_what_is_paid_of_a_dearer_visit_leaves_the_rest_to_pay_at_the_chamber(held, follow_up):
    heard(follow_up)

    row = again(held)
    assert (row.status, row.visit, row.price, row.paid) == ("booked", "new", PRICE, 40000)


def test_a_payment_for_a_new_visit_stands_at_its_price_though_a_cheaper_one_was_chosen_since(held):
    attempt = begun(held)
    again(held).visit = "follow_up"
    db.session.commit()

    heard(attempt)

    assert (again(held).status, again(held).price, again(held).paid) == ("booked", PRICE, PRICE)


def test_a_fee_that_was_raised_since_the_payment_began_is_not_asked(held, evening):
    attempt = begun(held)
    evening.chamber.fee_new = 2 * PRICE
    db.session.commit()

    heard(attempt)

    assert (again(held).price, again(held).paid) == (PRICE, PRICE)


# money that does not look as it was asked

FLAGGED = [{"risky": True}, {"amount": PRICE - 1}, {"amount": PRICE + 1}, {"currency": "USD"}]
flags = pytest.mark.parametrize(
    ("lie", "flag"), list(zip(FLAGGED, ["risk", "amount", "amount", "currency"], strict=True))
)


@flags
def test_flagged_money_books_nothing_and_waits_for_an_admin(held, lie, flag):
    attempt = begun(held)

    heard(attempt, **lie)

    row = again(held)
    assert (again(attempt).state, again(attempt).flag, row.status, row.paid) == ("captured", flag, "requested", 0)
    assert refunds() == []
    assert row.lapses_at is not None
    assert kinds() == ["requested", "new_request"]


@pytest.fixture
def risky(held):
    """Flagged money, the appointment requested."""
    attempt = begun(held)
    heard(attempt, risky=True)
    return attempt


def test_what_an_admin_lets_stand_is_booked(held, risky, office):
    act(paying.let_stand, risky, by=office)

    assert (status(held), again(held).paid, again(risky).decided_by_id) == ("booked", PRICE, office.person_id)
    assert db.session.scalar(db.select(db.func.count(Receipt.id))) == 1


def test_money_in_another_currency_can_only_be_given_back(held, office):
    attempt = begun(held)
    heard(attempt, currency="USD", amount=800)

    with pytest.raises(paying.OtherCurrency):
        act(paying.let_stand, attempt, by=office)
    act(paying.give_back, attempt, by=office)

    assert (status(held), again(held).paid, refunds()) == ("declined", 0, [(800, "refund_due")])
    assert "USD 8.00" in db.session.scalars(db.select(Letter.body).filter_by(kind="going_back")).one()


def test_what_an_admin_gives_back_ends_the_request_that_waited_for_it(held, risky, office):
    act(paying.give_back, risky, by=office)

    assert (status(held), refunds()) == ("declined", [(PRICE, "refund_due")])
    assert refund().not_before == NOW
    assert sorted(kinds()) == ["declined", "going_back", "new_request", "requested"]
    assert "could not be accepted" in db.session.scalars(db.select(Letter.body).filter_by(kind="going_back")).one()


@pytest.mark.parametrize("second", [paying.let_stand, paying.give_back])
@pytest.mark.parametrize("first", [paying.let_stand, paying.give_back])
def test_the_office_decides_once(risky, office, first, second):
    act(first, risky, by=office)

    with pytest.raises(paying.DecidedMeanwhile):
        act(second, risky, by=office)


def test_flagged_money_that_nobody_decides_about_goes_back_at_its_lapse(held, risky, office):
    act(expiry.lapse, held, now=again(held).lapses_at)

    assert (status(held), refunds()) == ("lapsed", [(PRICE, "refund_due")])
    for late in (paying.let_stand, paying.give_back):
        with pytest.raises(paying.DecidedMeanwhile):
            act(late, risky, by=office)


def test_flagged_money_for_a_lost_number_goes_back_at_once_and_nobody_has_to_decide(held, evening, bob):
    attempt = begun(held)
    act(holding.expire, held, now=NOW + 21 * MINUTE)
    make.appointment(evening.sitting, number=12, of=bob.patients[0])

    heard(attempt, now=NOW + HOUR, risky=True)

    assert (status(held), refunds()) == ("expired", [(PRICE, "refund_due")])
    assert again(attempt).decided_at is not None


def test_a_second_flagged_payment_goes_back_at_once(held, two):
    heard(two[0])
    heard(two[1], risky=True)

    assert (refunds(two[1]), again(two[1]).decided_at) == ([(PRICE, "refund_due")], NOW)


def test_flagged_money_goes_back_when_other_money_books_the_visit(held, two):
    heard(two[0], risky=True)
    heard(two[1])

    told = db.session.scalars(db.select(Notification).filter_by(kind="booked")).one()
    assert (told.facts["paid"], told.facts["to_pay"]) == (PRICE, 0)

    assert (status(held), again(held).method) == ("booked", "stripe")
    assert (refunds(two[0]), refunds(two[1])) == ([(PRICE, "refund_due")], [])
    assert again(two[0]).decided_at is not None


def test_a_request_at_the_chamber_stays_when_flagged_money_for_it_is_given_back(held, office):
    attempt = begun(held)
    request_at_chamber(held)
    heard(attempt, risky=True)

    act(paying.give_back, attempt, by=office)

    assert (status(held), refunds()) == ("requested", [(PRICE, "refund_due")])


def test_flagged_money_of_a_visit_that_the_doctor_accepted_is_still_decided_by_an_admin(held, risky, clinic, office):
    act(deciding.accept, held, by=clinic)
    assert (status(held), again(held).paid) == ("booked", 0)

    act(paying.let_stand, risky, by=office, now=NOW + MINUTE)

    assert (status(held), again(held).paid) == ("booked", PRICE)


# what happens to appointments while money is under way


def test_money_finds_its_appointment_after_two_persons_were_joined(held, bob):
    attempt = begun(held)
    two = {"person_id": bob.id, "other_id": again(held).person_id}
    with transaction():
        joining.join(**two, phone=people.ALICE, now=NOW)
        appointments_joining.move(**two)

    heard(attempt)

    assert (status(held), again(held).person_id) == ("booked", bob.id)
    assert again(held).patient.name == "Alice Akter"


def test_a_moved_appointment_keeps_its_payment_and_policy(held, evening, clinic):
    paid(held)
    tuesday = make.sitting(evening.chamber, days=3)
    before = (again(held).paid, again(held).method, again(held).refund_minutes, again(held).refund_percent)

    act(moving.move, held, sitting_id=tuesday.id, number=5, by=clinic)

    row = again(held)
    assert (row.paid, row.method, row.refund_minutes, row.refund_percent) == before
    assert (row.sitting_id, row.number, row.status) == (tuesday.id, 5, "booked")


def test_money_for_a_request_at_the_chamber_that_was_moved_books_it_where_it_is_now(held, evening, clinic):
    attempt = begun(held)
    request_at_chamber(held)
    tuesday = make.sitting(evening.chamber, days=3)
    act(moving.move, held, sitting_id=tuesday.id, number=5, by=clinic)

    heard(attempt)

    assert (status(held), again(held).sitting_id, again(held).number) == ("booked", tuesday.id, 5)


def test_a_hold_that_somebody_began_to_pay_for_is_never_forgotten(held, evening):
    begun(held)
    unpaid = make.hold(evening.sitting, number=3)
    for row in (held, unpaid):
        act(holding.expire, row, now=NOW + 21 * MINUTE)
    long_after = NOW + timedelta(days=31)

    assert expiry.forgettable(now=long_after) == [unpaid.id]
    with transaction():
        assert expiry.forget([held.id, unpaid.id]) == 1


def test_captured_money_and_what_it_brings_are_one_transaction(held):
    attempt = begun(held)

    with pytest.raises(ProcessDied):
        die_after(lambda: paying.hear(again(attempt), told(attempt), now=NOW))

    assert (again(attempt).state, status(held)) == ("started", "held")
    assert db.session.scalar(db.select(db.func.count(Refund.id))) == 0
    assert db.session.scalar(db.select(db.func.count(Attempt.id))) == 1
