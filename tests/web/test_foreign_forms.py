"""What comes without our token, from another site, with fields that no form has, or leads elsewhere, does nothing."""

import re

from sqlalchemy import select

from doctapp import clock
from doctapp.accounts.models import Person, Session
from doctapp.appointments.models import Appointment
from doctapp.db import db
from tests import make
from tests.access.test_table import token
from tests.appointments.steps import PHONE, answer, code_sent, prove, take
from tests.people import HOUR, PASSWORD
from tests.see import see
from tests.web.sending import count, post, typed_answers

# Tokens


def test_without_a_good_token_what_was_typed_is_kept_and_sent_again_by_one_button(client, evening):
    row = take(client, evening.sitting)
    for made_up in ("", "x", "IjEi.aaaa.bbbb"):
        page = see(client.post(f"/appointments/{row.ref}/patient", data=typed_answers(csrf_token=made_up)))

        assert (page.code, page.h1) == (400, "Please send that once more")
        assert all(typed in page for typed in ("Momena Bibi", "Cough <b>since</b> May", PHONE))
        assert db.session.get(Appointment, row.id).typed_name == ""

    again = see(client.post(page.form("again").action, data=page.form("again").fill(), follow_redirects=True))

    assert again.h1 == "Enter the code we texted you"


def test_a_token_of_another_browser_is_none(client, other, evening):
    row = take(client, evening.sitting)
    take(other, evening.sitting, 5)

    answered = client.post(f"/appointments/{row.ref}/patient", data=typed_answers(csrf_token=token(other)))

    assert answered.status_code == 400


def test_a_token_from_before_the_sign_in_is_none_but_nothing_is_lost(client, evening, alice):
    row = take(client, evening.sitting)
    before = token(client)
    make.sign_in(client, alice)

    page = see(client.post(f"/appointments/{row.ref}/patient", data=typed_answers(csrf_token=before)))

    assert page.code == 400
    assert page.form("again").fields["name"] == "Momena Bibi"


def test_the_password_is_neither_shown_nor_kept(client, alice):
    make.person(email="rahima@a.test", password=PASSWORD)

    page = see(client.post("/login", data={"email": "rahima@a.test", "password": "my only secret", "next": "/help"}))
    again = see(client.post("/login", data=page.form("again").fill(), follow_redirects=True))

    assert page.code == 400
    assert "my only secret" not in page.soup.decode()
    assert again.form("login").fields["email"] == "rahima@a.test"
    assert again.errors == ["Enter your password"]


def test_the_code_is_neither_shown_nor_kept(client, evening):
    row = take(client, evening.sitting)
    answer(client, row)

    page = see(client.post(f"/appointments/{row.ref}/code", data={"code": "98765"}))

    assert page.code == 400
    assert "98765" not in page.soup.decode()


def test_by_htmx_the_form_comes_back_as_a_fragment(client, evening):
    row = take(client, evening.sitting)

    page = see(client.post(f"/appointments/{row.ref}/patient", data=typed_answers(), headers={"HX-Request": "true"}))

    assert page.code == 400 and not page.title
    assert page.form("again").fields["reason"] == "Cough <b>since</b> May"


NEED_NONE = {"/appointments", "/language", "/waiting"}
WEBHOOKS = "/payments/<any(stripe, sandbox):provider>/webhook"
GATEWAYS = {WEBHOOKS, "/payments/sslcommerz/ipn", "/payments/sslcommerz/return"}


def posts(app):
    """The address of every door that takes a POST from people; the gateways' prove themselves by their signatures."""
    rules = {rule.rule for rule in app.url_map.iter_rules() if "POST" in rule.methods}
    assert rules > GATEWAYS
    return {re.sub(r"<(int:)?\w+>", "1", rule.replace("<ref>", "222-222")) for rule in rules - GATEWAYS}


def test_every_form_needs_a_token_but_those_of_cacheable_pages(app, client, alice):
    make.sign_in(client, alice)
    need_one = posts(app) - NEED_NONE

    assert need_one
    assert {path: client.post(path).status_code for path in need_one} == dict.fromkeys(need_one, 400)


# Other sites


FOREIGN = [
    {"Origin": "https://evil.example"}, {"Origin": "null"}, {"Origin": "http://localhost.evil.example"},
    {"Origin": "http://localhost:81"}, {"Origin": "https://localhost"}, {"Origin": ""},
    {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}, {"Sec-Fetch-Site": "nonsense"},
    {"Origin": "http://localhost", "Sec-Fetch-Site": "cross-site"},
    {"Origin": "null", "Sec-Fetch-Site": "same-origin"},
]  # fmt: skip
OURS = [
    {}, {"Origin": "http://localhost"}, {"Sec-Fetch-Site": "same-origin"}, {"Sec-Fetch-Site": "none"},
    {"Origin": "http://localhost", "Sec-Fetch-Site": "same-origin"},
]  # fmt: skip


def test_a_state_change_from_another_site_is_403(client, evening):
    fields = {"sitting": evening.sitting.id, "number": 3}
    for headers in FOREIGN:
        response = client.post("/appointments?again=1", data=fields, headers=headers)

        assert response.status_code == 403, headers
    assert "came from another site. Nothing was changed." in see(response)
    assert count(Appointment) == 0


