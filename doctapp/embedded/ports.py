"""Ports of this machine: which are free, and what answers on them."""

from __future__ import annotations

import http.client
import socket


def free_port(host: str = "127.0.0.1") -> int:
    """A port nobody listens on at this moment."""
    with _socket_for(host) as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])


def refusal(host: str, port: int) -> str:
    """Why we may not listen there, as a sentence that says what to do; empty when we may."""
    with _socket_for(host) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except PermissionError:
            return f"Port {port} is for the system's own services. Choose one from 1024 up: make run PORT=8000"
        except OSError:
            other = free_port(host)
            return (
                f"Port {port} is taken by another program. Stop that one, or choose another port: make run PORT={other}"
            )
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


def _socket_for(host: str) -> socket.socket:
    return socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
