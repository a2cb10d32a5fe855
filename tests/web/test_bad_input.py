"""What is wrong, broken, foreign or too much is answered in words, and nothing of it is done."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.exc import OperationalError

from doctapp import clock
from doctapp.accounts import limits, passwords, sessions
from doctapp.accounts.models import Code, Patient, Person, Session, Tally
from doctapp.appointments.models import Appointment
from doctapp.db import db
from doctapp.digits import bangla
from tests import make
from tests.access.test_table import token
from tests.appointments.steps import MOMENA, PHONE, answer, code_sent, look, prove, send, take
from tests.conftest import english
from tests.people import HOUR, MINUTE, NOW, PASSWORD
from tests.see import see

FORM = "application/x-www-form-urlencoded"
TOKENS = re.compile(r"[\w.-]{60,}")


def post(client, path, *, headers=None, **fields):
    """Send a form as one that was seen a moment ago."""
    return client.post(path, data={"csrf_token": token(client), **fields}, headers=headers)


def count(row):
    return db.session.scalar(select(func.count()).select_from(row))


def tell_many(kind, key, many, *, at=None):
    """As many were counted already."""
    db.session.add_all([Tally(kind=kind, key=key, at=at or clock.now()) for _ in range(many)])
    db.session.commit()


def later(hours):
    """Let this many hours pass for everything that was counted and sent."""
    for column in (Tally.at, Code.sent_at):
        for row_id, at in db.session.execute(select(column.class_.id, column)).all():
            earlier = {column.key: at - timedelta(hours=hours)}
            db.session.execute(update(column.class_).where(column.class_.id == row_id).values(earlier))
    db.session.commit()


# Ids


UNKNOWN = ["222-222", "nonsense", "kq7-4m2", "KQ7-4M2x", "1", "0", "-1", "%F0%9F%98%80", "%00", "%FF", "a" * 300]


def test_unknown_and_malformed_references_are_the_same_404(client, evening):
    paths = [f"/appointments/{ref}{end}" for ref in UNKNOWN for end in ("", "/patient", "/code", "/payment", ".ics")]

    pages = [client.get(path) for path in paths]

    assert {page.status_code for page in pages} == {404}
    assert len({page.data for page in pages}) == 1
    assert see(pages[0]).h1 == "This page is not here"


def test_an_unknown_doctor_and_one_who_is_not_public_are_the_same_404(client, evening):
    make.doctor(slug="applicant", status="applicant")
    slugs = ["nobody", "applicant", "ROKEYA-BEGUM", "%00", "%FF", "a" * 300, "%E0%A6%A1"]

    pages = [client.get(f"/doctors/{slug}{end}") for slug in slugs for end in ("", "/places")]

    assert {page.status_code for page in pages} == {404}
    assert len({page.data for page in pages}) == 1


def test_acting_on_anothers_appointment_looks_like_acting_on_none(client, evening, alice, bob):
    row = make.appointment(evening.sitting, of=bob.patients[0], status="requested")
    held = make.hold(evening.sitting, number=3, browser="of somebody else")
    make.sign_in(client, alice)
    acts = {"acceptance", "refusal", "cancellation", "undo"}
    steps = {"patient", "code", "codes", "payment", "extension"}

    paths = [f"{ref}/{act}" for ref in ("222-222", "nonsense", held.ref) for act in acts | steps]
    pages = [post(client, f"/appointments/{path}", event=1) for path in paths + [f"{row.ref}/{act}" for act in acts]]

    assert {page.status_code for page in pages} == {404}
    assert len({TOKENS.sub("", page.text) for page in pages}) == 1


def test_a_relative_of_somebody_else_cannot_be_chosen(client, evening, alice, bob):
    make.sign_in(client, alice)
    row = take(client, evening.sitting)

    answered = post(client, f"/appointments/{row.ref}/patient", who=bob.patients[0].id, visit="new")

    assert answered.status_code == 422
    assert "Bob Barua" not in answered.text


# Too much


def test_more_than_a_mebibyte_is_413_with_a_page(client):
    part = b'--b\r\nContent-Disposition: form-data; name="to"\r\n\r\n' + b"x" * 2**20 + b"\r\n--b--\r\n"
    for path in ("/appointments?again=1", "/language", "/login", "/login/codes", "/login/code", "/logout"):
        for kind in (FORM, "multipart/form-data; boundary=b"):
            response = client.post(path, data=part, content_type=kind)

            assert response.status_code == 413, (path, kind)
    assert "Please send less than 1 MB. Nothing was changed." in see(response)


# Broken encodings


BROKEN = [b"\xff\xfe", b"%FF%FE", b"%00", b"a%00b", b"%ED%A0%80", b"%F0%9F", b"%C0%80"]


def test_a_form_with_broken_letters_is_400(client):
    signed = b"csrf_token=" + token(client).encode()
    for path in ("/appointments?again=1", "/language", "/login/codes", "/login"):
        for value in BROKEN:
            response = client.post(path, data=signed + b"&phone=" + value, content_type=FORM)

            assert response.status_code == 400, (path, value)
    assert see(response).h1 == "We could not read that"
    assert count(Code) == 0


BROKEN_PARTS = [
    b"nonsense", b"--b", b"--b\r\n", b"--b\r\nContent-Disposition: form-data\r\n", b"--other\r\n\r\nx\r\n--other--",
    b'--b\r\nContent-Disposition: form-data; name="phone"\r\n\r\n017\xff\r\n--b--\r\n',
    b'--b\r\nContent-Disposition: form-data; name="phone"\r\n\r\n017\0\r\n--b--\r\n',
    b'--b\r\nContent-Disposition: form-data; name="\xff"\r\n\r\n017\r\n--b--\r\n',
    b'--b\r\nContent-Disposition: form-data; name="phone"\r\n\r\nit never ends',
]  # fmt: skip


def test_a_broken_multipart_form_is_400(client):
    for body in BROKEN_PARTS:
        answered = client.post("/appointments?again=1", data=body, content_type="multipart/form-data; boundary=b")

        assert answered.status_code == 400, body


def test_a_multipart_form_without_a_boundary_is_400(client):
    assert client.post("/language", data=b"to=en", content_type="multipart/form-data").status_code == 400


def test_a_multipart_form_is_read_like_any_other(client, evening):
    fields = {"sitting": str(evening.sitting.id), "number": "3"}

    answered = client.post("/appointments?again=1", data=fields, content_type="multipart/form-data")

    assert answered.status_code == 303


def test_what_is_no_form_has_no_token_and_does_nothing(client):
    for kind in ("application/json", "text/plain", "application/xml", "", "x"):
        answered = client.post("/login/codes", data=b'{"phone": "01711111111"}', content_type=kind)

        assert answered.status_code == 400, kind


def test_an_address_that_is_no_text_is_400(client):
    for path in ("/", "/doctors", "/login", "/nowhere", "/healthz"):
        response = client.get(path, environ_overrides={"QUERY_STRING": "next=\xff\xfe"})
        assert response.status_code == 400, path
    assert see(response).h1 == "We could not read that"


def test_a_broken_path_leads_nowhere(client):
    for path in ("/%FF%FE", "/doctors/%FF", "/static/%FF", "/appointments/%ED%A0%80", "/%00", "/%0A", "/static/%00"):
        assert client.get(path).status_code == 404, path


def test_a_search_for_broken_letters_finds_what_it_can(client, evening):
    for name in ("q", "area", "day"):
        for value in ("%FF", "%00", "%ED%A0%80", "%", "%zz", "%u0985", "+" * 3000, "%F0%9F%98%80"):
            assert client.get(f"/doctors?{name}={value}").status_code == 200, (name, value)


def test_a_broken_cookie_is_one_that_nobody_knows(app):
    client = app.test_client(use_cookies=False)
    for name in ("session", "browser", "lang", "css"):
        for value in ("\xff\xfe", "a" * 4000, '"\\000"', "%00", "অ".encode().decode("latin-1")):
            assert client.get("/login", headers={"Cookie": f"{name}={value}"}).status_code == 200, (name, value)


def test_a_broken_header_breaks_no_page(client):
    for header in ("Accept-Language", "Accept-Encoding", "Sec-Fetch-Site", "HX-Request", "If-None-Match"):
        for value in ("\xff", "x" * 4000, ";;;,,q=", "en;q=nan", "en;q=1e999", "*"):
            assert client.get("/doctors", headers={header: value}).status_code in {200, 304}, (header, value)


def test_whatever_a_proxy_calls_the_address_a_place_can_be_taken(app, evening):
    for address in ("unknown", "10.0.0.1:5000", "::ffff:10.0.0.1", "fe80::1%eth0", "", "[::1]"):
        fields = {"sitting": evening.sitting.id, "number": 3}
        answered = english(app).post("/appointments?again=1", data=fields, environ_overrides={"REMOTE_ADDR": address})
        assert answered.status_code == 303, address
        db.session.query(Appointment).update({"status": "expired"})
        db.session.commit()


# Tokens


def typed_answers(**changes):
    return {"who": "new", "name": "Momena Bibi", "age": "58", "sex": "female", "phone": PHONE, "visit": "new",
            "reason": "Cough <b>since</b> May", **changes}  # fmt: skip


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


# What nobody sees


def test_characters_that_nobody_sees_are_left_out(client, evening):
    row = take(client, evening.sitting)
    answers = typed_answers(name="Mo\x02mena\x85 Bi\ufdd0bi\U0001ffff", reason="Cough\x7f\nfor days", age="x")

    page = see(post(client, f"/appointments/{row.ref}/patient", **answers))

    assert page.form("patient").fields["name"] == "Momena Bibi"
    assert page.form("patient").fields["reason"].split() == ["Cough", "for", "days"]
    assert see(client.get("/doctors", query_string={"q": "ro\x01ke\x9fya"})).form("search").fields["q"] == "rokeya"


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


# Wrong fields


def test_everything_wrong_is_said_beside_the_field_and_in_the_summary(client, evening):
    row = take(client, evening.sitting)
    wrong = {"name": "x", "age": "121", "sex": "", "phone": "0171", "reason": "অ" * 201, "visit": "report"}

    page = answer(client, row, **wrong)

    fields = page.form("patient").fields
    assert page.code == 422
    assert page.errors == [
        "Enter the name, as the doctor should call it out",
        "Enter the age in years, from 0 to 120",
        "Choose female, male or other",
        "Enter a mobile number with 11 digits, like 01712 345678",
        "Write at most 200 letters",
    ]
    assert {name: fields[name] for name in wrong} == wrong
    for name in ("name", "age", "sex", "phone", "reason"):
        box = page.select(f"[name={name}]")[0]
        assert box["aria-invalid"] == "true" and page.select(f"#{box['id']}-e")


LONG_AND_STRANGE = ["x" * 5000, "<script>alert(1)</script>", "'; DROP TABLE person; --", "😀" * 300, "-1"]


def test_no_value_of_any_field_breaks_the_form(client, evening):
    row = take(client, evening.sitting)
    for name in ("name", "age", "sex", "phone", "visit", "who"):
        for value in LONG_AND_STRANGE:
            is_name = name == "name" and value[0] in "<'"
            fields = typed_answers(**{name: value, "age": "?" if is_name else typed_answers(**{name: value})["age"]})

            answered = post(client, f"/appointments/{row.ref}/patient", **fields)

            assert answered.status_code == 422, (name, value)
            assert "<script>alert" not in answered.text


def test_what_looks_like_html_is_shown_as_it_was_typed(client, evening):
    row = take(client, evening.sitting)

    page = answer(client, row, name="<b>Momena</b>", age="x", reason="</textarea><script>alert(1)</script>")

    fields = page.form("patient").fields
    assert (fields["name"], fields["reason"]) == ("<b>Momena</b>", "</textarea><script>alert(1)</script>")


def test_no_value_signs_in_or_breaks_the_page(client):
    for value in ("", "x" * 255, "x" * 5000, "ß" * 250 + "@x.test", "a@b", "@", "😀"):
        assert "errsum" in post(client, "/login/codes", phone=value).text, value
    for value in ("", "x" * 255, "ß" * 254, "1'; --"):
        response = post(client, "/login", email=value, password="x")

        assert response.status_code == 422, value
        assert "errsum" in response.text


def test_a_name_whose_letters_grow_when_they_are_compared_is_kept_whole(client, evening):
    row = take(client, evening.sitting)
    page = prove(client, answer(client, row, name="ß" * 120))

    send(client, page, "payment")

    assert db.session.get(Appointment, row.id).patient.name == "ß" * 120


def test_200_letters_over_several_lines_are_200_letters(client, evening):
    row = take(client, evening.sitting)
    reason = ("x" * 19 + "\r\n") * 9 + "y" * 20

    page = answer(client, row, reason=reason)

    assert page.h1 == "Enter the code we texted you"
    assert db.session.get(Appointment, row.id).reason == reason.replace("\r\n", "\n")


def test_short_and_long_names_of_people_are_names(client, evening):
    row = take(client, evening.sitting)
    names = ["Oi", "ঔষ", "ইমু", "Li Po", "Md. Abdul-Karim (Babu)", "O'Neil", "José", "ড. রহিম"]

    for name in names:
        response = post(client, f"/appointments/{row.ref}/patient", **typed_answers(name=name, age="?"))

        assert "Enter the name" not in response.text, name
        assert response.status_code == 422


@pytest.mark.parametrize("phone", ["+880 1712-345678", "8801712345678", "০১৭১২ ৩৪৫৬৭৮"])
def test_a_phone_is_taken_as_people_type_it_and_shown_so(client, evening, phone):
    row = take(client, evening.sitting)

    page = answer(client, row, phone=phone)

    assert f"We sent five digits to {phone}." in page
    assert db.session.scalar(select(Code.address)) == "+8801712345678"


def test_what_is_no_mobile_number_is_refused(client, evening):
    row = take(client, evening.sitting)

    for phone in ("017123456", "0171234567890", "x@b.01712345678", "tel:01712345678", "999", ""):
        response = post(client, f"/appointments/{row.ref}/patient", **typed_answers(phone=phone))

        assert "Enter a mobile number with 11 digits, like 01712 345678" in response.text, phone
    assert count(Code) == 0


def test_an_age_is_taken_in_either_digits_from_0_to_120(client, evening, alice):
    make.sign_in(client, alice)
    row = take(client, evening.sitting)

    for age, kept in (("0", 0), ("120", 120), ("৫৮", 58), (" 7 ", 7), ("০", 0)):
        assert post(client, f"/appointments/{row.ref}/patient", **typed_answers(age=age)).status_code == 303
        assert db.session.get(Appointment, row.id).typed_age == kept


def test_an_age_that_is_none_is_refused_and_shown_again(client, evening):
    row = take(client, evening.sitting)

    for age in ("121", "-1", "5.5", "9" * 5000, "fifty", "", "1e2", "NaN", "0x10", "১২১"):
        response = post(client, f"/appointments/{row.ref}/patient", **typed_answers(age=age))

        assert "Enter the age in years, from 0 to 120" in response.text, age
        assert f'name="age" type="text" value="{age}"' in response.text


def test_numbers_of_places_may_be_in_bangla_digits(client, evening):
    fields = {"sitting": bangla(evening.sitting.id), "number": "৩"}

    client.post("/appointments?again=1", data=fields)

    assert db.session.scalar(select(Appointment.number)) == 3


def test_dates_and_page_numbers_may_be_in_bangla_digits(client, evening):
    day = evening.sitting.local_date.isoformat()

    found = see(client.get(f"/doctors?day={bangla(day)}&page=১"))
    shown = see(client.get(f"/doctors/rokeya-begum?day={bangla(day)}&sitting={bangla(evening.sitting.id)}&number=১২"))

    assert found.form("search").fields["day"] == day
    assert shown.form(f"place-{evening.sitting.id}").fields["number"] == "12"


def test_no_number_of_no_sitting_is_ever_taken(client, evening):
    numbers = ["0", "-1", "25", "10000", "10001", "2147483648", "9" * 40, "9" * 5000, "x", "", "1.5", "1e1", "None"]
    for sitting in (evening.sitting.id, "0", "-1", "2147483647", "99999999999999999999", "x", ""):
        for number in numbers:
            answered = client.post("/appointments?again=1", data={"sitting": sitting, "number": number})

            assert answered.status_code in {409, 422}, (sitting, number)
    assert count(Appointment) == 0


# Limits


def told_to_wait(response, most):
    assert response.status_code == 429
    assert 0 < int(response.headers["Retry-After"]) <= most
    return see(response)


def ask_for_code(app, phone="01799 999999"):
    client = english(app)
    client.set_cookie("browser", f"browser-{count(Code)}")
    return post(client, "/login/codes", phone=phone)


def test_a_number_gets_three_codes_an_hour_from_all_browsers_together(app):
    first = [ask_for_code(app).status_code for _ in range(3)]

    page = told_to_wait(ask_for_code(app, phone="+880 1799 999999"), 3600)

    assert first == [303] * 3
    assert page.errors == ["We already sent several codes to this number. Wait an hour, or call us: we help by phone."]
    assert page.form("login-phone").fields["phone"] == "+880 1799 999999"
    assert ask_for_code(app, phone="01799 999998").status_code == 303


def test_a_number_gets_six_codes_a_day(app):
    for _ in range(6):
        assert ask_for_code(app).status_code == 303
        later(hours=1.1)

    told_to_wait(ask_for_code(app), 24 * 3600)
    later(hours=18)
    assert ask_for_code(app).status_code == 303


def test_the_limits_of_codes_hold_while_booking_too(client, evening):
    row = take(client, evening.sitting)
    tell_many("code", "+8801712345678", 3)

    answered = post(client, f"/appointments/{row.ref}/patient", **typed_answers())

    page = told_to_wait(answered, 3600)
    assert page.form("patient").fields["name"] == "Momena Bibi"
    assert page.link("We already sent several codes") == "#phone"


def test_asking_for_another_code_within_the_minute_says_when_to_come_again(client, evening):
    row = take(client, evening.sitting)
    page = answer(client, row)

    told_to_wait(send(client, page, "resend"), 60)


def test_the_sms_of_all_have_a_budget_an_hour(app):
    tell_many("sms-budget", "all", app.config["SETTINGS"].sms_hourly_budget)

    page = told_to_wait(ask_for_code(app), 3600)

    assert "We can't send SMS for the moment" in page.errors[0]
    assert ask_for_code(app, phone="somebody@a.test").status_code == 303


def wrong_code():
    return f"{(int(code_sent()) + 1) % 100_000:05}"


def test_a_code_takes_five_tries(client):
    post(client, "/login/codes", phone="01799 999999")

    tries = [see(post(client, "/login/code", code=wrong_code())).errors[0] for _ in range(5)]
    right = see(post(client, "/login/code", code=code_sent()))

    assert [words.startswith("That is not the code") for words in tries] == [True, True, True, True, False]
    assert right.errors == ["This code no longer works. Ask for a new one below."]


def test_after_ten_wrong_tries_a_day_the_right_one_is_refused_too(client):
    post(client, "/login/codes", phone="01799 999999")
    tell_many("wrong-code", "+8801799999999", 10)

    page = told_to_wait(post(client, "/login/code", code=code_sent()), 24 * 3600)

    assert page.errors[0].startswith("Too many wrong codes were typed for this number.")
    assert count(Session) == 0


def test_a_browser_holds_five_times_an_hour(client, evening):
    for number in range(1, 6):
        take(client, evening.sitting, number)

    answered = client.post("/appointments", data={"sitting": evening.sitting.id, "number": 6})

    page = told_to_wait(answered, 3600)
    assert "Go on with the one you hold" in page
    assert db.session.scalars(select(Appointment.number).filter_by(status="held")).all() == [5]


def test_an_address_holds_a_hundred_and_twenty_times_an_hour(app, client, other, evening):
    tell_many("hold-address", limits.address_key("10.0.0.1"), 120)
    fields = {"sitting": evening.sitting.id, "number": 3}

    here = client.post("/appointments?again=1", data=fields, environ_overrides={"REMOTE_ADDR": "10.0.0.1"})
    there = other.post("/appointments?again=1", data=fields, environ_overrides={"REMOTE_ADDR": "10.0.0.2"})

    told_to_wait(here, 3600)
    assert there.status_code == 303


def test_ten_wrong_passwords_an_hour_shut_the_door_to_the_right_one(client):
    make.person(email="rahima@a.test", password=PASSWORD)
    tell_many("password", "rahima@a.test", 10)

    page = told_to_wait(post(client, "/login", email="Rahima@A.test", password=PASSWORD), 3600)

    assert page.errors == ["Too many wrong passwords. Wait an hour, or sign in with a code instead."]
    assert page.form("login").fields["email"] == "Rahima@A.test"


# Who is known


class Counting:
    """Counts how often a password is looked at."""

    def __init__(self, hasher):
        self.hasher, self.looks = hasher, 0

    def verify(self, *given):
        self.looks += 1
        return self.hasher.verify(*given)


def test_a_known_and_an_unknown_address_are_answered_alike_and_with_the_same_work(client, monkeypatch):
    make.person(email="known@a.test", password=PASSWORD)
    make.person(email="empty@a.test")
    counting = Counting(passwords.hasher())
    passwords.is_right(None, "make the dummy")
    monkeypatch.setattr(passwords, "hasher", lambda: counting)

    pages = [post(client, "/login", email=f"{who}@a.test", password="wrong") for who in ("known", "empty", "unheard")]

    texts = {re.sub(r"\w+@a.test", "", TOKENS.sub("", page.text)) for page in pages}
    assert {page.status_code for page in pages} == {422}
    assert len(texts) == 1
    assert counting.looks == 3


def test_asking_for_a_code_says_nothing_about_who_is_known(app):
    make.person(email="known@a.test", phone="+8801711111111")
    asked = [ask_for_code(app, way) for way in ("known@a.test", "never@a.test", "01711111111", "01799999999")]

    assert {(one.status_code, one.headers["Location"], one.data) for one in asked} == {
        (303, "/login/code?next=/", asked[0].data)
    }
    assert count(Code) == 4


# Gone and run out


def test_a_number_that_is_gone_is_409_with_the_three_nearest(client, other, evening):
    take(other, evening.sitting, 12)

    page = see(client.post("/appointments?again=1", data={"sitting": evening.sitting.id, "number": 12}))

    assert page.code == 409
    assert page.form(f"place-{evening.sitting.id}").choices("number") == ["10", "11", "13"]


@pytest.mark.parametrize("act", ["patient", "payment", "extension"])
def test_acting_on_a_hold_that_ran_out_is_410_with_the_answers_kept(client, evening, alice, act):
    make.sign_in(client, alice)
    row = take(client, evening.sitting)
    page = answer(client, row)
    row = db.session.get(Appointment, row.id)
    row.held_until = NOW - MINUTE
    db.session.commit()

    answered = post(client, f"/appointments/{row.ref}/{act}", **{**typed_answers(), "method": "chamber"})

    page = see(answered)
    assert page.code == 410
    assert "Momena Bibi" in page
    assert page.form(f"place-{evening.sitting.id}").buttons == ["Keep serial 12 again"]
    assert count(Patient) == 1


# Error pages


def refused(client, evening, status):
    """An answer with this status."""
    hold = {"sitting": evening.sitting.id, "number": 3}
    tell_many("hold-address", limits.address_key("10.0.0.1"), 120)
    return {
        400: lambda: client.post("/login/codes", data={"phone": "01712 345678"}),
        403: lambda: client.post("/language", headers={"Origin": "null"}),
        404: lambda: client.get("/nowhere"),
        405: lambda: client.put("/doctors"),
        413: lambda: client.post("/language", data=b"x" * 2**20 + b"y", content_type=FORM),
        429: lambda: client.post("/appointments?again=1", data=hold, environ_overrides={"REMOTE_ADDR": "10.0.0.1"}),
    }[status]()


ERRORS = [400, 403, 404, 405, 413, 429]


@pytest.mark.parametrize("language", ["bn", "en"])
def test_an_error_page_says_what_happened_and_what_to_do_in_the_readers_language(app, evening, language):
    for status in ERRORS:
        client = app.test_client()
        client.set_cookie("lang", language)

        page = see(refused(client, evening, status))

        assert page.code == {405: 404}.get(status, status)
        assert page.soup.html["lang"] == language
        assert page.h1.isascii() is (language == "en")
        assert len(page.select("p.lg")[0].get_text()) > 30
        assert page.select("main a[href='/']"), status
        assert "09612-345678" in page


def test_by_htmx_an_error_is_a_fragment_that_is_announced(client, evening):
    client.environ_base["HTTP_HX_REQUEST"] = "true"

    for status in ERRORS:
        page = see(refused(client, evening, status))

        assert page.alert, status
        assert not page.title


def test_no_error_is_kept_or_gives_away_how_we_are_made(client, evening):
    for status in ERRORS:
        answered = refused(client, evening, status)

        assert answered.headers["Cache-Control"] == "no-store", status
        assert not re.search(r"Traceback|werkzeug|sqlalchemy|\.py\b|psycopg", answered.text, re.IGNORECASE)


def broken(message):
    def find(*_):
        raise OperationalError("SELECT", {}, Exception(message))

    return find


def test_a_busy_database_is_503_also_for_who_is_signed_in(client, alice, monkeypatch):
    make.sign_in(client, alice)
    monkeypatch.setattr(sessions, "find", broken("database is locked"))

    answered = client.get("/appointments")

    assert see(answered).h1 == "Very many people are here now"
    assert (answered.status_code, answered.headers["Retry-After"]) == (503, "2")


def test_a_fault_of_ours_is_500_in_words_also_for_who_is_signed_in(client, alice, monkeypatch, caplog):
    make.sign_in(client, alice)
    monkeypatch.setattr(sessions, "find", broken("the disk is gone"))

    page = see(client.get("/appointments"))

    assert (page.code, page.h1) == (500, "Something went wrong on our side")
    assert "the disk is gone" not in page.soup.decode()


# Methods


def test_a_method_that_no_door_has_looks_like_no_page(client):
    nowhere = client.get("/nowhere").data
    for path in ("/", "/appointments", "/login", "/appointments/222-222", "/healthz", "/static/x.css"):
        for method in ("PUT", "PATCH", "DELETE", "TRACE", "PROPFIND", "NONSENSE"):
            answered = client.open(path, method=method)

            assert (answered.status_code, answered.data) == (404, nowhere), (method, path)


def test_posting_to_a_page_that_only_shows_is_no_page(client):
    for path in ("/help", "/doctors", "/specialties", "/healthz", "/doctor/requests"):
        assert client.post(path).status_code == 404, path


def test_head_is_get_without_the_body(client):
    for path in ("/", "/doctors", "/healthz", "/nowhere", "/appointments/x", "/specialties"):
        got, head = client.get(path), client.head(path)

        assert (head.status_code, head.data) == (got.status_code, b""), path
        assert set(head.headers.keys()) == set(got.headers.keys())


def test_options_says_what_may_be_asked(client):
    answered = client.options("/login")

    assert answered.status_code == 200
    assert {"GET", "HEAD", "OPTIONS", "POST"} == set(answered.headers["Allow"].split(", "))
    assert "Access-Control-Allow-Origin" not in answered.headers


def test_looking_changes_nothing(client, evening, alice):
    make.sign_in(client, alice)
    row = take(client, evening.sitting)
    before = (count(Appointment), count(Code), db.session.get(Appointment, row.id).held_until)

    for end in ("", "/patient", "/code", "/payment", "/extension", "/acceptance", "/cancellation", "/undo", "/codes"):
        client.get(f"/appointments/{row.ref}{end}?number=5&sitting={evening.sitting.id}")

    assert (count(Appointment), count(Code), db.session.get(Appointment, row.id).held_until) == before
    assert look(client, row, "patient").form("patient").fields | MOMENA
