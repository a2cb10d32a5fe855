"""The authenticator app: a secret shared with a person's own phone, which shows six new digits each half minute.

A code is good for its own half minute and the one on either side, because clocks differ, and works only once. The
secret lies sealed, with the session that drew it; a key that was never proven asks for nothing yet.
"""

from __future__ import annotations

import hmac
from datetime import datetime
from typing import Any

import segno
from flask_babel import lazy_gettext as _l
from pyotp import TOTP, random_base32
from sqlalchemy import delete, select, update

from doctapp.accounts import limits, people, sessions
from doctapp.accounts.limits import TooMany
from doctapp.accounts.models import Authenticator
from doctapp.audit.recording import record
from doctapp.db import db, insert
from doctapp.digits import latin
from doctapp.errors import DomainError
from doctapp.sealing import seal, unseal

PURPOSE = "authenticator"
ISSUER = "DoctApp"
CLOCKS_DIFFER = (-1, 0, 1)
TRIES_AN_HOUR = 10


class WrongAppCode(DomainError):
    status = 422
    message = _l("That is not what the app shows now. Type its six digits, and check that the phone’s clock is right.")


class UsedAppCode(DomainError):
    """The code is right, but of a half minute that was used already: somebody may have looked over the shoulder."""

    status = 422
    message = _l("This code was used already. Wait for the next one: it comes within half a minute.")


class TooManyAppCodes(TooMany):
    message = _l("Too many wrong codes. Wait an hour, or call us: we help by phone.")


class NoApp(DomainError):
    """There is no app, or no key to prove, any more."""

    message = _l("Your authenticator app was changed meanwhile. Nothing was done: look at what is so now.")


def of(person_id: int) -> Authenticator | None:
    """The person's app."""
    query = select(Authenticator).where(Authenticator.person_id == person_id, Authenticator.proven_at.is_not(None))
    return db.session.scalars(query.execution_options(populate_existing=True)).first()


def draw(person_id: int, *, session_id: int, now: datetime) -> None:
    """A new key that waits for its proof; one that waited before is forgotten, an app that is proven stays."""
    values = {"secret": seal(f"{session_id} {random_base32()}", PURPOSE), "created_at": now, "last_step": 0}
    drawing = insert(Authenticator).values(person_id=person_id, **values)
    waits = Authenticator.proven_at.is_(None)
    db.session.execute(drawing.on_conflict_do_update(index_elements=["person_id"], set_=values, where=waits))


def waiting(person_id: int, *, session_id: int) -> str | None:
    """The key that this session drew and nobody proved; one that was drawn elsewhere may be known to somebody else."""
    query = select(Authenticator.secret).where(Authenticator.person_id == person_id, Authenticator.proven_at.is_(None))
    sealed = db.session.scalar(query)
    drawn_in, key = _opened(sealed) if sealed else (0, "")
    return key if drawn_in == session_id else None


def picture(person_id: int, key: str) -> str:
    """A key as a QR code, an SVG to stand in the page: the policy of our headers allows no picture from elsewhere."""
    way = people.proven(person_id, "email") or people.proven(person_id, "phone")
    uri = TOTP(key).provisioning_uri(name=way.shown if way else None, issuer_name=ISSUER)
    return segno.make_qr(uri, error="m").svg_inline(scale=5, border=4, light="#fff", svgclass=None, lineclass=None)


def prove(person_id: int, *, session_id: int, typed: str, now: datetime) -> DomainError | None:
    """The code of this session's key makes it the person's app; else the refusal, with the try already counted."""
    if waiting(person_id, session_id=session_id) is None:
        return NoApp()
    refusal = _try(person_id, Authenticator.proven_at.is_(None), typed=typed, now=now, proven_at=now)
    if refusal is None:
        _note("app_added", person_id, by=person_id, now=now)
    return refusal


def check(person_id: int, *, typed: str, now: datetime) -> DomainError | None:
    """Try a code of the app: None where it is right and newer than the last, else the refusal, already counted.

    The refusal is returned, not raised, so that its count is committed with it.
    """
    return _try(person_id, Authenticator.proven_at.is_not(None), typed=typed, now=now)


def remove(person_id: int, *, typed: str, now: datetime) -> DomainError | None:
    """Take the app away by its own code; whatever it opened asks anew."""
    refusal = check(person_id, typed=typed, now=now)
    if refusal is None:
        forget(person_id, by=person_id, now=now)
    return refusal


def forget(person_id: int, *, by: int | None, now: datetime) -> None:
    """Take the app away, also from somebody who lost the phone; whatever it opened asks anew."""
    _note("app_removed", person_id, by=by, now=now)
    db.session.execute(delete(Authenticator).where(Authenticator.person_id == person_id))
    sessions.forget_second_steps(person_id)


def _try(person_id: int, which: Any, *, typed: str, now: datetime, **proven: datetime) -> DomainError | None:
    """Judge a code under the lock that counts the tries; the UPDATE decides who was first with its half minute."""
    counted = f"person:{person_id}"
    limits.lock(PURPOSE, counted, now=now)
    if limits.used(PURPOSE, counted, since=now - limits.HOUR) >= TRIES_AN_HOUR:
        return TooManyAppCodes(retry_after=int(limits.HOUR.total_seconds()))
    mine = select(Authenticator).where(Authenticator.person_id == person_id, which)
    row = db.session.scalars(mine.execution_options(populate_existing=True)).first()
    if row is None:
        return NoApp()
    step = _step(_opened(row.secret)[1], typed, now)
    if step is not None and _spend(row, step, **proven):
        limits.forget(PURPOSE, counted)
        return None
    limits.count(PURPOSE, counted, now=now)
    if limits.used(PURPOSE, counted, since=now - limits.HOUR) == TRIES_AN_HOUR:
        _note("app_tries_spent", person_id, by=person_id, now=now)
    return WrongAppCode() if step is None else UsedAppCode()


def _step(secret: str, typed: str, now: datetime) -> int | None:
    """The number of the half minute whose code this is; each is compared, so that the time taken tells nothing."""
    given, totp = "".join(latin(typed).split()).encode(), TOTP(secret)
    steps = [totp.timecode(now) + differs for differs in CLOCKS_DIFFER]
    right = [step for step in steps if hmac.compare_digest(totp.generate_otp(step).encode(), given)]
    return right[-1] if right else None


def _spend(row: Authenticator, step: int, **proven: datetime) -> bool:
    """Use the code of this half minute up; False where it, or a newer one, was used, or the key is another by now."""
    same = (Authenticator.id == row.id, Authenticator.secret == row.secret, Authenticator.last_step < step)
    spending = update(Authenticator).where(*same).values(last_step=step, **proven)
    done: Any = db.session.execute(spending, execution_options={"synchronize_session": False})
    return bool(done.rowcount == 1)


def _opened(sealed: str) -> tuple[int, str]:
    """The session that drew a key, and the key."""
    session_id, _, key = unseal(sealed, PURPOSE).partition(" ")
    return int(session_id), key


def _note(act: str, person_id: int, *, by: int | None, now: datetime) -> None:
    """Write to the audit what happened to the person's app, and by whom."""
    row_id = db.session.scalar(select(Authenticator.id).filter_by(person_id=person_id)) or 0
    record(act, kind="authenticator", row_id=row_id, person_id=by, now=now)
