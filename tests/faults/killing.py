"""What killed processes need: the program that dies, servers on loopback that outlive it, and a clock that healing moves."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from doctapp import clock
from doctapp.accounts.models import Person
from doctapp.appointments.models import Appointment
from doctapp.config import Settings
from doctapp.db import db
from doctapp.notifications.models import Letter
from doctapp.payments import jobs as payments
from doctapp.payments.models import Attempt, Receipt, Refund
from doctapp.work.sweep import sweep_once
from tests import make, money, people
from tests.conftest import english
from tests.gateways.paying import sslcommerz_settings, stripe_settings
from tests.payments import steps
from tests.payments.steps import again
from tests.product import ROOT
from tests.see import see
from tests.servers.money import Message
from tests.servers.processes import environment
from tests.servers.sms import SmsServer
from tests.servers.smtp import MailServer
from tests.servers.sslcommerz import SslCommerzServer
from tests.servers.stripe import StripeServer
from tests.work import programs

HEALED_WITHIN = timedelta(seconds=150)
A_SWEEP_EVERY = timedelta(seconds=50)  # more seldom than they come: none may be needed for more
HOOK, IPN = "/payments/stripe/webhook", "/payments/sslcommerz/ipn"
# It can't be asked whether it did what it was asked for: such a refund is for a person, and its scene looks at it.
AT_SSLCOMMERZ = select(Attempt.id).where(Attempt.provider == "sslcommerz")
COOKIES = ("session", "browser", "lang")


class Act(NamedTuple):
    """What a process does: the name of one of `dying.ACTS`, and what that is given."""

    name: str
    what: str
    given: dict[str, Any] = {}


class Servers:
    """A Stripe, an SSLCommerz, a mail server and an SMS gateway."""

    def __init__(self) -> None:
        self.stripe, self.sslcommerz, self.mail, self.sms = (
            StripeServer(),
            SslCommerzServer(),
            MailServer(),
            SmsServer(),
        )
        self._all = (self.stripe, self.sslcommerz, self.mail, self.sms)

    def __enter__(self) -> Servers:
        for server in self._all:
            server.up()
        return self

    def __exit__(self, *_: object) -> None:
        for server in self._all:
            server.down()

    def known_to(self, settings: Settings) -> Settings:
        """The settings with these servers."""
        return replace(
            sslcommerz_settings(stripe_settings(settings, self.stripe), self.sslcommerz),
            mail_server=self.mail.host,
            mail_port=self.mail.port,
            sms_url=f"{self.sms.url}?to={{to}}&text={{text}}",
            sms_success="^OK",
        )

    def forget(self) -> None:
        """What was done before is no longer known, and no switch is thrown."""
        for server in (self.stripe, self.sslcommerz):
            server.normal()
            server.sessions.clear()
            server.refunds.clear()
            server.requests.clear()
        self.stripe.intents.clear()
        self.sslcommerz.tries.clear()
        self.mail.clear()
        self.sms.clear()


class Mortals:
    """The program `tests.faults.dying` with these settings; it ends with us, for it reads from us."""

    def __init__(self, settings: Settings) -> None:
        keys = ("stripe_secret_key", "stripe_webhook_secret", "stripe_api_base")
        keys += ("sslcommerz_store", "sslcommerz_password", "sslcommerz_host")
        env = programs.environment(settings) | {key.upper(): getattr(settings, key) for key in keys}
        self._program = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.dying"],
            env=environment(env),
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        assert self._program.stdout
        self._program.stdout.readline()  # it is ready

    def do(self, act: Act, *, now: datetime, **death: Any) -> tuple[int, list[str]]:
        """How a process ended that did this until its death, and, where it lived, what it passed."""
        assert self._program.stdin and self._program.stdout
        order = {"act": act, "now": now.isoformat(), **death}
        print(json.dumps(order), file=self._program.stdin, flush=True)
        passed: list[str] = []
        for line in self._program.stdout:
            said = json.loads(line)
            if "ended" in said:
                return said["ended"], passed
            passed = said["passed"]
        raise AssertionError("The program that is to die has ended as a whole.")

    def end(self) -> None:
        """Nobody has to die any more."""
        assert self._program.stdin
        self._program.stdin.close()
        self._program.wait(10)


@contextmanager
def mortals(settings: Settings) -> Iterator[Mortals]:
    """The program, ended in the end."""
    program = Mortals(settings)
    try:
        yield program
    finally:
        program.end()


def patient(phone: str, name: str) -> Person:
    """Somebody with a proven phone."""
    person = make.person(phone=phone, name=name)
    make.patient(person, name, 30, oneself=True)
    return person


class World:
    """Dr Rokeya's evening in three days with all its servers, and what its people do there."""

    def __init__(self, app: Flask, servers: Servers, mortals: Mortals, patch: pytest.MonkeyPatch) -> None:
        self.app, self.servers, self._mortals = app, servers, mortals
        self.stripe, self.sslcommerz = servers.stripe, servers.sslcommerz
        self.repeats: Any = None  # what comes again after the death: the form, or the gateway's message
        servers.forget()
        self._begin(patch)
        self.doctor = make.person(email="doctor@demo.test", name="Rokeya Begum")
        self.chamber = make.chamber(make.doctor(person_id=self.doctor.id))
        steps.takes_online(self.chamber)
        self.sitting = make.sitting(self.chamber, days=3)
        self.alice, self.bob = patient(people.ALICE, "Alice Akter"), patient(people.BOB, "Bob Barua")
        patch.setitem(app.config, "SETTINGS", servers.known_to(app.config["SETTINGS"]))

    def _begin(self, patch: pytest.MonkeyPatch) -> None:
        """It is the moment that the rows of tests are made by, however long other worlds took; time goes on from there."""
        self._moved, real = timedelta(0), clock.now
        begun = real()
        patch.setattr(clock, "now", lambda: people.NOW + (real() - begun) + self._moved)

    def later(self, time: timedelta) -> None:
        """So much time goes by in which nothing runs."""
        self._moved += time

    def dies(self, act: Act, place: int, when: str) -> tuple[int, list[str]]:
        """What became of a process that did this and was to die there."""
        db.session.rollback()
        return self._mortals.do(act, place=place, when=when, now=clock.now())

    def is_killed(self, act: Act, *, after: float) -> int:
        """What became of a process that did this and was killed so many seconds after it began."""
        db.session.rollback()
        return self._mortals.do(act, seconds=after, now=clock.now())[0]

    def lasts(self, act: Act) -> float:
        """How many seconds a process takes that does this and lives."""
        db.session.rollback()
        began = time.monotonic()
        assert self._mortals.do(act, now=clock.now())[0] == 0
        return time.monotonic() - began

    def heal(self, wait: timedelta = timedelta(0)) -> None:
        """Let sweeps run for 150 s, some of them after this wait."""
        if wait:
            self.sweep()
            self.later(wait)
        for _ in range(HEALED_WITHIN // A_SWEEP_EVERY):
            self.sweep()
            self.later(A_SWEEP_EVERY)
        self.sweep()
        db.session.rollback()

    def sweep(self) -> None:
        """One sweep."""
        with self.app.app_context():  # a sweep forgets its session's rows, and the test goes on with its own
            sweep_once(clock.now())

    # people

    def browser_of(self, person: Person, token: str = "") -> FlaskClient:
        """A browser in which this person is signed in."""
        browser = english(self.app)
        browser.set_cookie("browser", token or f"browser of {person.id}")
        return make.sign_in(browser, person)

    def form(self, browser: FlaskClient, path: str, form_id: str, **values: Any) -> Act:
        """The act that sends a form of a page, filled in; the browser may send the same once more."""
        form = see(browser.get(path)).form(form_id)
        fields = form.fill(**values)
        self.repeats = lambda: browser.post(form.action, data=fields)
        cookies = {name: browser.get_cookie(name) for name in COOKIES}
        header = "; ".join(f"{name}={cookie.value}" for name, cookie in cookies.items() if cookie)
        return Act("post", form.action.partition("#")[0], {"cookies": header, "fields": fields})

    # money

    def message(self, message: Message, hook: str = HOOK) -> Act:
        """The act that tells a gateway's message; the gateway may tell it once more."""
        self.repeats = lambda: self.tell(message, hook)
        return Act("tell", hook, {"headers": message.headers, "body": message.body.decode()})

    def tell(self, message: Message, hook: str = HOOK) -> Any:
        """Tell a gateway's message now."""
        return english(self.app).post(hook, data=message.body, headers=message.headers)

    def begun(self, person: Person, number: int = 12, provider: str = "stripe") -> tuple[Appointment, Attempt]:
        """A number that this person keeps, and its open payment."""
        row = steps.kept(self.sitting, person, number=number, browser=f"browser of {person.id}")
        attempt = steps.begun(row, provider=provider, now=clock.now())
        payments.start(attempt.id, clock.now())
        return again(row), again(attempt)

    def paid(self, person: Person, number: int = 12) -> tuple[Appointment, Attempt]:
        """The same, paid, and told."""
        row, attempt = self.begun(person, number)
        assert self.tell(self.stripe.pay(attempt.token)).status_code == 200
        return again(row), again(attempt)

    def returned(self) -> list[int]:
        """What Stripe sent back, refund by refund."""
        return [refund["amount"] for refund in self.stripe.refunds.values()]

    def days_go_by(self) -> None:
        """SSLCommerz ends what it was asked to send back, and is asked again."""
        self.sslcommerz.let_refunds_end("refunded")
        self.later(timedelta(hours=2))
        self.heal()

    # what must be so in the end

    def is_well(self, *, twice: int | None = 0) -> None:
        """Nothing is stuck or lost, all money is somewhere, and so many letters came a second time: None is one, or none."""
        now = clock.now()
        money.balanced()
        stuck = {
            "attempts": count(Attempt.next_query_at <= now - A_SWEEP_EVERY),
            "refunds": count(Refund.state.in_(("refund_due", "refunding")), Refund.not_before <= now - A_SWEEP_EVERY),
            "failed refunds": count(Refund.state == "refund_failed", Refund.attempt_id.not_in(AT_SSLCOMMERZ)),
            "letters": count(Letter.state.in_(("waiting", "sending")), Letter.due_at <= now - A_SWEEP_EVERY),
            "dead letters": count(Letter.state == "dead"),
        }
        assert {what: how_many for what, how_many in stuck.items() if how_many} == {}
        back = select(Refund.amount).where(Refund.state == "refunded", Refund.attempt_id.not_in(AT_SSLCOMMERZ))
        assert sorted(self.returned()) == sorted(db.session.scalars(back))
        arrived = Counter(str(mail["Message-ID"]) for mail in self.servers.mail.mails)
        arrived += Counter(f"{text.to}: {text.text}" for text in self.servers.sms.texts)
        assert count(Letter.state == "sent") == len(arrived)
        assert sum(arrived.values()) - len(arrived) in ({0, 1} if twice is None else {twice})

    def letters(self) -> Counter[str]:
        """How many letters of each kind there are."""
        return Counter(db.session.scalars(select(Letter.kind)))

    def is_booked(self, row: Appointment) -> None:
        """It is booked and paid, with one receipt and one letter that says so."""
        assert (again(row).status, again(row).paid) == ("booked", steps.PRICE)
        mine = select(Attempt.id).where(Attempt.appointment_id == row.id)
        assert count(Receipt.attempt_id.in_(mine)) == 1
        assert count(Letter.kind == "booked", Letter.about == row.ref, Letter.state == "sent") == 1
        assert count(Refund.appointment_id == row.id, Refund.state != "withdrawn") == 0

    def is_returned(self, row: Appointment, status: str, amount: int = steps.PRICE) -> None:
        """It ended so, and this much went back, once, and is said once."""
        assert again(row).status == status
        back = select(Refund.amount).where(Refund.appointment_id == row.id, Refund.state == "refunded")
        assert db.session.scalars(back).all() == [amount]
        assert count(Letter.kind == "refunded", Letter.about == row.ref, Letter.state == "sent") == 1


def count(*which: Any) -> int:
    """How many rows there are of which this is true."""
    return db.session.scalar(select(func.count()).where(*which)) or 0
