"""Accounts that last, in a browser: a password found again, a phone that is known, a mother, another way in.

With scripts and without, in both languages, by turns on both databases.
"""

import pytest

from tests.browser import steps
from tests.browser.conftest import Products, Visitors
from tests.browser.rows import Rows
from tests.browser.visitor import Visitor
from tests.journeys import booking
from tests.journeys.booking import DOCTOR, DOCTORS_PAGE, NAMES, new_phone
from tests.product import Product

Way = tuple[str, str, bool]
FIRST, SECOND = "green mango tree", "seven quiet rivers"
WAYS = [
    ("sqlite", "bn", "scripts"),
    ("sqlite", "en", "no-scripts"),
    ("postgresql", "bn", "no-scripts"),
    ("postgresql", "en", "scripts"),
]
# Refusals are asked for; signing out empties the cache, so an icon may still be on its way when one goes on.
EXPECTED = ("was answered 4", "net::ERR_ABORTED")


@pytest.fixture(params=WAYS, ids="-".join)
def way(request: pytest.FixtureRequest) -> Way:
    """The database, the language, and whether scripts run."""
    database, language, scripts = request.param
    return database, language, scripts == "scripts"


@pytest.fixture
def product(way: Way, products: Products) -> Product:
    return products(way[0])


@pytest.fixture
def rows(product: Product) -> Rows:
    return Rows(product)


@pytest.fixture
def visitor(way: Way, product: Product, visitor_of: Visitors) -> Visitor:
    """Somebody on a phone, who is refused things on purpose."""
    return visitor_of(product, language=way[1], scripts=way[2]).forgive(*EXPECTED)


@pytest.fixture
def another(way: Way, product: Product, visitor_of: Visitors) -> Visitor:
    """A second browser, at a desk."""
    return visitor_of(product, language=way[1], scripts=way[2], device="desktop").forgive(*EXPECTED)


def is_signed_in(visitor: Visitor) -> bool:
    """Whether the page offers to sign out."""
    return visitor.form("logout").count() == 1


# A password found again


def test_who_registers_verifies_forgets_and_resets(product: Product, visitor: Visitor) -> None:
    email = steps.new_address()

    registered_and_verified(visitor, product, email)
    link = forgotten_and_reset(visitor, product, email)
    only_the_new_password_opens(visitor, email)

    visitor.get(link)
    assert (visitor.status, visitor.h1) == (410, visitor.said("This link no longer works"))


def registered_and_verified(visitor: Visitor, product: Product, email: str) -> None:
    """From the page of signing in to the mailed link, and out again."""
    visitor.get("/login").click('#login a[href^="/register"]')
    visitor.submit("register", name="Rahima Khatun", email=email, password=FIRST)
    assert visitor.h1 == visitor.said("Look at your mail")
    assert not is_signed_in(visitor)
    visitor.get(steps.mailed_link(product, email, "/email/"))
    assert is_signed_in(visitor)
    visitor.submit("logout")
    assert not is_signed_in(visitor)


def forgotten_and_reset(visitor: Visitor, product: Product, email: str) -> str:
    """A new password by the mailed link, which signs in; the link."""
    visitor.get("/login").click('a[href="/password/forgot"]')
    visitor.submit("forgot", email=email)
    assert visitor.said("Look at your mail.") in visitor.words
    link = steps.mailed_link(product, email, "/password/reset/")
    visitor.get(link).submit("reset", password=SECOND)
    assert is_signed_in(visitor)
    visitor.submit("logout")
    return link


def only_the_new_password_opens(visitor: Visitor, email: str) -> None:
    """The old one is refused, the new one signs in."""
    visitor.get("/login").submit("login", email=email, password=FIRST)
    assert visitor.path == "/login"
    assert not is_signed_in(visitor)
    visitor.submit("login", email=email, password=SECOND)
    assert is_signed_in(visitor)


# A phone that is known


