"""Money that needs a person: each list says what to do, each act is done once, and who came second is told who was first."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from doctapp.admin import queries
from doctapp.db import db
from doctapp.notifications.models import Notification
from doctapp.payments.models import Receipt, Refund
from tests import make
from tests.admin import rows
from tests.admin.rows import attempt, difference, done, read, refund, silent, slow, standing
from tests.appointments.steps import send
from tests.people import HOUR, NOW
from tests.see import see
from tests.statements import counted

PAGE = "/admin/money"


@pytest.fixture
def office(client, admin):
    """The admin's browser."""
    return make.sign_in(client, admin)


@pytest.fixture
def rival(other, app):
    """Another admin's browser."""
    return make.sign_in(other, make.person(name="Second Admin", admin=True))


@pytest.fixture
def row(evening, alice):
    """Alice's request."""
    return make.appointment(evening.sitting, number=12, status="requested", of=alice.patients[0])


@pytest.fixture
def flagged(row):
    """A payment of hers that came short."""
    return rows.flagged(row)


def look(client):
    return see(client.get(PAGE))


def section(page, name):
    """The words of one list."""
    return " ".join(page.select(f"section[aria-labelledby={name}]")[0].get_text(" ").split())


# the lists


def test_where_nothing_waits_each_list_says_so(office):
    page = look(office)

    assert "All money is where it belongs" in page
    assert page.text.count("Nothing waits here.") == 5


def test_a_flagged_payment_shows_both_figures_and_until_when(office, flagged, row):
    page = look(office)

    words = section(page, "flagged")
    assert "Another amount than asked" in words
    assert "Asked ৳ 700" in words
    assert "Came ৳ 650" in words
    assert row.ref in words
    assert "Dr Rokeya Begum, Gomoti Hospital" in words
    assert "Decide by" in words
    assert page.form(f"decision-{flagged.id}").choices("verdict") == ["stand", "back"]


@pytest.mark.parametrize(
    ("flag", "given", "said"),
    [
        ("risk", {"captured_amount": 70000}, "Called risky by the gateway"),
        ("currency", {"captured_currency": "USD"}, "USD 650.00"),
    ],
)
def test_it_says_why_it_was_flagged(office, row, flag, given, said):
    rows.flagged(row, flag, **given)

    assert said in section(look(office), "flagged")


def test_money_in_another_currency_can_only_be_given_back(office, row):
    attempt = rows.flagged(row, "currency", captured_currency="USD")
    form = look(office).form(f"decision-{attempt.id}")

    assert form.choices("verdict") == ["back"]
    assert "give it back" in see(office.post(form.action, data={**form.fill(verdict="back"), "verdict": "stand"}))


def test_the_patient_is_not_named(office, flagged):
    assert "Alice" not in look(office)


def test_what_was_decided_or_is_not_flagged_is_not_listed(office, row):
    refund(rows.flagged(row, decided_at=NOW))
    standing(row)

    assert "Nothing waits here." in section(look(office), "flagged")


def test_a_failed_refund_shows_what_the_gateway_said(office, row):
    one = refund(attempt(row))

    words = section(look(office), "failed")
    assert "৳ 700" in words
    assert "insufficient funds" in words
    assert one.token in words
    assert "so that nobody is paid twice" in words


def test_a_refund_is_slow_after_a_day(office, row):
    slow(attempt(row))
    slow(attempt(row), not_before=NOW - 23 * HOUR)

    words = section(look(office), "slow")
    assert words.count(row.ref) == 1
    assert "call its support" in words


def test_a_payment_is_silent_after_three_days(office, row):
    silent(row)
    attempt(row, state="started", captured_amount=None, created_at=NOW - timedelta(days=2))

    page = look(office)
    assert len(page.select("#silent ~ ul > li")) == 1
    assert "Ask the gateway again" in page


def test_a_difference_says_both_sides(office, row):
    difference(standing(row))

    words = section(look(office), "differing")
    assert "We say ৳ 700" in words
    assert "The gateway says ৳ 650" in words


def test_states_that_differ_are_said_in_words(office, row):
    difference(standing(row), "missing_there", "captured", "open")

    assert "The gateway says not paid yet" in section(look(office), "differing")


def test_of_very_many_the_oldest_are_shown(office, row, monkeypatch):
    monkeypatch.setattr(queries, "MOST", 2)
    first = [rows.flagged(row) for _ in range(3)]

    page = look(office)

    assert "The 2 oldest of 3" in section(page, "flagged")
    assert [one.id for one in page.forms if one.id.startswith("decision-")] == [
        f"decision-{one.id}" for one in first[:2]
    ]


def test_every_list_at_once_is_a_good_page_in_both_languages(office, row):
    for _ in range(2):
        rows.flagged(row)
        paid = attempt(row)
        refund(paid), difference(paid), slow(attempt(row)), silent(row)
    for language in ("en", "bn"):
        office.set_cookie("lang", language)
        assert len(look(office).select("main li")) == 10


# flagged money


