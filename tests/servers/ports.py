"""Ports on loopback."""

import random
import socket
import time

LOOPBACK = "127.0.0.1"
# Below the range the kernel hands to outgoing connections, so a port stays ours while its server is down.
RANGE = range(20000, 32000)


def free_port() -> int:
    """A port nobody listens on."""
    for port in random.sample(RANGE, 200):
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
