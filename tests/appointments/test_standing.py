"""What was told and is no longer so: letters are not sent, notices say beside it what is so now."""

from datetime import timedelta
from pathlib import Path

import pytest

from doctapp.accounts.models import Person
from doctapp.appointments import cancelling, deciding, moving, requesting, standing, telling, undoing
from doctapp.appointments.life import By
from doctapp.appointments.models import ENDED, LIVE, Appointment
from doctapp.db import db, transaction
from doctapp.notifications import jobs
from doctapp.notifications.models import Letter, Notification
from tests import make
from tests.people import NOW
from tests.see import see

TEMPLATES = Path(__file__).resolve().parents[2] / "templates"
STATES = (*LIVE, *ENDED)
TRUE_FOR_EVER = {
    # codes and links, which end by themselves, and what happened to an account: that stays so
    "code", "verify", "reset", "registered_already", "password_changed", "joined", "number_used", "way_added",
    "way_removed", "device_reused", "app_added", "app_removed",
    # money: it was sent, or is
    "going_back", "refunded",
}  # fmt: skip
OF_NO_APPOINTMENT = {"claimed", "sitting_cancelled", "hours_changed"}


@pytest.fixture
def doctors_mail(evening):
    """The doctor's address."""
    return db.session.get(Person, evening.doctor.person_id).ways_in[0].value


@pytest.fixture
def row(evening, alice):
    """A request that was just made, and told."""
    held = make.hold(evening.sitting, person_id=alice.id, typed_who="me", typed_name="Alice Akter", typed_age=30)
    held.typed_sex = "female"
    db.session.commit()
    with transaction():
        requesting.request(db.session.get(Appointment, held.id), method="chamber", now=NOW)
    return db.session.get(Appointment, held.id)


def act(rule, row, **given):
    with transaction():
        return rule(db.session.get(Appointment, row.id), now=NOW, **given).id


def kinds_of_letters():
    mails = {path.name for path in (TEMPLATES / "mail").iterdir() if path.is_dir()}
    return mails | {path.stem for path in (TEMPLATES / "sms").glob("[!_]*.txt")}


def test_each_kind_of_letter_is_read_again_before_it_goes_or_is_true_for_ever():
    assert kinds_of_letters() - TRUE_FOR_EVER == set(jobs.STILL_TRUE)
    assert not TRUE_FOR_EVER & set(jobs.STILL_TRUE)


def test_each_kind_of_notice_about_an_appointment_knows_when_it_is_so():
    kinds = {path.stem for path in (TEMPLATES / "notifications" / "kinds").glob("*.html")}

    assert kinds - OF_NO_APPOINTMENT - TRUE_FOR_EVER == set(standing.SO)
    assert {state for states in standing.SO.values() for state in states} <= set(STATES)


LETTERS = sorted(set(jobs.STILL_TRUE) - {"late", "day_before", "same_day"})


@pytest.mark.parametrize("kind", LETTERS)
def test_a_letter_says_something_in_few_states_only(row, kind):
    true = []
    for state in STATES:
        db.session.execute(db.update(Appointment).values(status=state))
        if telling.is_true(kind, ref=row.ref, cause=f"event:{row.last_event_id}"):
            true.append(state)

    said = {"new_request": ["requested"], "reminder": ["requested"], "moved": ["requested", "booked"]}
    assert true == said.get(kind, ["cancelled" if kind == "clinic_cancelled" else kind])


@pytest.mark.parametrize("kind", ["new_request", "requested"])
def test_what_was_asked_and_then_moved_is_not_told_by_its_old_place(row, evening, alice, kind):
    letters = db.session.scalars(db.select(Letter).filter_by(kind=kind)).all()
    assert letters
    assert all(jobs.STILL_TRUE[kind](letter) for letter in letters)

    act(moving.move, row, sitting_id=evening.sitting.id, number=5, by=By("patient", alice.id))

    assert not any(jobs.STILL_TRUE[kind](letter) for letter in letters)


def test_a_decision_that_was_undone_is_not_sent(row, evening):
    clinic = By("clinic", evening.doctor.person_id)
    event = act(deciding.accept, row, by=clinic)
    act(undoing.undo, row, event_id=event, by=clinic)

    letter = db.session.scalars(db.select(Letter).filter_by(kind="booked")).one()
    assert not jobs.STILL_TRUE["booked"](letter)


def notices(client, person):
    return see(make.sign_in(client, person).get("/notifications"))


def test_a_notice_that_is_so_says_nothing_more(client, row, evening):
    page = notices(client, db.session.get(Person, evening.doctor.person_id))

    assert "A patient asks for serial 12" in page
    assert "What is so now" not in page


def test_a_request_that_was_cancelled_says_so_in_the_doctors_notice(client, row, evening, alice):
    act(cancelling.cancel, row, reason="", by=By("patient", alice.id))

    page = notices(client, db.session.get(Person, evening.doctor.person_id))

    asked = page.select("li.lead")[-1].get_text(" ", strip=True)
    assert "A patient asks for serial 12" in asked
    assert "What is so now: Cancelled" in asked
    assert "What is so now" not in page.select("li.lead")[0].get_text()


def test_a_notice_of_another_place_says_which_it_is_now(client, row, evening, alice):
    act(moving.move, row, sitting_id=evening.sitting.id, number=5, by=By("patient", alice.id))

    page = notices(client, alice)

    first = page.select("li.lead")[-1].get_text(" ", strip=True)
    assert "Serial 12 waits for the doctor" in first
    assert "What is so now: Waiting for the doctor serial 5," in first


@pytest.mark.parametrize("kind", sorted(standing.SO))
@pytest.mark.parametrize("state", ["requested", "cancelled", "completed"])
def test_every_notice_reads_with_what_became_of_it(client, row, alice, kind, state):
    told = telling.kept({**telling.facts(row), "late": 20, "state": "booked", "why": "", "was_number": 3})
    told["was_about_at"] = (row.about_at - timedelta(hours=1)).isoformat()
    make.saved(
        Notification(person_id=alice.id, cause="x", kind=kind, link=f"/appointments/{row.ref}", facts=told, at=NOW)
    )
    db.session.execute(db.update(Appointment).values(status=state))
    db.session.commit()

    page = notices(client, alice)

    newest = next(one for one in page.select("li.lead") if one.select(f"a[href='/appointments/{row.ref}']"))
    assert newest
    assert ("What is so now" in page.text) is (state not in standing.SO[kind] or state != "requested")
