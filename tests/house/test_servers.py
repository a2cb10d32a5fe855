"""Each server of the tests really does what its switches say."""

import signal
import smtplib
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import psycopg
import pytest
import redis
import requests
from sqlalchemy import create_engine, make_url, text

from tests.servers.ports import LOOPBACK, free_port, is_open, wait_for_port
from tests.servers.postgres import drop_database, new_database, postgres_url
from tests.servers.processes import Process, environment, is_alive, tree_of
from tests.servers.proxy import CuttingProxy, TlsProxy
from tests.servers.redis import RedisServer
from tests.servers.sms import SmsServer
from tests.servers.smtp import MailServer

ROOT = Path(__file__).parents[2]
PATIENCE = 0.3
PHONE = "01700000001"


# Ports and processes


def test_a_free_port_is_one_nobody_listens_on():
    assert not is_open(free_port())


def test_waiting_for_a_port_ends_when_somebody_listens():
    with socket.create_server((LOOPBACK, 0)) as server:
        wait_for_port(server.getsockname()[1], timeout=1)


def test_waiting_for_a_port_fails_when_nobody_comes():
    with pytest.raises(AssertionError, match="Nobody listens"):
        wait_for_port(free_port(), timeout=0.1)


POLITE = """
import os, sys, time
name = "parent" if os.fork() else "child"
try:
    if name == "child":
        print("up", flush=True)
    time.sleep(9)
except KeyboardInterrupt:
    print(f"{name}: bye", flush=True)
"""


def shell(script: str, **options: object) -> Process:
    return Process(["sh", "-c", script], **options)


def gone(pid: int) -> bool:
    until = time.monotonic() + 3
    while is_alive(pid) and time.monotonic() < until:
        time.sleep(0.02)
    return not is_alive(pid)


def test_a_process_writes_what_it_says_to_a_file(tmp_path):
    with shell("echo started on $PORT; echo trouble >&2", env={"PORT": "8123"}, output=tmp_path / "log") as process:
        assert process.wait_for("started") == "started on 8123"
        process.wait()

        assert process.tail(1) == "trouble"


def test_a_process_that_ends_too_early_says_so():
    with (
        shell("echo no database; exit 3") as process,
        pytest.raises(AssertionError, match=r"ended with 3[\s\S]*no dat"),
    ):
        process.wait_for("started")


def test_stopping_reaches_the_whole_group_as_ctrl_c_does():
    with Process([sys.executable, "-c", POLITE]) as process:
        process.wait_for("up")

        assert process.stop() == 0
        assert sorted(process.tail(2).splitlines()) == ["child: bye", "parent: bye"]


def test_stopping_kills_what_does_not_listen():
    with shell("trap '' INT; sleep 99 & echo deaf; wait") as process:
        process.wait_for("deaf")
        children = process.children

        assert process.stop(grace=0.2) == -signal.SIGKILL
        assert children
        assert all(gone(child) for child in children)


def test_killing_takes_children_that_left_the_group_too():
    with shell("setsid sleep 99 & echo up; wait") as process:
        process.wait_for("up")
        time.sleep(0.1)
        children = tree_of(process.pid)

        process.kill()

        assert children
        assert all(gone(child) for child in children)


def other_tests(script: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", f"{script}; import time; time.sleep(9)"]
    env = environment({"DATABASE_URL_TEST": None})
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT, env=env)


def test_a_process_does_not_outlive_killed_tests():
    with other_tests(
        "from tests.servers.processes import Process; print(Process(['sleep', '99']).pid, flush=True)"
    ) as tests:
        assert tests.stdout is not None
        child = int(tests.stdout.readline())

        tests.kill()

        assert gone(child)


# Mail


@pytest.fixture
def mail() -> Iterator[MailServer]:
    with MailServer() as server:
        yield server


def send(
    mail: MailServer, to: str = "alice@example.org", subject: str = "Serial 12 is yours", timeout: float = 3
) -> None:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "doctapp@example.org", to, subject
    message.set_content("সিরিয়াল ১২\n")
    with smtplib.SMTP(LOOPBACK, mail.port, timeout=timeout) as client:
        client.send_message(message)


def test_a_mail_arrives_as_it_was_written(mail):
    send(mail)

    arrived = mail.wait_for("alice@example.org", "Serial")
    assert (arrived.to, arrived.subject, arrived.text) == ("alice@example.org", "Serial 12 is yours", "সিরিয়াল ১২\n")


def test_waiting_for_a_mail_says_what_came_instead(mail):
    send(mail, subject="Something else")

    with pytest.raises(AssertionError, match="Something else"):
        mail.wait_for("alice@example.org", "Serial", timeout=0.1)


def test_a_mail_that_comes_later_is_waited_for(mail):
    Thread(target=lambda: (time.sleep(0.2), send(mail))).start()

    assert mail.wait_for("alice@example.org")


