"""Limits that guard accounts, codes and holds, counted in rows: Redis may be flushed, these may not."""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
from contextlib import suppress
from datetime import datetime, timedelta

from flask import current_app
from flask_babel import lazy_gettext as _l
from sqlalchemy import delete, func, select

from doctapp.accounts.models import Tally, TallyLock
from doctapp.db import db, insert
from doctapp.errors import DomainError

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
KEPT = timedelta(days=2)


class TooMany(DomainError):
    """The limit is reached; `retry_after` says in how many seconds one more is allowed."""

    status = 429
    message = _l("That was tried too often. Please wait and try again.")


def address_key(ip: str) -> str:
    """What an address is counted under: its keyed hash, a /64 of IPv6 as one."""
    with suppress(ValueError):  # a proxy may call an address whatever it likes
        ip = _counted(ipaddress.ip_address(ip))
    return hmac.new(current_app.config["SECRET_KEY"].encode(), ip.encode(), hashlib.sha256).hexdigest()


def _counted(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> str:
    """An IPv4 address is one, also where it came in IPv6's clothes."""
    if isinstance(address, ipaddress.IPv4Address):
        return str(address)
    return str(address.ipv4_mapped or ipaddress.ip_network((int(address), 64), strict=False))


def lock(kind: str, key: str, *, now: datetime) -> None:
    """Hold the one row under which this is counted, until the transaction ends."""
    touch = insert(TallyLock).values(kind=kind, key=key, at=now)
    db.session.execute(touch.on_conflict_do_update(index_elements=["kind", "key"], set_={"at": now}))


def used(kind: str, key: str, *, since: datetime) -> int:
    """How many were counted since then."""
    query = select(func.count()).select_from(Tally).where(Tally.kind == kind, Tally.key == key, Tally.at > since)
    return db.session.scalar(query) or 0


def check(kind: str, key: str, *, most: int, per: timedelta, now: datetime, error: type[DomainError] = TooMany) -> None:
    """Lock and count; raises the error where the limit is already reached."""
    lock(kind, key, now=now)
    if used(kind, key, since=now - per) >= most:
        oldest = select(func.min(Tally.at)).where(Tally.kind == kind, Tally.key == key, Tally.at > now - per)
        first = db.session.scalar(oldest) or now
        raise error(retry_after=max(1, int((first + per - now).total_seconds())))


def count(kind: str, key: str, *, now: datetime) -> None:
    """Count one."""
    db.session.add(Tally(kind=kind, key=key, at=now))
    db.session.flush()


def forget(kind: str, key: str) -> None:
    """What was counted here no longer counts."""
    db.session.execute(delete(Tally).where(Tally.kind == kind, Tally.key == key))


def purge(*, now: datetime) -> None:
    """Forget what no limit looks at any more."""
    db.session.execute(delete(Tally).where(Tally.at < now - KEPT))
    db.session.execute(delete(TallyLock).where(TallyLock.at < now - KEPT))