def test_one_from_here_or_from_a_client_that_does_not_say_is_let_through(client, evening):
    fields = {"sitting": evening.sitting.id, "number": 3}
    for headers in OURS:
        assert client.post("/appointments?again=1", data=fields, headers=headers).status_code == 303, headers


def test_no_door_takes_anything_from_another_site(app, client, alice):
    make.sign_in(client, alice)
    for path in sorted(posts(app)):
        answered = post(client, path, headers={"Origin": "https://evil.example"}, to="bn", event=1)

        assert answered.status_code == 403, path
        assert "Set-Cookie" not in answered.headers
    assert db.session.scalar(select(Session.ended_at)) is None


def test_a_link_on_another_site_still_opens_our_pages(client, evening):
    assert client.get("/doctors", headers={"Origin": "null", "Sec-Fetch-Site": "cross-site"}).status_code == 200


def test_a_client_that_keeps_no_cookies_still_holds_its_number(app, evening):
    client = app.test_client(use_cookies=False)
    fields = {"sitting": evening.sitting.id, "number": 3}

    first = client.post("/appointments", data=fields)
    second = client.post(first.headers["Location"], data=fields)

    assert (first.status_code, second.status_code) == (307, 303)
    assert re.fullmatch(r"/appointments/[\w-]{7}/patient", second.headers["Location"])


# Fields that no form has


EXTRA = {
    "role": "admin", "status": "booked", "price": "0", "person_id": "1", "patient_id": "1", "admin": "1", "id": "1",
    "booked_at": "2026-01-01", "doctor_id": "1", "typed_name": "X", "held_until": "2099-01-01", "method": "free",
}  # fmt: skip


def test_extra_fields_never_apply(client, evening, bob):
    row = take(client, evening.sitting)
    post(client, f"/appointments/{row.ref}/patient", **typed_answers(), **EXTRA)
    post(client, f"/appointments/{row.ref}/code", code=code_sent(), **EXTRA)
    post(client, f"/appointments/{row.ref}/payment", **{**EXTRA, "method": "chamber"})
    post(client, f"/appointments/{row.ref}/acceptance", **EXTRA)

    row = db.session.get(Appointment, row.id)
    person = db.session.get(Person, row.person_id)
    assert (row.status, row.price, row.booked_at, row.doctor_id) == ("requested", 70000, None, evening.doctor.id)
    assert (row.patient.name, person.admin, person.id != bob.id) == ("Momena Bibi", False, True)
    assert row.held_until < clock.now() + HOUR


def test_a_way_to_pay_that_is_not_offered_is_refused(client, evening):
    row = take(client, evening.sitting)
    prove(client, answer(client, row))

    answered = post(client, f"/appointments/{row.ref}/payment", method="free")

    assert answered.status_code == 422
    assert db.session.get(Appointment, row.id).status == "held"


def test_the_form_to_send_again_leads_where_the_first_one_did_whatever_is_in_the_address(client):
    address = "/sandbox/checkout/a%08%3Fb%25?of=%E0%A6%95&c=%23"
    refused = client.post(address, data={"visit": "new"}, headers={"HX-Request": "true"})

    assert refused.status_code == 400
    assert see(refused).form("again").action == address


# Where `next` leads


ELSEWHERE = [
    "//evil.example", "///evil.example", "/\\evil.example", "\\\\evil.example", "https://evil.example",
    "https:/evil.example", "https:evil.example", "javascript:alert(1)", "/\t/evil.example", "/\n/evil.example", "\t//evil.example", " /help",
    "help", "?help", "", "http://localhost/help", "/help\r\nSet-Cookie: a=b", "/\x7f", "/" + "a" * 3000, "//[",
    "data:text/html,x",
]  # fmt: skip


def test_next_to_another_place_leads_home(client, alice):
    for target in ELSEWHERE:
        answered = client.post("/language", data={"to": "en", "next": target})
        assert answered.headers["Location"] == "/", target

    make.sign_in(client, alice)
    for target in ELSEWHERE:
        assert client.get("/login", query_string={"next": target}).headers["Location"] == "/", target


HERE = ["/help", "/doctors?q=%E0%A6%9C&page=2", "/appointments/222-222#top", "/doctors?q=জ্বর"]


def test_next_within_this_host_is_followed(client, alice):
    make.sign_in(client, alice)
    for target in HERE:
        led_to = client.get("/login", query_string={"next": target}).headers["Location"]

        assert led_to.isascii(), led_to
        assert led_to.startswith(target.partition("জ")[0])


def test_by_htmx_it_is_followed_too(client):
    make.person(email="rahima@a.test", password=PASSWORD)
    fields = {"email": "rahima@a.test", "password": PASSWORD, "next": "/doctors?q=জ্বর"}

    answered = post(client, "/login", headers={"HX-Request": "true"}, **fields)

    assert answered.headers["HX-Redirect"].startswith("/doctors?q=%E0%A6%9C")
