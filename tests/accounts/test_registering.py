"""Registering by e-mail: nothing is anybody's until the link is followed, and known addresses are not told apart."""

import pytest
from sqlalchemy import func, select

from doctapp.accounts import jobs, people
from doctapp.accounts.models import Person, Registration, WayIn
from doctapp.audit.models import AuditEntry
from doctapp.db import db
from tests import make
from tests.accounts.links import EMAIL, PASSWORD, letters, link, registering, told, words
from tests.appointments.steps import send
from tests.conftest import english
from tests.people import HOUR, NOW
from tests.see import see


def register(client, where="/register", **given):
    """Register; the page that comes then."""
    return see(send(client, see(client.get(where)), "register", **registering(**given)))


def count(row):
    return db.session.scalar(select(func.count()).select_from(row))


def sign_in(client, email=EMAIL, password=PASSWORD):
    return send(client, see(client.get("/login")), "login", email=email, password=password)


def test_the_page_is_linked_from_sign_in(client):
    page = see(client.get("/login?next=/appointments"))

    assert page.link("Register") == "/register?next=/appointments"


def test_registering_mails_a_link_and_makes_nobody(client):
    page = register(client)

    assert page.h1 == "Look at your mail"
    assert f"We sent a mail to {EMAIL}" in page
    assert "book with a code to your phone" in page
    assert (count(Person), count(WayIn)) == (0, 0)
    assert told("verify") == [("mail", EMAIL)]


def test_the_link_makes_the_person_in_the_same_browser_and_signs_in(client):
    register(client, phone="01712 345678")

    page = see(client.get(link("verify"), follow_redirects=True))

    person = people.owner_of("email", EMAIL)
    assert "Your address is verified" in page.alert
    assert person.name == "Rahima Khatun"
    assert client.get("/account").status_code == 200
    assert people.owner_of("phone", "+8801712345678") is None


def test_the_link_leads_to_where_one_was_going(client):
    register(client, where="/register?next=/appointments")

    assert client.get(link("verify")).headers["Location"] == "/appointments?ok=verified"


def test_the_link_again_changes_nothing(client):
    register(client)
    client.get(link("verify"))

    page = see(client.get(link("verify"), follow_redirects=True))

    assert "Your address is verified" in page.alert
    assert count(Person) == 1


def test_the_link_again_in_another_browser_says_that_nothing_is_left_to_do(client, other):
    register(client)
    client.get(link("verify"))

    assert see(other.get(link("verify"))).h1 == "This address is verified already"


def test_another_browser_is_asked_for_the_password(client, other):
    register(client)

    page = see(other.get(link("verify")))

    assert page.h1 == "Verify your address"
    assert page.link("I did not register") == "/"
    assert count(Person) == 0


def test_the_right_password_verifies_in_another_browser(client, other):
    register(client)

    page = see(send(other, see(other.get(link("verify"))), "email", password=PASSWORD))

    assert "Your address is verified" in page.alert
    assert people.owner_of("email", EMAIL).name == "Rahima Khatun"


def test_a_wrong_password_proves_nothing(client, other):
    register(client)

    page = see(send(other, see(other.get(link("verify"))), "email", password="something else"))

    assert "not the password that was chosen" in page.errors[0]
    assert count(Person) == 0


def test_guessing_the_password_ends_after_ten(client, other):
    register(client)
    page = see(other.get(link("verify")))
    for _ in range(10):
        send(other, page, "email", password="something else")

    assert send(other, page, "email", password=PASSWORD).status_code == 429


def same_answer(client, other, **given):
    """The answers of two browsers that register this and another address of as many letters."""
    answers = []
    for browser, email in ((client, given["known"]), (other, given["unknown"])):
        page = see(browser.get("/register"))
        answer = browser.post("/register", data=page.form("register").fill(**registering(email=email)))
        shown = browser.get(answer.headers["Location"])
        answers.append((answer.status_code, answer.headers["Location"], answer.data, shown.text.replace(email, "…")))
    return answers


def test_a_known_and_an_unknown_address_are_answered_the_same_bytes(client, other):
    make.person(email="known@demo.test")

    known, unknown = same_answer(client, other, known="known@demo.test", unknown="other@demo.test")

    assert known == unknown
    assert told("registered_already") == [("mail", "known@demo.test")]
    assert told("verify") == [("mail", "other@demo.test")]


def test_a_known_address_is_mailed_how_to_sign_in_and_nothing_is_changed(client):
    owner = make.person(email=EMAIL, name="Owner", password="demo-demo-demo")

    register(client)

    text = words(letters("registered_already")[0])
    assert "http://localhost/login" in text
    assert "http://localhost/password/forgot" in text
    assert people.owner_of("email", EMAIL).id == owner.id
    assert db.session.scalars(select(Registration.password_hash)).all() == [""]


