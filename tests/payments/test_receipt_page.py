"""The receipt: what was paid for what, and what went back of it; for the payer, the clinic and an admin."""

import pytest

from doctapp import clock
from doctapp.db import db
from doctapp.payments.models import Refund
from tests import make
from tests.payments.steps import begun, kept, paid, takes_online
from tests.see import see


@pytest.fixture
def attempt(alice, evening):
    """Alice paid an advance for serial 12."""
    takes_online(evening.chamber, online_part="advance", advance=20000)
    return paid(kept(evening.sitting, alice), part="advance", now=clock.now())


def address(attempt):
    return f"/payments/{attempt.token}/receipt"


def test_it_says_what_was_paid_for_what_and_what_is_left(client, alice, attempt):
    page = see(make.sign_in(client, alice).get(address(attempt)))

    assert page.h1 == "Receipt 1"
    for said in ("Gomoti Hospital", "Dr Rokeya Begum", "12, ", "Practice payment", f"payment of {attempt.token}"):
        assert said in page
    assert "Fee ৳ 700" in page and "Received ৳ 200" in page and "To pay at the chamber ৳ 500" in page
    assert str(clock.local(clock.now(), "Asia/Dhaka").year) in page
    assert "Alice Akter" not in page.select("article")[0].get_text()


def test_it_says_what_went_back(client, alice, attempt, evening):
    browser = make.sign_in(client, alice)
    ticket = f"/appointments/{see(browser.get(address(attempt))).link('Open the ticket').rsplit('/', 1)[1]}"
    form = see(browser.get(f"{ticket}/cancellation")).form("cancellation")
    browser.post(form.action, data=form.fill())

    page = see(browser.get(address(attempt)))

    refund = db.session.scalars(db.select(Refund)).one()
    assert f"Being sent back − ৳ {refund.amount // 100}" in page
    assert f"Stays with the chamber ৳ {(20000 - refund.amount) // 100}" in page


def test_numbers_run_in_each_clinic(client, alice, bob, attempt, evening):
    second = paid(kept(evening.sitting, bob, number=13), part="advance", now=clock.now())

    assert see(make.sign_in(client, bob).get(address(second))).h1 == "Receipt 2"


def test_the_clinic_and_an_admin_read_it(client, other, nasrin, admin, attempt):
    assert see(make.sign_in(client, nasrin).get(address(attempt))).h1 == "Receipt 1"
    assert see(make.sign_in(other, admin).get(address(attempt))).h1 == "Receipt 1"


def test_for_all_others_it_is_not_there(client, other, bob, evening, attempt):
    doctor = db.session.get(type(bob), evening.doctor.person_id)

    assert client.get(address(attempt)).headers["Location"].startswith("/login")
    assert make.sign_in(other, bob).get(address(attempt)).status_code == 404
    assert make.sign_in(other, doctor).get(address(attempt)).status_code == 404


def test_what_was_not_paid_has_none(client, alice, evening):
    takes_online(evening.chamber)
    attempt = begun(kept(evening.sitting, alice), now=clock.now())

    assert make.sign_in(client, alice).get(address(attempt)).status_code == 404


def test_it_reads_in_bangla(client, alice, attempt):
    client.set_cookie("lang", "bn")

    page = see(make.sign_in(client, alice).get(address(attempt)))

    assert "৳ ২০০" in page and "গোমতী হাসপাতাল" in page
