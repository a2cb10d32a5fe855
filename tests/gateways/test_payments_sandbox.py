"""The sandbox alone: its page, and the webhook it truly sends to our own door."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from doctapp import clock
from doctapp.gateways.payments import CAPTURED, EXPIRED, FAILED, OPEN, Answer, NotProven, Refused, sandbox_checkout
from doctapp.gateways.payments.sandbox import Sandbox
from tests.gateways.paying import order
from tests.patience import PATIENCE
from tests.see import see


class Ear(ThreadingHTTPServer):
    """Listens where PUBLIC_URL points, and remembers what came."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Door)
        self.heard: list[tuple[str, dict[str, str], bytes]] = []
        self.came = threading.Condition()
        self.url = f"http://127.0.0.1:{self.server_port}"
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()

    def wait_for(self, count: int, timeout: float = PATIENCE) -> None:
        with self.came:
            assert self.came.wait_for(lambda: len(self.heard) >= count, timeout), f"{len(self.heard)} came"


class Door(BaseHTTPRequestHandler):
    server: Ear

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        with self.server.came:
            self.server.heard.append((self.path, dict(self.headers), body))
            self.server.came.notify_all()
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def ear(app, monkeypatch) -> Iterator[Ear]:
    with Ear() as ear:
        monkeypatch.setitem(app.config, "SETTINGS", replace(app.config["SETTINGS"], public_url=ear.url))
        monkeypatch.setattr(sandbox_checkout, "SOON", 0.05)
        yield ear
        ear.shutdown()


@pytest.fixture
def gateway(app, ear) -> Sandbox:
    return Sandbox(app.config["SETTINGS"])


@pytest.fixture
def asked(gateway):
    asked = order(back_url="http://localhost/payments/x")
    gateway.start(asked)
    return asked


def address(asked) -> str:
    return f"/sandbox/checkout/{asked.token}"


def choose(client, asked, outcome):
    form = see(client.get(address(asked))).form("checkout")
    return client.post(form.action, data=form.fill(outcome=outcome))


def test_the_page_says_what_is_paid(client, asked):
    page = see(client.get(address(asked)))

    assert "Serial 12, Dr Rokeya Begum" in page.text
    assert "৳ 700" in page.text
    assert page.form("checkout").choices("outcome") == [
        "paid", "before", "twice", "never", "late", "failed", "cancelled"
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("outcome", "state", "times"),
    [("paid", CAPTURED, 1), ("before", CAPTURED, 1), ("twice", CAPTURED, 2), ("failed", FAILED, 1),
     ("cancelled", FAILED, 1), ("never", CAPTURED, 0)],
)  # fmt: skip
def test_an_outcome_is_told_as_chosen_and_leads_back(client, gateway, asked, ear, outcome, state, times):
    answer = choose(client, asked, outcome)
    ear.wait_for(times)
    time.sleep(0.2)

    assert (answer.status_code, answer.headers["Location"]) == (303, asked.back_url)
    assert len(ear.heard) == times
    events = [gateway.read(headers, body) for _, headers, body in ear.heard]
    assert {path for path, *_ in ear.heard} <= {"/payments/sandbox/webhook"}
    assert {event.answer for event in events} <= {gateway.query(asked.token, "")}
    assert len({event.id for event in events}) <= 1
    assert gateway.query(asked.token, "").state == state


def test_before_is_told_before_the_browser_is_led_back(client, asked, ear):
    choose(client, asked, "before")

    assert len(ear.heard) == 1


def test_late_money_is_sent_by_hand_after_the_order_was_closed(client, gateway, asked, ear):
    answer = choose(client, asked, "late")
    assert answer.headers["Location"] == address(asked)
    assert gateway.expire(asked.token, "").state == OPEN

    page = see(client.get(address(asked)))
    assert page.form("checkout").buttons == ["Send it now"]
    answer = client.post(address(asked), data=page.form("checkout").fill())
    ear.wait_for(1)

    assert answer.headers["Location"] == asked.back_url
    assert gateway.read(*ear.heard[0][1:]).answer.state == CAPTURED


def test_an_order_that_was_closed_can_not_be_paid(client, gateway, asked, ear):
    form = see(client.get(address(asked))).form("checkout")
    gateway.expire(asked.token, "")

    client.post(form.action, data=form.fill(outcome="before"))

    assert gateway.query(asked.token, "").state == EXPIRED
    assert ear.heard == []
    page = see(client.get(address(asked)))
    assert "can’t be paid any more" in page.text
    assert not page.select("#checkout")


def test_two_taps_pay_once_and_tell_the_same(client, gateway, asked, ear):
    form = see(client.get(address(asked))).form("checkout")
    for outcome in ("before", "failed"):
        client.post(form.action, data=form.fill(outcome=outcome))
    ear.wait_for(2)

    assert len({gateway.read(headers, body) for _, headers, body in ear.heard}) == 1


def test_a_choice_that_is_none_is_asked_again(client, gateway, asked):
    form = see(client.get(address(asked))).form("checkout")

    answer = client.post(form.action, data=form.fill() | {"outcome": "x"})
    page = see(answer)

    assert answer.status_code == 422
    assert page.select(".errsum")
    assert gateway.query(asked.token, "").state == OPEN


@pytest.mark.parametrize("token", ["unknown", "..%2f..%2fletters", "%00", "x" * 500])
def test_an_order_that_is_not_there(client, gateway, token):
    assert client.get(f"/sandbox/checkout/{token}").status_code == 404


def test_an_id_that_is_no_file_name_is_refused(gateway):
    with pytest.raises(Refused):
        gateway.start(order("../letters"))


def test_there_is_no_checkout_in_production(app, client, asked, monkeypatch):
    monkeypatch.setitem(app.config, "SETTINGS", replace(app.config["SETTINGS"], mode="production"))

    assert client.get(address(asked)).status_code == 404


def test_an_old_webhook_is_not_proven(gateway, asked, monkeypatch):
    headers, body = gateway.event(asked.token)
    later = clock.now() + timedelta(seconds=301)
    monkeypatch.setattr(clock, "now", lambda: later)

    with pytest.raises(NotProven):
        gateway.read(headers, body)


@pytest.mark.parametrize("signature", ["", "x", "1.", ".", "1" * 30 + ".x", "٣.x"])
def test_a_signature_that_is_none_is_not_proven(gateway, asked, signature):
    with pytest.raises(NotProven):
        gateway.read({"Sandbox-Signature": signature}, gateway.event(asked.token)[1])


def test_a_webhook_of_another_installation_is_not_proven(gateway, asked):
    other = Sandbox(replace(gateway.settings, secret_key="another secret"))

    with pytest.raises(NotProven):
        gateway.read(*other.event(asked.token))


def test_many_processes_pay_and_close_one_order_once(gateway, asked):
    def act(number: int) -> str:
        return str(gateway.become(asked.token, CAPTURED if number % 2 else EXPIRED)["state"])

    with ThreadPoolExecutor(16) as pool:
        states = set(pool.map(act, range(64)))

    assert len(states) == 1
    assert gateway.query(asked.token, "").state in states


def test_an_order_that_was_never_started_is_open(gateway):
    assert gateway.query("unknown", "") == Answer("unknown", OPEN)
