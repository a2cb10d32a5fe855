"""The inbox: requests oldest first, decided and undone in the row, with and without JavaScript."""

import re
from datetime import timedelta

import pytest

from doctapp import clock
from doctapp.accounts.models import Person
from doctapp.appointments import deciding, life
from doctapp.appointments.life import By
from doctapp.appointments.models import Appointment
from doctapp.db import db, transaction
from tests import make
from tests.appointments.steps import send
from tests.people import MINUTE, NOW
from tests.see import see

HTMX = {"HX-Request": "true", "HX-Request-Type": "partial"}
INBOX = "/doctor/requests"


@pytest.fixture
def rokeya(client, evening):
    """Dr Rokeya's browser."""
    person = db.session.get(Person, evening.doctor.person_id)
    return make.sign_in(client, person)


@pytest.fixture
def desk(other, nasrin):
    """The browser of the front desk."""
    return make.sign_in(other, nasrin)


def ask(evening, name="Momena Bibi", *, number=12, **given):
    """A request that waits."""
    patient = make.patient(make.person(phone=f"+8801755{number:06}"), name, 58)
    given = {"reason": "Cough for two weeks", **given}
    return make.appointment(evening.sitting, number=number, status="requested", of=patient, **given)


def press(client, row, form, **values):
    """Press a button of a row as htmx does; the answer."""
    page = see(client.get(INBOX))
    sent = page.form(f"{form}-{row.ref}")
    return client.post(sent.action, data=sent.fill(**values), headers=HTMX)


def accepted_by(person, row, evening):
    """Accept a request as this person, a moment ago."""
    with transaction():
        deciding.accept(
            db.session.get(Appointment, row.id), by=By("clinic", person.id, evening.clinic.id), now=clock.now()
        )


def state(row):
    db.session.refresh(row)
    return row.status


def test_the_oldest_request_stands_first(rokeya, evening):
    ask(evening, "Second Asker", number=3, now=NOW - 5 * MINUTE)
    ask(evening, "First Asker", number=9, now=NOW - 30 * MINUTE)

    page = see(rokeya.get(INBOX))

    assert page.h1 == "Requests"
    assert page.text.index("First Asker") < page.text.index("Second Asker")


def test_a_request_says_who_wants_what_and_until_when(rokeya, evening):
    ask(evening, visit="follow_up", price=50000)

    text = see(rokeya.get(INBOX)).text

    for words in (
        "Momena Bibi",
        "58, female",
        "Follow-up",
        "Serial 12",
        "6:50pm",
        "Dr Rokeya Begum",
        "Gomoti Hospital",
    ):
        assert words in text
    assert "৳ 500 at the chamber" in text
    assert "Answer by" in text


def test_the_problem_is_read_by_the_doctor_and_not_by_the_desk(rokeya, desk, evening):
    ask(evening)

    assert "Cough for two weeks" in see(rokeya.get(INBOX))
    assert "Cough for two weeks" not in see(desk.get(INBOX))


def test_accepting_leads_back_to_the_row_with_undo(rokeya, evening):
    row = ask(evening)

    answer = rokeya.post(
        f"/appointments/{row.ref}/acceptance", data=see(rokeya.get(INBOX)).form(f"acceptance-{row.ref}").fill()
    )

    assert answer.status_code == 303
    assert answer.headers["Location"] == f"{INBOX}?ok=accepted#request-{row.ref}"
    page = see(rokeya.get(answer.headers["Location"]))
    assert page.alert.startswith("Accepted.")
    assert "Just decided" in page
    assert page.form(f"undo-{row.ref}").buttons == ["Undo – Momena Bibi"]
    assert re.search(r"\d+ seconds left", page.text)
    assert state(row) == "booked"


def test_with_htmx_the_row_and_the_count_are_answered(rokeya, evening):
    row, _ = ask(evening), ask(evening, "Other Asker", number=13)

    answer = press(rokeya, row, "acceptance")

    fragment = see(answer)
    assert answer.status_code == 200
    assert fragment.select(f"li#request-{row.ref}[data-announce^='Accepted: Momena Bibi']")
    assert fragment.select("hx-partial[hx-target='#waiting'] #waiting")[0].get_text().startswith("1")
    assert "Other Asker" not in fragment


