"""No letter is lost, whatever happens to who sends it and to who takes it (domain.md, invariant 8).

Most letters here are codes for signing in: one form writes one. Their rows are read, because no page shows them.
"""

import os
import signal
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import create_engine, text

from tests.faults.conftest import Start, Together
from tests.journeys import booking
from tests.journeys.booking import walker
from tests.journeys.walker import Walker
from tests.product import Tree, until

LEASE_AND_SWEEP = 110
SWEEP = 60
CROWD = 16
ROW = text("SELECT state, tries, unknown_outcomes, body, fault FROM letter WHERE address = :address")


@dataclass
class Office:
    """A product whose letters are watched."""

    product: Tree

    def ask(self, address: str, visitor: Walker | None = None) -> None:
        """Ask for a code on the sign-in page."""
        visitor = visitor or walker(self.product)
        visitor.get("/login")
        visitor.submit("login-phone", phone=address)
        assert visitor.path == "/login/code"

    def row(self, address: str) -> Any:
        """The letter to this address as it stands in the database."""
        engine = create_engine(self.product.database_url)
        with engine.connect() as connection:
            row = connection.execute(ROW, {"address": address}).one()
        engine.dispose()
        return row

    def wait_for(self, address: str, state: str, seconds: float = 30) -> Any:
        """The letter's row once it has come to this state."""
        until(lambda: self.row(address).state == state, seconds, f"The letter to {address} was not {state}")
        return self.row(address)

    def mails(self, address: str) -> list[booking.Mail]:
        """What arrived at this address."""
        return self.product.mails.mails_to(address)


@pytest.fixture(scope="module")
def offices(start: Start, together: Together) -> list[Future[Tree]]:
    """Two products, started at the same time."""
    return [together(start), together(start)]


@pytest.fixture(scope="module")
def office(offices: list[Future[Tree]]) -> Office:
    """Where senders are hurt."""
    return Office(offices[0].result())


@pytest.fixture(scope="module")
def other_office(offices: list[Future[Tree]]) -> Office:
    """Where those who take letters have a bad day."""
    return Office(offices[1].result())


KILLED, CROWDED = "killed@example.org", "crowd-{}@example.org"
REFUSED, LOST, AWAY, SLOW = (f"{name}@example.org" for name in ("refused", "lost", "away", "slow"))
LATE = "+8801812345678"


def send_and_kill(office: Office) -> None:
    """Kill the worker, with the child that sends, while the mail server keeps it waiting."""
    office.product.mails.slow(8)
    office.ask(KILLED)
    office.wait_for(KILLED, "sending")
    for pid in office.product.children["worker"]:
        os.kill(pid, signal.SIGKILL)
    office.product.mails.normal()


def send_to_a_crowd(office: Office) -> None:
    """Ask for so many letters that the worker is behind, and the sweep begins to help."""
    office.product.mails.slow(2)
    visitor = walker(office.product)
    for number in range(CROWD):
        office.ask(CROWDED.format(number), visitor)
    for number in range(CROWD):
        office.wait_for(CROWDED.format(number), "sent", SWEEP)


def hurt_senders(office: Office) -> None:
    """A worker is killed; while its letter's lease runs out, a crowd comes."""
    send_and_kill(office)
    send_to_a_crowd(office)
    office.wait_for(KILLED, "sent", LEASE_AND_SWEEP)


def hurt_mail(office: Office) -> None:
    """The mail server is slow, refuses somebody, takes a letter without a word, and is away for a while."""
    mails = office.product.mails
    mails.slow(4)
    office.ask(SLOW)
    office.wait_for(SLOW, "sent", SWEEP)
    mails.normal()
    mails.refuse(550)
    office.ask(REFUSED)
    office.wait_for(REFUSED, "dead", SWEEP)
    mails.normal()
    mails.drop_after_data()
    office.ask(LOST)
    mails.wait_for(LOST, timeout=SWEEP)
    office.wait_for(LOST, "waiting")
    mails.normal()
    mails.down()
    office.ask(AWAY)
    until(lambda: office.row(AWAY).tries >= 1 and office.row(AWAY).state == "waiting", SWEEP)
    mails.up()
    for address in (LOST, AWAY):
        office.wait_for(address, "sent", SWEEP)


def hurt_texts(office: Office) -> None:
    """The SMS gateway takes every text and answers after we hung up."""
    office.product.texts.late(12)
    office.ask(LATE)
    office.wait_for(LATE, "dead", 2 * SWEEP)


@pytest.fixture(scope="module")
def days(office: Office, other_office: Office, together: Together) -> dict[str, Future[None]]:
    """The bad days, all at the same time."""
    hurt = (together(hurt_senders, office), together(hurt_mail, other_office), together(hurt_texts, other_office))
    return dict(zip(("senders", "mail", "texts"), hurt, strict=True))


def test_a_slow_mail_server_gets_a_letter_once(days: dict[str, Future[None]], other_office: Office) -> None:
    days["mail"].result(300)

    assert len(other_office.mails(SLOW)) == 1


def test_a_refused_letter_is_dead_with_its_reason_and_without_its_code(
    days: dict[str, Future[None]], other_office: Office
) -> None:
    days["mail"].result(300)

    row = other_office.row(REFUSED)
    assert (row.state, row.tries, row.body) == ("dead", 1, None)
    assert "550" in row.fault
    assert other_office.mails(REFUSED) == []


def test_a_letter_waits_for_a_mail_server_that_is_away(days: dict[str, Future[None]], other_office: Office) -> None:
    days["mail"].result(300)

    assert other_office.row(AWAY).tries >= 2
    assert len(other_office.mails(AWAY)) == 1


def test_a_text_whose_answer_was_lost_is_sent_once_more_and_never_again(
    days: dict[str, Future[None]], other_office: Office
) -> None:
    days["texts"].result(300)

    texts = other_office.product.texts.texts_to(LATE)
    assert len(texts) == 2, "It was retried once."
    assert len(set(texts)) == 1
    assert other_office.row(LATE).unknown_outcomes == 2


def test_the_sweep_beside_the_worker_sends_nothing_twice(days: dict[str, Future[None]], office: Office) -> None:
    days["senders"].result(300)

    assert [len(office.mails(CROWDED.format(number))) for number in range(CROWD)] == [1] * CROWD
    assert {office.row(CROWDED.format(number)).tries for number in range(CROWD)} == {1}


def test_the_letter_of_a_killed_worker_arrives(days: dict[str, Future[None]], office: Office) -> None:
    days["senders"].result(300)

    arrived = office.mails(KILLED)
    assert arrived
    assert len({mail["Message-ID"] for mail in arrived}) == 1
    assert office.row(KILLED).tries == 2


def test_a_mail_whose_answer_was_lost_comes_twice_with_one_name(
    days: dict[str, Future[None]], other_office: Office
) -> None:
    days["mail"].result(300)

    arrived = other_office.mails(LOST)
    assert len(arrived) == 2
    assert len({(mail["Message-ID"], mail["Date"], mail.text) for mail in arrived}) == 1