def test_ones_own_phone_is_remembered_until_it_is_signed_out_elsewhere(
    product: Product, rows: Rows, visitor: Visitor, another: Visitor
) -> None:
    phone = new_phone()
    first = steps.sign_in_by_code(visitor, product, phone, remember=True)
    the_browser_is_closed(visitor)

    visitor.get("/appointments")
    assert visitor.path == "/appointments"
    assert is_signed_in(visitor)

    rows.let_the_code_grow_old(phone)
    steps.sign_in_by_code(another, product, phone, not_this=first)
    assert phone in another.get("/account/devices").words
    another.click("form[id^=revocation-] button")
    assert another.said("That device is signed out. It asks for the password or a code again.") in another.words
    assert visitor.get("/appointments").path == "/login"


def the_browser_is_closed(visitor: Visitor) -> None:
    """What ends with the browser is gone; what it was told to keep stays."""
    visitor.context.clear_cookies(name="session")


# A mother


def test_who_is_signed_in_books_for_a_mother(product: Product, visitor: Visitor, another: Visitor) -> None:
    steps.sign_in_by_code(visitor, product, new_phone())

    booked_for_the_mother(visitor)
    ref = visitor.ref
    the_doctor_reads_it_and_is_listed(visitor, another, ref)
    who_sees_it_is_said(visitor, ref)
    she_stays_on_the_list(visitor, ref)


def booked_for_the_mother(visitor: Visitor) -> None:
    """Her name is typed, and no code is asked; the ticket is hers."""
    steps.hold(visitor.get(DOCTORS_PAGE))
    assert not visitor.form("patient").locator("[name=phone]").count()
    visitor.submit("patient", who="new", name="Momena Khatun", age=61, sex="female")
    assert visitor.path.endswith("/payment")
    visitor.submit("payment")
    assert visitor.state == visitor.said("Waiting for the doctor")
    assert "Momena Khatun" in visitor.words


def the_doctor_reads_it_and_is_listed(visitor: Visitor, doctor: Visitor, ref: str) -> None:
    """The page of who saw one's records names nobody before, and the doctor after."""
    assert ref not in visitor.get("/account/access").words
    doctor.sign_in(DOCTOR, f"/appointments/{ref}")
    assert doctor.path == f"/appointments/{ref}"
    line = visitor.reload().page.locator(f"#entries li:has(a[href='/appointments/{ref}'])")
    assert NAMES[visitor.language][1] in line.inner_text()
    assert "Momena Khatun" in line.inner_text()


def who_sees_it_is_said(visitor: Visitor, ref: str) -> None:
    """On the family's list she is corrected; before it is saved it says which doctor sees that, and the ticket does."""
    visitor.get("/account/family").click(visitor.page.get_by_role("link", name="Momena Khatun"))
    assert NAMES[visitor.language][1] in visitor.form("relative").inner_text()
    visitor.submit("relative", name="Momena Begum")
    assert "Momena Begum" in visitor.words
    assert "Momena Begum" in visitor.get(f"/appointments/{ref}").words


def she_stays_on_the_list(visitor: Visitor, ref: str) -> None:
    """With an appointment ahead nobody is taken off: it is not offered, and a page that still does is refused."""
    visitor.get("/account/family").click(visitor.page.get_by_role("link", name="Momena Begum"))
    hers = visitor.path
    assert not visitor.form("removal").locator("button").count()
    visitor.get(f"/appointments/{ref}/cancellation").submit("cancellation", reason="better")
    older = visitor.context.new_page()
    older.goto(f"{visitor.url}{hers}")
    visitor.submit("undo")
    older.locator("#removal button").click()
    older.locator(".errsum").wait_for()
    assert "Momena Begum" in older.locator(".errsum").inner_text()
    assert "Momena Begum" in visitor.get("/account/family").words


# Another way in


def test_another_way_in_is_added_once_it_is_still_oneself(product: Product, rows: Rows, visitor: Visitor) -> None:
    phone, email = new_phone(), steps.new_address()
    first = steps.sign_in_by_code(visitor, product, phone)
    rows.let_the_code_grow_old(phone)
    rows.let_the_proof_grow_old(phone)

    visitor.get("/account/ways")
    assert visitor.path == "/login/again"
    visitor.submit("again-code")
    visitor.submit("code", code=steps.texted_code(product, phone, not_this=first))
    assert visitor.path == "/account/ways"
    visitor.submit("way", way=email)
    visitor.submit("code", code=booking.mail_code(product, email))

    assert visitor.said("Proven. You can sign in with it from now on.") in visitor.words
    assert phone in visitor.words
    assert email in visitor.words
