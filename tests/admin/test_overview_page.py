"""The office's first page: what waits, how much, and what to do next."""

import pytest

from tests import make
from tests.admin.rows import attempt, difference, flagged, letter, refund, silent, slow
from tests.see import see


@pytest.fixture
def office(client, admin):
    """The admin's browser."""
    return make.sign_in(client, admin)


@pytest.fixture
def well(monkeypatch):
    """Nothing is late: no sweep runs in these tests, and there is no Redis."""
    monkeypatch.setattr("doctapp.admin.routes._checks", list)


def counts(page):
    """How much waits, by the words of its link."""
    return {tag.select_one("a").get_text(): tag.select_one(".tag").get_text() for tag in page.select("li.lead")}


def test_where_nothing_waits_it_says_so(office, well):
    page = see(office.get("/admin"))

    assert "Nothing waits for you" in page
    assert counts(page) == {}


def test_what_waits_is_counted_and_linked(office, well, evening, alice):
    row = make.appointment(evening.sitting, status="requested", of=alice.patients[0])
    flagged(row)
    paid = attempt(row)
    refund(paid), difference(paid), slow(attempt(row)), silent(row), letter(), letter()

    page = see(office.get("/admin"))

    assert counts(page) == {
        "Payments to decide": "1",
        "Refunds that failed": "1",
        "Money of which nobody knows": "2",
        "Differences with the gateways": "1",
        "Letters that could not be sent": "2",
    }
    assert "Let each stand or give it back" in page


def test_late_checks_are_counted(office):
    assert "Checks that are late" in counts(see(office.get("/admin")))  # no sweep ever ran here


def test_every_link_of_the_header_leads_somewhere(office):
    page = see(office.get("/admin"))

    hrefs = {link["href"] for link in page.select("header nav a")}
    assert {"/admin", "/admin/money", "/admin/letters", "/admin/health", "/notifications"} <= hrefs
    assert {office.get(href).status_code for href in hrefs} == {200}


def test_an_admin_finds_the_office_from_the_first_page(office):
    assert any(link.href == "/admin" for link in see(office.get("/")).links)


def test_nobody_else_is_shown_it(client, alice):
    make.sign_in(client, alice)

    assert not any(link.href == "/admin" for link in see(client.get("/")).links)
