"""The background doors of money: started once, asked until it is known, refunds sent once; harmless twice, at any point."""

from datetime import timedelta

import pytest

from doctapp.appointments import cancelling, holding
from doctapp.appointments.life import By
from doctapp.db import db, transaction
from doctapp.gateways.payments import sandbox
from doctapp.notifications.models import Letter, Notification
from doctapp.payments import attempts, jobs, refunding
from doctapp.payments.models import Difference
from tests import make
from tests.payments.steps import PRICE, again, attempt_of, begun, heard, paid, refund, refunds
from tests.people import HOUR, MINUTE, NOW

SECOND = timedelta(seconds=1)
DAY = timedelta(days=1)


@pytest.fixture
def till(app):
    """The sandbox."""
    return sandbox.Sandbox(app.config["SETTINGS"])


def started(row, **given):
    attempt = begun(row, **given)
    jobs.start(attempt.id, given.get("now", NOW))
    return again(attempt)


def state(row):
    return again(row).status


def expire(row, now):
    with transaction():
        holding.expire(again(row), now=now)


# starting


def test_a_payment_gets_the_gateways_session_and_its_address(held, till):
    attempt = started(held)

    assert attempt.session.startswith("sandbox-")
    assert attempt.url.endswith(f"/sandbox/checkout/{attempt.token}")
    assert (attempt.next_query_at, attempt.lease_until) == (NOW + MINUTE, None)
    assert till.kept(attempt.token)["amount"] == PRICE


def test_a_process_that_died_before_the_call_is_no_loss(held):
    attempt = begun(held)

    jobs.ask_open(NOW)

    assert again(attempt).session


def test_a_process_that_died_after_the_call_finds_the_same_session(held, till):
    attempt = begun(held)
    with transaction():
        attempts.claim(attempt.id, now=NOW)
    at_the_gateway = till.start(jobs.order(again(attempt)))  # and no answer was written down

    jobs.ask_open(NOW + 59 * SECOND)
    assert again(attempt).session == ""
    jobs.ask_open(NOW + MINUTE)

    assert (again(attempt).session, again(attempt).url) == (at_the_gateway.session, at_the_gateway.url)


def test_starting_again_what_is_started_neither_calls_nor_holds_anybody_up(held):
    attempt = started(held)

    jobs.start(attempt.id, NOW + MINUTE)

    assert (again(attempt).session, again(attempt).lease_until) == (attempt.session, None)


def test_what_lost_its_number_before_it_began_ends_unasked(held, till):
    attempt = begun(held)
    expire(held, NOW + 21 * MINUTE)

    jobs.ask_open(NOW + 21 * MINUTE)

    assert (again(attempt).state, till.kept(attempt.token)) == ("failed", {})


def test_what_a_gateway_refuses_ends_and_leaves_ten_minutes(held, stripe):
    stripe.fail(400)
    attempt = started(held, provider="stripe")

    assert attempt.state == "failed"
    assert again(held).held_until == NOW + 20 * MINUTE


@pytest.mark.parametrize("how", ["down", "500"])
def test_a_gateway_that_does_not_answer_is_asked_again_in_a_minute(held, stripe, how):
    stripe.down() if how == "down" else stripe.fail(500)
    attempt = started(held, provider="stripe")
    assert (attempt.state, attempt.session, attempt.next_query_at) == ("started", "", NOW + MINUTE)
    assert attempt.fault

    stripe.normal()
    stripe.up()
    jobs.ask_open(NOW + MINUTE)

    assert again(attempt).session.startswith("cs_")


def test_an_answer_that_was_lost_leaves_one_session_at_the_gateway(held, stripe):
    stripe.lose_answers(1)
    attempt = started(held, provider="stripe")
    assert attempt.session == ""

    jobs.ask_open(NOW + MINUTE)

    assert again(attempt).session in stripe.sessions
    assert len(stripe.sessions) == 1


def test_a_gateway_that_is_no_longer_set_up_ends_the_payment(held):
    attempt = attempt_of(held, provider="stripe", session="")

    jobs.start(attempt.id, NOW)

    assert again(attempt).state == "failed"


# asking


