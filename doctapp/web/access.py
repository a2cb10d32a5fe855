"""Who may enter which door: every endpoint wears exactly one of these rules (a test reads them)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import wraps
from typing import Any, TypeVar

from flask import abort, current_app
from flask_login import current_user

from doctapp import clock
from doctapp.errors import Forbidden, NotFound, SecondStepNeeded, SignInAgain, SignInNeeded

Door = TypeVar("Door", bound=Callable[..., Any])
FRESH_FOR = timedelta(minutes=10)
RECORDS_FOR = timedelta(minutes=30)


@dataclass(frozen=True)
class Viewer:
    """Who looks at the page: what a signed-in session says of its person.

    `authenticated_at` is when they last gave the password or a code in this session; None where a remembered device
    opened it. `bookings_only` is one opened by a code to a number that nobody had proven for twelve months.
    `admin` is somebody who acts as one; `second_step_due` is an admin who owes the code of the authenticator app first,
    and has no right of an admin until then.
    """

    id: int
    name: str
    language: str
    session_id: int
    admin: bool = False
    second_step_due: bool = False
    doctor_id: int | None = None
    clinic_ids: frozenset[int] = frozenset()
    device_id: int | None = None
    authenticated_at: datetime | None = None
    bookings_only: bool = False
    is_authenticated: bool = True
    is_active: bool = True
    is_anonymous: bool = False

    @property
    def is_doctor(self) -> bool:
        return self.doctor_id is not None

    @property
    def is_staff(self) -> bool:
        return bool(self.clinic_ids)

    @property
    def works(self) -> bool:
        """Whether there is an inbox for this person."""
        return self.is_doctor or self.is_staff

    @property
    def has_office(self) -> bool:
        """Whether the office's pages are this person's, perhaps after the second step."""
        return self.admin or self.second_step_due

    def is_fresh(self, now: datetime, within: timedelta = FRESH_FOR) -> bool:
        """Whether they showed a short while ago, by password or code, that it is they."""
        return self.authenticated_at is not None and now - self.authenticated_at <= within and not self.bookings_only

    def may_open_records(self, now: datetime) -> bool:
        """Whether medical records may be opened without asking again: those who work are asked after half an hour.

        A session that opens bookings only never may.
        """
        return self.is_fresh(now, RECORDS_FOR) if self.works else not self.bookings_only

    def get_id(self) -> str:
        return str(self.id)


@dataclass(frozen=True)
class Visitor:
    """Nobody is signed in."""

    id: None = None
    name: str = ""
    admin: bool = False
    second_step_due: bool = False
    doctor_id: None = None
    clinic_ids: frozenset[int] = frozenset()
    device_id: None = None
    authenticated_at: None = None
    bookings_only: bool = False
    is_doctor: bool = False
    is_staff: bool = False
    works: bool = False
    has_office: bool = False
    is_authenticated: bool = False
    is_active: bool = False
    is_anonymous: bool = True

    def get_id(self) -> None:
        return None


def _rule(name: str, check: Callable[[], None]) -> Callable[[Door], Door]:
    def wear(door: Door) -> Door:
        @wraps(door)
        def entered(*args: Any, **kwargs: Any) -> Any:
            check()
            return door(*args, **kwargs)

        entered.access = name  # type: ignore[attr-defined]
        return entered  # type: ignore[return-value]

    return wear


def _need_person() -> None:
    if not current_user.is_authenticated:
        raise SignInNeeded


def _need_work() -> None:
    _need_person()
    if not current_user.works:
        raise Forbidden


def _need_fresh() -> None:
    _need_person()
    if not current_user.is_fresh(clock.now()):
        raise SignInAgain


def _need_owner() -> None:
    _need_person()
    if current_user.bookings_only:
        raise SignInAgain


def _need_admin() -> None:
    _need_person()
    if not current_user.has_office:
        raise NotFound
    _need_owner()
    if current_user.second_step_due:
        raise SecondStepNeeded


def _need_demo() -> None:
    if not current_app.config["SETTINGS"].demo:
        abort(404)


anyone = _rule("anyone", lambda: None)
signed_in = _rule("signed_in", _need_person)
account_owner = _rule("account_owner", _need_owner)
fresh = _rule("fresh", _need_fresh)
doctor_or_staff = _rule("doctor_or_staff", _need_work)
admin_only = _rule("admin_only", _need_admin)
demo_only = _rule("demo_only", _need_demo)


def proves_itself(door: Door) -> Door:
    """Mark a door that other sites knock at with a proof of their own: a gateway's webhook, or the way back from it."""
    door.proves_itself = True  # type: ignore[attr-defined]
    return door


def quiet(door: Door) -> Door:
    """Mark a door that polls knock at: it is no activity of the person's."""
    door.quiet = True  # type: ignore[attr-defined]
    return door
