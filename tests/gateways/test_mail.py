"""What every gateway of mail does, and what SMTP does besides."""

import ssl
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import pytest
from flask import Flask

from doctapp.config import Settings
from doctapp.db import transaction
from doctapp.gateways import letters_inbox, mail
from doctapp.gateways.mail import Gateway, Mail, Refused, Unknown, Unreachable, sandbox, smtp
from tests.servers.ports import free_port
from tests.servers.proxy import make_certificate
from tests.servers.smtp import MailServer

LETTER = Mail(
    id="letter-7-20261123",
    to="alice@example.org",
    subject="আপনার সিরিয়াল ১২, মঙ্গলবার সন্ধ্যা ৬:৫০, ডা. রোকেয়া বেগম, গোমতী হাসপাতাল, কুমিল্লা",
    text="সিরিয়াল ১২\nSerial 12\n.\nend\n",
    html="<p>সিরিয়াল ১২</p>",
    written_at=datetime(2026, 11, 23, 12, tzinfo=UTC),
)


class Arrived(NamedTuple):
    """A mail as its reader has it."""

    to: str
    subject: str
    text: str


@pytest.fixture
def server() -> Iterator[MailServer]:
    with MailServer() as running:
        yield running


@pytest.fixture
def settings(app: Flask, server: MailServer) -> Settings:
    """The settings with this mail server."""
    return replace(app.config["SETTINGS"], mail_server=server.host, mail_port=server.port)


@pytest.fixture(params=["sandbox", "smtp"])
def gateway(request: pytest.FixtureRequest, settings: Settings) -> Gateway:
    """Each gateway in turn."""
    return sandbox.Sandbox(settings) if request.param == "sandbox" else smtp.Smtp(settings)


@pytest.fixture
def arrived(gateway: Gateway, settings: Settings, server: MailServer) -> Callable[[], list[Arrived]]:
    """What came out on the other side, oldest first."""

    def look() -> list[Arrived]:
        if isinstance(gateway, smtp.Smtp):
            return [Arrived(one.to, one.subject, one.text) for one in server.mails]
        kept = reversed(letters_inbox.newest(settings))
        return [Arrived(one["to"], one["subject"], one["text"]) for one in kept if one["channel"] == "mail"]

    return look


def test_a_mail_arrives_word_for_word(gateway: Gateway, arrived: Callable[[], list[Arrived]]) -> None:
    gateway.send(LETTER)

    assert arrived() == [Arrived(LETTER.to, LETTER.subject, LETTER.text)]


def test_nothing_is_sent_inside_a_transaction(gateway: Gateway, arrived: Callable[[], list[Arrived]]) -> None:
    with pytest.raises(RuntimeError, match="outside transactions"), transaction():
        gateway.send(LETTER)

    assert arrived() == []


@pytest.mark.parametrize("field", ["id", "to", "subject"])
@pytest.mark.parametrize("breaks", ["\n", "\r\n ", "\r", "\x85", "\u2028", "\0"])
def test_no_header_holds_a_line_break(field: str, breaks: str) -> None:
    with pytest.raises(Refused):
        replace(LETTER, **{field: f"a{breaks}Bcc: bob@example.org"})


def test_the_server_of_the_settings_is_used(app: Flask, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    assert isinstance(mail.current(), sandbox.Sandbox)

    monkeypatch.setitem(app.config, "SETTINGS", settings)
    assert isinstance(mail.current(), smtp.Smtp)


def test_the_sandbox_is_for_demo_mode(app: Flask, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(app.config, "SETTINGS", replace(settings, mail_server="", mode="production"))

    with pytest.raises(RuntimeError, match="MAIL_SERVER"):
        mail.current()


def test_a_mail_names_itself_and_answers_to_nobody(settings: Settings, server: MailServer) -> None:
    sender = smtp.Smtp(replace(settings, mail_sender="DoctApp <no-reply@doctapp.bd>"))
    sender.send(LETTER)
    sender.send(LETTER)
    one, other = server.mails

    assert one["Message-ID"] == other["Message-ID"] == "<letter-7-20261123@doctapp.bd>"
    assert one["Date"] == other["Date"]
    assert one["From"] == "DoctApp <no-reply@doctapp.bd>"
    assert one["Auto-Submitted"] == "auto-generated"


def test_a_mail_has_words_for_both_kinds_of_reader(settings: Settings, server: MailServer) -> None:
    smtp.Smtp(settings).send(LETTER)

    assert server.mails[0].html.strip() == LETTER.html
    assert [part.get_content_type() for part in server.mails[0].walk() if not part.is_multipart()] == [
        "text/plain",
        "text/html",
    ]


def test_nobody_listens(settings: Settings) -> None:
    with pytest.raises(Unreachable):
        smtp.Smtp(replace(settings, mail_port=free_port())).send(LETTER)


@pytest.mark.parametrize(("code", "outcome"), [(550, Refused), (553, Refused), (450, Unreachable), (421, Unreachable)])
def test_a_recipient_is_refused(settings: Settings, server: MailServer, code: int, outcome: type[Exception]) -> None:
    server.refuse(code)

    with pytest.raises(outcome, match=str(code)):
        smtp.Smtp(settings).send(LETTER)


def test_a_slow_server_is_given_up(settings: Settings, server: MailServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(smtp, "SECONDS_A_STEP", 0.2)
    server.slow(2)

    with pytest.raises(Unreachable):
        smtp.Smtp(settings).send(LETTER)


def test_a_server_that_drags_every_step_is_given_up(
    settings: Settings, server: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(smtp, "SECONDS_IN_ALL", 0.1)
    server.slow(0.3)

    with pytest.raises(Unreachable):
        smtp.Smtp(settings).send(LETTER)
    assert server.mails == []


def test_nobody_knows_whether_a_mail_was_taken_that_had_no_answer(settings: Settings, server: MailServer) -> None:
    server.drop_after_data()

    with pytest.raises(Unknown):
        smtp.Smtp(settings).send(LETTER)


def test_a_connection_that_is_cut_before_the_mail_is_unreachable(
    settings: Settings, server: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    talk = smtp.TimedSmtp.rcpt
    monkeypatch.setattr(smtp.TimedSmtp, "rcpt", lambda *given: server.down() or talk(*given))

    with pytest.raises(Unreachable):
        smtp.Smtp(settings).send(LETTER)


def test_a_server_without_a_good_bye_has_taken_the_mail(
    settings: Settings, server: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    leave = smtp.TimedSmtp.quit
    monkeypatch.setattr(smtp.TimedSmtp, "quit", lambda talk: server.down() or leave(talk))
    smtp.Smtp(settings).send(LETTER)

    assert len(server.mails) == 1


def test_a_server_that_speaks_tls_from_the_first_byte_is_spoken_to_so(
    app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate = make_certificate(tmp_path)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, tmp_path / "key.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with MailServer(context) as server:
        given = replace(app.config["SETTINGS"], mail_server=server.host, mail_port=server.port, mail_use_ssl=True)
        smtp.Smtp(given).send(LETTER)

        assert [one.to for one in server.mails] == [LETTER.to]


def test_a_password_is_not_shown_to_a_server_whose_certificate_is_not_trusted(settings: Settings) -> None:
    with pytest.raises(Unreachable):
        smtp.Smtp(replace(settings, mail_use_tls=True, mail_username="u", mail_password="p")).send(LETTER)
