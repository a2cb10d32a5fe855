"""What goes wrong on a bad day, seen by the person it happens to: nothing is lost, and a page says how to go on.

A picture of each is kept in the folder that SHOTS names.
"""

import os
import re
import signal
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.browser import steps
from tests.browser.conftest import Visitors, tree
from tests.browser.rows import Rows
from tests.browser.visitor import SEND, Visitor
from tests.journeys.booking import DESK, DOCTOR, DOCTORS_PAGE, PATIENT, new_phone
from tests.product import Tree
from tests.servers.proxy import CuttingProxy
from tests.servers.redis import RedisServer

GONE, CONFLICT, UNREADABLE = "was answered 410", "was answered 409", "was answered 422"
SWEEP = 75


@pytest.fixture(scope="module")
def rows(product: Tree) -> Rows:
    return Rows(product)


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the pictures go."""
    folder = Path(os.environ.get("SHOTS") or tmp_path_factory.mktemp("shots"))
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture
def keep(pictures: Path, request: pytest.FixtureRequest) -> Callable[[Visitor], None]:
    """Keep a picture of what this person sees."""
    name = re.sub(r"\W+", "-", request.node.name.removeprefix("test_")).strip("-")

    def one(visitor: Visitor) -> None:
        visitor.page.screenshot(path=pictures / f"failure-{name}.png", full_page=True)

    return one


@pytest.fixture
def line(product: Tree) -> Iterator[CuttingProxy]:
    """The line between the browser and the product."""
    with CuttingProxy(product.port) as line:
        yield line


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no-scripts"])
def test_a_double_tap_on_the_first_visit_keeps_one_serial(
    product: Tree, visitor_of: Visitors, keep: Callable[[Visitor], None], scripts: bool
) -> None:
    visitor = visitor_of(product, scripts=scripts).forgive("net::ERR_ABORTED")
    visitor.get(DOCTORS_PAGE)
    steps.choose_a_day(visitor)
    number = steps.choose_a_serial(visitor)

    visitor.page.locator(f"{steps.PLACES} >> nth=0 >> button").dblclick(no_wait_after=True)

    visitor.page.wait_for_url("**/patient")
    expect(visitor.page.locator("#hold")).to_contain_text(f"Serial {number} is kept for you")
    keep(visitor)


def test_back_after_the_request_leads_to_the_ticket(
    product: Tree, visitor_of: Visitors, keep: Callable[[Visitor], None]
) -> None:
    visitor = visitor_of(product)
    ref = steps.request(visitor, product)

    visitor.back()

    assert visitor.path == f"/appointments/{ref}"
    assert visitor.state == "Waiting for the doctor"
    keep(visitor)


def to_the_patient(visitor: Visitor, product: Tree) -> dict[str, object]:
    """A visitor who is asked whom it is for; the answers."""
    steps.hold(visitor.get(DOCTORS_PAGE))
    return {"name": "Rahima Khatun", "age": 34, "sex": "female", "phone": new_phone()}


def to_the_code(visitor: Visitor, product: Tree) -> dict[str, object]:
    """A visitor who is asked for the code; the right one."""
    return {"code": product.texts.code_for(steps.to_the_code(visitor))}


def to_the_check(visitor: Visitor, product: Tree) -> dict[str, object]:
    """A visitor who has only to say yes."""
    steps.to_the_check(visitor, product)
    return {}


STEPS = {"patient": to_the_patient, "code": to_the_code, "payment": to_the_check}


@pytest.mark.parametrize("step", STEPS)
def test_a_hold_that_ran_out_keeps_the_answers(
    product: Tree, rows: Rows, visitor_of: Visitors, keep: Callable[[Visitor], None], step: str
) -> None:
    visitor = visitor_of(product).forgive(GONE)
    answers = STEPS[step](visitor, product)
    number = rows.get(visitor.ref, "number")
    rows.let_the_hold_run_out(visitor.ref)

    visitor.submit(step, **answers)

    assert visitor.status == 410
    assert visitor.h1 == f"Your time for serial {number} ran out"
    keep(visitor)
    visitor.click("main form button")
    assert visitor.path.endswith("/patient")
    assert visitor.form("patient").locator("[name=name]").input_value() == "Rahima Khatun"


def test_a_serial_taken_meanwhile_is_answered_with_the_nearest(
    product: Tree, visitor_of: Visitors, keep: Callable[[Visitor], None]
) -> None:
    visitor, quicker = visitor_of(product).forgive(CONFLICT), visitor_of(product)
    steps.choose_a_day(visitor.get(DOCTORS_PAGE))
    number = steps.choose_a_serial(visitor)
    quicker.get(visitor.page.url)
    quicker.page.locator(f"{steps.PLACES} >> nth=0 >> [name=number][value='{number}']").check()
    quicker.click(f"{steps.PLACES} >> nth=0 >> button")

    visitor.click(f"{steps.PLACES} >> nth=0 >> button")

    assert visitor.status == 409
    assert "took this serial" in visitor.h1
    assert visitor.page.locator("button[name=number]").count() == 3
    keep(visitor)
    visitor.click("button[name=number] >> nth=0")
    assert visitor.path.endswith("/patient")


def test_after_five_wrong_codes_a_new_one_goes_on(
    product: Tree, rows: Rows, visitor_of: Visitors, keep: Callable[[Visitor], None]
) -> None:
    visitor = visitor_of(product).forgive(UNREADABLE)
    phone = steps.to_the_code(visitor)
    right = product.texts.code_for(phone)
    for _ in range(5):
        visitor.submit("code", code="00000" if right != "00000" else "11111")
    assert "This code no longer works. Ask for a new one below." in visitor.words
    keep(visitor)

    rows.let_a_minute_pass(visitor.ref)
    visitor.submit("resend")
    assert "We sent a new code" in visitor.words
    product.texts.clear()
    steps.prove(visitor, product, phone)


def test_a_browser_that_was_closed_goes_on_with_the_hold(
    product: Tree, visitor_of: Visitors, keep: Callable[[Visitor], None]
) -> None:
    visitor = visitor_of(product)
    phone = steps.to_the_code(visitor)
    kept = [cookie for cookie in visitor.context.cookies() if cookie["expires"] > 0]
    visitor.close()

    again = visitor_of(product, cookies=kept)
    again.get(f"/appointments/{visitor.ref}/patient")

    assert again.form("patient").locator("[name=name]").input_value() == "Rahima Khatun"
    keep(again)
    again.get(f"/appointments/{visitor.ref}/code")
    steps.prove(again, product, phone)


def test_a_plain_form_whose_answer_was_lost_is_sent_again_by_the_browser(
    product: Tree, line: CuttingProxy, visitor_of: Visitors, keep: Callable[[Visitor], None]
) -> None:
    visitor = visitor_of(product, url=line.url).forgive("net::ERR_")
    steps.to_the_check(visitor, product)
    ref = visitor.ref
    line.cut_after_request()
    visitor.form("payment").locator(SEND).click()
    visitor.page.wait_for_url("chrome-error://**")
    line.normal()

    visitor.reload()

    assert visitor.path == f"/appointments/{ref}"
    assert visitor.state == "Waiting for the doctor"
    keep(visitor)


def test_a_button_whose_answer_was_lost_says_so_and_is_tried_again(
    product: Tree, line: CuttingProxy, visitor_of: Visitors, keep: Callable[[Visitor], None]
) -> None:
    ref = steps.request(visitor_of(product), product)
    doctor = visitor_of(product, url=line.url, device="desktop").forgive("net::ERR_", "Failed to fetch", CONFLICT)
    doctor.sign_in(DOCTOR, "/doctor/requests")
    line.cut_after_request()
    doctor.form(f"acceptance-{ref}").locator(SEND).click()
    strip = doctor.page.locator("#network")
    expect(strip).to_contain_text("No connection. Nothing is lost.")
    expect(strip).to_be_in_viewport()
    keep(doctor)

    line.normal()
    strip.get_by_role("button").click()

    expect(doctor.page.locator(f"#request-{ref}")).to_contain_text("Accepted")
    expect(doctor.form(f"undo-{ref}")).to_be_visible()
    expect(strip).to_be_hidden()


def test_offline_a_form_stays_as_it_is_until_the_network_is_back(
    product: Tree, visitor_of: Visitors, keep: Callable[[Visitor], None]
) -> None:
    visitor = visitor_of(product).forgive("net::ERR_INTERNET_DISCONNECTED")
    steps.hold(visitor.get(DOCTORS_PAGE))
    visitor.context.set_offline(True)
    form = visitor.fill("patient", name="Rahima Khatun", age=34, sex="female", phone=new_phone())
    form.locator(SEND).click()
    strip = visitor.page.locator("#network")
    expect(strip).to_contain_text("No connection. Nothing is lost.")
    expect(strip).to_be_in_viewport()
    assert form.locator("[name=name]").input_value() == "Rahima Khatun"
    keep(visitor)

    visitor.context.set_offline(False)
    visitor.click(strip.get_by_role("button"))

    assert visitor.path.endswith("/code")


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no-scripts"])
def test_when_two_decide_together_the_row_says_who_was_first(
    product: Tree, visitor_of: Visitors, keep: Callable[[Visitor], None], scripts: bool
) -> None:
    ref = steps.request(visitor_of(product), product)
    clerk = visitor_of(product, device="desktop", scripts=scripts, language="en").forgive(CONFLICT)
    clerk.sign_in(DESK, "/doctor/requests")
    doctor = visitor_of(product, device="desktop", scripts=scripts)
    doctor.sign_in(DOCTOR, "/doctor/requests")
    doctor.swap(f"acceptance-{ref}")

    clerk.swap(f"acceptance-{ref}")

    expect(clerk.page.locator(f"#request-{ref}")).to_contain_text("Dr Rokeya Begum accepted this")
    assert not clerk.form(f"acceptance-{ref}").count()
    keep(clerk)


# Redis is stopped and the worker hangs from here on; who asked for a code first gets it while the others are looked at.


@pytest.fixture(scope="module")
def without(chromium: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tree]:
    """A product whose Redis is gone and whose worker does nothing."""
    with ExitStack() as stack:
        redis = stack.enter_context(RedisServer())
        product = stack.enter_context(tree("sqlite", tmp_path_factory, stack, REDIS_URL=redis.url))
        redis.stop()
        os.kill(
            product.children["worker"][0], signal.SIGSTOP
        )  # its child ends with the job in hand, and no lock is held
        yield product


@pytest.fixture(scope="module")
def waiting(without: Tree, chromium: Browser) -> Iterator[tuple[Visitor, str]]:
    """Somebody who waits for a code."""
    visitor = Visitor(chromium, without.url)
    yield visitor, steps.to_the_code(visitor)
    visitor.close()


@pytest.mark.usefixtures("waiting")
def test_without_redis_people_book_and_doctors_answer(
    without: Tree, visitor_of: Visitors, keep: Callable[[Visitor], None]
) -> None:
    patient = visitor_of(without).sign_in(PATIENT, DOCTORS_PAGE)
    doctor = visitor_of(without, device="desktop").sign_in(DOCTOR, "/doctor/requests")
    steps.hold(patient)
    patient.submit("patient", who="new", name="Momena Khatun", age=61, sex="female")
    patient.submit("payment")

    doctor.poll("#news").page.locator("#show-news").click()
    doctor.swap(f"acceptance-{patient.ref}")

    expect(doctor.form(f"undo-{patient.ref}")).to_be_visible()
    assert patient.reload().state == "Booked"
    keep(patient)


def test_without_the_worker_a_code_comes_with_the_sweep(
    without: Tree, waiting: tuple[Visitor, str], keep: Callable[[Visitor], None]
) -> None:
    visitor, phone = waiting
    expect(visitor.page.locator("main")).to_contain_text("It can take a minute on a busy network.")
    keep(visitor)

    visitor.submit("code", code=without.texts.code_for(phone, SWEEP))

    assert visitor.path.endswith("/payment")
    assert not visitor.unforgiven
