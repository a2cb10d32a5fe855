"""Any process may be killed, nothing is left behind, and what can't start says why (domain.md, invariant 10)."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.journeys import booking
from tests.journeys.booking import DOCTORS_PAGE, PATIENT, signed_in, walker
from tests.product import ROOT, Tree, command_of, until
from tests.servers.ports import LOOPBACK
from tests.servers.processes import environment, is_alive

SECONDS_TO_START = 30  # on a machine that runs other tests too
SECONDS_TO_COME_BACK = 30
SECONDS_TO_VANISH = 25
PRODUCTION = {
    "DOCTAPP_MODE": None,
    "SECRET_KEY": "a secret key of the tests, and long enough",
    "DATABASE_URL": "sqlite:///doctapp.db",
    "REDIS_URL": "redis://127.0.0.1:1/0",
    "PUBLIC_URL": "https://doctapp.example",
    "MAIL_SERVER": "smtp.example",
    "SMS_URL": "https://sms.example/?to={to}&text={text}",
}


@pytest.fixture(scope="module")
def first_time(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tree]:
    """A folder in which nothing has ever run: the first start writes the demo world of 300 doctors."""
    with Tree(tmp_path_factory.mktemp("first"), seed=True) as tree:
        yield tree


def nobody_is_left(pids: list[int], folder: Path) -> bool:
    """Whether none of these processes lives, nor any other that knows this folder."""
    others = [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]
    return not any(map(is_alive, pids)) and not any(f"{folder} " in command_of(pid) for pid in others)


def test_ctrl_c_leaves_nobody_behind_and_the_second_start_takes_seconds(first_time: Tree) -> None:
    pids = first_time.pids
    assert [role for role, found in first_time.children.items() if not found] == []
    assert "Writing the demo world" in first_time.process.tail(400)

    os.kill(first_time.process.pid, signal.SIGINT)

    assert first_time.process.wait(SECONDS_TO_VANISH) == 0
    assert "Everything is stopped." in first_time.process.tail()
    assert nobody_is_left(pids, first_time.folder)

    began = time.monotonic()
    first_time.start()
    assert time.monotonic() - began < SECONDS_TO_START
    assert "Writing the demo world" not in first_time.process.tail(400)
    assert walker(first_time).get(DOCTORS_PAGE).h1


def test_a_killed_supervisor_takes_everybody_along(first_time: Tree) -> None:
    pids = first_time.pids

    os.kill(first_time.process.pid, signal.SIGKILL)

    until(lambda: nobody_is_left(pids, first_time.folder), SECONDS_TO_VANISH, "They did not go")


@pytest.mark.parametrize(
    ("role", "which"),
    [("web", 1), ("web", 0), ("worker", 0), ("sweep", 0), ("valkey", 0)],
    ids=["a web worker", "the web server", "the worker", "the sweep", "Valkey"],
)
def test_whoever_is_killed_comes_back_and_the_product_serves(product: Tree, role: str, which: int) -> None:
    count = {role: len(pids) for role, pids in product.children.items()}
    killed = product.kill(role, which)

    until(lambda: has_come_back(product, killed, count), SECONDS_TO_COME_BACK, f"{role} did not come back")
    until(lambda: product.serves, SECONDS_TO_COME_BACK)
    person = signed_in(product, PATIENT)
    person.get("/appointments")
    assert person.path == "/appointments"


def has_come_back(product: Tree, killed: int, count: dict[str, int]) -> bool:
    """Whether there are as many of each role as before, without the killed one."""
    now = product.children
    return killed not in product.pids and {role: len(pids) for role, pids in now.items()} == count


def test_after_all_of_it_a_visitor_still_books(product: Tree) -> None:
    assert booking.book(product).page


def test_a_taken_port_gets_a_sentence_with_another_one(tmp_path: Path) -> None:
    with socket.create_server((LOOPBACK, 0)) as taken:
        said = refusal("--port", str(taken.getsockname()[1]), "--instance", str(tmp_path))

    assert "is taken by another program" in said
    assert "make run PORT=" in said


def test_a_host_that_others_can_reach_is_refused(tmp_path: Path) -> None:
    said = refusal("--host", "192.0.2.1", "--instance", str(tmp_path))

    assert "192.0.2.1 can be reached by others" in said


def refusal(*arguments: str) -> str:
    """What `python -m doctapp` says before it gives up."""
    command = [sys.executable, "-m", "doctapp", *arguments]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert ended.returncode not in {0, None}
    assert "Traceback" not in ended.stderr
    return ended.stdout + ended.stderr


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("SECRET_KEY", None),
        ("PUBLIC_URL", "http://doctapp.example"),
        ("MAIL_SERVER", None),
        ("SMS_URL", None),
    ],
)
def test_production_refuses_to_start_and_names_the_setting(variable: str, value: str | None) -> None:
    env = environment({**PRODUCTION, variable: value})
    ended = subprocess.run(
        [sys.executable, "-c", "import wsgi"], cwd=ROOT, env=env, capture_output=True, text=True, timeout=60
    )

    assert ended.returncode == 1
    assert ended.stderr.startswith(variable)
    assert "Traceback" not in ended.stderr
