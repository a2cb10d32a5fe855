"""A letter is written once, in its reader's language, with what it tells of."""

from contextlib import suppress

import pytest
from flask import Flask
from sqlalchemy import func, select

from doctapp import sealing
from doctapp.db import db, transaction
from doctapp.notifications import outbox
from doctapp.notifications.models import Letter
from doctapp.notifications.segments import segments
from doctapp.work import bell
from tests.notifications.letters import ADDRESS, PHONE, after, read, tales, use, write, write_code  # noqa: F401
from tests.people import NOW

pytestmark = pytest.mark.usefixtures("tales")


@pytest.fixture(autouse=True)
def rung(app: Flask, monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int]]:
    """What the bell was rung for."""
    calls: list[tuple[str, int]] = []
    monkeypatch.setattr(bell, "ring", lambda job, row_id: calls.append((job, row_id)))
    return calls


def test_a_letter_is_written_in_its_readers_language() -> None:
    english, bangla = read(write("sms")), read(write("sms", cause="event:2", language="bn"))

    assert english.body == "12 Hello"
    assert bangla.body == "১২ Hello"


def test_a_mail_has_a_subject_of_one_line_and_two_bodies() -> None:
    letter = read(write("mail", facts={"words": "1 < 2\nBcc: all@example.org"}))

    assert letter.subject == "12 1 < 2 Bcc: all@example.org"
    assert letter.body is not None
    assert letter.body.startswith("1 < 2\n")
    assert "<p>1 &lt; 2\n" in (letter.html or "")


def test_a_mail_says_where_it_comes_from() -> None:
    letter = read(write("mail"))

    assert "http://" in (letter.body or "")
    assert '<html lang="en">' in (letter.html or "")


def test_one_cause_makes_one_letter_an_address(rung: list[tuple[str, int]]) -> None:
    first, again, other = write(), write(facts={"words": "Other"}), write(address="bob@example.org")

    assert first == again != other
    assert read(first).body == read(again).body
    assert [row_id for _, row_id in rung] == [first, other]


def test_what_is_rolled_back_leaves_no_letter_and_rings_no_bell(rung: list[tuple[str, int]]) -> None:
    row = {"channel": "sms", "kind": "tale", "cause": "event:1", "about": "", "address": PHONE, "language": "en"}
    with suppress(ZeroDivisionError), transaction():
        outbox.write(**row, facts={}, now=NOW)
        _ = 1 / 0

    assert db.session.scalar(select(func.count()).select_from(Letter)) == 0
    assert rung == []


def test_the_bell_rings_after_the_commit_for_what_is_due_now(rung: list[tuple[str, int]]) -> None:
    now, _later = write(), write(cause="event:2", due_at=after(seconds=60))

    assert rung == [("notifications.send", now)]


def test_a_code_lies_sealed() -> None:
    letter = read(write_code())

    assert "12345" not in (letter.body or "")
    assert sealing.unseal(letter.body or "").startswith("12345")


def test_another_secret_key_opens_no_code(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    letter = read(write_code())
    monkeypatch.setitem(app.config, "SECRET_KEY", "y" * 40)

    with pytest.raises(sealing.Unsealable):
        sealing.unseal(letter.body or "")


def test_the_codes_mail_says_it_in_the_body_only() -> None:
    letter = read(write_code("mail", address=ADDRESS))

    assert "12345" not in letter.subject
    assert "12345" in sealing.unseal(letter.body or "")
    assert "12345" in sealing.unseal(letter.html or "")


@pytest.mark.parametrize("language", ["en", "bn"])
def test_the_codes_sms_is_one_segment_that_phones_can_fill_in(
    app: Flask, monkeypatch: pytest.MonkeyPatch, language: str
) -> None:
    use(app, monkeypatch, public_url="https://doctapp.bd")
    text = sealing.unseal(read(write_code(language=language)).body or "")

    assert text.splitlines()[-1] == "@doctapp.bd #12345"
    assert text.startswith("12345 ")
    assert segments(text) == 1
