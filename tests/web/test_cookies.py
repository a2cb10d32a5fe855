"""The secrets a browser holds: what their cookies are called, what they prove, and when they stop (domain.md)."""

import threading
from contextlib import contextmanager
from datetime import timedelta
from http.cookies import SimpleCookie

import pytest
import requests
from sqlalchemy import select
from werkzeug.serving import WSGIRequestHandler, make_server

from doctapp import clock
from doctapp.accounts import limits
from doctapp.accounts.models import Session, Tally
from doctapp.appointments.models import Appointment
from doctapp.db import db
from doctapp.notifications.models import Letter
from doctapp.web import cookies
from tests import make
from tests.access.test_table import token
from tests.appointments.steps import PHONE, answer, look, prove, send, take
from tests.conftest import english, make_app
from tests.patience import PATIENCE
from tests.people import PASSWORD
from tests.see import see
from tests.servers.ports import LOOPBACK, free_port
from tests.servers.proxy import TlsProxy

EMAIL = "rahima@a.test"


@pytest.fixture
def rahima(app):
    """A patient with a password."""
    person = make.person(email=EMAIL, password=PASSWORD, name="Rahima Khatun", phone="+8801744444444")
    make.patient(person, oneself=True)
    return person


def sign_in(client, **more):
    """Sign in by the form; the answer."""
    form = see(client.get("/login", **more)).form("login")
    return client.post(form.action, data=form.fill(email=EMAIL, password=PASSWORD), **more)


def set_by(response):
    """The cookies of an answer by their names."""
    found = {}
    for line in response.headers.getlist("Set-Cookie"):
        found |= SimpleCookie(line)
    return found


def flags(morsel):
    return {name: value for name, value in morsel.items() if value and name != "expires"}


def opens(client):
    """Whether this browser's cookies open what is one person's."""
    return client.get("/appointments").status_code == 200


def sessions():
    return db.session.scalars(select(Session).order_by(Session.id)).all()


def age_session(**ages):
    """Make every session as old, and as long unused, as this."""
    for row in sessions():
        for name, age in ages.items():
            setattr(row, name, clock.now() - age)
    db.session.commit()


# Names and flags


def test_over_http_the_cookies_have_plain_names_and_no_page_can_read_them(client, evening, rahima):
    signed = set_by(sign_in(client))["session"]
    taken = set_by(english(client.application).post("/appointments", data={"sitting": evening.sitting.id}))["browser"]

    assert flags(signed) == {"path": "/", "samesite": "Lax", "httponly": True}
    assert flags(taken) == {"path": "/", "samesite": "Lax", "httponly": True, "max-age": "2400"}
    assert len(signed.value) == len(taken.value) == 43


def test_no_secret_is_stored_only_its_hash(client, evening, rahima):
    sign_in(client)
    row = take(client, evening.sitting)
    held = {name: client.get_cookie(name).value for name in ("session", "browser")}

    assert sessions()[0].token_hash == cookies.hashed(held["session"])
    assert db.session.get(Appointment, row.id).browser_hash == cookies.hashed(held["browser"])
    assert not any(value in repr(vars(one)) for value in held.values() for one in (*sessions(), row))


def test_a_form_of_a_visitor_sets_a_browser_cookie_that_ends_with_the_browser(client):
    assert flags(set_by(client.get("/login"))["browser"]) == {"path": "/", "samesite": "Lax", "httponly": True}


def test_no_other_cookie_is_ever_set(client, evening, rahima):
    sign_in(client)
    page = answer(client, take(client, evening.sitting), who="me")
    send(client, page, "payment")
    client.post("/language", data={"to": "bn"})

    assert {cookie.key for cookie in client._cookies.values()} == {"session", "browser", "lang"}


# Real HTTP and TLS


class Quiet(WSGIRequestHandler):
    """Writes no log."""

    def log(self, *_):
        """Say nothing."""


@contextmanager
def served(app, port):
    """The application behind a real socket."""
    server = make_server(LOOPBACK, port, app, threaded=True, request_handler=Quiet)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://{LOOPBACK}:{port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="module")
def tls(database, tmp_path_factory):
    """The application for https behind a proxy that ends TLS."""
    port = free_port()
    with TlsProxy(port) as proxy:
        given = {"public_url": proxy.url, "trusted_proxies": 1, "trusted_hosts": ("localhost",)}
        app = make_app(database, tmp_path_factory.mktemp("secure"), **given)
        with served(app, port):
            yield proxy
        with app.app_context():
            db.engine.dispose()


