"""An authenticator app, as a phone runs it."""

from datetime import timedelta

from flask.testing import FlaskClient
from pyotp import TOTP

from doctapp import clock
from doctapp.accounts.models import Authenticator, Person
from doctapp.sealing import seal
from tests import make
from tests.appointments.steps import send
from tests.people import NOW
from tests.see import Page, see

KEY = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
PAGE = "/account/authenticator"
STEP = timedelta(seconds=30)


def shows(key: str = KEY, *, later: int = 0) -> str:
    """What the app shows now, or so many half minutes later."""
    return TOTP(key).at(clock.now(), counter_offset=later)


def wrong(key: str = KEY) -> str:
    """Six digits that the app does not show."""
    near = {shows(key, later=later) for later in range(-2, 3)}
    return next(digits for digits in (f"{n:06}" for n in range(9)) if digits not in near)


def has_app(person: Person) -> Authenticator:
    """Let a person have an app with this key for a year."""
    values = {"created_at": NOW - timedelta(days=365), "proven_at": NOW - timedelta(days=365)}
    return make.saved(Authenticator(person_id=person.id, secret=seal(f"0 {KEY}", "authenticator"), **values))


def draw(client: FlaskClient, address: str = PAGE) -> Page:
    """Begin to set an app up; the page with the key."""
    return see(send(client, see(client.get(address)), "key-form"))


def key_on(page: Page) -> str:
    """The key that the page shows to be typed."""
    return page.select("#key")[0].get_text().replace(" ", "").strip()
