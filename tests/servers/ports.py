"""Ports on loopback."""

import functools
import itertools
import os
import random
import socket
import time
from collections.abc import Iterator

LOOPBACK = "127.0.0.1"
# Below the range the kernel hands to outgoing connections, so a port stays ours while its server is down.
RANGE = range(20000, 32000)
MOST_WORKERS = 8


@functools.cache
def _own() -> Iterator[int]:
    """The ports of this process of the tests, round and round: who was given one may begin to listen minutes later."""
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    ports = RANGE[worker % MOST_WORKERS :: MOST_WORKERS]
    return itertools.cycle(random.sample(ports, len(ports)))


def free_port() -> int:
    """A port nobody listens on, and that nobody else was given of late."""
    for port in itertools.islice(_own(), 200):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((LOOPBACK, port))
            except OSError:
                continue
            return port
    raise AssertionError("No free port was found.")


def is_open(port: int) -> bool:
    """Whether somebody listens there."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex((LOOPBACK, port)) == 0


def wait_for_port(port: int, timeout: float = 10) -> None:
    """Return when somebody listens there; fail when nobody does in time."""
    until = time.monotonic() + timeout
    while not is_open(port):
        assert time.monotonic() < until, f"Nobody listens on port {port} after {timeout:g} s."
        time.sleep(0.02)
