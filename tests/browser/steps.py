"""The steps of a booking and of signing in, in a browser, the same with scripts and without."""

import random
import re
import secrets

from tests.browser.visitor import Visitor, number_in
from tests.journeys.booking import DOCTORS_PAGE, NAMES, new_phone
from tests.product import Product, until

DAYS_AHEAD = slice(2, 7)
FREE_DAY = "a[id^=day-]:not(:has(s))"
# Where the demo's clerk works; on Fridays the doctor sits elsewhere.
PLACES = "form[id^=place-]:is(:has-text('Gomoti'), :has-text('গোমতী'))"
FREE = "[name=number]:not(:disabled)"


def find_the_doctor(visitor: Visitor) -> Visitor:
    """Search from the first page, and open the doctor's page from the results."""
    visitor.get("/").submit("search", q=NAMES[visitor.language][0])
    return visitor.click(f'h3 a[href^="{DOCTORS_PAGE}"]')


def choose_a_day(visitor: Visitor) -> None:
    """Take one of the next days with free places at Gomoti Hospital; with scripts only the places change."""
    days = [day.get_attribute("id") for day in visitor.page.locator(FREE_DAY).all()][DAYS_AHEAD]
    for day in random.sample(days, len(days)):
        link = visitor.page.locator(f"#{day}")
        link.click() if visitor.scripts else visitor.click(link)
        visitor.page.locator(f"#{day}[aria-current=date]").wait_for()
        if visitor.page.locator(PLACES).locator(FREE).count():
            return
    raise AssertionError("No serial is free at Gomoti Hospital.")


def choose_a_serial(visitor: Visitor) -> int:
    """Choose a free serial of that day, without sending it yet."""
    places = visitor.page.locator(PLACES).first
    serial = random.choice(places.locator(FREE).all())
    serial.check()
    return number_in(serial.get_attribute("value") or "")


def hold(visitor: Visitor) -> int:
    """From the doctor's page to the question whom it is for; the serial that is kept."""
    choose_a_day(visitor)
    number = choose_a_serial(visitor)
    visitor.click(f"{PLACES} >> nth=0 >> button")
    assert visitor.path.endswith("/patient"), f"{visitor.path}: {visitor.h1}"
    return number


def say_who(visitor: Visitor, *, name: str = "Rahima Khatun", phone: str = "") -> str:
    """Say who comes, and be asked for the code; the phone that it goes to."""
    phone = phone or new_phone()
    visitor.submit("patient", name=name, age=34, sex="female", phone=phone, reason="Fever for a week")
    assert visitor.path.endswith("/code"), f"{visitor.path}: {visitor.words}"
    return phone


def prove(visitor: Visitor, product: Product, phone: str) -> None:
    """Read the code from the SMS and type it."""
    visitor.submit("code", code=product.texts.code_for(phone))
    assert visitor.path.endswith("/payment"), f"{visitor.path}: {visitor.words}"


def to_the_code(visitor: Visitor) -> str:
    """A place is held, and the code is on its way; the phone."""
    hold(visitor.get(DOCTORS_PAGE))
    return say_who(visitor)


def to_the_check(visitor: Visitor, product: Product) -> str:
    """Everything is answered, and nothing asked of the doctor yet; the phone."""
    phone = to_the_code(visitor)
    prove(visitor, product, phone)
    return phone


def request(visitor: Visitor, product: Product) -> str:
    """All of it, from the doctor's page to the ticket; its reference."""
    to_the_check(visitor, product)
    visitor.submit("payment")
    assert visitor.state == visitor.said("Waiting for the doctor")
    return visitor.ref


# Ways in


def new_address() -> str:
    """An e-mail address that nobody has used."""
    return f"{secrets.token_hex(6)}@demo.test"


def texted_code(product: Product, phone: str, *, not_this: str = "") -> str:
    """The code in the newest SMS to this phone, once it is another than the one that came before."""
    until(lambda: product.texts.code_for(phone) != not_this, what=f"No other code came to {phone}")
    return product.texts.code_for(phone)


def sign_in_by_code(
    visitor: Visitor, product: Product, phone: str, *, remember: bool = False, not_this: str = ""
) -> str:
    """Sign in with a code to a phone, and say perhaps that it is one's own; the code."""
    visitor.get("/login").submit("login-phone", phone=phone)
    code = texted_code(product, phone, not_this=not_this)
    visitor.submit("code", code=code, remember=remember)
    assert visitor.form("logout").count(), f"{visitor.path}: {visitor.words}"
    return code


def mailed_link(product: Product, address: str, path: str) -> str:
    """The link that begins with this path, from the newest mail that has one."""
    link = re.compile(rf"https?://\S+?{re.escape(path)}\S+")

    def links() -> list[str]:
        found = [link.search(mail.text) for mail in product.mails.mails_to(address)]
        return [one[0] for one in found if one]

    until(links, what=f"No link to {path} was mailed to {address}")
    return links()[-1]
