"""The sittings of a doctor or a clinic, and one of them with who comes."""

import pytest

from doctapp.appointments import jobs
from doctapp.appointments.models import Appointment
from doctapp.audit.models import AuditEntry
from doctapp.db import db
from doctapp.schedules.models import Sitting
from tests import make
from tests.appointments.steps import look, send
from tests.people import HOUR, NOW
from tests.see import see


@pytest.fixture
def hers(client, evening):
    """Dr Rokeya's browser."""
    return make.sign_in(client, person_of(evening))


def person_of(evening):
    return db.session.get(make.Person, evening.doctor.person_id)


@pytest.fixture
def row(evening, alice):
    return make.appointment(evening.sitting, of=alice.patients[0])


def at(sitting, rest=""):
    return f"/doctor/sittings/{sitting.id}{rest}"


def shown(client, sitting):
    return see(client.get(at(sitting)))


def cancel(client, sitting, **values):
    return send(client, shown(client, sitting), "sitting-cancellation", **{"reason": "emergency", **values})


def test_the_list_begins_with_what_is_soonest(hers, evening):
    make.sitting(evening.chamber, days=3)
    today = make.sitting(evening.chamber, days=0, start=0, starts_at=NOW - HOUR)
    make.sitting(evening.chamber, days=-1, start=0, starts_at=NOW - 30 * HOUR)

    page = see(hers.get("/doctor/sittings"))

    assert page.h1 == "Sittings"
    links = [link.href for link in page.links if link.href.startswith("/doctor/sittings/")]
    assert len(links) == 3
    assert links[:2] == [at(today), at(evening.sitting)]


def test_the_list_says_how_many_are_booked_and_wait(hers, evening, row, bob):
    make.appointment(evening.sitting, number=3, status="requested", of=bob.patients[0])

    assert "1 of 24 booked · 1 waiting" in see(hers.get("/doctor/sittings"))


def test_the_list_is_linked_in_the_header(hers):
    assert see(hers.get("/doctor/requests")).link("Sittings") == "/doctor/sittings"


def test_the_clinics_staff_sees_the_sittings_of_its_clinic_only(client, evening, nasrin):
    other = make.sitting(make.chamber(evening.doctor), days=4)
    make.sign_in(client, nasrin)

    page = see(client.get("/doctor/sittings"))

    assert at(evening.sitting) in [link.href for link in page.links]
    assert client.get(at(other)).status_code == 404


def test_the_sitting_says_who_comes_with_ways_to_move_and_to_cancel_one(hers, evening, row):
    page = shown(hers, evening.sitting)

    for words in ("Gomoti Hospital", "5:00pm to 9:00pm", "Alice Akter", "6:50pm", "Booked"):
        assert words in page
    hrefs = [link.href for link in page.links]
    for rest in ("", "/move", "/cancellation"):
        assert f"/appointments/{row.ref}{rest}" in hrefs


def test_a_hold_names_nobody(hers, evening):
    make.hold(evening.sitting, typed_name="Momena Bibi", number=5)

    page = shown(hers, evening.sitting)

    assert "Somebody is choosing it" in page
    assert "Momena" not in page


def test_reading_the_names_is_audited(hers, evening, row):
    shown(hers, evening.sitting)

    entry = db.session.scalars(db.select(AuditEntry).filter_by(act="read")).one()
    assert (entry.kind, entry.row_id, entry.side) == ("appointment", row.id, "doctor")


@pytest.mark.parametrize("wrong", ["0", "999999", "99999999999", "x"])
def test_a_sitting_that_is_not_there_or_not_theirs_is_the_same_404(hers, wrong):
    theirs = make.sitting(make.chamber())

    pages = [hers.get(f"/doctor/sittings/{wrong}"), hers.get(at(theirs))]

    assert {page.status_code for page in pages} == {404}


