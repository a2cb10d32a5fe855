"""Who may enter which door: every endpoint wears exactly one of these rules (a test reads them)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any, TypeVar

from flask import abort, current_app
from flask_login import current_user

from doctapp.errors import Forbidden, SignInNeeded

Door = TypeVar("Door", bound=Callable[..., Any])


@dataclass(frozen=True)
class Viewer:
    """Who looks at the page: what a signed-in session says of its person."""

    id: int
    name: str
    language: str
    session_id: int
    admin: bool = False
    doctor_id: int | None = None
    clinic_ids: frozenset[int] = frozenset()
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

    def get_id(self) -> str:
        return str(self.id)


@dataclass(frozen=True)
class Visitor:
    """Nobody is signed in."""

    id: None = None
    name: str = ""
    admin: bool = False
    doctor_id: None = None
    clinic_ids: frozenset[int] = frozenset()
    is_doctor: bool = False
    is_staff: bool = False
    works: bool = False
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


def _need_demo() -> None:
    if not current_app.config["SETTINGS"].demo:
        abort(404)


anyone = _rule("anyone", lambda: None)
signed_in = _rule("signed_in", _need_person)
doctor_or_staff = _rule("doctor_or_staff", _need_work)
demo_only = _rule("demo_only", _need_demo)


def quiet(door: Door) -> Door:
    """Mark a door that polls knock at: it is no activity of the person's."""
    door.quiet = True  # type: ignore[attr-defined]
    return door