def browser(verify=True):
    """A browser of its own that reads English."""
    jar = requests.Session()
    jar.trust_env = False
    jar.verify = verify
    jar.headers["Accept-Language"] = "en"
    return jar


def sign_in_at(jar, url, **more):
    form = see(jar.get(f"{url}/login")).form("login")
    data = form.fill(email=EMAIL, password=PASSWORD, **more)
    return jar.post(url + form.action, data=data, headers={"Origin": url}, allow_redirects=False)


def test_signing_in_and_out_over_real_http(app, rahima):
    with served(app, free_port()) as url:
        jar = browser()
        answered = sign_in_at(jar, url)
        page = see(jar.get(f"{url}/appointments"))
        copied, held = dict(jar.cookies), list(jar.cookies)
        jar.post(f"{url}/logout", data=page.form("logout").fill())

        assert answered.status_code == 303
        assert {"session", "browser"} <= {cookie.name for cookie in held}
        assert not any(cookie.secure for cookie in held)
        assert not {"session", "browser"} & {cookie.name for cookie in jar.cookies}
        again = requests.get(f"{url}/appointments", cookies=copied, allow_redirects=False, timeout=PATIENCE)
        assert again.headers["Location"] == "/login?next=/appointments"


def test_over_tls_the_cookies_are_bound_to_this_host(app, tls, rahima):
    jar = browser(str(tls.certificate))

    answered = sign_in_at(jar, tls.url)

    said = answered.headers["Set-Cookie"]
    assert said.startswith("__Host-session=")
    assert {"Secure", "HttpOnly", "Path=/", "SameSite=Lax"} <= set(said.split("; "))
    assert "Domain" not in said
    assert {cookie.name for cookie in jar.cookies} == {"__Host-session", "__Host-browser"}
    assert all(cookie.secure for cookie in jar.cookies)
    assert jar.get(f"{tls.url}/appointments", allow_redirects=False).status_code == 200
    assert "max-age=31536000" in answered.headers["Strict-Transport-Security"]


def test_over_tls_a_remembered_browser_is_bound_to_this_host_and_comes_back(app, tls, rahima):
    jar = browser(str(tls.certificate))
    sign_in_at(jar, tls.url, remember="y")
    first = jar.cookies["__Host-device"]
    jar.cookies.set("__Host-session", None)
    plain = requests.get(
        f"{tls.url}/appointments",
        cookies={"device": first},
        verify=str(tls.certificate),
        allow_redirects=False,
        timeout=PATIENCE,
    )

    answered = jar.get(f"{tls.url}/appointments", allow_redirects=False)

    said = answered.headers["Set-Cookie"]
    assert plain.status_code == 303
    assert answered.status_code == 200
    assert "__Host-device=" in said
    assert said.count("Secure; HttpOnly; Path=/; SameSite=Lax") == 2
    assert "Domain" not in said
    assert jar.cookies["__Host-device"] != first
    assert all(cookie.secure for cookie in jar.cookies)


def test_over_tls_every_cookie_is_secure(app, tls, evening):
    jar = browser(str(tls.certificate))
    page = see(jar.get(tls.url))
    jar.get(tls.url + page.select("link[rel=stylesheet]")[0]["href"])
    jar.post(f"{tls.url}/language", data={"to": "en"})
    jar.post(f"{tls.url}/appointments", data={"sitting": evening.sitting.id, "number": 3})

    assert {cookie.name for cookie in jar.cookies} == {"css", "lang", "__Host-browser"}
    assert all(cookie.secure for cookie in jar.cookies)


def test_over_tls_a_cookie_without_the_prefix_proves_nothing(app, tls, rahima):
    make.sign_in(client := app.test_client(), rahima)
    value = client.get_cookie("session").value

    for name, status in (("session", 303), ("__Host-session", 200)):
        sent = {"Cookie": f"{name}={value}"}
        got = browser(str(tls.certificate)).get(f"{tls.url}/appointments", headers=sent, allow_redirects=False)
        assert got.status_code == status, name


def test_a_foreign_host_is_400_with_a_page_and_nothing_else(app, tls, evening):
    jar = browser(str(tls.certificate))
    for host in ("evil.example", "localhost.evil.example", "evil.example:443", "..", "a" * 300):
        for path in ("/", "/healthz", "/nowhere"):
            page = see(jar.get(tls.url + path, headers={"Host": host}))

            assert (page.code, page.h1) == (400, "We could not read that"), (host, path)
            assert host not in page.soup.decode()
        assert jar.post(f"{tls.url}/language", headers={"Host": host}).status_code == 400


