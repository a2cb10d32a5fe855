"""A form that creates has one effect, however often it is sent (domain.md, invariant 6)."""

from contextlib import suppress
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from doctapp.accounts import jobs
from doctapp.appointments.models import Appointment, Event
from doctapp.db import db, transaction
from doctapp.errors import DomainError
from doctapp.notifications.models import Letter
from doctapp.web import formkey
from doctapp.web.formkey import AlreadyDone, FormKey, Repeat
from tests import make
from tests.access.test_table import token
from tests.appointments.steps import answer, look, take
from tests.conftest import english
from tests.people import HOUR, NOW
from tests.see import see


@pytest.fixture
def ready(client, evening, alice):
    """A hold of Alice's with everything said, and the form that requests it."""
    make.sign_in(client, alice)
    row = take(client, evening.sitting)
    form = answer(client, row, who="me").form("payment")
    return row, form


def count(row, **given):
    return db.session.scalar(select(func.count()).select_from(row).filter_by(**given))


def spend(app, *, bearer="b", key="k", led_to="/there", data=None, path="/form", now=NOW):
    """Spend a key as a door does."""
    with app.test_request_context(path, method="POST", data=data or {"answer": "1", "csrf_token": "x"}), transaction():
        formkey.spend(bearer=bearer, key=key, led_to=led_to, now=now)


# The rule


def test_the_same_form_again_leads_where_the_first_one_led(app):
    spend(app)

    with pytest.raises(Repeat) as repeat:
        spend(app, led_to="/elsewhere", data={"answer": "1", "csrf_token": "another"})

    assert repeat.value.led_to == "/there"


@pytest.mark.parametrize("other", [{"data": {"answer": "2"}}, {"data": {"answer": ["1", "1"]}}, {"path": "/another"}])
def test_other_content_on_a_spent_key_is_already_done(app, other):
    spend(app)

    with pytest.raises(AlreadyDone) as refusal:
        spend(app, **other)

    assert refusal.value.status == 409


def test_another_bearers_key_is_independent(app):
    spend(app, bearer="one")
    spend(app, bearer="other", data={"answer": "2"})

    assert count(FormKey) == 2


def test_a_key_is_spent_by_success_only(app):
    with suppress(DomainError), app.test_request_context("/form", method="POST"), transaction():
        formkey.spend(bearer="b", key="k", led_to="/there", now=NOW)
        raise DomainError("no")

    spend(app)

    assert count(FormKey) == 1


def test_a_form_without_a_key_is_not_remembered(app):
    spend(app, key="")
    spend(app, key="")

    assert count(FormKey) == 0


def test_the_order_of_fields_does_not_matter(app):
    spend(app, data={"a": "1", "b": "2"})

    with pytest.raises(Repeat):
        spend(app, data={"b": "2", "a": "1"})


def test_keys_are_drawn_anew():
    assert len({formkey.draw() for _ in range(100)}) == 100


def test_spent_keys_are_forgotten_after_two_days(app):
    spend(app, key="old", now=NOW - timedelta(hours=48, seconds=1))
    spend(app, key="new", now=NOW - timedelta(hours=47))

    jobs.purge(NOW)

    assert db.session.scalars(select(FormKey.key)).all() == ["new"]
    spend(app, key="old")


# The form


def test_the_same_request_twice_is_one_and_leads_to_the_same_place(client, ready):
    row, form = ready

    first, second = (client.post(form.action, data=form.fill()) for _ in range(2))

    assert first.status_code == second.status_code == 303
    assert first.headers["Location"] == second.headers["Location"]
    assert count(Event, appointment_id=row.id, act="request") == 1
    assert count(FormKey) == 1
    assert count(Letter, kind="requested") == 1


def test_the_second_tap_of_htmx_is_led_there_too(client, ready):
    _, form = ready
    htmx = {"HX-Request": "true"}

    led = [client.post(form.action, data=form.fill(), headers=htmx).headers["HX-Redirect"] for _ in range(2)]

    assert led[0] == led[1]


def test_a_refused_request_spends_nothing_and_shows_a_fresh_key(client, ready):
    row, form = ready

    wrong = see(client.post(form.action, data={**form.fill(), "method": "free"}))
    right = client.post(form.action, data=form.fill())

    assert wrong.code == 422
    assert wrong.form("payment").fields["form_key"] != form.fields["form_key"]
    assert right.status_code == 303
    assert db.session.get(Appointment, row.id).status == "requested"


def test_a_spent_key_on_another_booking_is_already_done_and_the_form_is_shown_anew(client, ready, evening):
    _, form = ready
    client.post(form.action, data=form.fill())
    next_day = make.sitting(evening.chamber, days=2)
    second = take(client, next_day, 5)
    fresh = answer(client, second, who="me").form("payment")

    refused = see(client.post(fresh.action, data={**fresh.fill(), "form_key": form.fields["form_key"]}))
    sent = client.post(fresh.action, data=refused.form("payment").fill())

    assert refused.code == 409
    assert refused.errors[0].startswith("You already sent this form with other answers.")
    assert sent.status_code == 303
    assert db.session.get(Appointment, second.id).status == "requested"


def test_two_persons_with_the_same_key_both_get_what_they_asked_for(app, client, ready, evening, bob):
    _, form = ready
    other = make.sign_in(english(app), bob)
    row = take(other, evening.sitting, 5)
    answer(other, row, who="me")

    client.post(form.action, data=form.fill())
    second = {"csrf_token": token(other), "method": "chamber", "form_key": form.fields["form_key"]}
    other.post(f"/appointments/{row.ref}/payment", data=second)

    assert count(Appointment, status="requested") == 2


def test_every_showing_of_the_form_has_a_key_of_its_own(client, ready):
    row, form = ready

    assert look(client, row, "payment").form("payment").fields["form_key"] != form.fields["form_key"]


@pytest.mark.parametrize("key", ["", "x" * 64, "<b>", "অ" * 64])
def test_a_made_up_key_is_as_good_as_any(client, ready, key):
    row, form = ready

    assert client.post(form.action, data={**form.fill(), "form_key": key}).status_code == 303
    assert db.session.get(Appointment, row.id).status == "requested"


def test_a_key_too_long_is_refused(client, ready):
    _, form = ready

    assert client.post(form.action, data={**form.fill(), "form_key": "x" * 65}).status_code == 422


def test_form_keys_are_bound_to_the_session_and_expire_with_nothing_else(client, ready):
    _, form = ready

    client.post(form.action, data=form.fill())

    spent = db.session.scalars(select(FormKey)).one()
    assert spent.spent_at > NOW - HOUR
    assert len(spent.bearer) == 64
