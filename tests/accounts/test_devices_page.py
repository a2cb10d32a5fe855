"""Where one is signed in: the list, signing one device out, and all others."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from doctapp import clock
from doctapp.accounts.models import Device
from doctapp.audit.models import AuditEntry
from doctapp.db import db
from tests import make
from tests.access.test_table import token
from tests.accounts.remembering import bearing, held, opens, remembered, sessions, signed_in
from tests.conftest import english
from tests.see import see

PAGE = "/account/devices"


@pytest.fixture
def here(client, alice):
    """Alice's phone, on which she is signed in."""
    device = remembered(client, alice, own_phone=alice.ways_in[0])
    signed_in(client, alice, device)
    return device


@pytest.fixture
def lost(app, alice):
    """A browser that Alice left somewhere, used last a week ago."""
    browser = english(app)
    days = timedelta(days=7)
    browser.device = remembered(
        browser, alice, name="Firefox on Windows", last_used_at=clock.now() - days, created_at=clock.now() - 2 * days
    )
    return browser


def rows(page):
    return [item.get_text(" ", strip=True) for item in page.select("main ul.list > li")]


def press(client, form_id):
    form = see(client.get(PAGE)).form(form_id)
    return client.post(form.action, data=form.fill(), follow_redirects=True)


def test_the_list_names_each_device_with_its_use_and_number(client, here, lost):
    phone, computer = rows(see(client.get(PAGE)))

    for words in ("Chrome on Android", "This device", "Your own phone: +8801711111111", "Last used", "Since"):
        assert words in phone
    assert "Firefox on Windows" in computer
    assert "This device" not in computer
    assert "Your own phone" not in computer


def test_a_browser_without_a_name_is_listed_too(client, alice, here):
    remembered(english(client.application), alice, name="")

    assert "A browser" in see(client.get(PAGE))


def test_only_ones_own_are_listed(client, bob, here, lost):
    make.sign_in(client, bob)

    assert rows(see(client.get(PAGE))) == []


def test_what_ended_or_ran_out_is_not_listed(client, alice, here):
    remembered(english(client.application), alice, name="Opera on Mac", ended_at=clock.now())
    remembered(english(client.application), alice, name="Edge on Windows", expires_at=clock.now())

    assert len(rows(see(client.get(PAGE)))) == 1


def test_a_device_is_signed_out_also_for_a_copy_of_its_cookie(client, here, lost):
    copy = bearing(client, device=held(lost))
    assert opens(lost)
    session = bearing(client, session=held(lost, "session"))

    page = see(press(client, f"revocation-{lost.device.id}"))

    assert "That device is signed out." in page.alert
    assert len(rows(page)) == 1
    assert not any(opens(browser) for browser in (lost, copy, session))
    assert opens(client)
    assert db.session.scalars(select(AuditEntry.act).order_by(AuditEntry.id)).all()[-1] == "end_device"


def test_signing_this_device_out_is_signing_out(client, here):
    answered = press(client, f"revocation-{here.id}")

    assert answered.request.path == "/"
    assert held(client) is held(client, "session") is None
    assert not opens(client)


def test_anothers_device_and_an_unknown_one_are_not_there(client, other, bob, here):
    make.sign_in(other, bob)

    answers = [
        other.post(f"{PAGE}/{which}/revocation", data={"csrf_token": token(other)}) for which in (here.id, 999_999)
    ]

    assert [answered.status_code for answered in answers] == [404, 404]
    assert opens(client)


def test_signing_out_everywhere_else_leaves_this_one(client, other, alice, here, lost):
    make.sign_in(other, alice)
    assert opens(lost)

    page = see(press(client, "elsewhere"))

    assert "You are signed out everywhere but here." in page.alert
    assert [opens(browser) for browser in (client, other, lost)] == [True, False, False]
    assert db.session.get(Device, here.id).ended_at is None


def test_other_people_are_not_signed_out_with_it(client, other, bob, here, lost):
    make.sign_in(other, bob)

    press(client, "elsewhere")

    assert opens(other)


def test_browsers_that_are_not_remembered_are_counted_while_they_are_open(client, other, alice, here):
    make.sign_in(other, alice)
    make.sign_in(english(client.application), alice, last_seen_at=clock.now() - timedelta(minutes=31))

    assert "1 other browser that is not remembered is signed in too." in see(client.get(PAGE))


def test_where_nobody_else_is_signed_in_there_is_nothing_to_sign_out(client, here):
    page = see(client.get(PAGE))

    assert "elsewhere" not in [form.id for form in page.forms]


def test_who_is_not_remembered_is_told_so(client, alice):
    make.sign_in(client, alice)

    page = see(client.get(PAGE))

    assert "No device is remembered." in page
    assert "until you close the browser" in page


def test_who_works_at_a_clinic_is_told_why(client, nasrin):
    make.sign_in(client, nasrin)

    assert "Who works at a clinic is not kept signed in" in see(client.get(PAGE))


def test_a_name_is_text(client, alice):
    device = remembered(client, alice, name="<b>x</b> on <i>y</i>")
    signed_in(client, alice, device)

    assert "<b>x</b> on <i>y</i>" in rows(see(client.get(PAGE)))[0]


def test_the_page_is_nobody_elses(client, here):
    assert client.get(PAGE).headers["Cache-Control"] == "no-store"
    assert len(sessions()) == 1
