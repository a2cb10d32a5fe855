"""Letters go out to a real mail server and a real SMS gateway, and to those on their bad days."""

from collections.abc import Iterator
from contextlib import suppress

import pytest
from flask import Flask

from doctapp.db import in_transaction
from doctapp.gateways.sms import http
from doctapp.notifications import jobs
from doctapp.notifications.delivery import Outcome
from doctapp.work import bell, sweep
from tests.notifications.letters import ADDRESS, PHONE, after, read, tales, use, write, write_code  # noqa: F401
from tests.people import NOW
from tests.servers.sms import SmsServer
from tests.servers.smtp import MailServer

pytestmark = pytest.mark.usefixtures("tales", "mails", "texts")


@pytest.fixture(autouse=True)
def silent_bell(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody answers the bell."""
    monkeypatch.setattr(bell, "ring", lambda *_: None)


@pytest.fixture
def mails(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[MailServer]:
    """The mail server of the settings."""
    with MailServer() as server:
        use(app, monkeypatch, mail_server=server.host, mail_port=server.port)
        yield server


@pytest.fixture
def texts(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[SmsServer]:
    """The SMS gateway of the settings."""
    with SmsServer() as server:
        use(app, monkeypatch, sms_url=f"{server.url}?to={{to}}&text={{text}}", sms_success="^OK")
        yield server


def send(letter: int) -> Outcome | None:
    return jobs.send(letter, NOW)


def test_a_mail_goes_out(mails: MailServer) -> None:
    letter = write("mail")
    send(letter)

    assert mails.mails_to(ADDRESS)[0].text.startswith("Hello")
    assert read(letter).state == "sent"


def test_an_sms_goes_out(texts: SmsServer) -> None:
    letter = write("sms", language="bn")
    send(letter)

    assert texts.texts_to(PHONE) == ["১২ Hello"]
    assert read(letter).state == "sent"


def test_a_code_goes_out_and_is_forgotten(texts: SmsServer) -> None:
    letter = write_code()
    send(letter)

    assert texts.code_for(PHONE) == "12345"
    assert (read(letter).state, read(letter).body) == ("sent", None)


def test_a_letter_sent_twice_goes_out_once(texts: SmsServer) -> None:
    letter = write("sms")
    send(letter)
    send(letter)

    assert len(texts.texts) == 1


def test_what_is_no_longer_true_is_not_sent(mails: MailServer, monkeypatch: pytest.MonkeyPatch) -> None:
    letter = write("mail")
    monkeypatch.setitem(jobs.STILL_TRUE, "tale", lambda letter: letter.about != "KQ7-4M2")
    send(letter)

    assert mails.mails == []
    assert read(letter).state == "obsolete"


def test_no_transaction_is_open_while_a_letter_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    letter, open_then = write("sms"), []
    monkeypatch.setattr(http.Http, "_ask", lambda *_: open_then.append(in_transaction()) or 1 / 0)
    send(letter)

    assert open_then == [False]


def test_a_mail_waits_for_a_server_that_is_down(mails: MailServer) -> None:
    letter = write("mail")
    mails.down()
    send(letter)
    assert read(letter).state == "waiting"

    mails.up()
    jobs.send_due(after(seconds=30))
    assert read(letter).state == "sent"


def test_an_sms_waits_for_a_gateway_that_is_down(texts: SmsServer) -> None:
    letter = write("sms")
    texts.down()
    send(letter)
    assert (read(letter).state, read(letter).unknown_outcomes) == ("waiting", 0)

    texts.up()
    jobs.send_due(after(seconds=30))
    assert read(letter).state == "sent"


def test_a_slow_mail_server_gets_its_mail(mails: MailServer) -> None:
    letter = write("mail")
    mails.slow(0.5)
    send(letter)

    assert read(letter).state == "sent"


@pytest.mark.parametrize(("code", "state"), [(550, "dead"), (450, "waiting")])
def test_a_mail_server_refuses_for_ever_or_for_now(mails: MailServer, code: int, state: str) -> None:
    letter = write("mail")
    mails.refuse(code)
    send(letter)

    assert read(letter).state == state
    assert str(code) in read(letter).fault


@pytest.mark.parametrize(("status", "state"), [(400, "dead"), (429, "waiting"), (500, "waiting")])
def test_an_sms_gateway_refuses_for_ever_or_for_now(texts: SmsServer, status: int, state: str) -> None:
    letter = write("sms")
    texts.fail(status)
    send(letter)

    assert read(letter).state == state


def test_a_mail_whose_answer_was_lost_comes_again_as_the_same_mail(mails: MailServer) -> None:
    letter = write("mail")
    mails.drop_after_data()
    send(letter)
    mails.normal()
    jobs.send_due(after(seconds=30))

    assert len({mail["Message-ID"] for mail in mails.mails}) == 1
    assert len(mails.mails) == 2
    assert read(letter).state == "sent"


def test_an_sms_whose_answer_is_lost_is_sent_at_most_twice(texts: SmsServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "TIMEOUTS", (1.0, 0.2))
    letter = write("sms")
    texts.late(1)
    send(letter)
    for minutes in (1, 5, 60):
        jobs.send_due(after(minutes=minutes))

    assert len(texts.texts) == 2
    assert read(letter).state == "dead"


def test_a_letter_whose_sender_died_goes_out(texts: SmsServer, monkeypatch: pytest.MonkeyPatch) -> None:
    letter = write("sms")
    with monkeypatch.context() as dying, suppress(KeyboardInterrupt):
        dying.setattr(jobs, "_handed_over", die)
        send(letter)
    jobs.send_due(after(seconds=50))
    assert texts.texts == []

    jobs.send_due(after(seconds=70))
    assert len(texts.texts) == 1


def die(*_: object) -> None:
    raise KeyboardInterrupt


def test_an_error_nobody_foresaw_leaves_it_unknown(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    letter = write("sms", facts={"words": "a sore throat"})
    monkeypatch.setattr(http.Http, "_ask", lambda _, address: {}[address])
    outcome = send(letter)

    assert outcome is Outcome.UNKNOWN
    assert "KeyError" in caplog.text
    assert "throat" not in caplog.text


def test_nothing_a_letter_says_is_logged(
    mails: MailServer, texts: SmsServer, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level("DEBUG")
    caplog.set_level("INFO", "mail.log")  # the test server's own
    monkeypatch.setattr(http, "TIMEOUTS", (1.0, 0.2))
    said = {"words": "a-sore-throat"}
    for cause, spoil in enumerate(
        [texts.normal, texts.down, texts.up, lambda: texts.late(0.5), lambda: texts.fail(500)]
    ):
        spoil()
        send(write("sms", cause=f"event:{cause}", facts=said))
    for cause, spoil in enumerate([mails.normal, mails.drop_after_data, mails.refuse, mails.down]):
        spoil()
        send(write("mail", cause=f"event:{cause}", facts=said))

    assert "letter" in caplog.text
    assert "throat" not in "".join(line for line in caplog.text.splitlines() if "sqlalchemy" not in line)


def test_a_code_goes_out_by_the_sweep_where_no_bell_is_answered(texts: SmsServer) -> None:
    letter = write_code()
    jobs.send_due(after(seconds=4))
    assert texts.texts == []

    jobs.send_due(after(seconds=30))
    assert read(letter).state == "sent"


def test_the_sweep_leaves_the_bell_twenty_seconds(mails: MailServer) -> None:
    letter = write("mail")
    jobs.send_due(after(seconds=19))
    assert mails.mails == []

    jobs.send_due(after(seconds=20))
    assert read(letter).state == "sent"


def test_the_sweep_sends_what_was_to_wait_as_soon_as_it_is_due() -> None:
    letter = write("mail", due_at=after(seconds=60))
    jobs.send_due(after(seconds=59))
    assert read(letter).state == "waiting"

    jobs.send_due(after(seconds=60))
    assert read(letter).state == "sent"


def test_the_sweep_sends_codes_first(texts: SmsServer) -> None:
    write("sms")
    write_code(cause="code:1", now=after(seconds=10))
    jobs.send_due(after(seconds=40))

    assert [text.text[:5] for text in texts.texts] == ["12345", "12 He"]


def test_a_channel_that_fails_does_not_keep_the_other(mails: MailServer, texts: SmsServer) -> None:
    mails.down()
    stuck = [write("mail", cause=f"event:{number}") for number in range(5)]
    text = write("sms", now=after(seconds=1))
    jobs.send_due(after(seconds=40))

    assert sum(read(letter).tries for letter in stuck) == jobs.FAULTS_A_SWEEP
    assert read(text).state == "sent"


def test_a_sweep_that_is_to_stop_sends_no_more(texts: SmsServer, monkeypatch: pytest.MonkeyPatch) -> None:
    write("sms")
    sweep.stopping.set()
    jobs.send_due(after(seconds=40))
    sweep.stopping.clear()

    assert texts.texts == []


def test_a_letter_that_no_gateway_can_take_is_dead() -> None:
    letter = write("mail", address="alice@example.org\r\nBcc: bob@example.org")
    send(letter)

    assert read(letter).state == "dead"


def test_a_letter_sealed_under_another_key_is_dead(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    letter = write_code()
    monkeypatch.setitem(app.config, "SECRET_KEY", "y" * 40)
    send(letter)

    assert read(letter).state == "dead"
