"""The main journey over the started product: a visitor books, the doctor decides, the patient is told.

Nothing here looks into the database: codes come from the SMS gateway, mail from the SMTP server, states from pages.
The letter of an acceptance waits sixty seconds for an undo, so what waits for it stands last, and waits once.
"""

import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.journeys import booking
from tests.journeys.booking import DESK, DOCTOR, PATIENT, Story, digits, said, shown, signed_in, state, walker
from tests.product import Product, Server, Tree, drop, seeded, stop_all
from tests.servers import postgres

PRODUCTS = ("sqlite", "postgresql", "procfile")
JOURNEYS = [(name, language) for name in PRODUCTS[:2] for language in ("en", "bn")] + [("procfile", "bn")]
LETTERS_WAIT = 100
Made = Callable[[str], Product]
Told = Callable[[str, str], Story]


@pytest.fixture(scope="module")
def products(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Made]:
    """The products by name; all of them start at the same time, and each is waited for when it is asked for."""
    postgres.postgres_url()
    with ThreadPoolExecutor() as pool:
        starting = {name: pool.submit(started, name, tmp_path_factory.mktemp(name)) for name in PRODUCTS}
        yield lambda name: starting[name].result()
        running = [start.result() for start in starting.values() if not start.exception()]
        stop_all(running)
    for product in running:
        drop(product.database_url)


def started(name: str, folder: Path) -> Product:
    """The product of this name, which serves."""
    if name == "procfile":
        return Server(folder, database_url=postgres.new_database(postgres.postgres_url())).__enter__()
    return Tree(folder, database_url=seeded(name, folder)).__enter__()


@pytest.fixture(scope="module")
def stories(products: Made) -> Told:
    """The booking of each product and language, which all tests go on with."""
    told: dict[tuple[str, str], Story] = {}
    return lambda name, language: told.setdefault((name, language), Story(products(name), language))


@pytest.fixture(params=JOURNEYS, ids="-".join)
def story(request: pytest.FixtureRequest, stories: Told) -> Story:
    return stories(*request.param)


@pytest.fixture(params=PRODUCTS)
def product(request: pytest.FixtureRequest, products: Made) -> Product:
    return products(request.param)


def test_a_visitor_requests_a_serial_and_it_is_not_booked_yet(story: Story) -> None:
    ref = story.requested

    assert story.patient.path == f"/appointments/{ref}"
    assert state(story.patient) == said("Waiting for the doctor", story.language)
    assert digits(story.place.number, story.language) in story.patient.page.h1
    assert "STATUS:TENTATIVE" in story.calendar()


def test_the_doctor_is_told_by_mail_and_finds_the_request_with_its_name_and_serial(story: Story) -> None:
    ref = story.requested
    mail = story.mail_to_the_doctor()
    doctor = signed_in(story.product, DOCTOR, story.language)
    doctor.get("/doctor/requests")

    row = shown(doctor.page, ref)
    assert row is not None
    assert story.name in row.get_text()
    assert digits(story.place.number, story.language) in row.get_text()
    assert f"{story.product.url}/doctor/requests" in mail.text


def test_the_clinics_clerk_finds_the_request_too(story: Story) -> None:
    ref = story.requested
    clerk = signed_in(story.product, DESK, story.language)
    clerk.get("/doctor/requests")

    assert shown(clerk.page, ref) is not None
    assert clerk.page.form(f"acceptance-{ref}")


def test_the_doctor_accepts_and_the_ticket_says_booked(story: Story) -> None:
    doctor = story.accepted

    assert said("Accepted", story.language) in doctor.page.alert
    assert state(story.ticket()) == said("Booked", story.language)
    assert "STATUS:CONFIRMED" in story.calendar()


def test_the_patient_finds_it_in_the_alerts_at_once(story: Story) -> None:
    assert story.accepted
    link = f"/appointments/{story.ref}"
    story.patient.get("/notifications")

    told = [found for found in story.patient.page.links if found.href == link]
    assert len(told) == 2, "One alert tells of the request, one of the booking."


def test_a_doctor_declines_with_a_reason_and_undoes_it(product: Product) -> None:
    patient = booking.book(product)
    doctor, ref = signed_in(product, DOCTOR), patient.ref
    doctor.get("/doctor/requests")

    doctor.submit(f"refusal-{ref}", reason="no_time")
    assert state(see_again(patient)) == "Declined"
    assert "I have no time left that day" in patient.page

    doctor.submit(f"undo-{ref}")
    assert state(see_again(patient)) == "Waiting for the doctor"
    assert doctor.page.form(f"acceptance-{ref}")


