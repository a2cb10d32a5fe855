"""Health: what is due and what is late, in words, with what to do; nothing personal."""

from datetime import timedelta

import pytest

from doctapp.admin import health
from doctapp.payments.jobs import RECONCILED_EVERY
from doctapp.work import bell, sweep
from doctapp.work.turns import Turn
from tests import make
from tests.admin.rows import attempt, letter, refund, silent
from tests.people import HOUR, MINUTE, NOW
from tests.see import see


@pytest.fixture
def office(client, admin):
    """The admin's browser."""
    return make.sign_in(client, admin)


@pytest.fixture
def row(evening, alice):
    return make.appointment(evening.sitting, number=12, status="booked", of=alice.patients[0])


def queue(name):
    return next(one for one in health.queues(NOW) if one.name == name)


def waits(**given):
    return letter(**{"state": "waiting", "ended_at": None, **given})


@pytest.mark.parametrize(
    ("name", "make_due"),
    [
        ("letters", lambda row, at: waits(due_at=at)),
        ("letters", lambda row, at: waits(state="sending", due_at=at, lease_until=at)),
        ("refunds", lambda row, at: refund(attempt(row), state="refund_due", next_try_at=at)),
        ("refunds", lambda row, at: refund(attempt(row), state="refunding", next_try_at=at)),
        ("attempts", lambda row, at: silent(row, next_query_at=at)),
        ("holds", lambda row, at: make.hold(row.sitting, number=3, held_until=at)),
    ],
)
@pytest.mark.parametrize(("ago", "due", "overdue"), [(-MINUTE, 0, 0), (MINUTE, 1, 0), (HOUR, 1, 1)])
def test_work_is_due_and_then_overdue(row, name, make_due, ago, due, overdue):
    make_due(row, NOW - ago)

    assert (queue(name).due, queue(name).overdue) == (due, overdue)
    assert queue(name).ok is not bool(overdue)


def beat(name, span, ago):
    if ago is not None:
        make.saved(Turn(name=name, until=NOW - ago + span))
    return health.beats({name: span}, now=NOW)[0]


@pytest.mark.parametrize(("ago", "ok"), [(None, False), (MINUTE, True), (5 * MINUTE, False)])
def test_the_sweep_is_late_after_two_minutes(app, ago, ok):
    one = beat("sweep", sweep.SPAN, ago)

    assert one.ok is ok
    assert one.at == (NOW - ago if ago else None)


@pytest.mark.parametrize(("ago", "ok"), [(None, False), (25 * HOUR, True), (27 * HOUR, False)])
def test_the_reconciliation_is_late_after_a_day_and_two_hours(app, ago, ok):
    assert beat("payments.reconcile", RECONCILED_EVERY, ago).ok is ok


def test_the_page_says_what_is_late_and_what_to_do(office, row):
    waits(due_at=NOW - HOUR), waits(due_at=NOW - MINUTE)

    page = see(office.get("/admin/health"))

    letters = " ".join(page.select("#check-letters")[0].get_text(" ").split())
    assert "Late" in letters
    assert "2 are due now · 1 of them for too long" in letters
    assert "What to do: Look whether the processes" in letters
    assert "It was never done yet." in page.select("#check-sweep")[0].get_text()
    assert "It does not answer." in page.select("#check-redis")[0].get_text()
    assert "It answers." in page.select("#check-database")[0].get_text()


def test_where_all_is_well_it_says_so(office, monkeypatch):
    for name, span in (("sweep", sweep.SPAN), ("payments.reconcile", RECONCILED_EVERY)):
        make.saved(Turn(name=name, until=NOW + span))
    monkeypatch.setattr(bell, "answers", lambda: True)

    page = see(office.get("/admin/health"))

    assert "All work gets done in time." in page
    assert "Late" not in page.text
    assert "Nothing is due" in page


def test_the_sweep_itself_is_what_is_shown(app):
    sweep.sweep_once(NOW)

    assert health.beats({"sweep": sweep.SPAN}, now=NOW + timedelta(seconds=30))[0] == health.Beat("sweep", NOW, ok=True)


def test_nothing_personal_is_on_it(office, row):
    one = waits(due_at=NOW - HOUR)

    answer = office.get("/admin/health").text

    for hidden in (one.address, one.body, row.ref, "Alice"):
        assert hidden not in answer
