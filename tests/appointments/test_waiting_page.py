"""Waiting for a place, as a browser does it: the form where a sitting is full, the link in the SMS, the booking."""

import re

import pytest
from sqlalchemy import select

from doctapp.accounts.models import Tally
from doctapp.appointments import jobs, waiting
from doctapp.appointments.models import Appointment, Waiting
from doctapp.db import db
from doctapp.notifications.models import Letter
from doctapp.sealing import unseal
from tests import make, people
from tests.appointments.steps import PHONE, answer, prove, send
from tests.appointments.test_offering import LINK
from tests.appointments.test_waiting import give_up
from tests.people import MINUTE, NOW
from tests.see import see

TYPED = "01711-111111"


@pytest.fixture
def full(evening):
    """The evening has three numbers, all booked."""
    sitting = evening.sitting
    sitting.capacity = 3
    db.session.commit()
    for number in (1, 2, 3):
        make.appointment(sitting, number=number)
    return sitting


def doctors(client):
    return see(client.get("/doctors/rokeya-begum"))


def wait(client, phone=TYPED):
    return see(send(client, doctors(client), "waiting", phone=phone))


def offered_link(sitting, number=2):
    """Somebody's number is free, and the sweep comes by; where the SMS leads."""
    give_up(sitting, number)
    jobs.offer_places(NOW)
    letter = db.session.scalars(select(Letter).filter_by(kind="offered").order_by(Letter.id.desc())).first()
    return LINK.search(unseal(letter.body))[0].removeprefix("http://localhost")


@pytest.fixture
def link(client, full):
    wait(client)
    return offered_link(full)


def test_a_full_sitting_asks_for_a_phone_on_a_page_without_token_or_cookie(client, full):
    answered = client.get("/doctors/rokeya-begum")
    form = see(answered).form("waiting")

    assert (form.method, form.action) == ("post", "/waiting")
    assert form.fields == {"sitting": str(full.id), "phone": ""}
    assert "Set-Cookie" not in answered.headers
    assert answered.headers["Cache-Control"].startswith("public")


def test_where_something_is_free_nobody_is_asked_to_wait(client, evening):
    assert "waiting" not in [form.id for form in doctors(client).forms]


def test_of_several_full_sittings_of_a_day_one_is_chosen(client, full, evening):
    other = make.sitting(evening.chamber, days=1, start=10 * 60, capacity=1)
    make.appointment(other, number=1)

    form = doctors(client).form("waiting")

    assert set(form.choices("sitting")) == {str(full.id), str(other.id)}


def test_the_fragment_of_a_day_has_the_form_too(client, full):
    answered = client.get("/doctors/rokeya-begum/places", headers={"HX-Request": "true"})

    assert see(answered).form("waiting").action == "/waiting"


def test_who_puts_a_phone_on_the_list_reads_that_we_tell_them(client, full):
    page = wait(client)

    assert page.h1 == "We tell you when a place opens"
    assert "Nothing is booked yet" in page
    row = db.session.scalars(select(Waiting)).one()
    assert (row.phone, row.shown, row.language) == (people.ALICE, TYPED, "en")


def test_a_phone_that_is_on_the_list_is_told_the_same_as_anybody(client, other, full):
    first = client.post("/waiting", data={"sitting": full.id, "phone": TYPED})
    again = other.post("/waiting", data={"sitting": full.id, "phone": "+8801711111111"})

    assert (first.status_code, first.headers["Location"]) == (again.status_code, again.headers["Location"])
    assert db.session.query(Waiting).count() == 1
    assert "keeps its place if it was there before" in see(client.get(first.headers["Location"]))


def test_what_is_no_phone_is_said_beside_it_and_kept(client, full):
    page = wait(client, "12")

    assert page.code == 422
    assert page.title.startswith("Error:")
    assert page.form("waiting").fields["phone"] == "12"
    assert "11 digits" in page


def test_a_sitting_with_a_free_place_is_refused_with_the_way_to_it(client, evening):
    page = see(client.post("/waiting", data={"sitting": evening.sitting.id, "phone": TYPED}))

    assert page.code == 409
    assert "A serial is free just now" in page.h1
    assert page.link("See all places").startswith("/doctors/rokeya-begum")


def test_a_cancelled_sitting_has_no_list_and_says_so_to_who_waited(client, full):
    told = wait(client)
    full.cancelled_at = NOW
    db.session.commit()

    refused = see(client.post("/waiting", data={"sitting": full.id, "phone": TYPED}))
    page = see(client.get(f"/waiting?sitting={full.id}&ok=joined"))

    assert told.code == 200
    assert (refused.code, refused.h1) == (409, "The doctor does not sit at this time after all.")
    assert page.h1 == refused.h1
    assert "Nobody waits for this sitting any more." in page


@pytest.mark.parametrize("sitting", ["", "x", "0", "99999999999", "123456"])
def test_an_unknown_sitting_has_no_list(client, app, sitting):
    assert client.get(f"/waiting?sitting={sitting}").status_code == 404
    assert client.post("/waiting", data={"sitting": sitting, "phone": TYPED}).status_code == 404


