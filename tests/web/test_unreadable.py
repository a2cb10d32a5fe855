"""What cannot be read, leads nowhere or is too much is answered in words, and nothing of it is done."""

from doctapp.accounts.models import Code
from doctapp.appointments.models import Appointment
from doctapp.db import db
from tests import make
from tests.access.test_table import token
from tests.appointments.steps import MOMENA, look, take
from tests.conftest import english
from tests.see import see
from tests.web.sending import FORM, TOKENS, count, post, typed_answers

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


# What nobody sees


def test_characters_that_nobody_sees_are_left_out(client, evening):
    row = take(client, evening.sitting)
    answers = typed_answers(name="Mo\x02mena\x85 Bi\ufdd0bi\U0001ffff", reason="Cough\x7f\nfor days", age="x")

    page = see(post(client, f"/appointments/{row.ref}/patient", **answers))

    assert page.form("patient").fields["name"] == "Momena Bibi"
    assert page.form("patient").fields["reason"].split() == ["Cough", "for", "days"]
    assert see(client.get("/doctors", query_string={"q": "ro\x01ke\x9fya"})).form("search").fields["q"] == "rokeya"


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
