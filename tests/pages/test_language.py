"""The language: chosen with one press, and back to where one was."""

from __future__ import annotations

import pytest

from doctapp.web.urls import local_path
from tests import make
from tests.see import see

AWAY = [
    None, "", "doctors", "//evil.example", "///evil.example", "/\\evil.example", "\\\\evil.example", "/\t/evil.example",
    "/\n/evil.example", "http://evil.example/", "https:evil.example", "javascript:alert(1)", " /doctors",
    "/a\r\nSet-Cookie: x", "/\x7f", "/\u0085", "/" + "a" * 3000,
]  # fmt: skip


@pytest.mark.parametrize("path", AWAY)
def test_an_address_that_leads_elsewhere_leads_home(path):
    assert local_path(path) == "/"


@pytest.mark.parametrize(
    "path", ["/", "/doctors?q=a&day=2026-11-23", "/doctors?q=রোকেয়া", "/a//b", "/doctors?next=http://x.example"]
)
def test_a_path_of_this_host_is_kept(path):
    assert local_path(path) == path


def test_another_default_may_be_given():
    assert local_path("//evil.example", "/appointments") == "/appointments"


def test_the_button_in_the_header_switches_and_comes_back_to_the_same_address(client, evening):
    form = see(client.get("/doctors?q=rokeya")).form("language")

    answer = client.post(form.action, data=form.fill())

    assert (answer.status_code, answer.headers["Location"]) == (303, "/doctors?q=rokeya")
    assert see(client.get(answer.headers["Location"])).soup.html["lang"] == "bn"


def test_the_choice_is_kept_for_a_year(client, app):
    cookie = client.post("/language", data={"to": "en", "next": "/"}).headers["Set-Cookie"]

    assert cookie.startswith("lang=en;") and "Max-Age=31536000" in cookie and "SameSite=Lax" in cookie


def test_it_needs_no_token_and_nobody_signed_in(client, alice):
    assert client.post("/language", data={"to": "bn"}).status_code == 303
    assert make.sign_in(client, alice).post("/language", data={"to": "bn"}).status_code == 303


@pytest.mark.parametrize("to", ["", "fr", "en; Domain=x", None])
def test_an_unknown_language_changes_nothing(client, app, to):
    answer = client.post("/language", data={"to": to or "", "next": "/help"})

    assert (answer.status_code, answer.headers["Location"]) == (303, "/help")
    assert "Set-Cookie" not in answer.headers


def test_it_never_leads_to_another_host(client, app):
    assert client.post("/language", data={"to": "bn", "next": "//evil.example"}).headers["Location"] == "/"


def test_another_site_may_not_switch_it(client, app):
    answer = client.post("/language", data={"to": "bn"}, headers={"Origin": "http://evil.example"})

    assert answer.status_code == 403
    assert "Set-Cookie" not in answer.headers


def test_without_a_choice_the_browsers_language_counts_and_else_bangla(app):
    browser = app.test_client()

    assert see(browser.get("/help", headers={"Accept-Language": "en-GB,en;q=0.9"})).soup.html["lang"] == "en"
    assert see(browser.get("/help", headers={"Accept-Language": "fr"})).soup.html["lang"] == "bn"
    assert see(browser.get("/help")).soup.html["lang"] == "bn"