@pytest.mark.parametrize("provider", ["sandbox", "stripe", "sslcommerz"])
def test_a_message_that_never_comes_is_no_loss(held, till, stripe, sslcommerz, provider):
    attempt = started(held, provider=provider)
    if provider == "sandbox":
        till.become(attempt.token, "captured")
    else:
        {"stripe": stripe, "sslcommerz": sslcommerz}[provider].pay(attempt.token)

    jobs.ask_open(NOW + MINUTE)

    assert (state(held), again(held).paid, again(attempt).next_query_at) == ("booked", PRICE, None)


def test_put_off_waits_a_minute_for_two_hours_an_hour_for_three_days_then_no_more(held):
    attempt = attempt_of(held)
    waits = {}
    for age in (MINUTE, 2 * HOUR - SECOND, 2 * HOUR, 3 * DAY - SECOND, 3 * DAY):
        now = NOW + age
        db.session.execute(db.update(type(attempt)).values(next_query_at=now))
        with transaction():
            attempts.put_off(again(attempt), now=now)
        left = again(attempt).next_query_at
        waits[age] = left and left - now

    assert list(waits.values()) == [MINUTE, MINUTE, HOUR, HOUR, None]


def test_nobody_can_pay_any_more_once_the_hold_has_ended(held, stripe):
    attempt = started(held, provider="stripe")
    expire(held, NOW + 21 * MINUTE)

    jobs.ask_open(NOW + 21 * MINUTE)

    assert stripe.session_of(attempt.token)["status"] == "expired"
    assert (again(attempt).state, again(attempt).next_query_at) == ("expired", None)


def test_who_paid_just_before_the_session_was_closed_has_paid(held, stripe):
    attempt = started(held, provider="stripe")
    expire(held, NOW + 21 * MINUTE)
    stripe.pay(attempt.token)

    jobs.ask_open(NOW + 21 * MINUTE)

    assert (again(attempt).state, state(held)) == ("captured", "booked")


def test_a_session_is_closed_once_the_visit_is_booked_another_way(held, stripe):
    attempt = started(held, provider="stripe")
    paid(held)

    jobs.ask_open(NOW + MINUTE)

    assert stripe.session_of(attempt.token)["status"] == "expired"


@pytest.mark.parametrize("lease", ["mine", "another's"])
def test_two_sweeps_ask_once_a_minute(held, stripe, lease):
    attempt = started(held, provider="stripe")
    if lease == "another's":
        with transaction():
            attempts.claim(attempt.id, now=NOW + MINUTE)
    else:
        jobs.ask_open(NOW + MINUTE)
    before = len(stripe.requests)

    jobs.ask_open(NOW + MINUTE + SECOND)

    assert len(stripe.requests) == before


def test_whoever_says_to_have_paid_is_looked_up_at_once(held, stripe):
    attempt = started(held, provider="stripe")
    stripe.pay(attempt.token)

    assert jobs.look(attempt.id, NOW + 10 * DAY)
    assert again(attempt).state == "captured"


def test_a_gateway_that_is_away_while_somebody_is_looked_up_is_said(held, stripe):
    attempt = started(held, provider="stripe")
    stripe.down()

    assert not jobs.look(attempt.id, NOW)


def test_what_somebody_claimed_stays_until_it_is_known(held, stripe):
    attempt = started(held, provider="stripe")
    with transaction():
        attempts.note_claim(again(attempt), reference="8N7A6D5")

    jobs.ask_open(NOW + MINUTE)

    assert again(attempt).fault == "claimed: 8N7A6D5"


# refunds


@pytest.fixture
def owed(held, stripe):
    """A payment at Stripe that came too late, so that all of it is owed back now."""
    attempt = started(held, provider="stripe")
    expire(held, NOW + 21 * MINUTE)
    make.hold(held.sitting, number=12, browser="another", held_until=NOW + 2 * HOUR)
    stripe.pay(attempt.token)
    jobs.ask_open(NOW + 21 * MINUTE)
    assert refunds() == [(PRICE, "refund_due")]
    return refund()


LATER = NOW + 22 * MINUTE


def calls(stripe):
    return [asked for asked in stripe.requests if asked.path == "/v1/refunds" and asked.method == "POST"]


def test_a_refund_is_sent_and_the_patient_is_told_once(owed, stripe):
    jobs.send_refunds(LATER)
    jobs.send_refunds(LATER + HOUR)

    assert (refund().state, len(stripe.refunds), len(calls(stripe))) == ("refunded", 1, 1)
    for row in (Notification, Letter):
        assert list(db.session.scalars(db.select(row.kind))).count("refunded") == 1


