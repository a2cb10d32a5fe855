"""Money in browsers: paid through Stripe, SSLCommerz and the sandbox, paid late, given back, and a place that was waited for.

The two gateways are servers of the tests on loopback, which the product calls as it calls the real ones. Every journey
has a doctor of its own.
"""

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from typing import Any

import pytest

from tests.browser import steps
from tests.browser.conftest import Visitors, tree
from tests.browser.practice import Practice, Somebody
from tests.browser.rows import Rows
from tests.browser.visitor import Visitor
from tests.journeys.booking import DESK, new_phone
from tests.product import Tree, until
from tests.servers import sslcommerz, stripe
from tests.servers.sslcommerz import SslCommerzServer
from tests.servers.stripe import StripeServer

FEE, ADVANCE = 70_000, 20_000
TAKES = {"methods": "chamber sandbox stripe sslcommerz", "online_part": "either", "advance": ADVANCE}
WAYS = {
    "stripe-bn-no-scripts": ("stripe", "bn", False),
    "stripe-en-scripts": ("stripe", "en", True),
    "sslcommerz-bn-scripts": ("sslcommerz", "bn", True),
    "sslcommerz-en-no-scripts": ("sslcommerz", "en", False),
    "sandbox-bn-no-scripts": ("sandbox", "bn", False),
    "sandbox-en-scripts": ("sandbox", "en", True),
}
IN_BRIEF = {"bn-no-scripts": ("bn", False), "en-scripts": ("en", True)}
RECEIPT = "a[href$='/receipt']"


@dataclass(frozen=True)
class Paying:
    """The product, and the gateways that it takes money by."""

    product: Tree
    stripe: StripeServer
    sslcommerz: SslCommerzServer


@dataclass(frozen=True)
class Scene:
    """One doctor's practice that takes money, and how people come to it."""

    paying: Paying
    practice: Practice
    scripts: bool
    visitor_of: Visitors

    @property
    def product(self) -> Tree:
        return self.paying.product

    @property
    def rows(self) -> Rows:
        return self.practice.rows

    def person(self, somebody: Somebody | None = None) -> Visitor:
        """Somebody on a phone: a patient who is signed in, or a stranger."""
        return self._come(cookies=somebody.cookies if somebody else None)

    def at_a_desk(self, **how: Any) -> Visitor:
        """Somebody of the chamber."""
        return self._come(device="desktop", **how)

    def _come(self, **how: Any) -> Visitor:
        return self.visitor_of(self.product, language=self.practice.language, scripts=self.scripts, **how)

    def patient(self) -> Visitor:
        """A patient on a phone, signed in."""
        return self.person(self.practice.somebody())

    def let_time_work(self) -> None:
        """A sweep, now."""
        self.rows.let_a_sweep_be_due()
        self.product.sweep()

    def let_it_be_sent(self, ref: str, is_sent: Callable[[], bool]) -> None:
        """Let the refund be sent, and the gateway be asked for as long as it only says that it will."""

        def asked() -> bool:
            self.rows.let_the_refund_be_due(ref)
            self.let_time_work()
            return is_sent()

        until(asked)


@pytest.fixture(scope="module")
def paying(chromium: object, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Paying]:
    """The product on SQLite, with Stripe's and SSLCommerz' settings."""
    with ExitStack() as stack:
        cards, wallets = stack.enter_context(StripeServer()), stack.enter_context(SslCommerzServer())
        product = tree(
            "sqlite",
            tmp_path_factory,
            stack,
            STRIPE_SECRET_KEY=stripe.KEY,
            STRIPE_WEBHOOK_SECRET=stripe.WEBHOOK_SECRET,
            STRIPE_API_BASE=cards.url,
            SSLCOMMERZ_STORE=sslcommerz.STORE,
            SSLCOMMERZ_PASSWORD=sslcommerz.PASSWORD,
            SSLCOMMERZ_HOST=wallets.url,
        )
        cards.hook = f"{product.url}/payments/stripe/webhook"
        yield Paying(stack.enter_context(product), cards, wallets)


def scene_of(paying: Paying, language: str, scripts: bool, visitor_of: Visitors, capacity: int = 24) -> Scene:
    practice = Practice(Rows(paying.product), language, capacity, TAKES)
    return Scene(paying, practice, scripts, visitor_of)


@pytest.fixture(params=IN_BRIEF)
def scene(request: pytest.FixtureRequest, paying: Paying, visitor_of: Visitors) -> Scene:
    return scene_of(paying, *IN_BRIEF[request.param], visitor_of)


# Paid means booked


@pytest.mark.parametrize("way", WAYS)
def test_a_patient_pays_and_is_booked(paying: Paying, way: str, visitor_of: Visitors) -> None:
    provider, language, scripts = WAYS[way]
    scene = scene_of(paying, language, scripts, visitor_of)
    patient, phone = scene.person(), new_phone()

    keep(patient, scene, 7)
    steps.say_who(patient, phone=phone)
    steps.prove(patient, scene.product, phone)
    ref = patient.ref
    begin_to_pay(patient, provider, amount="advance")
    pay_there(patient, provider)

    is_paid(patient)
    assert patient.digits(7) in patient.h1
    texted = scene.product.texts.wait_for(phone, ref)
    assert patient.digits(7) in texted
    the_ticket_is_booked(patient, ref)
    assert taka(patient, FEE - ADVANCE) in patient.page.locator("#ticket").inner_text()
    the_receipt_says(patient, ADVANCE)