def test_a_slow_mail_server_keeps_senders_waiting(mail):
    mail.slow(2)

    with pytest.raises(smtplib.SMTPServerDisconnected, match="timed out"):
        send(mail, timeout=PATIENCE)

    assert mail.mails == []


def test_a_refusing_mail_server_takes_nothing(mail):
    mail.refuse(451)

    with pytest.raises(smtplib.SMTPRecipientsRefused) as refused:
        send(mail)

    assert refused.value.recipients["alice@example.org"][0] == 451
    assert mail.mails == []


def test_a_mail_server_may_take_a_mail_and_never_say_so(mail):
    mail.drop_after_data()

    with pytest.raises(smtplib.SMTPServerDisconnected):
        send(mail)

    assert len(mail.mails) == 1


def test_a_mail_server_goes_down_and_comes_back_on_its_port(mail):
    with smtplib.SMTP(LOOPBACK, mail.port, timeout=3) as talking:
        mail.down()
        with pytest.raises((smtplib.SMTPServerDisconnected, ConnectionError)):
            talking.noop()
    with pytest.raises(ConnectionRefusedError):
        send(mail)

    mail.up()
    send(mail)

    assert len(mail.mails) == 1


def test_a_mail_server_recovers(mail):
    mail.slow(9)
    mail.refuse()
    mail.drop_after_data()

    mail.normal()
    send(mail)

    assert mail.mails_to("alice@example.org")


# SMS


@pytest.fixture
def sms() -> Iterator[SmsServer]:
    with SmsServer() as server:
        yield server


def text_to(sms: SmsServer, words: str = "12345 is your DoctApp code.", timeout: float = 3) -> requests.Response:
    return requests.get(sms.url, params={"to": PHONE, "text": words}, timeout=timeout)


def test_a_text_arrives_by_get(sms):
    answer = text_to(sms, "সিরিয়াল ১২")

    assert answer.text == "OK 1"
    assert sms.texts == [(PHONE, "সিরিয়াল ১২")]


@pytest.mark.parametrize("how", ["data", "json"])
def test_a_text_arrives_by_post_under_other_names(how):
    with SmsServer(to="msisdn", text="message") as sms:
        requests.post(sms.url, **{how: {"msisdn": PHONE, "message": "Come by 6:30pm"}}, timeout=3)

        assert sms.wait_for("+880 1700-000001", "6:30") == "Come by 6:30pm"


def test_a_text_without_a_number_is_refused(sms):
    assert requests.get(sms.url, params={"text": "hello"}, timeout=3).status_code == 400


def test_the_code_is_the_five_digits_of_the_newest_text(sms):
    text_to(sms, "11111 is your DoctApp code.")
    text_to(sms, "22222 is your DoctApp code. Call 09612345678.")

    assert sms.code_for(PHONE) == "22222"


def test_waiting_for_a_code_fails_when_none_comes(sms):
    text_to(sms, "Serial 12 is yours.")

    with pytest.raises(AssertionError, match="with a code"):
        sms.code_for(PHONE, timeout=0.1)


def test_a_slow_gateway_keeps_senders_waiting(sms):
    sms.slow(1)

    with pytest.raises(requests.Timeout):
        text_to(sms, timeout=PATIENCE)

    assert sms.texts == []


def test_a_late_gateway_takes_the_text_at_once(sms):
    sms.late(1)

    with pytest.raises(requests.Timeout):
        text_to(sms, timeout=PATIENCE)

    assert len(sms.texts) == 1


def test_a_failing_gateway_takes_nothing(sms):
    sms.fail(502)

    assert text_to(sms).status_code == 502
    assert sms.texts == []


def test_a_hanging_gateway_never_answers(sms):
    sms.hang()

    with pytest.raises(requests.Timeout):
        text_to(sms, timeout=PATIENCE)

    assert sms.texts == []


def test_a_gateway_goes_down_in_the_middle_and_comes_back_on_its_port(sms):
    sms.hang()
    Thread(target=lambda: (time.sleep(0.2), sms.down())).start()
    with pytest.raises(requests.ConnectionError):
        text_to(sms)
    with pytest.raises(requests.ConnectionError):
        text_to(sms)

    sms.normal()
    sms.up()

    assert text_to(sms).ok


# Redis


@pytest.fixture(scope="module")
def bell() -> Iterator[RedisServer]:
    with RedisServer() as server:
        yield server


def test_redis_keeps_and_forgets(bell):
    with bell.client() as client:
        client.set("a", "1")
        bell.flush()

        assert client.get("a") is None


def test_redis_hangs_and_wakes(bell):
    with bell.client(timeout=PATIENCE) as client:
        bell.hang()
        with pytest.raises(redis.TimeoutError):
            client.ping()

        bell.wake()

        assert client.ping()