def test_a_refusal_without_a_reason_changes_nothing(products: Made) -> None:
    product = products("sqlite")
    patient = booking.book(product)
    doctor, ref = signed_in(product, DOCTOR), patient.ref
    doctor.get("/doctor/requests")

    doctor.submit(f"refusal-{ref}", status=422)

    assert "Choose a reason" in doctor.page.errors
    assert state(see_again(patient)) == "Waiting for the doctor"


def test_a_patient_cancels_and_undoes_it(product: Product) -> None:
    patient = booking.book(product)
    patient.click("Cancel this appointment")

    patient.submit("cancellation", reason="better")
    assert state(patient) == "Cancelled"
    assert "STATUS:CANCELLED" in patient.read(f"/appointments/{patient.ref}.ics")

    patient.submit("undo")
    assert state(patient) == "Waiting for the doctor"


def test_a_stranger_with_the_reference_sees_the_state_and_no_name(products: Made) -> None:
    product = products("postgresql")
    patient, stranger = booking.book(product, name="Shahnaz Parvin"), walker(product)

    stranger.get(f"/appointments/{patient.ref}")

    assert state(stranger) == "Waiting for the doctor"
    assert "Shahnaz" not in stranger.page


def test_after_the_sign_out_a_copied_cookie_opens_nothing(product: Product) -> None:
    person = signed_in(product, PATIENT)
    thief = person.copied()
    thief.get("/appointments")
    assert thief.path == "/appointments"

    person.submit("logout")

    thief.get("/appointments")
    assert (thief.path, thief.statuses) == ("/login", [303, 200])
    assert not thief.page.select("#logout")


def test_a_person_signs_in_by_a_code_that_comes_by_mail(product: Product) -> None:
    person = walker(product)
    person.get("/login")
    person.submit("login-phone", phone=PATIENT)
    person.submit("code", code=booking.mail_code(product, PATIENT))

    person.get("/appointments")
    assert person.path == "/appointments"
    assert person.page.form("logout")


def test_who_is_signed_in_books_for_a_relative_without_any_code(product: Product) -> None:
    person = signed_in(product, PATIENT)
    texts_before = len(product.texts.texts_to("01700000001"))
    booking.hold(person)
    person.submit("patient", who="new", name="Momena Khatun", age=61, sex="female")
    assert person.path.endswith("/payment")
    person.submit("payment")

    assert state(person) == "Waiting for the doctor"
    assert "Momena Khatun" in person.page
    assert not [text for text in product.texts.texts_to("01700000001")[texts_before:] if "code" in text]


def test_a_hold_goes_on_after_the_browser_was_closed(product: Product) -> None:
    visitor, phone = walker(product), booking.new_phone()
    booking.hold(visitor)
    ref = visitor.ref
    booking.say_who(visitor, "Kamal Hossain", phone)
    code = product.texts.code_for(phone)

    back = visitor.reopened()
    back.get(f"/appointments/{ref}/patient")
    assert back.page.form("patient").fields["name"] == "Kamal Hossain"
    back.get(f"/appointments/{ref}/code")
    back.submit("code", code=code)
    back.submit("payment")

    assert state(back) == "Waiting for the doctor"


def test_a_session_does_not_outlive_the_browser(products: Made) -> None:
    product = products("sqlite")
    person = signed_in(product, PATIENT).reopened()

    person.get("/appointments")

    assert person.path == "/login"


def test_behind_tls_cookies_are_bound_to_this_host_and_no_sandbox_is_there(products: Made) -> None:
    product = products("procfile")
    patient = booking.book(product)

    assert product.url.startswith("https://")
    assert patient.cookies == {"lang", "__Host-session", "__Host-browser"}
    walker(product).get("/sandbox/letters", status=404)


def test_the_answer_comes_by_sms_after_a_minute(story: Story) -> None:
    assert story.accepted

    text = story.product.texts.wait_for(story.phone, answer(story), LETTERS_WAIT)

    assert story.ref in text
    answers = [one for one in story.product.texts.texts_to(story.phone) if answer(story) in one]
    assert len(answers) == 1


def answer(story: Story) -> str:
    """How the SMS of an acceptance begins."""
    words = said("Serial %(number)s is booked: %(day)s, come by %(time)s. %(ref)s", story.language)
    return re.split(r"[:%]", words.replace("%(number)s", digits(story.place.number, story.language)))[0]


def see_again(patient: booking.Walker) -> booking.Walker:
    """The patient's browser at the ticket, as it is now."""
    patient.get(f"/appointments/{patient.ref}")
    return patient