def test_three_mails_an_hour_go_to_an_address_and_the_answer_stays(app):
    pages = [register(english(app)) for _ in range(4)]

    assert {page.text for page in pages} == {pages[0].text}
    assert len(letters("verify")) == 3


def test_twenty_mails_an_hour_are_asked_for_from_a_network(app):
    for n in range(22):
        register(english(app), email=f"a{n}@example.org")

    assert len(letters("verify")) == 20


@pytest.mark.parametrize(("given", "sentence"), [
    ({"name": ""}, "Enter your name"),
    ({"email": "who@"}, "Enter an e-mail address like name@example.com"),
    ({"phone": "12"}, "Enter a mobile number with 11 digits, like 01712 345678"),
    ({"password": "short"}, "Choose a password of at least 10 letters or digits. Three or four words are easy to keep."),
    ({"password": "password12"}, "Many people use this password, or it is like your name or e-mail."),
    ({"password": "rahimakhatun"}, "Many people use this password, or it is like your name or e-mail."),
    ({"password": EMAIL}, "Many people use this password, or it is like your name or e-mail."),
])  # fmt: skip
def test_what_is_wrong_is_said_and_what_was_typed_stays(client, given, sentence):
    answer = send(client, see(client.get("/register")), "register", **registering(**given))

    page = see(answer)
    assert answer.status_code == 422
    assert page.errors[0].startswith(sentence)
    assert not page.form("register").fields["password"]
    assert page.form("register").fields["name"] == given.get("name", "Rahima Khatun")
    assert letters() == []


def test_signing_in_before_the_link_was_followed_says_so_and_mails_it_again(client, other):
    register(client)

    page = see(sign_in(other))

    assert "not verified yet" in page.alert
    assert len(letters("verify")) == 2
    assert other.get("/appointments").status_code == 303


def test_the_link_mailed_again_works_in_the_browser_that_gave_the_password(client, other):
    register(client)
    sign_in(other)

    assert "Your address is verified" in see(other.get(link("verify"), follow_redirects=True)).alert


def test_a_wrong_password_is_told_nothing_of_a_registration(client, other):
    register(client)

    page = see(sign_in(other, password="something else"))

    assert page.errors == ["E-mail or password is not right. Check both, or sign in with a code instead."]
    assert len(letters("verify")) == 1


def test_an_unknown_link_is_not_here(client):
    assert client.get("/email/abc").status_code == 404
    assert client.post("/email/abc").status_code in {400, 404}


def test_a_link_that_ran_out_says_how_to_get_another(client):
    register(client)
    row = db.session.scalars(select(Registration)).one()
    row.expires_at = NOW
    db.session.commit()

    answer = client.get(link("verify"))

    page = see(answer)
    assert (answer.status_code, page.h1) == (410, "This link ran out")
    assert page.link("Register") == "/register?next=/"


def test_an_address_proven_meanwhile_in_another_way_opens_only_that_account(client):
    register(client)
    owner = make.person(email=EMAIL)

    answer = client.get(link("verify"))

    assert (answer.status_code, see(answer).h1) == (409, "This address already opens an account")
    assert people.owner_of("email", EMAIL).id == owner.id
    assert count(Person) == 1


def test_another_registration_of_the_address_ends_with_the_first_that_is_proven(client, other):
    register(other, name="Stranger", password="violet rickshaw 9")
    strangers = link("verify")
    register(client)
    client.get(link("verify"))

    assert see(other.get(strangers)).h1 == "This address already opens an account"
    assert people.owner_of("email", EMAIL).name == "Rahima Khatun"


def test_it_is_written_to_the_audit(client):
    register(client)
    client.get(link("verify"))

    acts = list(db.session.scalars(select(AuditEntry.act)))
    assert "registered" in acts
    assert "way_added" in acts


def test_the_letters_are_secret_and_end_with_their_links(client):
    register(client)

    letter = letters("verify")[0]
    assert letter.secret
    assert "/email/" not in (letter.body or "") + (letter.html or "")
    assert letter.expires_at == db.session.scalars(select(Registration.expires_at)).one()


def test_registrations_are_forgotten(client):
    register(client)

    jobs.purge(NOW + 24 * 40 * HOUR)

    assert count(Registration) == 0


def test_who_is_signed_in_adds_an_address_instead(client, alice):
    make.sign_in(client, alice)

    assert client.get("/register").headers["Location"] == "/account/ways"


def test_the_pages_read_in_bangla(client):
    client.set_cookie("lang", "bn")
    page = see(client.get("/register"))

    assert see(send(client, page, "register", **registering())).h1
