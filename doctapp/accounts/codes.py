"""Codes: five digits sent to a phone or an address, good for fifteen minutes and five tries.

The caller writes the letter; here are the row, its limits and its proof. A browser only ever proves codes that it
asked for itself.
"""

from __future__ import annotations

import hashlib
import hmac
import logging
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta

from flask import current_app
from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from doctapp.accounts import limits, trail
from doctapp.accounts.limits import TooMany
from doctapp.accounts.models import Code
from doctapp.db import db
from doctapp.digits import latin
from doctapp.errors import DomainError

log = logging.getLogger(__name__)
GOOD_FOR = timedelta(minutes=15)
TRIES = 5
WRONG_A_DAY = 10
PAUSE = timedelta(seconds=60)


class WrongCode(DomainError):
    status = 422
    message = _l("That is not the code we sent. Check the newest SMS and type its five digits.")


class CodeRanOut(DomainError):
    status = 422
    message = _l("This code no longer works. Ask for a new one below.")


class TooManyCodes(TooMany):
    message = _l("We already sent several codes to this number. Wait an hour, or call us: we help by phone.")


class TooManyTries(TooMany):
    message = _l("Too many wrong codes were typed for this number. Try again tomorrow, or call us: we help by phone.")


class TooSoon(TooMany):
    retry_after = 60
    message = _l("We just sent a code. Wait a minute before you ask for another.")


class BudgetSpent(TooMany):
    message = _l("We can't send SMS for the moment. Try again in a while, or call us: we help by phone.")


def newest(*, browser_hash: str, address: str) -> Code | None:
    """The newest code this browser asked for at this address."""
    query = select(Code).filter_by(browser_hash=browser_hash, address=address).order_by(Code.id.desc()).limit(1)
    # its tries count only as they are under the lock: the door may have read the same row before
    return db.session.scalars(query.execution_options(populate_existing=True)).first()


def newest_of(browser_hash: str) -> Code | None:
    """The newest code this browser asked for, wherever it was sent."""
    query = select(Code).filter_by(browser_hash=browser_hash).order_by(Code.id.desc()).limit(1)
    return db.session.scalars(query).first()


def proven_lately(browser_hash: str, *, now: datetime) -> Sequence[Code]:
    """The codes by which this browser proved something within the last fifteen minutes, newest first."""
    query = select(Code).where(Code.browser_hash == browser_hash, Code.used_at > now - GOOD_FOR)
    return db.session.scalars(query.order_by(Code.id.desc())).all()


def draw(*, kind: str, address: str, shown: str, browser_hash: str, now: datetime) -> tuple[Code, str] | None:
    """A new code and its digits, to be sent by the caller; None where one was drawn less than a minute ago.

    Raises TooManyCodes at the limits an address has an hour and a day, BudgetSpent at the hourly budget of SMS.
    """
    settings = current_app.config["SETTINGS"]
    limits.lock("code", address, now=now)
    last = newest(browser_hash=browser_hash, address=address)
    if last and last.used_at is None and last.sent_at > now - PAUSE:
        return None
    limits.check("code", address, most=settings.codes_per_hour, per=limits.HOUR, now=now, error=TooManyCodes)
    limits.check("code", address, most=settings.codes_per_day, per=limits.DAY, now=now, error=TooManyCodes)
    if kind == "phone":
        _spend_budget(settings.sms_hourly_budget, now=now)
    limits.count("code", address, now=now)
    digits = f"{secrets.randbelow(100_000):05}"
    code = Code(
        kind=kind,
        address=address,
        shown=shown,
        browser_hash=browser_hash,
        code_hash=_hash(digits, address),
        sent_at=now,
        expires_at=now + GOOD_FOR,
    )
    db.session.add(code)
    db.session.flush()
    return code, digits


def prove(*, browser_hash: str, address: str, typed: str, now: datetime) -> DomainError | None:
    """Try a code: None where it is the newest one sent, else the refusal, with the wrong try already counted.

    The refusal is returned, not raised, so that its count is committed with it. The same right code again is
    accepted too, so that a repeated POST goes on.
    """
    limits.lock("wrong-code", address, now=now)
    if limits.used("wrong-code", address, since=now - limits.DAY) >= WRONG_A_DAY:
        return TooManyTries(retry_after=int(limits.DAY.total_seconds()))
    code = newest(browser_hash=browser_hash, address=address)
    if code is None or code.expires_at <= now or code.tries >= TRIES:
        return CodeRanOut()
    if not hmac.compare_digest(code.code_hash, _hash("".join(latin(typed).split()), address)):
        code.tries += 1
        limits.count("wrong-code", address, now=now)
        if limits.used("wrong-code", address, since=now - limits.DAY) == WRONG_A_DAY:
            trail.tries_spent(code.kind, address, act="code_tries_spent", now=now)
        return CodeRanOut() if code.tries >= TRIES else WrongCode()
    code.used_at = code.used_at or now
    return None


def _spend_budget(most: int, *, now: datetime) -> None:
    try:
        limits.check("sms-budget", "all", most=most, per=limits.HOUR, now=now, error=BudgetSpent)
    except BudgetSpent:
        log.critical("the hourly budget of %s SMS is spent: codes are refused", most)
        raise
    limits.count("sms-budget", "all", now=now)


def _hash(digits: str, address: str) -> str:
    key = current_app.config["SECRET_KEY"].encode()
    return hmac.new(key, f"{address}:{digits}".encode(), hashlib.sha256).hexdigest()