def keep(patient: Visitor, scene: Scene, number: int) -> None:
    """From the doctor's page to the question whom it is for."""
    sitting = scene.practice.sittings[0]
    patient.get(f"{scene.practice.page}?day={scene.practice.days[0].isoformat()}&sitting={sitting}")
    patient.submit(f"place-{sitting}", number=number)
    assert patient.path.endswith("/patient"), f"{patient.path}: {patient.words}"


def keep_and_say(patient: Visitor, scene: Scene, number: int) -> str:
    """To the choice of a way to pay, for oneself and signed in; the reference."""
    keep(patient, scene, number)
    patient.submit("patient")
    assert patient.path.endswith("/payment"), f"{patient.path}: {patient.words}"
    return patient.ref


def begin_to_pay(patient: Visitor, provider: str, amount: str = "whole") -> None:
    """Choose a way, and go on to its gateway over the page that says the truth."""
    patient.submit("payment", method=provider, amount=amount)
    assert patient.path.startswith("/payments/"), f"{patient.path}: {patient.words}"
    patient.click("#pay")


def pay_there(patient: Visitor, provider: str, outcome: str = "pay") -> None:
    """End it at the gateway so, and come back."""
    if provider == "sandbox":
        patient.submit("checkout", outcome={"pay": "paid"}.get(outcome, outcome))
        return
    patient.click(f"form#{provider} button[value={outcome}]")
    if provider == "sslcommerz" and not patient.scripts:
        patient.submit("back")
    patient.page.wait_for_url(f"{patient.url}/payments/*")


def shows(visitor: Visitor, css: str) -> None:
    """Wait until the page has this: with scripts it comes by itself, without them one looks again."""
    if visitor.scripts:
        visitor.page.locator(css).first.wait_for()
    else:
        until(lambda: visitor.page.locator(css).count() or visitor.reload().page.locator(css).count())


def is_paid(patient: Visitor) -> None:
    """The truth page says so, and there is nothing more to pay."""
    shows(patient, f"#payment-state {RECEIPT}")
    assert patient.page.locator("#pay").count() == 0


def the_ticket_is_booked(patient: Visitor, ref: str) -> None:
    """From the page of the payment one comes to it."""
    patient.click(f'#payment-state a[href="/appointments/{ref}"]')
    assert patient.state == patient.said("Booked")


def the_receipt_says(patient: Visitor, poisha: int) -> None:
    """From the ticket one comes to it."""
    patient.click(f"#money {RECEIPT}")
    assert taka(patient, poisha) in patient.page.locator("article").inner_text()


def taka(visitor: Visitor, poisha: int) -> str:
    """An amount as the visitor's language writes it."""
    return f"৳\u00a0{visitor.digits(poisha // 100)}"


def test_a_payment_that_failed_is_paid_another_way(scene: Scene) -> None:
    patient = scene.patient()
    ref = keep_and_say(patient, scene, 3)
    begin_to_pay(patient, "sslcommerz")

    pay_there(patient, "sslcommerz", "fail")
    shows(patient, f'#payment-state a.btn[href="/appointments/{ref}/payment"]:not(.quiet)')
    patient.click(f'#payment-state a[href="/appointments/{ref}/payment"]')
    begin_to_pay(patient, "stripe")
    pay_there(patient, "stripe", "cancel")
    assert patient.page.locator("#pay").count() == 1
    patient.click("#pay")
    pay_there(patient, "stripe")

    is_paid(patient)
    the_ticket_is_booked(patient, ref)
    the_receipt_says(patient, FEE)


# Paid late


def test_who_pays_late_is_booked_while_the_number_is_free(scene: Scene) -> None:
    patient = scene.patient()
    ref = keep_and_say(patient, scene, 4)
    begin_to_pay(patient, "sandbox")

    pay_there(patient, "sandbox", "late")
    assert patient.path.startswith("/sandbox/checkout/")
    scene.rows.let_the_hold_run_out(ref)
    scene.let_time_work()
    patient.submit("checkout")

    is_paid(patient)
    the_ticket_is_booked(patient, ref)


def test_who_pays_when_the_number_is_gone_gets_all_of_it_back(scene: Scene) -> None:
    patient, quicker = scene.patient(), scene.patient()
    ref = keep_and_say(patient, scene, 5)
    begin_to_pay(patient, "sslcommerz")

    scene.rows.let_the_hold_run_out(ref)
    keep_and_say(quicker, scene, 5)
    pay_there(patient, "sslcommerz")
    assert patient.h1 == patient.said("%(amount)s go back to you", amount=taka(patient, FEE))
    assert patient.page.locator("#payment-state form[id^=place-]").count()

    sent = patient.said("%(amount)s were sent back to you", amount=taka(patient, FEE))
    scene.let_it_be_sent(ref, lambda: patient.reload().h1 == sent)
    assert [refund["refund_amount"] for refund in refunds_of(scene, patient)] == ["700.00"]
    assert quicker.submit("payment", method="chamber").state == quicker.said("Waiting for the doctor")


