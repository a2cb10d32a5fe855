"""Closed minutes are sealed into one chain, however many sweeps there are."""

import threading
from datetime import timedelta

import pytest
from sqlalchemy import insert

from doctapp.audit import jobs, sealing
from doctapp.audit.models import AuditEntry
from doctapp.db import db
from tests.audit.rows import START, seal, seals, write
from tests.people import MINUTE, NOW

SECOND = timedelta(seconds=1)


def test_a_minute_is_sealed_once_it_ended_two_minutes_ago(app):
    write(START + 59 * SECOND)

    seal(START + 3 * MINUTE - SECOND)
    assert seals() == []

    seal(START + 3 * MINUTE)
    assert [(s.minute, s.entries, s.before) for s in seals()] == [(START, 1, sealing.BEGINNING)]


def test_each_seal_holds_the_one_before(app):
    for minute in (0, 1, 5):
        write(START + minute * MINUTE)

    seal()

    chain = seals()
    assert [s.minute for s in chain] == [START, START + MINUTE, START + 5 * MINUTE]
    assert [s.before for s in chain] == [sealing.BEGINNING, chain[0].hash, chain[1].hash]
    assert len({s.hash for s in chain}) == 3


def test_the_hash_is_the_same_on_both_databases(app):
    """It is kept elsewhere, and may be checked after the tables were copied from one to the other."""
    entry = write(START, act="read", row_id=4, person_id=None, side="admin", clinic_id=None)

    line = f'[{entry.id},"{START:%Y-%m-%dT%H:%M:%S}+00:00","read",null,"admin",null,"appointment",4,3]\n'
    assert sealing.written(entry).decode() == line


@pytest.mark.parametrize("column", sealing.COLUMNS)
def test_every_column_is_under_the_seal(app, column):
    entry = write(START)
    before = sealing.written(entry)
    value = getattr(entry, column)
    changed = value + SECOND if column == "at" else f"{value}x" if isinstance(value, str) else value + 1
    db.session.expunge(entry)
    setattr(entry, column, changed)

    assert sealing.written(entry) != before


def test_sealing_again_finds_nothing_to_do(app):
    write()
    seal()
    before = [(s.id, s.hash) for s in seals()]

    seal()

    assert [(s.id, s.hash) for s in seals()] == before


def test_the_sweep_looks_once_a_minute(app):
    jobs.seal(NOW)
    write()

    jobs.seal(NOW + 30 * SECOND)
    assert seals() == []
    jobs.seal(NOW + 60 * SECOND)
    assert len(seals()) == 1


def test_a_backlog_is_sealed_in_rounds(app, monkeypatch):
    monkeypatch.setattr(sealing, "MINUTES_A_ROUND", 2)
    for minute in range(5):
        write(START + minute * MINUTE)

    done = []
    for _ in range(3):
        seal()
        done.append(len(seals()))

    assert done == [2, 4, 5]


def test_a_round_ends_after_so_many_entries(app, monkeypatch):
    monkeypatch.setattr(sealing, "ENTRIES_A_ROUND", 3)
    for number in range(6):
        write(START + number // 2 * MINUTE, row_id=number)

    seal()

    assert [s.entries for s in seals()] == [2, 2]


def test_many_sweeps_at_once_make_one_chain(app, monkeypatch):
    """Each has its turn, one after another, as if a minute had gone by between them."""
    monkeypatch.setattr(jobs, "EVERY", timedelta(0))
    for minute in range(6):
        write(START + minute * MINUTE)
    gate = threading.Barrier(4)

    def sweep() -> None:
        with app.app_context():
            gate.wait()
            jobs.seal(NOW)
            db.session.remove()

    threads = [threading.Thread(target=sweep) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    chain = seals()
    assert [s.minute for s in chain] == [START + minute * MINUTE for minute in range(6)]
    assert [s.before for s in chain[1:]] == [s.hash for s in chain[:-1]]


def test_while_somebody_writes_nothing_is_sealed(app):
    """A writer between its INSERT and its commit would otherwise add to a minute that is sealed."""
    write(START)
    with db.engine.connect().execution_options(immediate=True) as other:
        other.execute(insert(AuditEntry).values(at=START, act="read", side="", kind="appointment", row_id=1))
        seal()
        assert seals() == []
        other.commit()

    seal()

    assert [s.entries for s in seals()] == [2]