@pytest.mark.parametrize(
    "header", [{"Origin": "https://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}]
)
def test_another_site_puts_nobody_on_a_list(client, full, header):
    answered = client.post("/waiting", data={"sitting": full.id, "phone": TYPED}, headers=header)

    assert answered.status_code == 403
    assert db.session.query(Waiting).count() == 0


def test_too_often_is_answered_429_with_when_to_come_again(client, full, monkeypatch):
    monkeypatch.setattr(waiting, "A_PHONE_A_DAY", 0)
    make.saved(Tally(kind="waiting-phone", key=people.ALICE, at=NOW))

    answered = client.post("/waiting", data={"sitting": full.id, "phone": TYPED})

    assert answered.status_code == 429
    assert int(answered.headers["Retry-After"]) > 3600
    assert see(answered).form("waiting").fields["phone"] == TYPED


def test_a_freed_number_that_others_wait_for_is_refused_with_the_list(client, other, full):
    wait(client)
    give_up(full, 2)

    page = see(other.post("/appointments", data={"sitting": full.id, "number": 2}, follow_redirects=True))

    assert page.code == 409
    assert page.h1.startswith("Others wait for this sitting.")
    assert page.form("waiting").fields["sitting"] == str(full.id)
    assert see(send(other, page, "waiting", phone=PHONE)).h1 == "We tell you when a place opens"


def test_the_link_shows_the_place_and_takes_nothing(client, link):
    page = see(client.get(link))

    assert page.h1 == "A place for you: serial 2"
    assert "It is kept for you until" in page
    assert page.form("offer").action == link
    row = db.session.scalars(select(Appointment).filter_by(status="offered")).one()
    assert row.browser_hash is None


def test_an_unknown_link_is_not_there(client, app):
    assert client.get("/waiting/unknown").status_code == 404


def test_from_the_link_to_the_request(client, other, full, link):
    row = db.session.scalars(select(Appointment).filter_by(status="offered")).one()

    step = see(send(other, see(other.get(link)), "offer"))
    assert step.h1 == "Who is the appointment for?"
    assert "extension" not in [form.id for form in step.forms]
    check = prove(other, answer(other, row))
    ticket = see(send(other, check, "payment"))

    assert ticket.h1 == "Serial 2 waits for the doctor"
    assert db.session.scalars(select(Waiting.state)).one() == "taken"
    assert see(other.get(link, follow_redirects=True)).h1 == "Serial 2 waits for the doctor"


def test_the_browser_is_known_for_as_long_as_the_place_is_kept(client, link):
    answered = client.post(link, data=see(client.get(link)).form("offer").fill())

    cookie = next(line for line in answered.headers.getlist("Set-Cookie") if line.startswith("browser="))
    assert int(re.search(r"Max-Age=(\d+)", cookie)[1]) > 3 * 3600
    assert answered.status_code == 303


def test_another_browser_is_told_and_may_sign_in_with_the_phone(client, other, link):
    late = see(other.get(link))
    send(client, see(client.get(link)), "offer")

    page = see(send(other, late, "offer"))

    assert page.code == 409
    assert "taken up in another browser" in page
    assert page.link("Sign in with the phone") == f"/login?next={link}"


def test_who_signs_in_with_the_phone_goes_on_there(client, other, alice, link):
    send(client, see(client.get(link)), "offer")
    make.sign_in(other, alice)

    assert see(send(other, see(other.get(link)), "offer")).h1 == "Who is the appointment for?"


def test_who_leaves_the_list_reads_so(client, link):
    page = see(send(client, see(client.get(link)), "leaving"))

    assert page.h1 == "You are no longer on the list"
    assert db.session.scalars(select(Waiting.state)).one() == "left"


def test_an_offer_that_ran_out_says_so_and_offers_the_list_again(client, full, link):
    db.session.execute(db.update(Appointment).where(Appointment.status == "offered").values(held_until=NOW))
    db.session.commit()
    page = see(client.get(link))

    assert page.code == 410
    assert page.h1 == "The time for this place ran out"
    assert page.form("waiting").fields["sitting"] == str(full.id)


def test_an_offer_of_a_sitting_that_was_cancelled_says_so(client, full, link):
    full.cancelled_at = NOW
    db.session.commit()
    jobs.end_cancelled(NOW)

    page = see(client.get(link))

    assert (page.code, page.h1) == (410, "The chamber cancelled this sitting")


def test_a_strangers_ticket_of_an_offer_says_that_somebody_waited(client, other, link):
    row = db.session.scalars(select(Appointment).filter_by(status="offered")).one()

    page = see(other.get(f"/appointments/{row.ref}"))

    assert page.h1 == "Serial 2 is offered to somebody who waited"
    assert "Go on" not in page
    assert see(other.get(f"/appointments/{row.ref}/patient")).h1 == "Serial 2 is kept for somebody"


def test_who_took_it_up_finds_the_way_on_from_the_ticket(client, link):
    send(client, see(client.get(link)), "offer")
    row = db.session.scalars(select(Appointment).filter_by(status="offered")).one()

    page = see(client.get(f"/appointments/{row.ref}"))

    assert page.h1 == "A place for you: serial 2"
    assert page.link("Go on") == f"/appointments/{row.ref}/patient"


def test_an_offer_that_ran_out_at_the_steps_is_410_with_the_answers(client, full, link):
    send(client, see(client.get(link)), "offer")
    row = db.session.scalars(select(Appointment).filter_by(status="offered")).one()
    answer(client, row)
    row = db.session.get(Appointment, row.id)
    row.held_until = NOW - MINUTE
    db.session.commit()

    page = see(client.get(f"/appointments/{row.ref}/payment"))

    assert page.code == 410
    assert "Momena Bibi" in page