def test_the_cancel_form_says_first_how_many_are_told(hers, evening, row, bob):
    make.appointment(evening.sitting, number=3, status="requested", of=bob.patients[0])
    make.hold(evening.sitting, number=5)

    form = shown(hers, evening.sitting).form("sitting-cancellation")

    assert "2 patients are told by SMS." in form.text
    assert "1 serial that is just being chosen is given up." in form.text
    assert form.buttons == ["Cancel the sitting and tell 2 patients"]


def test_cancelling_needs_a_reason(hers, evening, row):
    answer = cancel(hers, evening.sitting, reason=None)

    assert answer.status_code == 422
    assert see(answer).title.startswith("Error: ")
    assert "Choose a reason" in see(answer).alert
    assert db.session.get(Sitting, evening.sitting.id).cancelled_at is None


def test_a_cancelled_sitting_says_who_cancelled_it_and_why(hers, evening, row):
    page = see(cancel(hers, evening.sitting))

    assert "The sitting is cancelled." in page.alert
    assert "Rokeya Begum cancelled it on" in page
    assert "called to an emergency" in page
    assert [form.id for form in page.forms if form.id in {"lateness", "sitting-cancellation"}] == []


def test_whoever_is_second_reads_who_was_first(hers, other, evening, nasrin):
    make.sign_in(other, nasrin)
    form = shown(other, evening.sitting).form("sitting-cancellation")
    cancel(hers, evening.sitting)

    page = see(other.post(form.action, data=form.fill(reason="away"), follow_redirects=True))

    assert "Rokeya Begum cancelled it on" in page


def test_the_patient_reads_it_on_the_ticket_and_books_the_next_sitting_with_one_tap(hers, other, evening, row, alice):
    following = make.sitting(evening.chamber, days=3)
    make.sitting(make.chamber(evening.doctor), days=2)
    make.appointment(following, number=1)
    cancel(hers, evening.sitting)
    jobs.end_sitting(evening.sitting.id)

    page = look(make.sign_in(other, alice), row)

    assert page.h1 == "Serial 12 is cancelled"
    assert "Dr Rokeya Begum cancelled it on" in page
    assert "called to an emergency" in page
    again = page.form(f"place-{following.id}")
    assert [int(n) for n in again.choices("number")] == [2, 3, 4, 5, 6, 7]
    answer = other.post(again.action, data={"sitting": following.id, "number": 2}, follow_redirects=True)
    assert answer.request.path.endswith("/patient")


def test_the_buttons_stand_there_for_whoever_opened_the_sms(hers, other, evening, row):
    following = make.sitting(evening.chamber, days=3)
    cancel(hers, evening.sitting)
    jobs.end_sitting(evening.sitting.id)

    assert look(other, row).form(f"place-{following.id}")


def test_who_held_a_serial_is_not_offered_it_again(hers, other, evening):
    hold = make.hold(evening.sitting, browser="holder")
    other.set_cookie("browser", "holder")
    cancel(hers, evening.sitting)
    jobs.end_sitting(evening.sitting.id)

    answer = other.get(f"/appointments/{hold.ref}/patient")

    assert answer.status_code == 409
    assert see(answer).h1 == "The doctor does not sit at this time after all."
    assert [form.id for form in see(answer).forms if form.id == f"place-{evening.sitting.id}"] == []


def test_ended_ones_are_folded_away(hers, evening, row):
    cancel(hers, evening.sitting)
    jobs.end_sitting(evening.sitting.id)

    page = shown(hers, evening.sitting)

    assert "Nobody comes" in page
    assert "1 ended" in page
    assert db.session.get(Appointment, row.id).status == "cancelled"


@pytest.mark.parametrize("path", ["/doctor/sittings", "one"])
def test_the_pages_read_in_bangla(hers, evening, row, path):
    hers.set_cookie("lang", "bn")

    page = see(hers.get(at(evening.sitting) if path == "one" else path))

    assert "গোমতী হাসপাতাল" in page