def test_only_our_own_origin_may_change_anything(app, tls):
    jar = browser(str(tls.certificate))
    for origin, status in ((tls.url, 303), (tls.url.replace("https", "http"), 403), ("https://localhost", 403)):
        answered = jar.post(f"{tls.url}/language", data={"to": "en"}, headers={"Origin": origin}, allow_redirects=False)
        assert answered.status_code == status, origin


def test_the_proxy_says_who_asks_and_the_browser_cannot(app, tls, evening):
    tls.client_address = "203.0.113.7"
    claimed = {"X-Forwarded-For": "10.0.0.1", "X-Forwarded-Proto": "http", "X-Forwarded-Host": "evil.example"}

    jar = browser(str(tls.certificate))
    fields = {"sitting": evening.sitting.id, "number": 3}
    answered = jar.post(f"{tls.url}/appointments", data=fields, headers=claimed)
    tls.client_address = None
    db.session.rollback()

    assert answered.status_code == 200
    counted = db.session.scalars(select(Tally.key).filter_by(kind="hold-address")).all()
    assert counted == [limits.address_key("203.0.113.7")]


def test_without_a_trusted_proxy_nobody_is_believed(client, evening):
    claimed = {"X-Forwarded-For": "10.0.0.1", "X-Forwarded-Proto": "https", "X-Forwarded-Host": "evil.example"}

    response = client.post("/appointments?again=1", data={"sitting": evening.sitting.id, "number": 3}, headers=claimed)

    assert "Strict-Transport-Security" not in response.headers
    assert "evil" not in response.headers["Location"]
    counted = db.session.scalars(select(Tally.key).filter_by(kind="hold-address")).all()
    assert counted == [limits.address_key("127.0.0.1")]


def by_another_name(client):
    """A browser with the same cookies that calls the host by another name."""
    copy = client.application.test_client(use_cookies=False)
    copy.environ_base["HTTP_COOKIE"] = "; ".join(f"{one.key}={one.value}" for one in client._cookies.values())
    return lambda path, data=None: copy.open(
        path, method="POST" if data else "GET", data=data, base_url="http://evil.example"
    )


def test_links_in_letters_and_tickets_come_from_the_public_address_only(client, evening, nasrin):
    row = take(client, evening.sitting)
    form = prove(client, answer(client, row)).form("payment")
    by_another_name(client)(form.action, form.fill())
    make.sign_in(client, nasrin)
    ask = by_another_name(client)
    ask(f"/appointments/{row.ref}/acceptance", {"csrf_token": token(client)})
    shown = [ask(f"/appointments/{row.ref}{end}").text for end in ("", ".ics")]

    letters = [letter.body + letter.html for letter in db.session.scalars(select(Letter))]
    assert db.session.get(Appointment, row.id).status == "booked"
    assert "evil.example" not in "".join(letters + shown)
    assert any(f"http://localhost/appointments/{row.ref}" in text for text in letters)
    assert all(f"/appointments/{row.ref}" in text for text in shown)


# Sessions


def test_signing_out_ends_the_session_at_once_also_for_a_copied_cookie(client, other, rahima):
    sign_in(client)
    other.set_cookie("session", client.get_cookie("session").value)
    assert opens(other)

    client.post("/logout", data=see(client.get("/appointments")).form("logout").fill())

    assert not opens(client)
    assert not opens(other)
    assert client.get_cookie("session") is None


def test_signing_out_ends_this_session_and_no_other(client, other, rahima):
    sign_in(client)
    sign_in(other)

    client.post("/logout", data={"csrf_token": token(client)})

    assert opens(other)


def test_every_sign_in_has_a_new_session_and_ends_the_one_before(client, other, rahima):
    sign_in(client)
    first = client.get_cookie("session").value
    client.post("/login", data={"email": EMAIL, "password": PASSWORD, "csrf_token": token(client)})
    other.set_cookie("session", first)

    assert client.get_cookie("session").value != first
    assert opens(client)
    assert not opens(other)
    assert [row.ended_at is None for row in sessions()] == [False, True]


def test_a_session_that_somebody_made_up_is_never_taken_on(client, rahima):
    client.set_cookie("session", "chosen-by-somebody-else")

    sign_in(client)

    assert client.get_cookie("session").value != "chosen-by-somebody-else"


