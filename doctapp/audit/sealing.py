"""Sealing: each closed minute with entries gets one hash over them and over the seal before it.

A minute is closed when it ended two minutes ago. A request takes its moment as it begins to write, waits at most 3 s
for a lock and 15 s for a statement (5 s for SQLite's one writer), so by then what it wrote is committed or gone. A
sweep's step may bring an older moment: `recording` then writes the first one after the newest seal, and on PostgreSQL
the table is locked against writers while a minute is read, so that none can be between its INSERT and its commit.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from sqlalchemy import func, select, text

from doctapp.audit.models import AuditEntry, AuditSeal
from doctapp.db import db

MINUTE = timedelta(minutes=1)
CLOSED_AFTER = timedelta(minutes=2)
MINUTES_A_ROUND = 60
ENTRIES_A_ROUND = 5000
BEGINNING = "0" * 64
COLUMNS = tuple(column.name for column in AuditEntry.__table__.columns)


def seal_closed(*, now: datetime) -> int:
    """Seal the closed minutes that have entries, oldest first; how many. The caller has the turn, so the chain is one.

    No more than an hour's minutes or five thousand entries a call: the next call goes on.
    """
    _lock_out_writers()
    last, sealed, entries = last_seal(), 0, 0
    while sealed < MINUTES_A_ROUND and entries < ENTRIES_A_ROUND:
        minute = _next_minute(last, until=closed_until(now))
        if minute is None:
            break
        last = _seal(minute, before=last.hash if last else BEGINNING, now=now)
        sealed, entries = sealed + 1, entries + last.entries
    return sealed


def last_seal() -> AuditSeal | None:
    """The head of the chain."""
    return db.session.scalars(select(AuditSeal).order_by(AuditSeal.minute.desc()).limit(1)).first()


def closed_until(now: datetime) -> datetime:
    """The end of the newest minute that is closed."""
    return minute_of(now - CLOSED_AFTER)


def minute_of(moment: datetime) -> datetime:
    """The minute a moment lies in, in UTC."""
    return moment.astimezone(UTC).replace(second=0, microsecond=0)


def written(entry: AuditEntry) -> bytes:
    """An entry as it goes into the hash: all its columns, as one line of JSON."""
    values = [getattr(entry, name) for name in COLUMNS]
    plain = [value.astimezone(UTC).isoformat() if isinstance(value, datetime) else value for value in values]
    return json.dumps(plain, separators=(",", ":")).encode() + b"\n"


def hashed(entries: Iterable[AuditEntry], *, minute: datetime, count: int, before: str, sealed_at: datetime) -> str:
    """The hash of a seal: over the one before, its own columns, and the minute's entries in the order of their ids."""
    head = [before, minute.astimezone(UTC).isoformat(), count, sealed_at.astimezone(UTC).isoformat()]
    digest = hashlib.sha256(json.dumps(head, separators=(",", ":")).encode() + b"\n")
    for entry in entries:
        digest.update(written(entry))
    return digest.hexdigest()


def _lock_out_writers() -> None:
    """Wait a moment for open writers and keep new ones out until the seals are written; SQLite has one writer anyway.

    Raises what the database says where a writer stays open for longer: then the next sweep seals.
    """
    if db.engine.dialect.name == "postgresql":
        db.session.execute(text("SET LOCAL lock_timeout = '300ms'"))
        db.session.execute(text("LOCK TABLE audit_entry IN SHARE MODE"))


def _next_minute(last: AuditSeal | None, *, until: datetime) -> datetime | None:
    """The first closed minute after the last seal that has an entry."""
    first = select(func.min(AuditEntry.at)).where(AuditEntry.at < until)
    if last:
        first = first.where(AuditEntry.at >= last.minute + MINUTE)
    at = db.session.scalar(first)
    return minute_of(at) if at else None


def _seal(minute: datetime, *, before: str, now: datetime) -> AuditSeal:
    inside = select(AuditEntry).where(AuditEntry.at >= minute, AuditEntry.at < minute + MINUTE)
    entries = db.session.scalars(inside.order_by(AuditEntry.id)).all()
    count = len(entries)
    seal = AuditSeal(
        minute=minute,
        entries=count,
        before=before,
        hash=hashed(entries, minute=minute, count=count, before=before, sealed_at=now),
        sealed_at=now,
    )
    db.session.add(seal)
    db.session.flush()
    return seal