def test_the_count_of_none_is_hidden_and_stays_there_to_be_swapped(rokeya, evening):
    row = ask(evening)

    fragment = see(press(rokeya, row, "acceptance"))

    assert fragment.select("#waiting[hidden]")
    assert see(rokeya.get(INBOX)).select("header #waiting[hidden]")


def test_declining_asks_for_a_reason(rokeya, evening):
    row = ask(evening)

    answer = press(rokeya, row, "refusal")

    fragment = see(answer)
    assert answer.status_code == 422
    assert fragment.errors == ["Choose a reason"]
    assert fragment.select("details[open]")
    assert state(row) == "requested"


def test_declining_without_a_reason_shows_the_whole_inbox_with_the_row_open(rokeya, evening):
    row, _ = ask(evening), ask(evening, "Other Asker", number=13)

    answer = send(rokeya, see(rokeya.get(INBOX)), f"refusal-{row.ref}")

    page = see(answer)
    assert answer.status_code == 422
    assert page.title.startswith("Error: ")
    assert len(page.select("details[open]")) == 1
    assert page.select(f".errsum a[href='#reason-{row.ref}']")
    assert "Other Asker" in page


def test_a_declined_request_can_be_taken_back_for_ten_minutes(rokeya, evening):
    row = ask(evening)

    fragment = see(press(rokeya, row, "refusal", reason="away"))

    assert "Declined" in fragment
    assert "10 minutes left" in fragment
    assert state(row) == "declined"


def test_undo_lets_the_request_wait_again(rokeya, evening):
    row = ask(evening)
    press(rokeya, row, "acceptance")

    fragment = see(press(rokeya, row, "undo"))

    assert fragment.form(f"acceptance-{row.ref}")
    assert fragment.select("[data-announce='Momena Bibi waits again.']")
    assert state(row) == "requested"


def test_undo_without_htmx_leads_back_to_the_row(rokeya, evening):
    row = ask(evening)
    press(rokeya, row, "acceptance")

    page = see(send(rokeya, see(rokeya.get(INBOX)), f"undo-{row.ref}"))

    assert page.alert.startswith("Undone.")
    assert page.form(f"acceptance-{row.ref}")


def test_undo_too_late_is_refused_in_the_row(rokeya, evening):
    row = ask(evening)
    press(rokeya, row, "acceptance")
    form = see(rokeya.get(INBOX)).form(f"undo-{row.ref}")
    event = life.last_event(db.session.get(Appointment, row.id))
    event.at -= timedelta(seconds=61)
    db.session.commit()

    answer = rokeya.post(form.action, data=form.fill(), headers=HTMX)

    assert answer.status_code == 409
    assert "It is too late to undo this." in see(answer)
    assert state(row) == "booked"


def test_who_is_second_sees_who_decided_and_when(rokeya, evening, nasrin):
    row = ask(evening)
    form = see(rokeya.get(INBOX)).form(f"refusal-{row.ref}")
    accepted_by(nasrin, row, evening)

    answer = rokeya.post(form.action, data=form.fill(reason="away"), headers=HTMX)

    fragment = see(answer)
    assert answer.status_code == 409
    assert "Decided by someone else" in fragment
    assert re.search(r"Nasrin Akter at the front desk accepted this: \w{3} \d+ \w{3}, \d+:\d\d[ap]m", fragment.text)
    assert state(row) == "booked"


def test_without_htmx_who_is_second_gets_a_page_that_leads_back(rokeya, evening, nasrin):
    row = ask(evening)
    page = see(rokeya.get(INBOX))
    accepted_by(nasrin, row, evening)

    answer = send(rokeya, page, f"acceptance-{row.ref}")

    page = see(answer)
    assert answer.status_code == 409
    assert page.h1 == "This request was already decided"
    assert "Nasrin Akter at the front desk accepted this" in page
    assert page.link("Go on with the requests") == INBOX


def test_declining_without_a_reason_what_is_decided_says_so(rokeya, evening, nasrin):
    row = ask(evening)
    form = see(rokeya.get(INBOX)).form(f"refusal-{row.ref}")
    accepted_by(nasrin, row, evening)

    answer = rokeya.post(form.action, data=form.fill(), headers=HTMX)

    assert answer.status_code == 409
    assert "Nasrin Akter" in see(answer)