def refunds_of(scene: Scene, patient: Visitor) -> list[dict[str, str]]:
    """What SSLCommerz sent back of the payment on this page."""
    token = patient.path.rpartition("/")[2]
    paid = {one["bank_tran_id"] for one in scene.paying.sslcommerz.tries if one["tran_id"] == token}
    return [one for one in scene.paying.sslcommerz.refunds.values() if one["bank_tran_id"] in paid]


# Cancelled on both ends


def test_what_patient_or_chamber_cancels_goes_back_after_the_undo(scene: Scene) -> None:
    one, other = scene.patient(), scene.patient()
    for patient, provider, number in ((one, "stripe", 8), (other, "sslcommerz", 9)):
        ref = keep_and_say(patient, scene, number)
        begin_to_pay(patient, provider)
        pay_there(patient, provider)
        is_paid(patient)
        the_ticket_is_booked(patient, ref)
    stands = (len(scene.paying.stripe.refunds), len(scene.paying.sslcommerz.refunds))

    the_patient_cancels(one)
    the_chamber_cancels(scene, other.ref)
    for patient in (one, other):
        assert patient.reload().state == patient.said("Cancelled")
        assert patient.said("Goes back") in money(patient)
    assert (len(scene.paying.stripe.refunds), len(scene.paying.sslcommerz.refunds)) == stands

    for patient in (one, other):
        scene.rows.let_the_undo_run_out(patient.ref)
        scene.let_it_be_sent(patient.ref, partial(is_sent_back, patient))
        assert patient.form("undo").count() == 0
    assert [refund["amount"] for refund in scene.paying.stripe.refunds.values()][stands[0] :] == [FEE]
    assert [one["refund_amount"] for one in scene.paying.sslcommerz.refunds.values()][stands[1] :] == ["700.00"]


def the_patient_cancels(patient: Visitor) -> None:
    """Told before what goes back."""
    patient.click(f'a[href="{patient.path}/cancellation"]')
    assert taka(patient, FEE) in patient.page.locator("section[aria-labelledby=your-money]").inner_text()
    patient.submit("cancellation", reason="better")


def the_chamber_cancels(scene: Scene, ref: str) -> None:
    """The doctor, or in the other language the desk; both are told what goes back."""
    if scene.practice.language == "bn":
        clinic = scene.at_a_desk(cookies=scene.practice.cookies())
    else:
        clinic = scene.at_a_desk().sign_in(DESK)
    clinic.get(f"/appointments/{ref}/cancellation")
    assert taka(clinic, FEE) in clinic.page.locator("section[aria-labelledby=your-money]").inner_text()
    clinic.submit("cancellation", reason="emergency")
    assert clinic.state == clinic.said("Cancelled")


def is_sent_back(patient: Visitor) -> bool:
    """The ticket says so."""
    return patient.said("Sent back") in money(patient.reload())


def money(visitor: Visitor) -> str:
    """What the ticket says of money."""
    return visitor.page.locator("#money").inner_text()


# A place that was waited for


@pytest.mark.parametrize(("how", "method"), [("bn-no-scripts", "chamber"), ("en-scripts", "sslcommerz")])
def test_a_number_that_is_given_up_goes_to_who_waited(
    paying: Paying, how: str, method: str, visitor_of: Visitors
) -> None:
    scene = scene_of(paying, *IN_BRIEF[how], visitor_of, capacity=3)
    booked = [scene.practice.book(number) for number in (1, 2, 3)]
    stranger, phone = scene.person(), new_phone()

    stranger.get(f"{scene.practice.page}?day={scene.practice.days[0].isoformat()}")
    stranger.submit("waiting", phone=phone)
    stranger.page.locator("#joined").wait_for()
    gives_up = scene.person(booked[1]).get(f"/appointments/{booked[1].ref}/cancellation")
    gives_up.submit("cancellation", reason="better")
    scene.rows.let_the_undo_run_out(booked[1].ref)
    scene.let_time_work()
    stranger.get(link_in(scene.product.texts.wait_for(phone, "/waiting/")))
    assert stranger.digits(2) in stranger.h1
    stranger.submit("offer")
    steps.say_who(stranger, phone=phone)
    # the letter of the offer has five digits too: our port
    code = steps.texted_code(scene.product, phone, not_this=str(scene.product.port))
    ref = stranger.submit("code", code=code).ref

    if method == "chamber":
        assert stranger.submit("payment", method=method).state == stranger.said("Waiting for the doctor")
    else:
        begin_to_pay(stranger, method)
        pay_there(stranger, method)
        is_paid(stranger)
        the_ticket_is_booked(stranger, ref)
    assert stranger.digits(2) in stranger.h1


def link_in(text: str) -> str:
    """The link of an SMS."""
    found = re.search(r"https?://\S+/waiting/[\w-]+", text)
    assert found, text
    return found.group()
