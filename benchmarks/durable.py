"""Row 8: serials taken a second on SQLite by 64 threads, beside one writer with the bare INSERT, all of it durable.

Ours is `holding.hold` in a transaction of its own, in threads of one process, as a web process has them. The floor is
its taking statement alone, by one writer that commits each to the disk (WAL, synchronous=FULL), as ours does.
"""

from __future__ import annotations

import sqlite3
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from flask import Flask

from benchmarks.bookings import (
    CAPACITY,
    ENDLESS,
    ROUNDS,
    ROUNDS_IF_SHORT,
    SECONDS,
    SECONDS_IF_SHORT,
    SITTINGS,
    Taken,
    bare,
    compared,
    gave_up,
    practice,
    rate,
    sittings,
    take,
    taken,
)
from doctapp.db import db

THREADS = 64


def by_threads(app: Flask, threads: int, seconds: int) -> float:
    """Serials a second that so many threads of this process take by the rule."""
    ids = sittings(SITTINGS, CAPACITY)
    db.session.remove()
    end = time.monotonic() + seconds

    def run(client: int) -> Taken:
        with app.app_context():
            return take(ids[client::threads], end, f"thread {client}")

    with ThreadPoolExecutor(threads) as pool:
        return rate(list(pool.map(run, range(threads))))


def by_one_writer(file: str, sitting_id: int, seconds: int) -> float:
    """Serials a second that one writer takes by the bare statement, each committed to the disk."""
    taking = bare(db.engine.dialect, sitting=str(sitting_id), number=":n", unique="printf('%x', :n)")
    number = first = taken() + 1
    connection = sqlite3.connect(file, isolation_level=None)
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")
    began = time.monotonic()
    while time.monotonic() - began < seconds:
        connection.execute("BEGIN IMMEDIATE")
        connection.execute(taking, {"n": number}).fetchall()
        connection.execute("COMMIT")
        number += 1
    rate = (number - first) / (time.monotonic() - began)
    connection.close()
    assert taken() == number - 1, "Not each of them was taken."
    return rate


def run(*, short: bool = False) -> list[dict[str, Any]]:
    """The row, and what of it is waiting for the writer."""
    rounds, seconds = (ROUNDS_IF_SHORT, SECONDS_IF_SHORT) if short else (ROUNDS, SECONDS)
    with tempfile.TemporaryDirectory(prefix="doctapp-bookings-") as name:
        file = f"{name}/doctapp.db"
        with practice(f"sqlite:///{file}", Path(name)) as app:
            endless = sittings(1, ENDLESS)[0]
            floor = compared(
                rounds, lambda: by_threads(app, THREADS, seconds), lambda: by_one_writer(file, endless, seconds)
            )
            alone = compared(rounds, lambda: by_threads(app, THREADS, seconds), lambda: by_threads(app, 1, seconds))
    return [
        {
            "name": "durable serials a second, 64 threads / one writer with the bare INSERT",
            "value": f"{floor}; {len(gave_up)} gave up in all rounds",
            "goal": "≥ 0.8",
        },
        {
            "name": "durable serials a second, 64 threads / one thread, both by the rule",
            "value": alone,
            "goal": "none: what waiting for the writer costs",
        },
    ]
