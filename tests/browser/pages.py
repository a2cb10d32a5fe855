"""A walk past every kind of page, in every state a person may find it in; whoever calls looks at each on the way."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from tests.browser import steps
from tests.browser.pages_of_accounts import AccountPages
from tests.browser.pages_of_changes import changing
from tests.browser.pages_of_money import paying
from tests.browser.rows import Rows
from tests.browser.visitor import Visitor
from tests.journeys.booking import DESK, DOCTOR, DOCTORS_PAGE, PATIENT, new_phone
from tests.product import Product

Seen = tuple[str, Visitor]
NOBODY = {"en": "xylophone", "bn": "জলতরঙ্গ"}
OPEN = {
    "home": "/",
    "search": "/doctors",
    "search-one": "/doctors?q=rokeya",
    "search-filtered": "/doctors?specialty=heart&sort=soonest",
    "search-wrong-filter": "/doctors?area=nowhere&day=2020-01-01",
    "doctor": DOCTORS_PAGE,
    "doctor-full": "/doctors/anisur-rahman",
    "doctor-on-leave": "/doctors/goutam-barua",
    "doctor-no-hours": "/doctors/sharmin-sultana",
    "doctor-two-chambers": "/doctors/tahmina-akter",
    "doctor-long-name": "/doctors/abul-fazal-mohammad-shamsuddoha-khandaker-mahbubur-rahman-khan",
    "specialties": "/specialties",
    "help": "/help",
    "find-ticket": "/ticket",
    "sign-in": "/login",
    "error-404": "/nowhere",
    "letters": "/sandbox/letters",
}
# What time and the desk make of an appointment; the rest is walked to.
LATER = ("lapsed", "arrived", "called", "in_consultation", "completed", "no_show", "left", "elapsed", "expired")
EXPECTED = ("was answered 4", "net::ERR_ABORTED")


@dataclass
class Walk:
    """One language's walk over a running product; `come` brings in a person."""

    product: Product
    come: Callable[..., Visitor]
    language: str
    rows: Rows = field(init=False)

    def __post_init__(self) -> None:
        self.rows = Rows(self.product)

    def __iter__(self) -> Iterator[Seen]:
        for part in (self.open_pages, self.booking, self.deciding, self.lives, self.signed_in, self.inboxes):
            yield from part()
        yield from AccountPages(self)
        yield from changing(self)
        yield from paying(self)

    def person(self, **how: Any) -> Visitor:
        """Somebody who reads this language and is shown refusals on purpose."""
        return self.come(self.product, language=self.language, **how).forgive(*EXPECTED)

    def open_pages(self) -> Iterator[Seen]:
        """What anybody may open."""
        visitor = self.person()
        for name, path in OPEN.items():
            yield name, visitor.get(path)
        yield "search-empty", visitor.get(f"/doctors?q={NOBODY[self.language]}")
        visitor.get(DOCTORS_PAGE).page.locator("summary").first.click()
        yield "doctor-another-day", visitor
        yield "sign-in-error", visitor.get("/login").submit("login", email="nobody@demo.test", password="wrong")
        yield "sign-in-code-error", visitor.get("/login").submit("login-phone", phone="12")
        yield "no-choice", visitor.get(DOCTORS_PAGE).click(without_a_choice(visitor))

    def booking(self) -> Iterator[Seen]:
        """Each step of a booking, right and wrong, and what becomes of a hold."""
        visitor = self.person()
        steps.hold(visitor.get(DOCTORS_PAGE))
        self.ref = visitor.ref
        yield "patient", visitor
        yield "patient-error", visitor.submit("patient")
        self.phone = steps.say_who(visitor)
        yield "code", visitor
        yield "code-error", visitor.submit("code", code="12")
        yield "code-again-too-soon", visitor.submit("resend")
        yield "ran-out", self.ran_out(visitor)
        visitor.click("main form button")
        self.ref = visitor.ref
        stranger = self.person()
        yield "held-by-another", stranger.get(f"/appointments/{self.ref}/patient")
        yield "ticket-held-stranger", stranger.get(f"/appointments/{self.ref}")
        yield "taken", self.taken(visitor)
        visitor.get(f"/appointments/{self.ref}/code")
        steps.prove(visitor, self.product, self.phone)
        yield "check", visitor
        yield "ticket-held", visitor.get(f"/appointments/{self.ref}")
        visitor.get(f"/appointments/{self.ref}/payment").submit("payment")
        yield "ticket-just-requested", visitor
        yield "ticket-requested", visitor.get(f"/appointments/{self.ref}")
        yield "ticket-requested-stranger", stranger.get(f"/appointments/{self.ref}")
        yield "bookings-one", visitor.get("/appointments")
        yield "home-signed-in-one", visitor.get("/")
        self.patient = visitor

    def ran_out(self, visitor: Visitor) -> Visitor:
        """The page of a hold that ran out."""
        self.rows.let_the_hold_run_out(self.ref)
        return visitor.get(f"/appointments/{self.ref}/payment")

    def taken(self, holder: Visitor) -> Visitor:
        """The page of somebody whose serial another one took a moment before."""
        slower = self.person()
        steps.choose_a_day(slower.get(DOCTORS_PAGE))
        number = steps.choose_a_serial(slower)
        quicker = self.person().get(slower.page.url)
        quicker.page.locator(f"{steps.PLACES} >> nth=0 >> [name=number][value='{number}']").check()
        quicker.click(f"{steps.PLACES} >> nth=0 >> button")
        return slower.click(f"{steps.PLACES} >> nth=0 >> button")

    def deciding(self) -> Iterator[Seen]:
        """The inbox, each answer in it, and what the patient finds."""
        doctor, clerk = self.person(device="desktop"), self.person(device="desktop")
        acceptance, refusal = f"acceptance-{self.ref}", f"refusal-{self.ref}"
        yield "inbox", doctor.sign_in(DOCTOR, "/doctor/requests")
        clerk.sign_in(DESK, "/doctor/requests")
        yield "ticket-requested-doctor", doctor.get(f"/appointments/{self.ref}")
        doctor.get("/doctor/requests").page.locator(f"#request-{self.ref} summary").click()
        yield "inbox-declining", doctor
        doctor.swap(refusal).page.locator(f"#request-{self.ref} .errsum").wait_for()
        yield "inbox-no-reason", doctor
        doctor.swap(refusal, reason="no_time").form(f"undo-{self.ref}").wait_for()
        yield "inbox-declined", doctor
        yield "ticket-declined", self.patient.get(f"/appointments/{self.ref}")
        doctor.swap(f"undo-{self.ref}").form(acceptance).wait_for()
        doctor.swap(acceptance).form(f"undo-{self.ref}").wait_for()
        yield "inbox-accepted", doctor
        clerk.swap(acceptance).form(acceptance).wait_for(state="detached")
        yield "inbox-decided-by-another", clerk
        yield "ticket-booked", self.patient.get(f"/appointments/{self.ref}")
        yield "ticket-booked-desk", clerk.get(f"/appointments/{self.ref}")
        yield "cancellation", self.patient.get(f"/appointments/{self.ref}/cancellation")
        yield "ticket-cancelled", self.patient.submit("cancellation", reason="better")
        yield "cancellation-again", self.patient.get(f"/appointments/{self.ref}/cancellation")
        yield "ticket-undone", self.patient.get(f"/appointments/{self.ref}").submit("undo")

    def lives(self) -> Iterator[Seen]:
        """The ticket in the states that take days to come."""
        for status in LATER:
            self.rows.set(self.ref, status=status)
            yield f"ticket-{status.replace('_', '-')}", self.patient.get(f"/appointments/{self.ref}")
        self.rows.set(self.ref, status="completed")

    def signed_in(self) -> Iterator[Seen]:
        """What belongs to a person: of one who has much, and of one who has nothing yet."""
        rahima, new, phone = self.person(), self.person(), new_phone()
        self.rows.let_nothing_be_read(PATIENT)
        yield "home-signed-in", rahima.sign_in(PATIENT)
        yield "bookings", rahima.get("/appointments")
        yield "bookings-past", rahima.get("/appointments?view=past")
        yield "notifications", rahima.get("/notifications")
        rahima.swap("reading").page.locator("#notices [role=alert]").wait_for()
        yield "notifications-read", rahima
        steps.hold(rahima.get(DOCTORS_PAGE))
        yield "patient-of-a-family", rahima
        yield "bookings-unfinished", rahima.get("/appointments")
        yield "sign-in-code", new.get("/login").submit("login-phone", phone=phone)
        yield "sign-in-wrong-code", new.submit("code", code="12")
        yield "home-signed-in-empty", new.submit("code", code=self.product.texts.code_for(phone))
        yield "bookings-empty", new.get("/appointments")
        yield "bookings-past-empty", new.get("/appointments?view=past")
        yield "notifications-empty", new.get("/notifications")
        yield "error-403", new.get("/doctor/requests")

    def inboxes(self) -> Iterator[Seen]:
        """The inbox with forty requests, with one, and with none."""
        crowded = self.person(device="desktop", cookies=self.rows.session_of("farzana-haque"))
        yield "inbox-forty", crowded.get("/doctor/requests")
        yield "inbox-one", self.person(device="desktop").sign_in("karim@demo.test", "/doctor/requests")
        idle = self.person(device="desktop", cookies=self.rows.session_of("goutam-barua"))
        yield "inbox-empty", idle.get("/doctor/requests")
        yield "notifications-doctor", self.person(device="desktop").sign_in(DOCTOR, "/notifications")


def without_a_choice(visitor: Visitor) -> str:
    """Take the chosen serial back, as an old browser may; what to click then."""
    form = visitor.page.locator("form[id^=place-]").first
    form.locator("[name=number]:checked").evaluate("radio => { radio.checked = false }")
    return "form[id^=place-] >> nth=0 >> button"
