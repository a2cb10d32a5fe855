"""The embedded default: `python -m doctapp --port 8000 --instance DIR`, everything on this machine, in demo mode."""

from __future__ import annotations

import argparse
import os
import secrets
import sys
from functools import partial
from pathlib import Path

from doctapp.config import LOOPBACK
from doctapp.embedded import ports, programs
from doctapp.embedded.instance import Instance, InUse
from doctapp.embedded.tree import CannotStart, Stopped, Tree, say

OTHER_FOLDER = "make run INSTANCE=other"
WELCOME = """
DoctApp is ready:        {address}
{people}Letters and SMS land at: {address}/sandbox/letters
Ctrl-C stops everything.
"""
PEOPLE = """
  patient@demo.test      a patient, also by phone 01700000001
  doctor@demo.test       Dr Rokeya Begum
  desk@demo.test         a clerk of Gomoti Hospital
  admin@demo.test        the administrator
  password of each:      demo-demo-demo

"""


def main() -> None:
    """Start everything, and stop everything at Ctrl-C."""
    wanted = arguments()
    try:
        instance = Instance(wanted.instance)
    except InUse:
        sys.exit(f"DoctApp already runs in {wanted.instance}. Stop it, or choose another folder: {OTHER_FOLDER}")
    except OSError as error:
        sys.exit(f"{error.filename}: {error.strerror}. Choose another folder: {OTHER_FOLDER}")
    try:
        run(wanted, instance)
    except CannotStart as error:
        sys.exit(f"{error}\nDoctApp is not running.")
    except (Stopped, KeyboardInterrupt):
        pass
    say("Everything is stopped.")


def arguments() -> argparse.Namespace:
    """What the command line asks for."""
    parser = argparse.ArgumentParser(prog="python -m doctapp", description="DoctApp on this machine, for trying out.")
    parser.add_argument("--port", type=int, default=8000, help="where to listen; 0 takes any free port")
    parser.add_argument("--instance", type=Path, default=Path("instance"), help="the folder of the database")
    parser.add_argument("--host", default="127.0.0.1", help="an address of this machine only")
    parser.add_argument("--no-seed", action="store_true", help="start without the demo world")
    wanted = parser.parse_args()
    if wanted.host not in LOOPBACK:
        parser.error(
            f"{wanted.host} can be reached by others. This is demo mode with known passwords: it listens on 127.0.0.1 "
            "only. For a server use the processes of the Procfile."
        )
    if not 0 <= wanted.port <= 65535:
        parser.error("a port is a number from 1 to 65535")
    return wanted


def run(wanted: argparse.Namespace, instance: Instance) -> None:
    """Prepare the database, start the programs, keep them running."""
    port = wanted.port or ports.free_port(wanted.host)
    if refusal := ports.refusal(wanted.host, port):
        raise CannotStart(refusal)
    address = f"http://[{wanted.host}]:{port}" if ":" in wanted.host else f"http://{wanted.host}:{port}"
    given = os.environ.get("REDIS_URL")
    valkey = None if given else programs.valkey(ports.free_port(), secrets.token_hex(16), instance.path)
    env = environment(instance, address, valkey.url if valkey else "")
    with Tree(env) as tree:
        prepare(tree, instance, env["DATABASE_URL"], seed=not wanted.no_seed)
        if valkey:
            tree.start(valkey.program)
            tree.wait_until(partial(ports.accepts, valkey.port))
        for program in (programs.web(wanted.host, port), programs.WORKER, programs.SWEEP):
            tree.start(program)
        tree.wait_until(partial(ports.speaks_http, wanted.host, port))
        say(WELCOME.format(address=address, people="" if wanted.no_seed else PEOPLE))
        tree.supervise()
        say("\nStopping …")


def environment(instance: Instance, address: str, redis_url: str) -> dict[str, str]:
    """What all programs are told: our settings, with those of the person who started us before them."""
    ours = {
        "DATABASE_URL": instance.database_url,
        "REDIS_URL": redis_url,
        "SECRET_KEY": instance.secret_key(),
        "PUBLIC_URL": address,
    }
    given = {name: value for name, value in os.environ.items() if value}
    fixed = {"DOCTAPP_MODE": "demo", "INSTANCE": str(instance.path), "PYTHONUNBUFFERED": "1"}
    return ours | given | fixed


def prepare(tree: Tree, instance: Instance, database_url: str, *, seed: bool) -> None:
    """Bring the database up to date, and write the demo world into it once."""
    first = not instance.is_seeded(database_url)
    say(f"Preparing the database in {instance.path} …" if first else "Starting …")
    tree.run(programs.upgrade(instance.path))
    if first and not seed:
        tree.run(programs.AREAS)
    elif first:
        say("Writing the demo world: 300 doctors and their weeks, once (about a minute) …")
        tree.run(programs.SEED)
        instance.note_seeded(database_url)


if __name__ == "__main__":
    main()
