"""What every answer says to browsers and caches (domain.md, "Headers, sessions, modes")."""

import base64
import gzip
import hashlib
import re

import pytest

from doctapp.web import assets, cookies
from tests import make
from tests.appointments.steps import answer, take
from tests.conftest import english
from tests.people import PASSWORD
from tests.see import see

CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'; manifest-src 'self'; worker-src 'self'"
)
ALWAYS = {
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
}
CACHEABLE = ["/", "/help", "/specialties", "/doctors", "/doctors?q=rokeya&page=1", "/doctors/rokeya-begum",
             "/doctors/rokeya-begum/places"]  # fmt: skip
PERSONAL = ["/", "/doctors", "/doctors/rokeya-begum", "/help", "/specialties", "/appointments", "/notifications", "/login",
            "/nowhere"]  # fmt: skip
TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml", ".png": "image/png"}


@pytest.fixture
def again(app):
    """A browser that was here before: it has the stylesheet."""
    browser = english(app)
    browser.set_cookie("css", assets.manifest()[assets.STYLESHEET])
    return browser


def file(name):
    """The address of a static file."""
    return f"/static/{assets.manifest()[name]}"


# Security


@pytest.mark.parametrize("secure", [False, True], ids=["http", "https"])
def test_every_answer_bears_them(again, evening, secure):
    base = {"base_url": f"http{'s' if secure else ''}://localhost"}
    for path in ("/", "/login", "/nowhere", "/healthz", "/appointments", file("js/app.js"), "/static/none.css"):
        headers = again.get(path, **base).headers

        assert {name: headers.get(name) for name in ALWAYS} == ALWAYS, path
        assert headers["Content-Security-Policy"] == CSP, path
        said = headers.get("Strict-Transport-Security")
        assert said == ("max-age=31536000; includeSubDomains" if secure else None), path
        assert "X-Powered-By" not in headers


def test_refusals_and_answers_to_posts_bear_them_too(again, evening):
    answers = [
        again.post("/appointments", data={"sitting": evening.sitting.id, "number": "3"}),
        again.post("/appointments?again=1", data={"sitting": evening.sitting.id, "number": "3"}),
        again.post("/language", headers={"Origin": "null"}),
        again.post("/login", data={"email": "x"}),
        again.post("/language", data=b"x" * 2**21),
        again.options("/login"),
    ]

    assert [answered.status_code for answered in answers] == [307, 303, 403, 400, 413, 200]
    for answered in answers:
        assert {name: answered.headers.get(name) for name in ALWAYS} == ALWAYS
        assert answered.headers["Content-Security-Policy"] == CSP
        assert answered.headers["Cache-Control"] == "no-store"


def test_a_first_visit_allows_just_the_stylesheet_it_inlines(client, evening):
    for path in ("/", "/login", "/nowhere", "/doctors/rokeya-begum"):
        response = client.get(path)
        styles = re.findall(r"<style>(.*?)</style>", response.text, re.DOTALL)

        digest = base64.b64encode(hashlib.sha256(styles[0].encode()).digest()).decode()
        allowed = CSP.replace("style-src 'self'", f"style-src 'self' 'sha256-{digest}'")
        assert response.headers["Content-Security-Policy"] == allowed, path
        assert len(styles) == 1


def test_no_page_needs_anything_that_the_policy_forbids(again, evening):
    for path in [*CACHEABLE, "/login", "/nowhere"]:
        page = see(again.get(path))

        assert not page.select("script:not([src]), style, [style], base, iframe, object, embed"), path
        assert not [tag for tag in page.select("*") if any(name.startswith("on") for name in tag.attrs)], path
        assert all(tag["src"].startswith("/") for tag in page.select("[src]")), path
        assert all(tag["action"].startswith("/") for tag in page.select("form")), path


# Caches


def test_personal_pages_are_never_kept(client, evening, alice):
    row = take(client, evening.sitting)
    answer(client, row)
    for step in ("", "/patient", "/code", "/payment"):
        assert client.get(f"/appointments/{row.ref}{step}").headers["Cache-Control"] == "no-store", step

    make.sign_in(client, alice)
    for path in PERSONAL:
        response = client.get(path)

        assert response.headers["Cache-Control"] == "no-store", path
        assert "ETag" not in response.headers, path


def test_the_doctors_pages_are_never_kept(client, evening, nasrin):
    make.sign_in(client, nasrin)
    for path in ("/doctor/requests", "/doctor/requests/news?after=0"):
        assert client.get(path).headers["Cache-Control"] == "no-store", path


def test_cacheable_pages_carry_nothing_of_anybody(client, evening):
    client.set_cookie("browser", "of somebody")
    for path in CACHEABLE:
        response = client.get(path)

        assert response.status_code == 200, path
        assert response.headers["Cache-Control"] == "public, max-age=60", path
        assert "Set-Cookie" not in response.headers, path
        assert "csrf_token" not in response.text, path
        assert "form_key" not in response.text, path
        assert {"Cookie", "Accept-Language", "HX-Request"} <= set(response.vary), path


