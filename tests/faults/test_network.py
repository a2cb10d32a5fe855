"""The network is cut after a form went out: sent again, as people do, it has one effect (domain.md, invariant 6)."""

from collections.abc import Iterator
from typing import Any

import pytest
import requests

from tests.journeys import booking
from tests.journeys.booking import DOCTOR, DOCTORS_PAGE, shown, signed_in, state
from tests.journeys.walker import Walker
from tests.people import PASSWORD
from tests.product import Tree, until
from tests.servers.proxy import CuttingProxy


@pytest.fixture
def line(product: Tree) -> Iterator[CuttingProxy]:
    """The line between the browser and the product."""
    with CuttingProxy(product.port) as line:
        yield line


@pytest.fixture
def visitor(line: CuttingProxy) -> Walker:
    """A browser at the end of the line."""
    return Walker(line.url)


def submit_twice(visitor: Walker, line: CuttingProxy, form_id: str, **values: Any) -> None:
    """Send a form, lose the answer, and send the very same again."""
    lost = line.lost
    line.cut_after_request()
    with pytest.raises(requests.ConnectionError):
        visitor.submit(form_id, **values)
    assert line.lost == lost + 1
    line.normal()
    visitor.submit(form_id, **values)


def at_the_code(visitor: Walker, product: Tree) -> str:
    """A visitor who holds a serial and was sent a code; the phone."""
    phone = booking.new_phone()
    booking.hold(visitor)
    booking.say_who(visitor, "Rahima Khatun", phone)
    product.texts.code_for(phone)
    return phone


def test_a_place_is_held_once(visitor: Walker, line: CuttingProxy) -> None:
    visitor.get("/login")  # which gives the browser its cookie
    visitor.get(DOCTORS_PAGE)
    form = next(form for form in visitor.page.forms if form.id.startswith("place-"))

    submit_twice(visitor, line, form.id)

    ref = visitor.ref
    assert visitor.path == f"/appointments/{ref}/patient"
    visitor.get(DOCTORS_PAGE)
    again = next(one for one in visitor.page.forms if one.id == form.id)
    assert form.fields["number"] not in again.choices("number")


def test_one_code_is_sent(visitor: Walker, line: CuttingProxy, product: Tree) -> None:
    phone = booking.new_phone()
    booking.hold(visitor)
    submit_twice(visitor, line, "patient", name="Rahima Khatun", age=34, sex="female", phone=phone)

    visitor.submit("code", code=product.texts.code_for(phone))

    assert visitor.path.endswith("/payment")
    assert len(product.texts.texts_to(phone)) == 1


def test_the_right_code_again_signs_in(visitor: Walker, line: CuttingProxy, product: Tree) -> None:
    phone = at_the_code(visitor, product)

    submit_twice(visitor, line, "code", code=product.texts.code_for(phone))

    assert visitor.path.endswith("/payment")


def test_one_request_is_made_and_the_doctor_is_told_once(visitor: Walker, line: CuttingProxy, product: Tree) -> None:
    phone = booking.new_phone()
    place = booking.hold(visitor)
    booking.say_who(visitor, "Rahima Khatun", phone)
    visitor.submit("code", code=product.texts.code_for(phone))

    submit_twice(visitor, line, "payment")

    assert state(visitor) == "Waiting for the doctor"
    ref = visitor.ref
    until(lambda: mails_about(product, place))
    visitor.get("/notifications")
    assert [link.href for link in visitor.page.links].count(f"/appointments/{ref}") == 1
    assert len(mails_about(product, place)) == 1


def test_one_acceptance_is_made_and_the_doctor_sees_that_it_was_made(
    visitor: Walker, line: CuttingProxy, product: Tree
) -> None:
    ref = booking.book(product).ref
    visitor.get("/login")
    visitor.submit("login", email=DOCTOR, password=PASSWORD)
    visitor.get("/doctor/requests")
    line.cut_after_request()
    with pytest.raises(requests.ConnectionError):
        visitor.submit(f"acceptance-{ref}")
    line.normal()

    visitor.submit(f"acceptance-{ref}", status=409)

    assert "Accepted" in visitor.page
    assert visitor.page.form(f"undo-{ref}")


def test_one_cancellation_is_made(visitor: Walker, line: CuttingProxy, product: Tree) -> None:
    phone = at_the_code(visitor, product)
    visitor.submit("code", code=product.texts.code_for(phone))
    visitor.submit("payment")
    ref = visitor.ref
    visitor.click("Cancel this appointment")

    submit_twice(visitor, line, "cancellation")

    assert state(visitor) == "Cancelled"
    doctor = signed_in(product, DOCTOR)
    doctor.get("/doctor/requests")
    assert shown(doctor.page, ref) is None


def mails_about(product: Tree, place: booking.Place) -> list[booking.Mail]:
    """The doctor's mails about this serial."""
    mails = product.mails.mails_to(DOCTOR)
    return [mail for mail in mails if all(part in mail.subject for part in place.in_a_subject)]