def test_redis_stops_even_while_it_hangs_and_starts_empty_on_its_port(bell):
    with bell.client() as client:
        client.set("a", "1")
        bell.hang()
        bell.stop()
        with pytest.raises(redis.ConnectionError):
            client.ping()

        bell.start()

        assert client.get("a") is None


# PostgreSQL


@pytest.fixture(scope="module")
def database() -> Iterator[str]:
    url = new_database(postgres_url())
    yield url
    drop_database(url)


def test_postgres_answers_under_the_address_the_application_reads(database):
    assert database.startswith("postgresql+psycopg://")
    engine = create_engine(database)
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT 1")) == 1
        assert int(connection.scalar(text("SHOW max_connections"))) >= 200
    engine.dispose()


def test_each_new_database_is_empty_and_its_own(database):
    other = new_database(postgres_url())
    engine = create_engine(other)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE places (number int)"))
    engine.dispose()
    drop_database(other)

    assert make_url(other).database != make_url(database).database
    with pytest.raises(psycopg.OperationalError, match="does not exist"):
        psycopg.connect(other.replace("+psycopg", ""))


def test_a_database_is_dropped_while_somebody_is_connected():
    url = new_database(postgres_url())
    with psycopg.connect(url.replace("+psycopg", "")) as connection:
        drop_database(url)

        with pytest.raises(psycopg.OperationalError):
            connection.execute("SELECT 1")


def test_postgres_does_not_outlive_killed_tests():
    with other_tests("from tests.servers.postgres import postgres_url; print(postgres_url(), flush=True)") as tests:
        assert tests.stdout is not None
        port = make_url(tests.stdout.readline().strip()).port
        assert is_open(port)

        tests.kill()

        until = time.monotonic() + 5
        while is_open(port) and time.monotonic() < until:
            time.sleep(0.05)
        assert not is_open(port)


# Proxies


class Echo(BaseHTTPRequestHandler):
    """Answers with the headers it got."""

    protocol_version = "HTTP/1.1"
    requests = 0

    def do_GET(self) -> None:
        """Answer with the request's head."""
        Echo.requests += 1
        body = str(self.headers).encode().ljust(int(self.path.removeprefix("/") or 0))
        self.send_response(200)
        self.send_header("Set-Cookie", "__Host-session=1; Path=/; Secure; HttpOnly")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def echo() -> Iterator[int]:
    with ThreadingHTTPServer((LOOPBACK, 0), Echo) as server:
        server.daemon_threads = True
        Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield server.server_port
        server.shutdown()


@pytest.fixture
def line(echo) -> Iterator[CuttingProxy]:
    with CuttingProxy(echo) as proxy:
        yield proxy


def test_the_tls_proxy_says_where_each_request_came_from(echo):
    with TlsProxy(echo) as proxy, requests.Session() as browser:
        for _ in range(2):
            spoofed = {"X-Forwarded-For": "6.6.6.6"}
            seen = browser.get(proxy.url, headers=spoofed, verify=proxy.certificate, timeout=3).text

            assert "X-Forwarded-For: 6.6.6.6, 127.0.0.1" in seen
            assert "X-Forwarded-Proto: https" in seen
            assert f"X-Forwarded-Host: localhost:{proxy.port}" in seen


def test_secure_cookies_come_back_through_the_tls_proxy(echo):
    with TlsProxy(echo) as proxy, requests.Session() as browser:
        browser.get(proxy.url, verify=proxy.certificate, timeout=3)

        assert "Cookie: __Host-session=1" in browser.get(proxy.url, verify=proxy.certificate, timeout=3).text


def test_the_tls_proxy_carries_large_answers_whole(echo):
    with TlsProxy(echo) as proxy:
        assert len(requests.get(f"{proxy.url}/3000000", verify=proxy.certificate, timeout=3).content) == 3_000_000


def test_the_line_carries_what_it_is_given(line):
    assert len(requests.get(f"{line.url}/3000000", timeout=3).content) == 3_000_000


def test_the_line_loses_the_answer_but_not_the_request(line):
    before = Echo.requests
    line.cut_after_request()

    with pytest.raises(requests.ConnectionError):
        requests.get(line.url, timeout=3)

    assert (Echo.requests, line.lost) == (before + 1, 1)


def test_the_line_is_slow(line):
    line.slow(bytes_per_second=20_000, latency=0.1)
    begun = time.monotonic()

    requests.get(f"{line.url}/8000", timeout=3)

    assert 0.5 <= time.monotonic() - begun < 2


def test_the_line_is_dead_and_comes_back_on_its_port(line):
    with requests.Session() as browser:
        browser.get(line.url, timeout=3)
        line.refuse()
        with pytest.raises(requests.ConnectionError):
            browser.get(line.url, timeout=3)

        line.normal()

        assert browser.get(line.url, timeout=3).ok