def test_a_wrong_password_opens_no_session(client, rahima):
    form = see(client.get("/login")).form("login")

    response = client.post("/login", data=form.fill(email=EMAIL, password="wrong"))

    assert "session" not in set_by(response)
    assert sessions() == []


LIMITS = {
    "patient": (timedelta(minutes=30), timedelta(hours=12)),
    "doctor": (timedelta(minutes=30), timedelta(hours=12)),  # in a browser that is not remembered
    "desk": (timedelta(minutes=10), timedelta(hours=8)),
    "admin": (timedelta(minutes=10), timedelta(hours=4)),
}


@pytest.mark.parametrize("role", LIMITS)
def test_a_session_ends_when_it_was_idle_or_open_for_too_long(client, evening, nasrin, admin, alice, role):
    people = {"patient": alice.id, "doctor": evening.doctor.person_id, "desk": nasrin.id, "admin": admin.id}
    idle, absolute = LIMITS[role]
    make.sign_in(client, make.Person(id=people[role]))
    second = timedelta(seconds=30)

    age_session(last_seen_at=idle - second, created_at=absolute - second)
    assert opens(client)
    age_session(last_seen_at=idle + second, created_at=timedelta(0))
    assert not opens(client)
    age_session(last_seen_at=timedelta(0), created_at=absolute + second)
    assert not opens(client)


def test_a_role_that_was_gained_binds_the_open_session(client, evening, alice):
    make.sign_in(client, alice)
    age_session(last_seen_at=timedelta(minutes=11))
    assert opens(client)
    age_session(last_seen_at=timedelta(minutes=11))

    make.staff(alice, evening.clinic)

    assert not opens(client)


def test_the_last_use_is_written_once_a_minute_at_most(client, alice):
    make.sign_in(client, alice)
    age_session(last_seen_at=timedelta(seconds=50))
    before = sessions()[0].last_seen_at
    opens(client)
    assert sessions()[0].last_seen_at == before

    age_session(last_seen_at=timedelta(seconds=70))
    opens(client)

    assert clock.now() - sessions()[0].last_seen_at < timedelta(seconds=30)


def test_a_poll_is_no_activity(client, evening, nasrin):
    make.sign_in(client, nasrin)
    age_session(last_seen_at=timedelta(minutes=9))
    before = sessions()[0].last_seen_at

    client.get("/doctor/requests/news?after=0")

    assert sessions()[0].last_seen_at == before


def test_a_lost_role_counts_from_the_next_page(client, evening, nasrin):
    make.sign_in(client, nasrin)
    assert client.get("/doctor/requests").status_code == 200

    db.session.execute(db.delete(make.Staff))
    db.session.commit()

    assert client.get("/doctor/requests").status_code == 403


# Holds


def test_the_browser_that_holds_sees_all_another_only_number_and_time(client, other, evening):
    row = take(client, evening.sitting)
    answer(client, row, reason="Cough")
    other.set_cookie("browser", "another")

    for step in ("", "patient", "code", "payment"):
        page = look(other, row, step)
        assert "12" in page.h1
        assert not any(secret in page for secret in ("Momena", "Cough", PHONE)), step
    assert look(client, row, "patient").form("patient").fields["reason"] == "Cough"


def test_a_new_hold_lets_the_cookie_last_forty_minutes_from_now(client, evening):
    take(client, evening.sitting)

    response = client.post("/appointments", data={"sitting": evening.sitting.id, "number": 13})

    assert set_by(response)["browser"]["max-age"] == "2400"


def test_a_cookie_older_than_forty_minutes_proves_nothing(client, evening):
    row = take(client, evening.sitting)
    answer(client, row)
    kept = db.session.get(Appointment, row.id)
    kept.created_at, kept.held_until = clock.now() - timedelta(minutes=41), clock.now() + timedelta(minutes=5)
    db.session.commit()

    assert "Momena" not in look(client, row, "patient")


def test_a_proven_hold_belongs_to_its_person_not_to_the_browser(client, other, evening):
    row = take(client, evening.sitting)
    prove(client, answer(client, row))
    other.set_cookie("browser", client.get_cookie("browser").value)

    assert "Momena" not in look(other, row, "payment")


def test_the_reference_alone_shows_no_name(client, other, evening):
    row = take(client, evening.sitting)
    page = prove(client, answer(client, row, reason="Cough"))
    send(client, page, "payment")

    ticket = look(other, row)

    assert not any(secret in ticket for secret in ("Momena", "Cough", PHONE))
