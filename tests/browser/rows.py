"""What the browser tests change behind the product's back: time that passes, and states that take days to come."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, create_engine, delete, select, update
from sqlalchemy.pool import NullPool

from doctapp import clock
from doctapp.accounts.models import Code, Person, Session, WayIn
from doctapp.appointments.models import Appointment, Event, Waiting
from doctapp.doctors.models import Doctor
from doctapp.notifications.models import Notification
from doctapp.payments.models import Attempt, Refund
from doctapp.web import cookies
from doctapp.work.turns import Turn
from tests.product import Product


class Rows:
    """The rows of a running product."""

    def __init__(self, product: Product) -> None:
        self.product = product
        self.engine = create_engine(product.database_url, poolclass=NullPool)

    def let_the_hold_run_out(self, ref: str) -> None:
        """Its quarter of an hour is over."""
        self.set(ref, held_until=clock.now() - timedelta(minutes=1))

    def let_a_minute_pass(self, ref: str) -> None:
        """The last code for the phone of this hold was sent more than a minute ago."""
        self.let_the_code_grow_old(self.get(ref, "typed_phone"))

    def let_the_code_grow_old(self, phone: str) -> None:
        """The last code for this phone was sent more than a minute ago."""
        earlier = clock.now() - timedelta(seconds=61)
        with self._written() as connection:
            connection.execute(update(Code).where(Code.shown == phone).values(sent_at=earlier))

    def let_the_proof_grow_old(self, shown: str) -> None:
        """Whoever signs in with this phone or address showed long ago that it is they."""
        owner = select(WayIn.person_id).where(WayIn.shown == shown).scalar_subquery()
        earlier = clock.now() - timedelta(minutes=15)
        with self._written() as connection:
            connection.execute(update(Session).where(Session.person_id == owner).values(authenticated_at=earlier))

    def let_a_year_pass(self, shown: str) -> None:
        """Nobody proved this phone for more than twelve months."""
        earlier = clock.now() - timedelta(days=400)
        values = {"proven_at": earlier, "last_proven_at": earlier}
        with self._written() as connection:
            connection.execute(update(WayIn).where(WayIn.shown == shown).values(**values))

    def let_nothing_be_read(self, email: str) -> None:
        """One of the demo's people has not seen any alert yet."""
        owner = select(WayIn.person_id).where(WayIn.value == email).scalar_subquery()
        with self._written() as connection:
            connection.execute(update(Notification).where(Notification.person_id == owner).values(read_at=None))

    def let_the_undo_run_out(self, ref: str) -> None:
        """The last change of this appointment was more than ten minutes ago."""
        now = clock.now()
        last = self.get(ref, "last_event_id")
        with self._written() as connection:
            connection.execute(update(Event).where(Event.id == last).values(at=now - timedelta(minutes=11)))

    def let_the_refund_be_due(self, ref: str) -> None:
        """What this appointment gives back may be sent, or asked about, now."""
        earlier = clock.now() - timedelta(minutes=1)
        self.set_money(Refund, ref, **dict.fromkeys(("not_before", "next_try_at"), earlier))

    def offer(self, ref: str, sitting_id: int) -> str:
        """Let this number be offered to whoever waits for its sitting; the token of the letter."""
        token, now = secrets.token_urlsafe(9), clock.now()
        nobodys = dict.fromkeys(("person_id", "patient_id", "requested_at", "lapses_at", "booked_at"))
        self.set(ref, status="offered", held_until=now + timedelta(hours=2), extended=True, **nobodys)
        values = {"state": "offered", "offer_id": self.get(ref, "id"), "offered_at": now}
        with self._written() as connection:
            waiting = update(Waiting).where(Waiting.sitting_id == sitting_id, Waiting.state == "waiting")
            connection.execute(waiting.values(token_hash=cookies.hashed(token), **values))
        return token

    def set_money(self, row: type[Attempt] | type[Refund], ref: str, **values: Any) -> None:
        """Write into the payment, or the refund, of an appointment."""
        with self._written() as connection:
            connection.execute(update(row).where(row.appointment_id == self.get(ref, "id")).values(**values))

    def let_a_sweep_be_due(self) -> None:
        """Whoever sweeps next has the turn."""
        with self._written() as connection:
            connection.execute(delete(Turn).where(Turn.name == "sweep"))

    def set(self, ref: str, **values: Any) -> None:
        """Write into an appointment's row."""
        with self._written() as connection:
            connection.execute(update(Appointment).where(Appointment.ref == ref).values(**values))

    def get(self, ref: str, column: str) -> Any:
        """Read from an appointment's row."""
        with self.engine.connect() as connection:
            return connection.scalar(select(getattr(Appointment, column)).where(Appointment.ref == ref))

    def session_of(self, slug: str) -> list[Any]:
        """The cookies of a doctor who cannot sign in by a password."""
        person = select(Person.id).join(Doctor, Doctor.person_id == Person.id).where(Doctor.slug == slug)
        with self.engine.connect() as connection:
            person_id = connection.scalar(person)
        return self.session_for(person_id)

    def session_for(self, person_id: int | None) -> list[Any]:
        """The cookies of a browser in which this person has just signed in."""
        token, now = secrets.token_urlsafe(32), clock.now()
        moments = dict.fromkeys(("created_at", "last_seen_at", "authenticated_at"), now)
        with self._written() as connection:
            values = {"token_hash": cookies.hashed(token), "person_id": person_id, **moments}
            connection.execute(Session.__table__.insert().values(**values))
        return [{"name": "session", "value": token, "url": self.product.url}]

    @contextmanager
    def _written(self) -> Iterator[Connection]:
        with self.engine.begin() as connection:
            yield connection