def test_a_refund_waits_for_its_time(held, till, alice):
    attempt = started(held)
    till.become(attempt.token, "captured")
    heard(attempt, payment=f"sandbox-payment-{attempt.token}")
    with transaction():
        cancelling.cancel(again(held), reason="time", by=By("patient", alice.id), now=NOW)

    jobs.send_refunds(NOW + 10 * MINUTE - SECOND)
    assert refund().state == "refund_due"
    jobs.send_refunds(NOW + 10 * MINUTE)
    assert refund().state == "refunded"


def test_a_refund_whose_answer_was_lost_is_asked_about_first_and_never_sent_twice(owed, stripe):
    stripe.lose_answers(1)
    jobs.send_refunds(LATER)
    assert (refund().state, refund().asked, len(stripe.refunds)) == ("refunding", True, 1)

    jobs.send_refunds(LATER + MINUTE)

    assert (refund().state, len(stripe.refunds), len(calls(stripe))) == ("refunded", 1, 1)


def test_a_process_that_died_after_its_claim_is_found_and_the_gateway_asked_first(owed, stripe):
    with transaction():
        refunding.claim(owed.id, now=LATER)

    jobs.send_refunds(LATER + 59 * SECOND)
    assert (refund().state, len(stripe.refunds)) == ("refunding", 0)
    jobs.send_refunds(LATER + MINUTE)

    assert (refund().state, len(stripe.refunds)) == ("refunded", 1)


def test_a_gateway_that_surely_did_nothing_is_asked_for_it_again(owed, stripe):
    stripe.down()
    jobs.send_refunds(LATER)
    assert (refund().state, refund().asked) == ("refunding", False)

    stripe.up()
    jobs.send_refunds(LATER + 30 * SECOND)

    assert (refund().state, len(stripe.refunds)) == ("refunded", 1)


def test_what_can_never_be_known_is_for_a_person_in_the_end(owed, stripe):
    stripe.fail(500)
    now = LATER
    for _ in range(refunding.MOST_UNKNOWN):
        jobs.send_refunds(now)
        now += 5 * HOUR

    assert (refund().state, refund().tries, stripe.refunds) == ("refund_failed", refunding.MOST_UNKNOWN, {})
    assert len(calls(stripe)) == 1  # it was only asked about after that


def test_a_person_lets_it_be_sent_again_and_the_gateway_is_asked_first(owed, stripe):
    test_what_can_never_be_known_is_for_a_person_in_the_end(owed, stripe)
    stripe.normal()
    with transaction():
        assert refunding.try_again(refund(), now=NOW + 9 * DAY)
        assert not refunding.try_again(refund(), now=NOW + 9 * DAY)

    jobs.send_refunds(NOW + 9 * DAY)

    assert (refund().state, len(stripe.refunds)) == ("refunded", 1)


def test_what_a_gateway_refuses_is_for_a_person_at_once(owed, stripe):
    stripe.fail(400)

    jobs.send_refunds(LATER)

    assert refund().state == "refund_failed"


def test_a_refund_that_is_on_its_way_is_looked_after_and_a_lost_look_does_not_end_it(owed, stripe):
    stripe.let_refunds_end("pending")
    now = LATER
    for _ in range(2 * refunding.MOST_UNKNOWN):
        jobs.send_refunds(now)
        now += HOUR
    stripe.lose_answers(1)
    jobs.send_refunds(now)
    assert (refund().state, len(calls(stripe))) == ("refunding", 1)

    stripe.let_refunds_end("refunded")
    jobs.send_refunds(now + HOUR)

    assert refund().state == "refunded"


def test_a_refund_that_the_bank_sent_back_is_for_a_person(owed, stripe):
    stripe.let_refunds_end("failed")

    jobs.send_refunds(LATER)

    assert (refund().state, refund().fault) == ("refund_failed", "lost_or_stolen_card")


def test_a_person_who_paid_it_back_by_hand_ends_it_once(owed, stripe, admin):
    stripe.fail(400)
    jobs.send_refunds(LATER)
    with transaction():
        given = {"by_id": admin.id, "now": LATER}
        assert refunding.settle_by_hand(refund(), reference="bKash 8N7A", **given)
        assert not refunding.settle_by_hand(refund(), reference="another", **given)

    assert (refund().state, refund().gateway_ref, refund().by_id) == ("refunded", "bKash 8N7A", admin.id)


