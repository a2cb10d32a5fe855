"""What letters and notices say of one's own account, in both languages; each SMS in one segment."""

import re

import pytest
from bs4 import BeautifulSoup

from doctapp.db import transaction
from doctapp.notifications import telling
from doctapp.notifications.segments import segments
from tests import make
from tests.notifications.test_words import LANGUAGES, english_in, written
from tests.people import NOW
from tests.see import see

TOLD = ("password_changed", "way_added", "way_removed", "number_used", "joined", "app_added", "app_removed")
NAMELESS = ("password_changed", "app_added", "app_removed")
SECRET = ("verify", "registered_already", "reset")
FACTS = {
    "ref": "-",
    "way": "01711 111111",
    "kind": "phone",
    "at": NOW,
    "url": "http://localhost/account/ways",
    "forgot_url": "http://localhost/password/forgot",
    "name": "রহিমা",
}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", TOLD)
def test_an_sms_is_one_segment_and_says_whom_to_call(app, kind, language):
    text = written("sms", kind, language, FACTS)["body"]

    assert segments(text) == 1
    assert "09612-345678" in text


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", TOLD + SECRET)
def test_a_mail_links_the_same_in_both_bodies(app, kind, language):
    parts = written("mail", kind, language, FACTS)

    links = [link["href"] for link in BeautifulSoup(parts["html"], "html.parser").select("a")]
    assert FACTS["url"] in links
    assert all(link in parts["body"] for link in links)


@pytest.mark.parametrize("kind", TOLD)
def test_a_mail_says_when_and_whom_to_call(app, kind):
    body = written("mail", kind, "en", FACTS)["body"]

    assert re.search(r"\d(am|pm)", body)
    assert "09612-345678" in body


@pytest.mark.parametrize("kind", TOLD + SECRET)
def test_a_bangla_letter_has_no_english_left(app, kind):
    parts = written("mail", kind, "bn", FACTS)
    for text in (parts["subject"], parts["body"]):
        assert english_in(text, FACTS) == []
    if kind in TOLD:
        assert english_in(written("sms", kind, "bn", FACTS)["body"], FACTS) == []


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", TOLD)
def test_a_notice_has_words(client, alice, kind, language):
    with transaction():
        telling.notify(
            person_id=alice.id, kind=kind, cause=kind, link="/account/ways", facts={"way": "01711 111111"}, now=NOW
        )
    client.set_cookie("lang", language)

    page = see(make.sign_in(client, alice).get("/notifications"))

    notice = page.select("#notices li")[0].get_text(" ")
    assert kind in NAMELESS or "01711 111111" in notice
    assert language == "en" or english_in(notice, FACTS) == []
