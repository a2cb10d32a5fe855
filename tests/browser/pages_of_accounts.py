"""The part of the walk that passes one's account: ways in, passwords, devices, family, and who read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from tests.browser import steps
from tests.browser.visitor import Visitor
from tests.journeys.booking import PATIENT, new_phone

if TYPE_CHECKING:
    from tests.browser.pages import Walk

Seen = tuple[str, Visitor]
FIRST, SECOND, COMMON = "green mango tree", "seven quiet rivers", "1234567890"


class AccountPages:
    """The pages of somebody who registers, of somebody with only a phone, and of a family."""

    def __init__(self, walk: Walk) -> None:
        self.walk, self.product, self.rows = walk, walk.product, walk.rows
        self.email, self.phone = steps.new_address(), new_phone()
        self.somebody = walk.person()

    def __iter__(self) -> Iterator[Seen]:
        for part in (self.registering, self.forgetting, self.account, self.ways, self.devices, self.family, self.kin):
            yield from part()

    def registering(self) -> Iterator[Seen]:
        """To the mailed link, which is opened elsewhere first, and then once more."""
        elsewhere = self.walk.person()
        yield "register", self.somebody.get("/register")
        yield "register-error", self.somebody.submit("register", email="nobody", phone="12", password=COMMON)
        self.somebody.submit("register", name="Rahima Khatun", email=self.email, phone=self.phone, password=FIRST)
        yield "registered", self.somebody
        link = steps.mailed_link(self.product, self.email, "/email/")
        yield "verify-elsewhere", elsewhere.get(link)
        yield "verify-elsewhere-error", elsewhere.submit("email", password=SECOND)
        yield "home-verified", elsewhere.submit("email", password=FIRST)
        yield "verify-again", self.somebody.get(link)

    def forgetting(self) -> Iterator[Seen]:
        """To the mailed link, which works once and signs in."""
        yield "forgot", self.somebody.get("/password/forgot")
        yield "forgot-error", self.somebody.submit("forgot", email="nobody")
        yield "forgot-sent", self.somebody.submit("forgot", email=self.email)
        link = steps.mailed_link(self.product, self.email, "/password/reset/")
        yield "reset", self.somebody.get(link)
        yield "reset-error", self.somebody.submit("reset", password=COMMON)
        yield "reset-used", self.somebody.submit("reset", password=SECOND).get(link)

    def account(self) -> Iterator[Seen]:
        """One's account with everything wrong, and the question whether it is still oneself."""
        yield "account-error", self.somebody.get("/account").submit("account", name="", phone="12", email="")
        yield "claims-without-a-phone", self.somebody.get("/account/family/claims")
        self.rows.let_the_proof_grow_old(self.email)
        yield "account-again-first", self.somebody.get("/account").submit("account", phone=self.phone)
        yield "again", self.somebody.get("/account/ways")
        yield "again-error", self.somebody.submit("again", password=FIRST)
        yield "again-code", self.somebody.get("/account/ways").submit("again-code")
        self.somebody.get("/account/ways").submit("again", password=SECOND)

    def ways(self) -> Iterator[Seen]:
        """Another way in, one that is one's own other account's, and numbers that nobody proved for a year."""
        yield "ways", self.somebody
        yield "ways-error", self.somebody.submit("way", way="12")
        yield "way-code", self.somebody.submit("way", way=self.phone)
        yield "way-code-error", self.somebody.submit("code", code="12")
        self.somebody.submit("code", code=steps.texted_code(self.product, self.phone))
        self.rows.let_a_year_pass(self.phone)
        yield "ways-added", self.somebody.reload()
        yield "joining", self.joining(new_phone())
        yield "again-by-nothing", self.with_an_old_number(new_phone())

    def joining(self, phone: str) -> Visitor:
        """The question after a phone was proven that opens another account."""
        code = steps.sign_in_by_code(self.walk.person(), self.product, phone)
        self.rows.let_the_code_grow_old(phone)
        self.somebody.submit("way", way=phone)
        return self.somebody.submit("code", code=steps.texted_code(self.product, phone, not_this=code))

    def with_an_old_number(self, phone: str) -> Visitor:
        """The account of who signed in by a number that nobody proved for a year."""
        visitor = self.walk.person()
        code = steps.sign_in_by_code(visitor, self.product, phone)
        visitor.submit("logout")
        self.rows.let_the_code_grow_old(phone)
        self.rows.let_a_year_pass(phone)
        steps.sign_in_by_code(visitor, self.product, phone, not_this=code)
        return visitor.get("/account")

    def devices(self) -> Iterator[Seen]:
        """Remembered and not, and the password, which ends what is open elsewhere."""
        remembered = self.walk.person(device="desktop")
        yield "devices-none", self.somebody.get("/account/devices")
        remembered.get("/login").submit("login", email=self.email, password=SECOND, remember=True)
        yield "devices", remembered.get("/account/devices")
        yield "password", remembered.get("/account/password")
        yield "password-error", remembered.submit("password", current=FIRST, password=COMMON)

    def family(self) -> Iterator[Seen]:
        """The family of somebody with only a phone of their own, from nobody on."""
        newcomer, father = self.walk.person(), {"name": "Abdul Karim", "sex": "male"}
        steps.sign_in_by_code(newcomer, self.product, new_phone(), remember=True)
        yield "devices-own-phone", newcomer.get("/account/devices")
        yield "password-without-an-address", newcomer.get("/account/password")
        yield "access-nobody", newcomer.get("/account/access")
        yield "family-error", newcomer.get("/account/family").submit("relative", name="", age=200)
        yield "family-added", newcomer.submit("relative", age=62, **father)
        yield "family-near-match", newcomer.submit("relative", age=55, **father)
        yield "claims", newcomer.get("/account/family/claims")
        yield "claims-nothing", newcomer.submit("claim", age=62, **father)

    def kin(self) -> Iterator[Seen]:
        """A family of whom some have appointments ahead, and who read one."""
        rahima = self.walk.person().sign_in(PATIENT)
        yield "account", rahima.get("/account")
        yield "family", rahima.get("/account/family")
        for name in ("Abdul Karim", "Ayaan"):
            rahima.get("/account/family").click(rahima.page.get_by_role("link", name=name))
            yield f"relative-{name.partition(' ')[0].lower()}", rahima
        yield "relative-error", rahima.submit("relative", name="", age=200)
        yield "access", self.walk.patient.get("/account/access")