def test_what_stands_books_the_appointment(office, flagged, row, admin):
    page = see(send(office, look(office), f"decision-{flagged.id}", verdict="stand"))

    assert "It stands." in page.alert
    assert read(row).status == "booked"
    assert read(row).paid == 65000
    assert db.session.scalar(select(Receipt.attempt_id)) == flagged.id
    assert done()[-1] == ("let_stand", "payment", flagged.id, admin.id)


def test_what_goes_back_is_owed_whole_and_ends_the_request(office, flagged, row, admin):
    page = see(send(office, look(office), f"decision-{flagged.id}", verdict="back"))

    assert "All of it goes back." in page.alert
    assert read(row).status == "declined"
    assert sum(db.session.scalars(select(Refund.amount))) == 65000
    assert done()[-1] == ("give_back", "payment", flagged.id, admin.id)


def test_it_shows_who_decided_and_when(office, flagged, row):
    page = see(send(office, look(office), f"decision-{flagged.id}", verdict="stand"))

    words = section(page, "lately")
    assert f"Let a payment stand that had to be looked at {row.ref}" in words
    assert "Admin ·" in words


def test_choosing_nothing_is_said_beside_the_choice(office, flagged):
    page = see(send(office, look(office), f"decision-{flagged.id}", verdict=None))

    assert page.code == 422
    assert page.errors == ["Choose what becomes of it"]
    assert page.title.startswith("Error:")
    assert page.select(f"#decision-{flagged.id} .err")


@pytest.mark.parametrize("verdict", ["stand", "back"])
def test_who_decides_second_is_told_who_was_first(office, rival, flagged, row, verdict):
    seen = look(rival)
    send(office, look(office), f"decision-{flagged.id}", verdict="stand")

    page = see(send(rival, seen, f"decision-{flagged.id}", verdict=verdict))

    assert page.code == 409
    assert "Admin was before you" in page.alert
    assert read(row).status == "booked"
    assert len(done()) == 1


def test_where_time_was_first_it_says_so(office, flagged):
    seen = look(office)
    flagged.decided_at = NOW
    refund(flagged)

    page = see(send(office, seen, f"decision-{flagged.id}", verdict="back"))

    assert page.code == 409
    assert "Somebody else, or time, decided" in page.alert


# refunds


def test_a_failed_refund_is_tried_again(office, row, admin):
    one = refund(attempt(row))

    page = see(send(office, look(office), f"retry-{one.id}"))

    assert "tried again" in page.alert
    assert read(one).state == "refunding"
    assert read(one).next_try_at is not None
    assert done() == [("retry_refund", "refund", one.id, admin.id)]


def test_what_was_paid_back_by_hand_bears_its_reference_and_the_patient_is_told(office, row, admin, alice):
    one = refund(attempt(row))

    page = see(send(office, look(office), f"settlement-{one.id}", reference=" bKash 9F3KQ "))

    assert "paid back" in page.alert
    assert (read(one).state, read(one).gateway_ref, read(one).by_id) == ("refunded", "bKash 9F3KQ", admin.id)
    assert db.session.scalar(select(Notification.kind).filter_by(person_id=alice.id)) == "refunded"
    assert done() == [("settle_refund", "refund", one.id, admin.id)]


def test_paid_back_by_hand_needs_a_reference(office, row):
    one = refund(attempt(row))

    page = see(send(office, look(office), f"settlement-{one.id}", reference=" "))

    assert page.code == 422
    assert "Type the reference" in page.errors[0]
    assert read(one).state == "refund_failed"


@pytest.mark.parametrize(("form", "given"), [("retry", {}), ("settlement", {"reference": "X1"})])
def test_of_two_who_see_to_a_refund_one_does(office, rival, row, form, given):
    one = refund(attempt(row))
    seen = look(rival)
    send(office, look(office), f"settlement-{one.id}", reference="first")

    page = see(send(rival, seen, f"{form}-{one.id}", **given))

    assert page.code == 409
    assert "Admin was before you" in page.alert
    assert read(one).gateway_ref == "first"
    assert len(done()) == 1
    assert db.session.query(Notification).count() == 1


# differences and silence


def test_a_difference_is_settled_by_a_person(office, row, admin):
    one = difference(standing(row))

    page = see(send(office, look(office), f"difference-{one.id}"))

    assert "The difference is settled" in page.alert
    assert read(one).settled_by_id == admin.id
    assert f"Saw to a difference with the gateway {row.ref}" in section(page, "lately")
    assert done() == [("settle_difference", "difference", one.id, admin.id)]


def test_of_two_who_settle_a_difference_one_does(office, rival, row):
    one = difference(standing(row))
    seen = look(rival)
    send(office, look(office), f"difference-{one.id}")

    assert see(send(rival, seen, f"difference-{one.id}")).code == 409
    assert len(done()) == 1


def test_a_gateway_that_does_not_answer_leaves_the_payment_on_the_list(office, row):
    one = silent(row)  # no keys of Stripe are set

    page = see(send(office, look(office), f"question-{one.id}"))

    assert page.code == 409
    assert "The gateway did not answer" in page.alert
    assert read(one).state == "started"


def test_nothing_personal_is_asked_of_the_database(office, flagged):
    with counted() as sent:
        office.get(PAGE)

    assert not any("FROM patient" in statement or "JOIN patient" in statement for statement in sent)
