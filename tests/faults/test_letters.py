"""No letter is lost, whatever happens to who sends it and to who takes it (domain.md, invariant 8).

Most letters here are codes for signing in: one form writes one. Their rows are read, because no page shows them.
"""

import os
import signal
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import create_engine, text

from tests.faults.conftest import LONGEST_STORY, Stage
from tests.journeys import booking
from tests.journeys.booking import walker
from tests.journeys.walker import Walker
from tests.patience import PATIENCE
from tests.product import Tree, until

LEASE_AND_SWEEP = 110
SLOW_TO_TAKE, SENT_BY_NOW = 8, 25
SWEEP = 60
CROWD = 16
TURNS = 3
ROW = text("SELECT state, tries, unknown_outcomes, body, fault FROM letter WHERE address = :address")


@dataclass
class Office:
    """A product whose letters are watched, and to whom the one went whose worker was killed."""

    product: Tree
    killed: str = ""

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

    def wait_for(self, address: str, state: str, seconds: float = PATIENCE) -> Any:
        """The letter's row once it has come to this state."""
        until(lambda: self.row(address).state == state, seconds, f"The letter to {address} was not {state}")
        return self.row(address)

    def comes_to(self, address: str, state: str, seconds: float) -> bool:
        """Whether the letter comes to this state in time."""
        try:
            return bool(self.wait_for(address, state, seconds))
        except AssertionError:
            return False

    @property
    def worker(self) -> list[int]:
        """The worker, and its child while it has a job in hand."""
        return self.product.children["worker"]

    def mails(self, address: str) -> list[booking.Mail]:
        """What arrived at this address."""
        return self.product.mails.mails_to(address)


KILLED, CROWDED = "killed-{}@example.org", "crowd-{}@example.org"
REFUSED, LOST, AWAY, SLOW = (f"{name}@example.org" for name in ("refused", "lost", "away", "slow"))
LATE = "+8801812345678"


def send_and_kill(office: Office) -> None:
    """Kill the worker, with the child that sends, while the mail server keeps it waiting."""
    office.product.mails.slow(SLOW_TO_TAKE)
    for turn in range(TURNS):
        until(lambda: len(office.worker) == 1, SWEEP, "The worker was never idle")
        office.killed = KILLED.format(turn)
        office.ask(office.killed)
        office.wait_for(office.killed, "sending")
        for pid in office.worker:
            os.kill(pid, signal.SIGKILL)
        # where it comes, a sweep was faster than a slow machine's worker, and sent it
        if not office.comes_to(office.killed, "sent", SENT_BY_NOW):
            break
    office.product.mails.normal()


def send_to_a_crowd(office: Office) -> None:
    """Ask for so many letters that the worker is behind, and the sweep begins to help."""
    office.product.mails.slow(2)
    visitor = walker(office.product)
    for number in range(CROWD):
        office.ask(CROWDED.format(number), visitor)
    for number in range(CROWD):
        office.wait_for(CROWDED.format(number), "sent", SWEEP)


def hurt_senders(stage: Stage) -> Office:
    """A worker is killed; while its letter's lease runs out, a crowd comes."""
    office = Office(stage.tree())
    send_and_kill(office)
    send_to_a_crowd(office)
    office.wait_for(office.killed, "sent", LEASE_AND_SWEEP)
    return office


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


def hurt_takers(stage: Stage) -> Office:
    """Both who take letters have a bad day."""
    office = Office(stage.tree())
    with ThreadPoolExecutor() as pool:
        for hurt in [pool.submit(hurt_mail, office), pool.submit(hurt_texts, office)]:
            hurt.result()
    return office


STORIES = (hurt_senders, hurt_takers)


@pytest.fixture
def after_hurt_senders(stories: dict[str, Future[Office]]) -> Office:
    return stories["hurt_senders"].result(LONGEST_STORY)


@pytest.fixture
def after_hurt_takers(stories: dict[str, Future[Office]]) -> Office:
    return stories["hurt_takers"].result(LONGEST_STORY)


def test_a_slow_mail_server_gets_a_letter_once(after_hurt_takers: Office) -> None:
    assert len(after_hurt_takers.mails(SLOW)) == 1


def test_a_refused_letter_is_dead_with_its_reason_and_without_its_code(after_hurt_takers: Office) -> None:
    row = after_hurt_takers.row(REFUSED)

    assert (row.state, row.tries, row.body) == ("dead", 1, None)
    assert "550" in row.fault
    assert after_hurt_takers.mails(REFUSED) == []


def test_a_letter_waits_for_a_mail_server_that_is_away(after_hurt_takers: Office) -> None:
    assert after_hurt_takers.row(AWAY).tries >= 2
    assert len(after_hurt_takers.mails(AWAY)) == 1


def test_a_mail_whose_answer_was_lost_comes_twice_with_one_name(after_hurt_takers: Office) -> None:
    arrived = after_hurt_takers.mails(LOST)

    assert len(arrived) == 2
    assert len({(mail["Message-ID"], mail["Date"], mail.text) for mail in arrived}) == 1


def test_a_text_whose_answer_was_lost_is_sent_once_more_and_never_again(after_hurt_takers: Office) -> None:
    texts = after_hurt_takers.product.texts.texts_to(LATE)

    assert len(texts) == 2, "It was retried once."
    assert len(set(texts)) == 1
    assert after_hurt_takers.row(LATE).unknown_outcomes == 2


def test_the_sweep_beside_the_worker_sends_nothing_twice(after_hurt_senders: Office) -> None:
    crowd = [CROWDED.format(number) for number in range(CROWD)]

    assert [len(after_hurt_senders.mails(address)) for address in crowd] == [1] * CROWD
    assert {after_hurt_senders.row(address).tries for address in crowd} == {1}


def test_the_letter_of_a_killed_worker_arrives(after_hurt_senders: Office) -> None:
    arrived = after_hurt_senders.mails(after_hurt_senders.killed)

    assert arrived
    assert len({mail["Message-ID"] for mail in arrived}) == 1
    assert after_hurt_senders.row(after_hurt_senders.killed).tries == 2
