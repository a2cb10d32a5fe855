"""A refusal is a page that says what happened and what to do, in the reader's language."""

import re

import pytest
from sqlalchemy.exc import OperationalError

from doctapp.accounts import limits, sessions
from doctapp.accounts.models import Patient
from doctapp.appointments.models import Appointment
from doctapp.db import db
from tests import make
from tests.appointments.steps import answer, take
from tests.people import MINUTE, NOW
from tests.see import see
from tests.web.sending import FORM, count, post, tell_many, typed_answers

# Gone and run out


def test_a_number_that_is_gone_is_409_with_the_three_nearest(client, other, evening):
    take(other, evening.sitting, 12)

    page = see(client.post("/appointments?again=1", data={"sitting": evening.sitting.id, "number": 12}))

    assert page.code == 409
    assert page.form(f"place-{evening.sitting.id}").choices("number") == ["10", "11", "13"]


@pytest.mark.parametrize("act", ["patient", "payment", "extension"])
def test_acting_on_a_hold_that_ran_out_is_410_with_the_answers_kept(client, evening, alice, act):
    make.sign_in(client, alice)
    row = take(client, evening.sitting)
    page = answer(client, row)
    row = db.session.get(Appointment, row.id)
    row.held_until = NOW - MINUTE
    db.session.commit()

    answered = post(client, f"/appointments/{row.ref}/{act}", **{**typed_answers(), "method": "chamber"})

    page = see(answered)
    assert page.code == 410
    assert "Momena Bibi" in page
    assert page.form(f"place-{evening.sitting.id}").buttons == ["Keep serial 12 again"]
    assert count(Patient) == 1


# Error pages


def refused(client, evening, status):
    """An answer with this status."""
    hold = {"sitting": evening.sitting.id, "number": 3}
    tell_many("hold-address", limits.address_key("10.0.0.1"), 120)
    return {
        400: lambda: client.post("/login/codes", data={"phone": "01712 345678"}),
        403: lambda: client.post("/language", headers={"Origin": "null"}),
        404: lambda: client.get("/nowhere"),
        405: lambda: client.put("/doctors"),
        413: lambda: client.post("/language", data=b"x" * 2**20 + b"y", content_type=FORM),
        429: lambda: client.post("/appointments?again=1", data=hold, environ_overrides={"REMOTE_ADDR": "10.0.0.1"}),
    }[status]()


ERRORS = [400, 403, 404, 405, 413, 429]


@pytest.mark.parametrize("language", ["bn", "en"])
def test_an_error_page_says_what_happened_and_what_to_do_in_the_readers_language(app, evening, language):
    for status in ERRORS:
        client = app.test_client()
        client.set_cookie("lang", language)

        page = see(refused(client, evening, status))

        assert page.code == {405: 404}.get(status, status)
        assert page.soup.html["lang"] == language
        assert page.h1.isascii() is (language == "en")
        assert len(page.select("p.lg")[0].get_text()) > 30
        assert page.select("main a[href='/']"), status
        assert "09612-345678" in page


def test_by_htmx_an_error_is_a_fragment_that_is_announced(client, evening):
    client.environ_base["HTTP_HX_REQUEST"] = "true"

    for status in ERRORS:
        page = see(refused(client, evening, status))

        assert page.alert, status
        assert not page.title


def test_no_error_is_kept_or_gives_away_how_we_are_made(client, evening):
    for status in ERRORS:
        answered = refused(client, evening, status)

        assert answered.headers["Cache-Control"] == "no-store", status
        assert not re.search(r"Traceback|werkzeug|sqlalchemy|\.py\b|psycopg", answered.text, re.IGNORECASE)


def broken(message):
    def find(*_):
        raise OperationalError("SELECT", {}, Exception(message))

    return find


def test_a_busy_database_is_503_also_for_who_is_signed_in(client, alice, monkeypatch):
    make.sign_in(client, alice)
    monkeypatch.setattr(sessions, "find", broken("database is locked"))

    answered = client.get("/appointments")

    assert see(answered).h1 == "Very many people are here now"
    assert (answered.status_code, answered.headers["Retry-After"]) == (503, "2")


def test_a_fault_of_ours_is_500_in_words_also_for_who_is_signed_in(client, alice, monkeypatch, caplog):
    make.sign_in(client, alice)
    monkeypatch.setattr(sessions, "find", broken("the disk is gone"))

    page = see(client.get("/appointments"))

    assert (page.code, page.h1) == (500, "Something went wrong on our side")
    assert "the disk is gone" not in page.soup.decode()
