"""Redis is disposable: stopped, hung or flushed, people book and all letters go out (domain.md, invariant 9)."""

import os
import signal
import time
from concurrent.futures import Future
from dataclasses import dataclass, field

import pytest

from tests.faults.conftest import LONGEST_STORY, Stage
from tests.journeys import booking
from tests.journeys.booking import DOCTOR, PATIENT, Place, signed_in, state, walker
from tests.patience import PATIENCE
from tests.product import Tree, until
from tests.servers.redis import RedisServer

A_MINUTE = 60
A_PAGE = 5.0


@dataclass
class Day:
    """A day on which Redis was not there: what a new patient went through."""

    product: Tree
    redis: RedisServer
    place: Place | None = None
    seconds_to_the_code: float = 0.0
    slowest_page: float = 0.0
    state: str = ""
    codes: list[str] = field(default_factory=list)

    def book(self) -> None:
        """A phone never seen before books from the first page to the request."""
        patient, phone = walker(self.product), booking.new_phone()
        self.place = booking.hold(patient)
        booking.say_who(patient, "Rahima Khatun", phone)
        self.wait_for_the_code(phone)
        patient.submit("code", code=self.codes[-1])
        patient.submit("payment")
        self.slowest_page, self.state = patient.slowest, state(patient)

    def wait_for_the_code(self, phone: str) -> None:
        """Wait until the code is there."""
        began = time.monotonic()
        self.codes.append(self.product.texts.code_for(phone, A_MINUTE + PATIENCE))
        self.seconds_to_the_code = time.monotonic() - began

    def wait_for_the_doctors_mail(self) -> None:
        """Wait until the doctor was told of the request."""
        assert self.place
        parts = self.place.in_a_subject
        until(lambda: any(all(part in mail.subject for part in parts) for mail in self.mails()), A_MINUTE, "No mail")

    def mails(self) -> list[booking.Mail]:
        """What the doctor was mailed."""
        return self.product.mails.mails_to(DOCTOR)


def stopped(stage: Stage) -> Day:
    """Redis was never there: the product started without it."""
    redis = stage.redis()
    redis.stop()
    day = Day(stage.tree(REDIS_URL=redis.url), redis)
    day.book()
    day.wait_for_the_doctors_mail()
    return day


def hung(stage: Stage) -> Day:
    """Redis answers nothing, and keeps its connections open."""
    redis = stage.redis()
    day = Day(stage.tree(REDIS_URL=redis.url), redis)
    redis.hang()
    try:
        day.book()
    finally:
        redis.wake()
    day.wait_for_the_doctors_mail()
    return day


def flushed(stage: Stage) -> Day:
    """The worker is busy elsewhere, one letter in its hand and one in the queue, and Redis forgets both."""
    redis = stage.redis()
    day = Day(stage.tree(REDIS_URL=redis.url), redis)
    worker = day.product.children["worker"][0]
    os.kill(worker, signal.SIGSTOP)
    patient, phone = walker(day.product), booking.new_phone()
    patient.get("/login")
    patient.submit("login-phone", phone=PATIENT)
    day.place = booking.hold(patient)
    booking.say_who(patient, "Rahima Khatun", phone)
    assert redis.client().llen("rq:queue:letters") >= 1
    redis.flush()
    os.kill(worker, signal.SIGCONT)
    day.wait_for_the_code(phone)
    patient.submit("code", code=day.codes[-1])
    patient.submit("payment")
    day.slowest_page, day.state = patient.slowest, state(patient)
    day.wait_for_the_doctors_mail()
    booking.mail_code(day.product, PATIENT)
    return day


STORIES = (stopped, hung, flushed)


@pytest.fixture(params=["flushed", "hung", "stopped"])
def day(request: pytest.FixtureRequest, stories: dict[str, Future[Day]]) -> Day:
    return stories[request.param].result(LONGEST_STORY)


def test_a_phone_never_seen_before_gets_its_code_within_a_minute_and_books(day: Day) -> None:
    assert day.state == "Waiting for the doctor"
    assert day.seconds_to_the_code <= A_MINUTE


def test_pages_answer_as_on_any_day(day: Day) -> None:
    assert day.slowest_page < A_PAGE


def test_the_doctor_decides_and_the_patients_page_shows_it(day: Day) -> None:
    patient = signed_in(day.product, PATIENT)
    booking.hold(patient)
    patient.submit("patient", who="new", name="Momena Khatun", age=61, sex="female")
    patient.submit("payment")
    doctor = signed_in(day.product, DOCTOR)
    doctor.get("/doctor/requests")

    doctor.submit(f"acceptance-{patient.ref}")

    patient.get(f"/appointments/{patient.ref}")
    assert state(patient) == "Booked"


def test_the_doctor_was_mailed_once(day: Day) -> None:
    assert day.place
    told = [mail for mail in day.mails() if all(part in mail.subject for part in day.place.in_a_subject)]
    assert len({mail["Message-ID"] for mail in told}) == len(told) == 1


def test_once_redis_is_back_letters_are_fast_again(stories: dict[str, Future[Day]]) -> None:
    day = stories["stopped"].result(LONGEST_STORY)
    day.redis.start()
    assert day.product.process
    day.product.process.wait_for("listens on")
    time.sleep(5)  # after an error the bell is silent for so long

    assert any(is_fast(day.product, f"fast-{number}@example.org") for number in range(3))


def is_fast(product: Tree, address: str) -> bool:
    """Whether a code comes before the sweep would send it."""
    person = walker(product)
    person.get("/login")
    person.submit("login-phone", phone=address)
    try:
        return bool(booking.mail_code(product, address, wait=4))
    except AssertionError:
        return False
