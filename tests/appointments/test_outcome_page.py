"""The ticket of what time closed: for five days the clinic says there how it really ended."""

from datetime import timedelta

import pytest

from doctapp.accounts.models import Person
from doctapp.appointments import closing
from doctapp.appointments.life import By
from doctapp.appointments.models import Appointment, Event
from doctapp.db import db, transaction
from tests import make
from tests.appointments.steps import look, send
from tests.people import NOW
from tests.see import see


def closed(sitting, patient, status="no_show", **given):
    """What time closed an hour after its sitting."""
    row = make.appointment(sitting, status=status, of=patient, closed_at=NOW, **given)
    ended = {"act": "close", "was": "booked", "became": status, "side": "time", "at": NOW}
    row.last_event_id = make.saved(Event(appointment_id=row.id, **ended)).id
    return make.saved(row)


@pytest.fixture
def row(evening, alice):
    return closed(evening.sitting, alice.patients[0])


@pytest.fixture
def desk(client, nasrin):
    """The front desk's browser."""
    return make.sign_in(client, nasrin)


@pytest.fixture
def rokeyas(other, evening):
    """The doctor's browser."""
    return make.sign_in(other, db.session.get(Person, evening.doctor.person_id))


def status(row):
    return db.session.get(Appointment, row.id).status


def test_the_desk_puts_right_what_time_closed(desk, row):
    page = look(desk, row)
    assert "Nobody wrote down a visit, so it ended by itself." in page

    page = see(send(desk, page, f"outcome-{row.ref}", outcome="completed"))

    assert status(row) == "completed"
    assert "Put right. The patient is told in their alerts." in page
    assert page.h1 == "Serial 12 was seen"


def test_it_is_undone_within_sixty_seconds(desk, row):
    page = see(send(desk, look(desk, row), f"outcome-{row.ref}", outcome="completed"))
    assert "Undo, until" in page

    page = see(send(desk, page, "undo"))

    assert status(row) == "no_show"
    assert "Everything is as it was before." in page
    assert page.form(f"outcome-{row.ref}")


def test_what_it_is_already_is_not_offered(desk, row, evening, bob):
    elapsed = closed(evening.sitting, bob.patients[0], "elapsed", number=3)

    def offered(row):
        return [radio["value"] for radio in look(desk, row).select("input[name=outcome]")]

    assert offered(row) == ["completed"]
    assert offered(elapsed) == ["completed", "no_show"]


def test_who_says_nothing_is_asked_again(desk, row):
    page = see(desk.post(**_filled(look(desk, row), row, outcome="")))

    assert page.code == 422
    assert "Choose what happened" in page
    assert status(row) == "no_show"


def test_who_is_second_reads_who_was_first_and_when(desk, rokeyas, row):
    page = look(desk, row)
    see(send(rokeyas, look(rokeyas, row), f"outcome-{row.ref}", outcome="completed"))

    page = see(desk.post(**_filled(page, row, outcome="completed")))

    assert page.code == 409
    assert "You changed nothing. Dr Rokeya Begum was first: “Done”," in page


def test_after_five_days_nothing_is_offered(desk, row):
    page = look(desk, row)
    row.closed_at = NOW - timedelta(days=5)
    db.session.commit()

    assert not look(desk, row).select("input[name=outcome]")
    page = see(desk.post(**_filled(page, row, outcome="completed")))
    assert page.code == 409
    assert "It is too late to put this right" in page


def test_the_patient_is_not_asked(other, alice, row):
    make.sign_in(other, alice)

    assert not look(other, row).select("input[name=outcome]")


def test_a_doctor_says_nothing_of_their_own(other, evening):
    rokeya = db.session.get(Person, evening.doctor.person_id)
    own = closed(evening.sitting, make.patient(rokeya, "Rokeya Begum"))
    make.sign_in(other, rokeya)

    assert not look(other, own).select("input[name=outcome]")


def test_it_reads_in_bangla(desk, row):
    desk.set_cookie("lang", "bn")

    assert look(desk, row).form(f"outcome-{row.ref}")


def test_the_patients_alert_says_what_became_of_it(other, alice, evening, row):
    with transaction():
        again = db.session.get(Appointment, row.id)
        by = By("clinic", evening.doctor.person_id)
        closing.turn(again, outcome="completed", seen=again.last_event_id, by=by, now=NOW)
    make.sign_in(other, alice)

    assert "Serial 12 was seen" in see(other.get("/notifications"))


def _filled(page, row, **values):
    form = page.form(f"outcome-{row.ref}")
    return {"path": form.action, "data": {**form.fill(), **values}}
