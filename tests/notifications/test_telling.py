"""A person is told once of each cause, and reads it on a page."""

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from jinja2 import TemplateNotFound

from doctapp.db import transaction
from doctapp.notifications import jobs, queries, telling
from tests import make
from tests.notifications.letters import tales  # noqa: F401
from tests.people import NOW
from tests.see import see

pytestmark = pytest.mark.usefixtures("tales")


def tell(person: Any, cause: str = "event:1", **given: Any) -> int | None:
    facts = {"title": "Serial 12 is confirmed", "words": "Dr Rokeya Begum, <Monday>"}
    row = {"kind": "tale", "link": "/appointments/KQ7-4M2", "now": NOW, "facts": facts} | given
    with transaction():
        return telling.notify(person_id=person.id, cause=cause, **row)


def test_a_person_is_told_once_of_a_cause(alice: Any, bob: Any) -> None:
    told = [tell(alice), tell(alice), tell(bob)]

    assert told[1] is None
    assert (queries.unread_count(alice.id), queries.unread_count(bob.id)) == (1, 1)


def test_the_newest_comes_first(alice: Any) -> None:
    first, second, third = (tell(alice, f"event:{n}", now=NOW + timedelta(minutes=n)) for n in range(3))

    assert [row.id for row in queries.newest(alice.id, limit=2)] == [third, second]
    assert [row.id for row in queries.newest(alice.id, before=second)] == [first]


def test_what_was_shown_is_read_and_no_more(alice: Any, bob: Any) -> None:
    shown, _newer = tell(alice), tell(alice, "event:2")
    tell(bob)
    with transaction():
        assert telling.mark_read(person_id=alice.id, up_to=shown or 0, now=NOW) == 1
        assert telling.mark_read(person_id=alice.id, up_to=shown or 0, now=NOW) == 0

    assert (queries.unread_count(alice.id), queries.unread_count(bob.id)) == (1, 1)


def test_what_was_read_is_forgotten_after_ninety_days(alice: Any) -> None:
    read, _unread = tell(alice), tell(alice, "event:2")
    with transaction():
        telling.mark_read(person_id=alice.id, up_to=read or 0, now=NOW)
    jobs.purge(NOW + timedelta(days=90))
    assert queries.count(alice.id) == 2

    jobs.purge(NOW + timedelta(days=90, hours=2))
    assert queries.count(alice.id) == 1


def test_the_page_shows_what_is_new(client: FlaskClient, alice: Any) -> None:
    tell(alice, now=NOW - timedelta(days=3))
    tell(alice, "event:2")
    page = see(make.sign_in(client, alice).get("/notifications"))

    assert page.title == "Alerts, 2 new · DoctApp"
    assert [heading.get_text() for heading in page.select("main h2")] == ["Today", "Earlier"]
    assert "Dr Rokeya Begum, <Monday>" in page.text


def test_nobody_reads_anothers_notices(client: FlaskClient, alice: Any, bob: Any) -> None:
    tell(alice)
    page = see(make.sign_in(client, bob).get("/notifications"))

    assert "No alerts yet" in page.text
    assert "Rokeya" not in page.text


def test_reading_marks_what_was_shown(client: FlaskClient, alice: Any) -> None:
    tell(alice)
    form = see(make.sign_in(client, alice).get("/notifications")).form("reading")
    tell(alice, "event:2")
    answer = client.post(form.action, data=form.fill())

    assert answer.status_code == 303
    assert queries.unread_count(alice.id) == 1
    assert "marked as read" in see(client.get(answer.location)).text


def test_htmx_gets_the_list_after_reading(client: FlaskClient, alice: Any) -> None:
    tell(alice)
    form = see(make.sign_in(client, alice).get("/notifications")).form("reading")
    answer = client.post(form.action, data=form.fill(), headers={"HX-Request": "true"})

    assert answer.status_code == 200
    assert "marked as read" in see(answer).alert
    assert see(answer).select("li.new") == []


def test_reading_needs_its_token(client: FlaskClient, alice: Any) -> None:
    tell(alice)
    answer = make.sign_in(client, alice).post("/notifications/reading", data={"up_to": "1"})

    assert answer.status_code == 400
    assert queries.unread_count(alice.id) == 1


@pytest.mark.parametrize("up_to", ["", "x", "-1", "9" * 40, "১"])
def test_reading_without_an_end_marks_nothing(client: FlaskClient, alice: Any, up_to: str) -> None:
    tell(alice)
    form = see(make.sign_in(client, alice).get("/notifications")).form("reading")
    answer = client.post(form.action, data={**form.fill(), "up_to": up_to})

    assert answer.status_code == 303
    assert queries.unread_count(alice.id) == 1


def test_older_notices_are_on_further_pages(client: FlaskClient, alice: Any) -> None:
    for number in range(21):
        tell(alice, f"event:{number}")
    first = see(make.sign_in(client, alice).get("/notifications"))
    second = see(client.get("/notifications?page=2"))

    assert len(first.select("li.lead")) == 20
    assert len(second.select("li.lead")) == 1


def test_nobody_reads_without_signing_in(client: FlaskClient) -> None:
    assert client.get("/notifications").status_code == 303
    assert client.get("/notifications", headers={"HX-Request": "true"}).status_code == 401


def test_the_page_is_kept_by_nobody(client: FlaskClient, alice: Any) -> None:
    assert make.sign_in(client, alice).get("/notifications").headers["Cache-Control"] == "no-store"


def test_a_kind_without_words_is_a_mistake(
    app: Flask, client: FlaskClient, alice: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    tell(alice, kind="unheard")
    assert make.sign_in(client, alice).get("/notifications").status_code == 200

    monkeypatch.setitem(app.config, "TESTING", True)
    with pytest.raises(TemplateNotFound):
        client.get("/notifications")
