"""Ports of this machine: which are free, and what answers on them."""

from __future__ import annotations

import http.client
import random
import socket

# Below the range the kernel hands to outgoing connections, so that a port stays ours while its server is down.
RANGE = range(20000, 32000)


def free_port(host: str = "127.0.0.1") -> int:
    """A port nobody listens on at this moment."""
    return next(port for port in random.sample(RANGE, len(RANGE)) if not _trouble(host, port))


def refusal(host: str, port: int) -> str:
    """Why we may not listen there, as a sentence that says what to do; empty when we may."""
    trouble = _trouble(host, port)
    if isinstance(trouble, PermissionError):
        return f"Port {port} is for the system's own services. Choose one from 1024 up: make run PORT={free_port(host)}"
    if trouble:
        return f"Port {port} is taken by another program. Stop it, or choose another: make run PORT={free_port(host)}"
    return ""


def speaks_http(host: str, port: int) -> bool:
    """Whether the web server answers requests."""
    connection = http.client.HTTPConnection(host, port, timeout=5)
    try:
        connection.request("GET", "/healthz")
        connection.getresponse()
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
    return True


def accepts(port: int) -> bool:
    """Whether something on this machine accepts connections there."""
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def _trouble(host: str, port: int) -> OSError | None:
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            return error
    return None