def test_cacheable_pages_answer_304_to_who_has_them(client, evening):
    for path in CACHEABLE:
        first = client.get(path)
        same = client.get(path, headers={"If-None-Match": first.headers["ETag"]})

        assert (same.status_code, same.data) == (304, b""), path
        assert same.headers["ETag"] == first.headers["ETag"]
        assert same.headers["Cache-Control"] == "public, max-age=60"
        assert set(same.vary) == set(first.vary)


def test_another_language_stylesheet_or_piece_is_another_page(app, again, client, evening):
    bangla = app.test_client()
    tags = [
        client.get("/doctors").headers["ETag"],
        again.get("/doctors").headers["ETag"],
        bangla.get("/doctors").headers["ETag"],
        again.get("/doctors", headers={"HX-Request": "true"}).headers["ETag"],
        again.get("/doctors?q=x").headers["ETag"],
    ]

    assert len(set(tags)) == len(tags)


def test_a_page_that_changed_is_sent_anew(again, evening):
    path = "/doctors/rokeya-begum/places"
    before = again.get(path).headers["ETag"]
    make.appointment(evening.sitting, number=1)

    assert again.get(path, headers={"If-None-Match": before}).status_code == 200


def test_signing_in_ends_what_was_kept(again, evening, alice):
    kept = again.get("/doctors").headers["ETag"]
    make.sign_in(again, alice)

    response = again.get("/doctors", headers={"If-None-Match": kept})

    assert response.status_code == 200
    assert response.headers["Cache-Control"] == "no-store"


def test_signing_out_tells_the_browser_to_forget(again, evening):
    make.person(email="rahima@a.test", password=PASSWORD)
    again.post("/login", data=see(again.get("/login")).form("login").fill(email="rahima@a.test", password=PASSWORD))

    response = again.post("/logout", data=see(again.get("/")).form("logout").fill())

    assert response.headers["Clear-Site-Data"] == '"cache", "storage"'


def test_health_is_asked_anew_each_time(client):
    response = client.get("/healthz")

    assert (response.status_code, response.text, response.headers["Cache-Control"]) == (200, "ok\n", "no-store")
    assert response.headers["Content-Type"].startswith("text/plain")


# Static files


def test_static_files_are_kept_for_a_year_and_have_their_types(client):
    for name in assets.manifest():
        response = client.get(file(name))

        assert response.status_code == 200, name
        assert response.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert response.mimetype == next(kind for end, kind in TYPES.items() if name.endswith(end))
        assert re.search(r"-[0-9a-f]{8}\.\w+$", file(name))


def test_static_files_are_compressed_for_who_takes_it(client):
    for name in assets.manifest():
        plain = client.get(file(name))
        zipped = client.get(file(name), headers={"Accept-Encoding": "br, gzip;q=0.5"})

        assert "Content-Encoding" not in plain.headers, name
        assert "Accept-Encoding" in plain.vary
        assert zipped.mimetype == plain.mimetype
        if name.endswith((".css", ".js", ".svg")):
            assert (zipped.headers["Content-Encoding"], gzip.decompress(zipped.data)) == ("gzip", plain.data), name
            assert "Accept-Encoding" in zipped.vary


def test_who_wants_no_gzip_gets_none(client):
    response = client.get(file("css/app.css"), headers={"Accept-Encoding": "gzip;q=0, identity"})

    assert "Content-Encoding" not in response.headers


@pytest.mark.parametrize("path", ["/login", "/nowhere"])
def test_pages_are_compressed_and_refusals_too(client, path):
    plain, zipped = client.get(path), client.get(path, headers={"Accept-Encoding": "gzip"})

    assert zipped.status_code == plain.status_code
    assert zipped.headers["Content-Encoding"] == "gzip"
    assert len(zipped.data) < len(plain.data) / 2
    assert gzip.decompress(zipped.data).rstrip().endswith(b"</html>")


def test_unknown_files_and_ways_out_of_the_folder_are_404(client):
    names = [
        "none.css", "", "css", "css/", "../wsgi.py", "..%2fwsgi.py", "%2e%2e/%2e%2e/wsgi.py", "css/../../../wsgi.py",
        "..\\wsgi.py", "/etc/passwd", "%2fetc/passwd", "css%00.css", "a" * 400, "অ" * 100, "css/" * 100 + "x",
        ".", "..", "%2e%2e", "....//wsgi.py",
    ]  # fmt: skip
    for name in names:
        response = client.get(f"/static/{name}", headers={"Accept-Encoding": "gzip"}, follow_redirects=True)

        assert response.status_code == 404, name
        assert response.headers["Cache-Control"] == "no-store", name
        assert b"create_app" not in response.data


def test_the_stylesheets_own_answer_says_that_it_is_there(client):
    client.get(file("css/app.css"))

    assert client.get_cookie("css").value == assets.manifest()[assets.STYLESHEET]
    assert "<style>" not in client.get("/").text


def test_no_other_file_sets_a_cookie(client):
    for name in assets.manifest():
        if name != assets.STYLESHEET:
            assert "Set-Cookie" not in client.get(file(name)).headers, name


def test_a_static_file_asks_for_no_browser_cookie(app, client, monkeypatch):
    monkeypatch.setattr(cookies, "browser_token", lambda: 1 / 0)

    assert client.get(file("js/app.js")).status_code == 200