def test_the_doctor_is_named_to_the_desk(desk, evening):
    row = ask(evening)
    form = see(desk.get(INBOX)).form(f"acceptance-{row.ref}")
    accepted_by(db.session.get(Person, evening.doctor.person_id), row, evening)

    answer = desk.post(form.action, data=form.fill(), headers=HTMX)

    assert "Dr Rokeya Begum accepted this" in see(answer)


def test_a_second_tap_shows_the_same_row_with_undo(rokeya, evening):
    row = ask(evening)
    form = see(rokeya.get(INBOX)).form(f"acceptance-{row.ref}")
    rokeya.post(form.action, data=form.fill(), headers=HTMX)

    answer = rokeya.post(form.action, data=form.fill(), headers=HTMX)

    assert answer.status_code == 409
    assert see(answer).form(f"undo-{row.ref}")
    assert "Decided by someone else" not in see(answer)


def lapse(row):
    """Let the time to answer run out."""
    with transaction():
        late = db.session.get(Appointment, row.id)
        life.change(late, act="lapse", was="requested", became="lapsed", by=life.TIME, now=clock.now())


def cancel(row):
    """Cancel as its patient."""
    with transaction():
        asked = db.session.get(Appointment, row.id)
        life.change(asked, act="cancel", was="requested", became="cancelled", by=By("patient"), now=clock.now())


def test_a_request_that_lapsed_says_so(rokeya, evening):
    row = ask(evening)
    form = see(rokeya.get(INBOX)).form(f"acceptance-{row.ref}")
    lapse(row)

    answer = rokeya.post(form.action, data=form.fill(), headers=HTMX)

    assert answer.status_code == 409
    assert "Nobody answered by" in see(answer)


def test_a_request_that_the_patient_cancelled_says_so(rokeya, evening):
    row = ask(evening)
    form = see(rokeya.get(INBOX)).form(f"acceptance-{row.ref}")
    cancel(row)

    answer = rokeya.post(form.action, data=form.fill(), headers=HTMX)

    assert answer.status_code == 409
    assert "The patient cancelled this" in see(answer)


def test_fifty_are_listed_and_the_page_says_how_many_wait(rokeya, evening):
    sitting = make.sitting(evening.chamber, days=2, capacity=60)
    patient = make.patient(make.person(phone="+8801788888888"))
    for number in range(1, 52):
        of = make.patient(patient.person, f"Asker {number}")
        make.appointment(sitting, number=number, status="requested", of=of, now=NOW - timedelta(minutes=60 - number))

    page = see(rokeya.get(INBOX))

    assert len(page.select("#requests li[id^=request-]")) == 50
    assert "The 50 oldest of 51" in page
    assert page.select("#waiting")[0].get_text().startswith("51")


def test_an_empty_inbox_says_so(rokeya):
    page = see(rokeya.get(INBOX))

    assert "All requests answered" in page
    assert page.link("Look for new requests") == INBOX


def test_the_page_asks_for_news_by_itself_and_never_moves_the_list(rokeya, evening):
    ask(evening)
    news = see(rokeya.get(INBOX)).select("#news[data-poll='30'][hx-trigger='doctapp:poll']")[0]

    assert rokeya.get(news["hx-get"], headers=HTMX).status_code == 204
    ask(evening, "New Asker", number=13)
    fragment = see(rokeya.get(news["hx-get"], headers=HTMX))

    assert fragment.text == "1 new request – show"
    assert fragment.select("a[hx-get='/doctor/requests'][hx-target='#requests']")
    assert "New Asker" not in fragment


def test_news_without_htmx_lead_to_the_inbox(rokeya, evening):
    ask(evening)

    answer = rokeya.get(f"{INBOX}/news?after=0")

    assert (answer.status_code, answer.headers["Location"]) == (303, INBOX)


def test_the_list_alone_is_answered_to_htmx(rokeya, evening):
    ask(evening)

    fragment = see(rokeya.get(INBOX, headers=HTMX))

    assert fragment.select("div#requests")
    assert fragment.select("[data-announce='1 request waits.']")
    assert not fragment.select("h1")


def test_the_inbox_reads_in_bangla(rokeya, evening):
    row = ask(evening)
    rokeya.set_cookie("lang", "bn")

    page = see(rokeya.get(INBOX))

    assert "১২" in page
    assert page.form(f"acceptance-{row.ref}")
