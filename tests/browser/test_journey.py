"""The whole journey with two browsers at once: a patient on a phone, the doctor at a desk.

With scripts and without, in both languages, on both databases. The letter of an acceptance waits sixty seconds for an
undo, so one booking a database is made first, and its letters are read last.
"""

import pytest

from tests.browser import steps
from tests.browser.conftest import Products, Visitors
from tests.browser.visitor import Visitor
from tests.journeys import booking
from tests.journeys.booking import DOCTOR, PATIENT
from tests.product import Product

DATABASES = ("sqlite", "postgresql")
PATIENTS_PHONE = "01700000001"
LETTERS_WAIT = 110


@pytest.fixture(params=DATABASES)
def product(request: pytest.FixtureRequest, products: Products) -> Product:
    return products(request.param)


@pytest.fixture(scope="module", autouse=True)
def accepted(products: Products) -> dict[str, str]:
    """Who is signed in books for her mother, and the doctor accepts, once a database; how the letters of it begin."""
    return {database: booked_by_the_patient(products(database)) for database in DATABASES}


def booked_by_the_patient(product: Product) -> str:
    """A booking of the demo's patient that the doctor has just accepted; how its letters begin."""
    patient = booking.signed_in(product, PATIENT, "bn")
    number = booking.hold(patient).number
    patient.submit("patient", who="new", name="Momena Khatun", age=61, sex="female")
    patient.submit("payment")
    doctor = booking.signed_in(product, DOCTOR)
    doctor.get("/doctor/requests")
    doctor.submit(f"acceptance-{patient.ref}")
    words = booking.said("Serial %(number)s is booked: %(day)s", "bn").partition(":")[0]
    return words % {"number": booking.digits(number, "bn")}


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no-scripts"])
@pytest.mark.parametrize("language", ["bn", "en"])
def test_a_patient_books_the_doctor_accepts_and_both_see_it(
    product: Product, language: str, scripts: bool, visitor_of: Visitors
) -> None:
    patient = visitor_of(product, language=language, scripts=scripts, device="phone")
    doctor = visitor_of(product, language=language, scripts=scripts, device="desktop")
    doctor.sign_in(DOCTOR, "/doctor/requests")

    number, phone, name = the_patient_asks(patient, product)
    ref = patient.ref
    the_doctor_learns_of_it(doctor, ref, name, number)
    asked = product.texts.wait_for(phone, ref)
    the_doctor_accepts(doctor, ref)
    the_patient_finds_it_booked(patient, ref)
    the_patient_cancels_and_takes_it_back(patient, ref)

    assert patient.digits(number) in asked


def the_patient_asks(patient: Visitor, product: Product) -> tuple[int, str, str]:
    """From the search to the ticket of a request; the serial, the phone and the name."""
    steps.find_the_doctor(patient)
    assert patient.path == booking.DOCTORS_PAGE
    number = steps.hold(patient)
    phone = booking.new_phone()
    name = f"Rahima {phone[-4:].translate(booking.LETTERS)}"
    steps.say_who(patient, name=name, phone=phone)
    steps.prove(patient, product, phone)
    assert name in patient.h1
    patient.submit("payment")
    assert patient.path == f"/appointments/{patient.ref}"
    assert patient.digits(number) in patient.h1
    assert patient.state == patient.said("Waiting for the doctor")
    return number, phone, name


def the_doctor_learns_of_it(doctor: Visitor, ref: str, name: str, number: int) -> None:
    """The open inbox says that something came; with scripts the list does not move by itself."""
    doctor.poll("#news")
    if doctor.scripts:
        assert doctor.page.locator(f"#request-{ref}").count() == 0
        assert doctor.digits(1) in doctor.page.locator("#live").inner_text()
        doctor.page.locator("#show-news").click()
    row = doctor.page.locator(f"#request-{ref}")
    row.wait_for()
    assert name in row.inner_text()
    assert doctor.digits(number) in row.inner_text()


def the_doctor_accepts(doctor: Visitor, ref: str) -> None:
    """In the row, which then offers to undo it."""
    doctor.swap(f"acceptance-{ref}")
    doctor.form(f"undo-{ref}").wait_for()
    assert doctor.said("Accepted") in doctor.page.locator(f"#request-{ref}").inner_text()
    assert doctor.path == "/doctor/requests"


def the_patient_finds_it_booked(patient: Visitor, ref: str) -> None:
    """On the ticket and among the alerts."""
    assert patient.reload().state == patient.said("Booked")
    patient.get("/notifications")
    assert patient.page.locator(f'#notices a[href="/appointments/{ref}"]').count() == 2


def the_patient_cancels_and_takes_it_back(patient: Visitor, ref: str) -> None:
    """The ticket offers both."""
    patient.get(f"/appointments/{ref}").click(f'a[href="/appointments/{ref}/cancellation"]')
    patient.submit("cancellation", reason="better")
    assert patient.state == patient.said("Cancelled")
    patient.submit("undo")
    assert patient.state == patient.said("Booked")


@pytest.mark.parametrize("database", DATABASES)
def test_the_answer_comes_by_sms_and_mail_after_a_minute(
    database: str, products: Products, accepted: dict[str, str]
) -> None:
    words, product = accepted[database], products(database)

    product.texts.wait_for(PATIENTS_PHONE, words, LETTERS_WAIT)
    product.mails.wait_for(PATIENT, words, LETTERS_WAIT)

    assert len([text for text in product.texts.texts_to(PATIENTS_PHONE) if words in text]) == 1
    assert len([mail for mail in product.mails.mails_to(PATIENT) if words in mail.subject]) == 1
