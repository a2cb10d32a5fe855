"""Verifying: everything is hashed again, and what does not agree with its seal is said in words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby

from sqlalchemy import select

from doctapp.audit import sealing
from doctapp.audit.models import AuditEntry, AuditSeal
from doctapp.db import db

AT_ONCE = 500
NOT_SEALED_AFTER = sealing.CLOSED_AFTER * 5
Minute = tuple[datetime, list[AuditEntry]]


@dataclass
class Verdict:
    """What was read, and what is wrong with it; `head` is the hash to keep elsewhere."""

    entries: int = 0
    seals: int = 0
    unsealed: int = 0
    head: str = sealing.BEGINNING
    kept_found: bool = False
    wrong: list[str] = field(default_factory=list)


def verify(*, now: datetime, kept: str = "") -> Verdict:
    """Recompute the whole chain, a minute at a time; with `kept`, look whether a hash noted earlier is still in it.

    The seals are read before the entries: whatever a seal speaks of is then there to be read.
    """
    verdict = Verdict(kept_found=kept == sealing.BEGINNING)
    seals, minutes = _seals(), _minutes()
    seal, minute = next(seals, None), next(minutes, None)
    while seal or minute:
        if seal and (minute is None or seal.minute <= minute[0]):
            entries = minute[1] if minute and minute[0] == seal.minute else []
            _check(seal, entries, verdict)
            verdict.kept_found = verdict.kept_found or seal.hash == kept
            minute = next(minutes, None) if entries else minute
            seal = next(seals, None)
        elif minute:
            _check_unsealed(minute, verdict, chain_goes_on=seal is not None, now=now)
            minute = next(minutes, None)
    if kept and not verdict.kept_found:
        verdict.wrong.append(f"The hash {kept} that was kept is not in the chain: its end was cut off or written anew.")
    return verdict


def _seals() -> Iterator[AuditSeal]:
    query = select(AuditSeal).order_by(AuditSeal.minute).execution_options(yield_per=AT_ONCE)
    return iter(db.session.scalars(query))


def _minutes() -> Iterator[Minute]:
    """The entries, a minute at a time, each in the order of their ids."""
    query = select(AuditEntry).order_by(AuditEntry.at, AuditEntry.id).execution_options(yield_per=AT_ONCE)
    for minute, entries in groupby(db.session.scalars(query), lambda entry: sealing.minute_of(entry.at)):
        yield minute, sorted(entries, key=lambda entry: entry.id)


def _check(seal: AuditSeal, entries: list[AuditEntry], verdict: Verdict) -> None:
    """Hold one seal against the one before it and against the minute it speaks of."""
    if seal.before != verdict.head:
        link = "the first one is gone" if verdict.seals == 0 else "a seal before it was changed or is gone"
        verdict.wrong.append(f"{_said(seal.minute)}: the chain is broken here, {link}.")
    found, meant = len(entries), seal.entries
    if found < meant:
        gone = "entry is" if meant - found == 1 else "entries are"
        verdict.wrong.append(f"{_said(seal.minute)}: {meant - found} {gone} missing ({_which(entries)} left).")
    elif found > meant:
        more = "entry was" if found - meant == 1 else "entries were"
        verdict.wrong.append(
            f"{_said(seal.minute)}: {found - meant} {more} added after sealing (now {_which(entries)})."
        )
    elif _hash(seal, entries) != seal.hash:
        verdict.wrong.append(f"{_said(seal.minute)}: an entry or its seal was changed ({_which(entries)}).")
    verdict.entries, verdict.seals, verdict.head = verdict.entries + found, verdict.seals + 1, seal.hash


def _check_unsealed(minute: Minute, verdict: Verdict, *, chain_goes_on: bool, now: datetime) -> None:
    """A minute without a seal is fine only at the end, while it is young."""
    at, entries = minute
    verdict.entries, verdict.unsealed = verdict.entries + len(entries), verdict.unsealed + len(entries)
    if chain_goes_on:
        verdict.wrong.append(
            f"{_said(at)}: has no seal, though later minutes have: entries were added, or the seal is gone."
        )
    elif at < sealing.minute_of(now - NOT_SEALED_AFTER):
        verdict.wrong.append(f"{_said(at)}: has no seal yet: it was taken away, or the sweep does not run.")


def _hash(seal: AuditSeal, entries: list[AuditEntry]) -> str:
    return sealing.hashed(entries, minute=seal.minute, count=len(entries), before=seal.before, sealed_at=seal.sealed_at)


def _said(minute: datetime) -> str:
    return f"{minute:%Y-%m-%d %H:%M} UTC"


def _which(entries: list[AuditEntry]) -> str:
    if not entries:
        return "none"
    first, last = entries[0].id, entries[-1].id
    return f"entry {first}" if first == last else f"entries {first} to {last}"
