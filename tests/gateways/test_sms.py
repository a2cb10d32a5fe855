"""What every gateway of SMS does, and what the HTTP one does besides."""

import stat
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from flask import Flask

from doctapp.config import Settings
from doctapp.db import transaction
from doctapp.gateways import letters_inbox, sms
from doctapp.gateways.sms import Gateway, Refused, Sms, Unknown, Unreachable, http, sandbox
from tests.servers.ports import free_port
from tests.servers.sms import SmsServer

PHONE = "+8801711111111"
TEXT = Sms(PHONE, "12345 আপনার কোড\n\n@doctapp.bd #12345 & 100% {to} {text} + ?")


@pytest.fixture
def server() -> Iterator[SmsServer]:
    with SmsServer() as running:
        yield running


@pytest.fixture
def settings(app: Flask, server: SmsServer) -> Settings:
    """The settings with this SMS gateway."""
    return replace(app.config["SETTINGS"], sms_url=f"{server.url}?to={{to}}&text={{text}}&key=k")


@pytest.fixture(params=["sandbox", "http"])
def gateway(request: pytest.FixtureRequest, settings: Settings) -> Gateway:
    """Each gateway in turn."""
    return sandbox.Sandbox(settings) if request.param == "sandbox" else http.Http(settings)


@pytest.fixture
def arrived(gateway: Gateway, settings: Settings, server: SmsServer) -> Callable[[], list[Sms]]:
    """What came out on the other side, oldest first."""

    def look() -> list[Sms]:
        if isinstance(gateway, http.Http):
            return [Sms(one.to, one.text) for one in server.texts]
        return [Sms(one["to"], one["text"]) for one in reversed(letters_inbox.newest(settings))]

    return look


def test_a_text_arrives_letter_for_letter(gateway: Gateway, arrived: Callable[[], list[Sms]]) -> None:
    gateway.send(TEXT)

    assert arrived() == [TEXT]


def test_a_gateway_may_want_the_number_without_its_plus(settings: Settings, server: SmsServer) -> None:
    http.Http(replace(settings, sms_url=f"{server.url}?to={{digits}}&text={{text}}")).send(TEXT)

    assert [one.to for one in server.texts] == [PHONE.lstrip("+")]


def test_nothing_is_sent_inside_a_transaction(gateway: Gateway, arrived: Callable[[], list[Sms]]) -> None:
    with pytest.raises(RuntimeError, match="outside transactions"), transaction():
        gateway.send(TEXT)

    assert arrived() == []


def test_the_gateway_of_the_settings_is_used(app: Flask, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    assert isinstance(sms.current(), sandbox.Sandbox)

    monkeypatch.setitem(app.config, "SETTINGS", settings)
    assert isinstance(sms.current(), http.Http)


def test_the_sandbox_is_for_demo_mode(app: Flask, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(app.config, "SETTINGS", replace(settings, sms_url="", mode="production"))

    with pytest.raises(RuntimeError, match="SMS_URL"):
        sms.current()


@pytest.mark.parametrize(
    ("status", "outcome"),
    [(400, Refused), (404, Refused), (429, Unreachable), (500, Unreachable), (503, Unreachable), (302, Unreachable)],
)
def test_the_gateway_says_no(settings: Settings, server: SmsServer, status: int, outcome: type[Exception]) -> None:
    server.fail(status)

    with pytest.raises(outcome, match=str(status)):
        http.Http(settings).send(TEXT)


def test_the_word_of_success_is_looked_for(settings: Settings) -> None:
    http.Http(replace(settings, sms_success=r"^OK \d+$")).send(TEXT)

    with pytest.raises(Unreachable):
        http.Http(replace(settings, sms_success="ACCEPTED")).send(TEXT)


def test_nobody_listens(settings: Settings) -> None:
    address = f"http://127.0.0.1:{free_port()}/?to={{to}}&text={{text}}"

    with pytest.raises(Unreachable):
        http.Http(replace(settings, sms_url=address)).send(TEXT)


@pytest.mark.parametrize("address", ["http://sms.invalid/{to}/{text}", "nonsense {to} {text}"])
def test_the_address_leads_nowhere(settings: Settings, address: str) -> None:
    with pytest.raises(Unreachable):
        http.Http(replace(settings, sms_url=address)).send(TEXT)


def test_nobody_knows_whether_a_text_was_taken_that_had_no_answer_in_time(
    settings: Settings, server: SmsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http, "TIMEOUTS", (1.0, 0.2))
    server.late(1)

    with pytest.raises(Unknown):
        http.Http(settings).send(TEXT)
    assert len(server.texts) == 1


def test_nobody_knows_whether_a_text_was_taken_when_the_connection_was_cut(
    settings: Settings, server: SmsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "answer", lambda _: server.down())

    with pytest.raises(Unknown):
        http.Http(settings).send(TEXT)


def test_no_error_holds_the_text(settings: Settings, server: SmsServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "TIMEOUTS", (1.0, 0.2))
    server.late(1)

    with pytest.raises(Unknown) as unknown:
        http.Http(settings).send(TEXT)
    assert "12345" not in str(unknown.value)
    assert unknown.value.__suppress_context__


def test_the_inbox_is_its_owners_alone(settings: Settings) -> None:
    sandbox.Sandbox(settings).send(TEXT)
    file = settings.instance / "sandbox" / "letters.jsonl"

    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_the_inbox_knows_a_phone_however_it_is_written(settings: Settings) -> None:
    sandbox.Sandbox(settings).send(TEXT)
    sandbox.Sandbox(settings).send(Sms("+8801722222222", "Hello"))

    for written in ("01711-111111", "8801711111111", "+880 1711 111111"):
        assert [letter["text"] for letter in letters_inbox.newest(settings, to=written)] == [TEXT.text]


def test_the_inbox_shows_the_newest_five_hundred(settings: Settings) -> None:
    for number in range(502):
        letters_inbox.keep(settings, channel="sms", to=PHONE, subject="", text=str(number))
    kept = letters_inbox.newest(settings)

    assert [kept[0]["text"], kept[-1]["text"], len(kept)] == ["501", "2", 500]


def test_a_line_that_is_being_written_is_not_read(settings: Settings) -> None:
    sandbox.Sandbox(settings).send(TEXT)
    with (settings.instance / "sandbox" / "letters.jsonl").open("a") as file:
        file.write('{"channel": "s')

    assert len(letters_inbox.newest(settings)) == 1
