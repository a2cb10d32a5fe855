"""One's account: name, address and language are kept; a phone or an e-mail only once it is proven."""

import pytest
from sqlalchemy import select

from doctapp.accounts import people
from doctapp.accounts.models import Code, Patient, Person
from doctapp.audit.models import AuditEntry
from doctapp.db import db
from tests import make
from tests.people import ALICE, HOUR, NOW
from tests.see import see


@pytest.fixture
def hers(client, alice):
    """Alice's browser."""
    return make.sign_in(client, alice)


def save(browser, **values):
    """Fill the account in and send it."""
    form = see(browser.get("/account")).form("account")
    return browser.post(form.action, data=form.fill(**values))


def saved(person):
    return db.session.get(Person, person.id)


def acts():
    return [entry.act for entry in db.session.scalars(select(AuditEntry).order_by(AuditEntry.id))]


def test_nobody_has_an_account_without_signing_in(client):
    assert client.get("/account").headers["Location"] == "/login?next=/account"


def test_the_account_shows_what_is_kept(hers):
    fields = see(hers.get("/account")).form("account").fields

    assert (fields["name"], fields["phone"], fields["email"], fields["language"]) == ("Alice Akter", ALICE, "", "en")


def test_name_address_and_language_are_saved_and_audited(hers, alice):
    answer = save(hers, name="  Alice   Akter Begum ", address="Kandirpar", language="bn")

    assert answer.headers["Location"] == "/account?ok=saved"
    row = saved(alice)
    assert (row.name, row.address, row.language) == ("Alice Akter Begum", "Kandirpar", "bn")
    assert hers.get_cookie("lang").value == "bn"
    assert acts() == ["edit_patient", "edit_account"]


def test_it_says_that_it_is_saved(hers):
    save(hers, address="Kandirpar")

    assert "Your account is saved." in see(hers.get("/account?ok=saved")).alert


def test_nothing_changed_writes_nothing(hers):
    save(hers)

    assert acts() == []


def test_the_own_name_changes_on_appointments_too_and_that_is_said_before(hers, alice, evening):
    make.appointment(evening.sitting, of=alice.patients[0])

    assert "see it at once, on the appointments you have: Dr Rokeya Begum." in see(hers.get("/account"))
    save(hers, name="Alice Begum")
    assert db.session.scalars(select(Patient)).one().name == "Alice Begum"


def test_an_address_alone_leaves_the_patients_name_alone(hers, alice):
    db.session.get(Patient, alice.patients[0].id).name = "Alice A."
    db.session.commit()

    save(hers, address="Kandirpar")

    assert db.session.scalars(select(Patient)).one().name == "Alice A."


def test_a_name_that_a_relative_has_is_refused_and_everything_typed_stays(hers, alice):
    make.patient(alice, "Momena Bibi", 30)

    page = see(save(hers, name="Momena Bibi", address="Kandirpar"))

    assert page.code == 409
    assert "the two could not be told apart" in page.errors[0]
    assert page.form("account").fields["address"] == "Kandirpar"
    assert saved(alice).name == "Alice Akter"


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"name": "x"}, "Enter your name"),
        ({"phone": "123"}, "Enter a mobile number with 11 digits, like 01712 345678"),
        ({"email": "nonsense"}, "Enter an e-mail address like name@example.com"),
        ({"phone": ""}, "It is not taken away here."),
        ({"phone": "01733333333", "email": "a@b.test"}, "Change the number first"),
        ({"address": "x" * 201}, "Field cannot be longer than 200 characters."),
    ],
)
def test_what_is_wrong_is_said_and_everything_typed_stays(hers, alice, typed, said):
    page = see(save(hers, **{"address": "Kandirpar", **typed}))

    assert page.code == 422
    assert said in page.errors[0]
    assert page.form("account").fields | {"address": "Kandirpar"} | typed == page.form("account").fields | typed
    assert saved(alice).address == ""


def test_everything_wrong_is_said_at_once(hers):
    page = see(save(hers, name="", phone="123", email="nonsense"))

    assert len(page.errors) == 3


def test_the_pages_language_stays_where_the_accounts_was_not_changed(hers, alice):
    save(hers, address="Kandirpar")

    assert hers.get_cookie("lang").value == "en"


def test_the_own_phone_typed_in_another_way_is_no_change(hers, alice):
    assert save(hers, phone="০১৭১১ ১১১ ১১১").headers["Location"] == "/account?ok=saved"


def test_a_changed_phone_is_not_taken_over_as_typed(hers, alice):
    answer = save(hers, phone="01733 333333", address="Kandirpar")

    assert answer.headers["Location"] == "/account/ways/code"
    assert db.session.scalars(select(Code.address)).all() == ["+8801733333333"]
    assert people.proven(alice.id, "phone").value == ALICE
    assert saved(alice).address == "Kandirpar"


def test_a_changed_phone_asks_first_whether_it_is_still_oneself(client, alice):
    make.sign_in(client, alice, authenticated_at=NOW - HOUR)

    page = see(save(client, phone="01733 333333", address="Kandirpar"))

    assert page.code == 409
    assert "Nothing is saved yet." in page.alert
    assert page.link("Show that it is me") == "/login/again?next=/account"
    assert page.form("account").fields["phone"] == "01733 333333"
    assert saved(alice).address == ""


def test_another_persons_address_is_refused_and_nothing_is_saved(hers, alice):
    make.person(email="doctor@a.test", password="demo-demo-demo")

    page = see(save(hers, email="doctor@a.test", address="Kandirpar"))

    assert page.code == 409
    assert page.form("account").fields["address"] == "Kandirpar"
    assert saved(alice).address == ""


def test_fields_that_are_not_asked_for_change_nothing(hers, alice):
    form = see(hers.get("/account")).form("account")
    hers.post(form.action, data={**form.fill(), "admin": "1", "role": "admin", "id": "1"})

    assert not saved(alice).admin


def test_the_header_leads_to_the_account(hers):
    assert see(hers.get("/")).link("Account") == "/account"


def test_the_account_leads_to_everything_that_is_ones_own(hers):
    page = see(hers.get("/account"))
    links = {link.href for link in page.links}

    assert {"/account/family", "/account/ways", "/account/devices", "/account/access"} <= links


def test_a_doctors_account_says_that_the_public_name_stays(client, evening):
    make.sign_in(client, db.session.get(Person, evening.doctor.person_id))

    assert "Your public name as a doctor was checked" in see(client.get("/account"))


def test_a_number_that_changed_hands_does_not_open_the_account(client, alice):
    make.sign_in(client, alice, bookings_only=True)

    for address in ("/account", "/account/family", "/account/family/claims"):
        assert client.get(address).status_code in {303, 401}


def test_the_page_speaks_bangla(hers):
    hers.set_cookie("lang", "bn")

    assert see(hers.get("/account")).form("account").choices("language") == ["bn", "en"]
