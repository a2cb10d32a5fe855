"""`flask audit verify` finds whatever was done to the tables behind the triggers' back."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import text

from doctapp.audit import verifying
from doctapp.audit.verifying import verify
from doctapp.db import db
from tests.audit.rows import START, entries, seals, tamper, write, written_hours
from tests.people import MINUTE, NOW


@pytest.fixture
def chain(app):
    """Three sealed minutes of two entries."""
    written_hours()
    return seals()


def run(app, *given):
    return app.test_cli_runner().invoke(args=["audit", "verify", *given])


def wrong(**given):
    db.session.rollback()
    return verify(now=NOW, **given).wrong


def said(minute):
    return f"{START + minute * MINUTE:%Y-%m-%d %H:%M} UTC"


def test_untouched_all_agrees(app, chain):
    answer = run(app)

    assert answer.exit_code == 0
    assert "6 entries, 0 of them not sealed yet, under 3 seals." in answer.output
    assert f"Head: {chain[-1].hash}" in answer.output


def test_an_empty_audit_agrees(app):
    answer = run(app)

    assert (answer.exit_code, answer.output.splitlines()[0]) == (
        0,
        "0 entries, 0 of them not sealed yet, under 0 seals.",
    )


def test_what_is_not_closed_yet_is_fine(app, chain):
    write(NOW)

    answer = run(app)

    assert answer.exit_code == 0
    assert "7 entries, 1 of them not sealed yet" in answer.output


COLUMNS = ("act", "person_id", "side", "clinic_id", "kind", "row_id", "patient_id")


@pytest.mark.parametrize("column", COLUMNS)
def test_a_changed_entry_is_found(app, chain, column):
    entry = entries()[2]
    value = "other" if isinstance(getattr(entry, column), str) else 99
    tamper(f"UPDATE audit_entry SET {column} = :value WHERE id = :id", value=value, id=entry.id)

    answer = run(app)

    assert answer.exit_code == 1
    assert f"{said(1)}: an entry or its seal was changed" in answer.stderr
    assert f"entries {entry.id} to {entry.id + 1}" in answer.stderr
    assert len(answer.stderr.splitlines()) == 1


def test_an_entry_moved_within_its_minute_is_found(app, chain):
    entry = entries()[2]
    at = START + MINUTE + timedelta(seconds=50)
    tamper("UPDATE audit_entry SET at = :at WHERE id = :id", at=stored(at), id=entry.id)

    assert wrong() == [f"{said(1)}: an entry or its seal was changed (entries {entry.id} to {entry.id + 1})."]


def stored(moment):
    return f"{moment:%Y-%m-%d %H:%M:%S}.000000" if db.engine.dialect.name == "sqlite" else moment


def test_an_entry_moved_to_another_minute_is_missed_in_the_one_and_found_in_the_other(app, chain):
    tamper("UPDATE audit_entry SET at = :at WHERE id = :id", at=stored(START), id=entries()[-1].id)

    first, last = wrong()

    assert first.startswith(f"{said(0)}: 1 entry was added after sealing")
    assert last.startswith(f"{said(2)}: 1 entry is missing")


def test_a_missing_entry_is_found(app, chain):
    tamper("DELETE FROM audit_entry WHERE id = :id", id=entries()[1].id)

    answer = run(app)

    assert answer.exit_code == 1
    assert f"{said(0)}: 1 entry is missing" in answer.stderr


def test_a_minute_without_its_entries_is_found(app, chain):
    for entry in entries()[2:4]:
        tamper("DELETE FROM audit_entry WHERE id = :id", id=entry.id)

    assert wrong() == [f"{said(1)}: 2 entries are missing (none left)."]


def test_an_entry_added_to_a_sealed_minute_is_found(app, chain):
    insert = "INSERT INTO audit_entry (at, act, side, kind, row_id) VALUES (:at, 'read', '', 'appointment', 1)"
    tamper(insert, at=stored(START + MINUTE))

    assert wrong()[0].startswith(f"{said(1)}: 1 entry was added after sealing")


def test_an_entry_added_between_sealed_minutes_is_found(app, chain):
    insert = "INSERT INTO audit_entry (at, act, side, kind, row_id) VALUES (:at, 'read', '', 'appointment', 1)"
    tamper(insert, at=stored(START - 9 * MINUTE))

    assert wrong() == [f"{said(-9)}: has no seal, though later minutes have: entries were added, or the seal is gone."]


def test_a_seal_that_is_gone_is_found_twice(app, chain):
    tamper("DELETE FROM audit_seal WHERE id = :id", id=chain[1].id)

    assert wrong() == [
        f"{said(1)}: has no seal, though later minutes have: entries were added, or the seal is gone.",
        f"{said(2)}: the chain is broken here, a seal before it was changed or is gone.",
    ]


def test_a_minute_that_is_gone_with_its_seal_is_found(app, chain):
    for entry in entries()[2:4]:
        tamper("DELETE FROM audit_entry WHERE id = :id", id=entry.id)
    tamper("DELETE FROM audit_seal WHERE id = :id", id=chain[1].id)

    assert wrong() == [f"{said(2)}: the chain is broken here, a seal before it was changed or is gone."]


def test_a_chain_without_its_beginning_is_found(app, chain):
    for entry in entries()[:2]:
        tamper("DELETE FROM audit_entry WHERE id = :id", id=entry.id)
    tamper("DELETE FROM audit_seal WHERE id = :id", id=chain[0].id)

    assert wrong() == [f"{said(1)}: the chain is broken here, the first one is gone."]


def test_a_last_seal_that_is_gone_is_found(app, chain):
    tamper("DELETE FROM audit_seal WHERE id = :id", id=chain[2].id)

    assert wrong() == [f"{said(2)}: has no seal yet: it was taken away, or the sweep does not run."]


@pytest.mark.parametrize("change", ["hash = :hash", "before = :hash", "sealed_at = minute", "entries = entries + 1"])
def test_a_changed_seal_is_found(app, chain, change):
    values = {"hash": "0" * 63 + "1"} if ":hash" in change else {}
    tamper(f"UPDATE audit_seal SET {change} WHERE id = :id", id=chain[1].id, **values)

    assert wrong()[0].startswith(said(1))


def test_an_entry_changed_together_with_its_seal_breaks_the_chain_after_it(app, chain):
    resealed(chain[1], entries()[2:4])

    assert wrong() == [f"{said(2)}: the chain is broken here, a seal before it was changed or is gone."]


def resealed(seal, inside):
    """The minute as an attacker leaves it who knows how seals are made."""
    tamper("UPDATE audit_entry SET person_id = 99 WHERE id = :id", id=inside[0].id)
    changed = [entry for entry in entries() if entry.id in {e.id for e in inside}]
    tamper("UPDATE audit_seal SET hash = :hash WHERE id = :id", hash=verifying._hash(seal, changed), id=seal.id)


def test_a_whole_chain_written_anew_is_found_by_the_head_that_was_kept_elsewhere(app, chain):
    kept = chain[-1].hash
    resealed(chain[-1], entries()[4:])

    assert wrong() == []
    answer = run(app, "--kept", kept)
    assert answer.exit_code == 1
    assert f"The hash {kept} that was kept is not in the chain" in answer.stderr


def test_a_chain_cut_off_at_its_end_is_found_by_the_head_that_was_kept(app, chain):
    kept = chain[-1].hash
    for entry in entries()[4:]:
        tamper("DELETE FROM audit_entry WHERE id = :id", id=entry.id)
    tamper("DELETE FROM audit_seal WHERE id = :id", id=chain[2].id)

    assert wrong() == []
    assert "is not in the chain" in wrong(kept=kept)[0]


def test_a_kept_head_is_found_again_after_the_chain_went_on(app, chain):
    kept = chain[0].hash

    assert run(app, "--kept", kept).exit_code == 0


def test_it_reads_in_pieces(app, monkeypatch):
    """The rows come some at a time, in the order in which they are needed, so a year of them needs no more memory."""
    monkeypatch.setattr(verifying, "AT_ONCE", 2)
    written_hours(minutes=9, each=3)

    verdict = verify(now=NOW)

    assert (verdict.entries, verdict.seals, verdict.wrong) == (27, 9, [])


def test_it_says_nothing_of_what_was_read(app, chain):
    tamper("UPDATE audit_entry SET person_id = 4711 WHERE id = :id", id=entries()[0].id)

    assert not re.search(r"4711|appointment", run(app).output)


def test_the_seals_stand_in_the_order_of_their_minutes(app, chain):
    assert db.session.scalars(text("SELECT entries FROM audit_seal ORDER BY minute")).all() == [2, 2, 2]
