"""What people do in a journey, step by step, by what the pages offer."""

import gettext
import itertools
import random
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

from bs4.element import Tag

from doctapp.digits import bangla
from tests.journeys.walker import Walker
from tests.patience import PATIENCE
from tests.people import PASSWORD
from tests.product import ROOT, Product, until
from tests.see import Form, words
from tests.servers.smtp import Mail

DOCTOR, DESK, PATIENT = "doctor@demo.test", "desk@demo.test", "patient@demo.test"
DOCTORS_PAGE = "/doctors/rokeya-begum"
NAMES = {"en": ("rokeya", "Dr Rokeya Begum"), "bn": ("রোকেয়া", "রোকেয়া বেগম")}
DAYS_AHEAD = slice(2, 7)
MAIL_CODE = re.compile(r"(?<![0-9#])[0-9]{5}(?![0-9])")
_phones = itertools.count(random.randrange(1_000_000) * 10)


def new_phone() -> str:
    """A phone that nobody has used."""
    return f"0181{next(_phones):07}"


def digits(number: int, language: str) -> str:
    """A number as the language writes it."""
    return bangla(number) if language == "bn" else str(number)


def said(text: str, language: str) -> str:
    """What the product says for this in a language; English where nothing is translated."""
    catalogue = ROOT / "doctapp" / "translations"
    return gettext.translation("messages", catalogue, [language], fallback=True).gettext(text)


@dataclass(frozen=True)
class Place:
    """A serial as it was chosen on the doctor's page."""

    day: date
    number: int

    @property
    def in_a_subject(self) -> tuple[str, str]:
        """What stands in an English subject."""
        return f"serial {self.number} on", f"{self.day.day} {self.day:%b}"


# Steps of a visitor


def find_the_doctor(visitor: Walker) -> None:
    """Search from the first page, and open the doctor's page from the results."""
    asked, name = NAMES[visitor.language]
    visitor.get("/")
    visitor.submit("search", q=asked)
    assert visitor.path == "/doctors"
    link = next(link for link in visitor.page.links if link.href == DOCTORS_PAGE)
    assert name in link.text
    visitor.get(link.href)


def choose(visitor: Walker) -> Place:
    """Take a free serial of one of the next days at Gomoti Hospital, from the doctor's page."""
    free = [link for link in visitor.page.select("a[id^=day-]") if link.find("s") is None][DAYS_AHEAD]
    for link in random.sample(free, len(free)):
        visitor.get(str(link["href"]))
        here = [form for form in visitor.page.forms if form.id.startswith("place-") and is_at_gomoti(form)]
        if here and here[0].choices("number"):
            number = random.choice(here[0].choices("number"))
            visitor.submit(here[0].id, number=number)
            return Place(date.fromisoformat(str(link["id"]).removeprefix("day-")), int(number))
    raise AssertionError("No serial is free at Gomoti Hospital.")


def is_at_gomoti(form: Form) -> bool:
    """Whether these are the places of the hospital where the demo's clerk works."""
    return any(name in form.text for name in ("Gomoti", "গোমতী"))


def hold(visitor: Walker) -> Place:
    """Open the doctor's page, choose, and come to the question whom it is for."""
    visitor.get(DOCTORS_PAGE)
    place = choose(visitor)
    assert visitor.path.endswith("/patient")
    return place


def say_who(visitor: Walker, name: str, phone: str, **more: str) -> None:
    """Say who comes, and be asked for the code."""
    visitor.submit("patient", name=name, age=34, sex="female", phone=phone, **more)
    assert visitor.path.endswith("/code")


def book(product: Product, *, language: str = "en", name: str = "Rahima Khatun") -> Walker:
    """All of it: from the doctor's page to the ticket of a request, for a phone never seen before."""
    visitor, phone = walker(product, language), new_phone()
    hold(visitor)
    say_who(visitor, name, phone)
    visitor.submit("code", code=product.texts.code_for(phone))
    visitor.submit("payment")
    assert state(visitor) == said("Waiting for the doctor", language)
    return visitor


def walker(product: Product, language: str = "en") -> Walker:
    """A new browser at the first page."""
    return Walker(product.url, language=language, verify=product.verify)


def signed_in(product: Product, email: str, language: str = "en") -> Walker:
    """A browser that signed in by e-mail and password."""
    person = walker(product, language)
    person.get("/login")
    person.submit("login", email=email, password=PASSWORD)
    assert person.page.form("logout")
    return person


def mail_code(product: Product, email: str, wait: float = PATIENCE) -> str:
    """The code of the newest mail to this address."""
    until(lambda: product.mails.mails_to(email), wait, f"No code was mailed to {email}")
    found = MAIL_CODE.search(product.mails.mails_to(email)[-1].text)
    assert found
    return found.group()


# What is seen


def state(visitor: Walker) -> str:
    """The state that the ticket's tag shows."""
    return words(visitor.page.select("#ticket .tag")[0])


def shown(page: Any, ref: str) -> Tag | None:
    """The row of an appointment in the inbox."""
    return next(iter(page.select(f"#request-{ref}")), None)


class Story:
    """One booking of one patient in one language; each part happens when it is first asked for."""

    def __init__(self, product: Product, language: str) -> None:
        self.product, self.language = product, language
        self.patient = walker(product, language)
        self.phone = new_phone()
        self.name = f"Rahima {random.choice('ABCDEFGHKMN')}{self.phone[-4:].translate(LETTERS)}"

    @cached_property
    def place(self) -> Place:
        """A visitor finds the doctor and holds a serial."""
        find_the_doctor(self.patient)
        return choose(self.patient)

    @cached_property
    def ref(self) -> str:
        """The reference of the hold."""
        assert self.place
        return self.patient.ref

    @cached_property
    def requested(self) -> str:
        """The visitor says who, proves the phone, checks and asks; the reference of the ticket."""
        assert self.ref
        say_who(self.patient, self.name, self.phone, reason="Fever for a week")
        self.patient.submit("code", code=self.product.texts.code_for(self.phone))
        assert self.patient.path.endswith("/payment")
        self.patient.submit("payment")
        return self.ref

    @cached_property
    def accepted(self) -> Walker:
        """The doctor accepts it; the doctor's browser."""
        ref = self.requested
        doctor = signed_in(self.product, DOCTOR, self.language)
        doctor.get("/doctor/requests")
        doctor.submit(f"acceptance-{ref}")
        return doctor

    def ticket(self) -> Walker:
        """The patient's browser at the ticket."""
        self.patient.get(f"/appointments/{self.ref}")
        return self.patient

    def calendar(self) -> str:
        """The appointment's calendar file."""
        return self.patient.read(f"/appointments/{self.ref}.ics")

    def mail_to_the_doctor(self, wait: float = PATIENCE) -> Mail:
        """The mail that tells the doctor of this request."""
        return self._mail(lambda mail: all(part in mail.subject for part in self.place.in_a_subject), wait)

    def _mail(self, wanted: Callable[[Mail], bool], wait: float) -> Mail:
        mails = self.product.mails
        until(lambda: any(map(wanted, mails.mails_to(DOCTOR))), wait, f"No mail to {DOCTOR} about {self.place}")
        return next(filter(wanted, mails.mails_to(DOCTOR)))


LETTERS = str.maketrans("0123456789", "abcdefghij")