def test_sslcommerz_sends_it_in_some_days_by_its_own_number(held, sslcommerz):
    attempt = started(held, provider="sslcommerz")
    expire(held, NOW + 21 * MINUTE)
    make.hold(held.sitting, number=12, browser="another", held_until=NOW + 2 * HOUR)
    sslcommerz.pay(attempt.token)
    jobs.ask_open(NOW + 21 * MINUTE)
    sslcommerz.let_refunds_end("pending")

    jobs.send_refunds(LATER)
    assert refund().state == "refunding"
    assert refund().gateway_ref
    sslcommerz.let_refunds_end("refunded")
    jobs.send_refunds(LATER + HOUR)

    assert (refund().state, len(sslcommerz.refunds)) == ("refunded", 1)


def test_a_lost_answer_of_sslcommerz_is_for_a_person_and_never_sent_blindly_again(held, sslcommerz):
    attempt = started(held, provider="sslcommerz")
    expire(held, NOW + 21 * MINUTE)
    make.hold(held.sitting, number=12, browser="another", held_until=NOW + 2 * HOUR)
    sslcommerz.pay(attempt.token)
    jobs.ask_open(NOW + 21 * MINUTE)
    sslcommerz.lose_answers(1)
    now = LATER
    for _ in range(refunding.MOST_UNKNOWN):
        jobs.send_refunds(now)
        now += 5 * HOUR

    assert (refund().state, len(sslcommerz.refunds)) == ("refund_failed", 1)


# reconciling


def differences():
    return [tuple(row) for row in db.session.execute(db.select(Difference.kind, Difference.ours, Difference.theirs))]


def test_a_day_without_differences_lists_nothing(held, stripe):
    attempt = started(held, provider="stripe")
    stripe.pay(attempt.token)
    jobs.ask_open(NOW + MINUTE)

    jobs.reconcile(NOW + HOUR)

    assert differences() == []


def test_money_that_nobody_told_of_has_its_effect_and_is_listed(held, stripe):
    attempt = started(held, provider="stripe")
    heard(attempt, "failed")
    stripe.pay(attempt.token)

    jobs.reconcile(NOW + MINUTE)

    assert (state(held), differences()) == ("booked", [("missing_here", "failed", "captured")])


@pytest.mark.parametrize(
    ("lie", "found"),
    [({"amount": 65000}, ("amount", "70000", "65000")), ({"currency": "usd"}, ("currency", "BDT", "USD"))],
)
def test_what_the_gateway_says_otherwise_is_listed_once(held, stripe, lie, found):
    attempt = started(held, provider="stripe")
    stripe.pay(attempt.token)
    jobs.ask_open(NOW + MINUTE)
    stripe.lie(**lie)

    jobs.reconcile(NOW + HOUR)
    jobs.reconcile(NOW + 25 * HOUR)

    assert differences() == [found]


def test_money_of_which_the_gateway_knows_nothing_is_listed(held, stripe):
    attempt = started(held, provider="stripe")
    paid_as_we_think = heard(attempt)

    jobs.reconcile(NOW + HOUR)

    assert paid_as_we_think
    assert differences() == [("missing_there", "captured", "open")]


def test_a_refund_that_came_back_later_is_listed(owed, stripe):
    jobs.send_refunds(LATER)
    for sent in stripe.refunds.values():
        sent["status"] = "failed"

    jobs.reconcile(LATER + DAY)

    assert differences() == [("refund", "refunded", "failed")]


def test_it_is_done_once_a_day_and_goes_on_where_a_sweep_had_no_more_time(held, stripe, monkeypatch):
    for number in range(3):
        attempt = attempt_of(held, provider="stripe", state="failed", session=f"cs_{number}")
        assert attempt.id
    monkeypatch.setattr(jobs, "SECONDS_A_STEP", -1)
    jobs.reconcile(NOW)
    assert stripe.requests == []

    monkeypatch.setattr(jobs, "SECONDS_A_STEP", 15)
    jobs.reconcile(NOW + MINUTE)
    jobs.reconcile(NOW + 2 * MINUTE)

    assert len(stripe.requests) == 3
