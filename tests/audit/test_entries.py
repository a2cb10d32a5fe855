"""Entries and seals are only ever added, whoever asks the database for something else."""

from datetime import timedelta

import pytest
from sqlalchemy import delete, inspect, text, update
from sqlalchemy.exc import DBAPIError

from doctapp.audit.models import AuditEntry, AuditSeal
from doctapp.audit.recording import record
from doctapp.db import db, transaction
from tests.audit.rows import START, entries, seal, seals, write
from tests.people import MINUTE, NOW

TABLES = ("audit_entry", "audit_seal")
CHANGES = {"audit_entry": "UPDATE audit_entry SET person_id = 99", "audit_seal": "UPDATE audit_seal SET entries = 99"}
REPLACING = {
    "audit_entry": "INSERT OR REPLACE INTO audit_entry (id, at, act, side, kind, row_id) "
    "SELECT id, at, 'other', side, kind, row_id FROM audit_entry",
    "audit_seal": "INSERT OR REPLACE INTO audit_seal (minute, entries, before, hash, sealed_at) "
    "SELECT minute, 99, before, hash, sealed_at FROM audit_seal",
}


@pytest.fixture
def written(app):
    """One sealed entry, as it stands in the tables."""
    write()
    seal()
    return standing()


def standing():
    db.session.rollback()
    return [tuple(row) for table in TABLES for row in db.session.execute(text(f"SELECT * FROM {table}"))]


def refused(statement, told="only ever added to"):
    with pytest.raises(DBAPIError, match=told), transaction():
        db.session.execute(text(statement) if isinstance(statement, str) else statement)


@pytest.mark.parametrize("table", TABLES)
def test_nothing_is_changed_by_raw_sql(written, table):
    refused(CHANGES[table])

    assert standing() == written


@pytest.mark.parametrize("table", TABLES)
def test_nothing_is_deleted_by_raw_sql(written, table):
    refused(f"DELETE FROM {table}")

    assert standing() == written


@pytest.mark.parametrize("table", TABLES)
def test_nothing_is_put_in_the_place_of_another(written, table):
    if db.engine.dialect.name == "sqlite":
        refused(REPLACING[table])
    else:
        refused(f"TRUNCATE {table}")

    assert standing() == written


def test_nothing_is_changed_by_the_rows_themselves(written):
    refused(update(AuditEntry).values(act="other"))
    refused(delete(AuditEntry))
    refused(delete(AuditSeal))
    with pytest.raises(DBAPIError, match="only ever added to"), transaction():
        db.session.get(AuditEntry, entries()[0].id).act = "other"

    assert standing() == written


def test_adding_goes_on(written):
    write(NOW)

    assert len(entries()) == 2


def test_an_entry_is_ids_and_words_of_ours_only():
    texts = {column.name for column in AuditEntry.__table__.columns if str(column.type).startswith("VARCHAR")}

    assert texts == {"act", "side", "kind"}


def test_an_entry_goes_with_its_transaction(app):
    with pytest.raises(ZeroDivisionError):
        write_and_fail()

    assert entries() == []


def write_and_fail():
    with transaction():
        record("read", kind="appointment", row_id=1, person_id=1, now=NOW)
        raise ZeroDivisionError


def test_an_entry_keeps_its_moment_and_its_ids(app):
    moment = NOW + timedelta(microseconds=123456)

    entry = write(moment, act="accept", row_id=5, person_id=6, side="clinic", clinic_id=7, patient_id=8)

    assert (entry.at, entry.act, entry.kind, entry.row_id) == (moment, "accept", "appointment", 5)
    assert (entry.person_id, entry.side, entry.clinic_id, entry.patient_id) == (6, "clinic", 7, 8)


def test_whoever_brings_an_old_moment_writes_after_the_seal(app):
    write(START)
    seal()

    late = write(START + timedelta(seconds=30))
    earlier = write(START - 5 * MINUTE)
    fresh = write(START + MINUTE + timedelta(seconds=7))

    assert late.at == earlier.at == seals()[0].minute + MINUTE
    assert fresh.at == START + MINUTE + timedelta(seconds=7)


def test_the_tables_have_the_indexes_that_are_asked_by(app):
    indexed = {tuple(index["column_names"]) for index in inspect(db.engine).get_indexes("audit_entry")}

    assert {("at",), ("patient_id", "at"), ("kind", "row_id")} <= indexed
