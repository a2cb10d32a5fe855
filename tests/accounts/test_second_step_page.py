"""An admin's second step: in production always, in demo mode where an app was set up; once a session."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from doctapp.accounts.models import Session
from doctapp.audit.models import AuditEntry
from doctapp.db import db
from doctapp.web import cookies
from tests import make
from tests.access.test_table import token
from tests.accounts.apps import PAGE, draw, has_app, key_on, shows, wrong
from tests.accounts.links import told
from tests.appointments.steps import send
from tests.conftest import english, make_app
from tests.notifications.letters import use
from tests.people import HOUR, MINUTE, NOW, PASSWORD
from tests.see import see
from tests.statements import counted

STEP = "/login/authenticator"
HTMX = {"HX-Request": "true"}


@pytest.fixture
def production(app, monkeypatch):
    """The application as on a server."""
    use(app, monkeypatch, mode="production")


@pytest.fixture
def signed(client, admin):
    """The admin's browser, who gave the password a moment ago."""
    return make.sign_in(client, admin)


def opens(client, path="/admin"):
    return client.get(path).status_code == 200


def session():
    return db.session.scalars(select(Session).execution_options(populate_existing=True)).one()


# who is asked


def test_in_demo_mode_an_admin_without_an_app_goes_straight_in(signed):
    assert opens(signed)


def test_in_demo_mode_an_admin_with_an_app_is_asked(signed, admin):
    has_app(admin)

    assert signed.get("/admin/money").headers["Location"] == f"{STEP}?next=/admin/money"


@pytest.mark.parametrize("path", ["/admin", "/admin/money", "/admin/letters", "/admin/health"])
def test_in_production_the_password_alone_opens_no_page_of_the_office(production, signed, admin, path):
    has_app(admin)

    answer = signed.get(path)

    assert answer.status_code == 303
    assert answer.headers["Location"] == f"{STEP}?next={path}"


def test_htmx_is_led_to_the_code_by_a_header(production, signed, admin):
    has_app(admin)

    answer = signed.get("/admin", headers=HTMX)

    assert answer.status_code == 401
    assert answer.headers["HX-Redirect"] == f"{STEP}?next=/admin"


def test_nothing_is_done_without_the_code_either(production, signed, admin):
    has_app(admin)

    answer = signed.post("/admin/letters/1/resending", data={"csrf_token": token(signed)})

    assert answer.headers["Location"].startswith(STEP)


def test_until_then_an_admin_has_no_rights_of_one_elsewhere(production, signed, admin, evening):
    has_app(admin)
    row = make.appointment(evening.sitting, status="requested")

    assert "Rahima Khatun" not in see(signed.get(f"/appointments/{row.ref}"))
    assert signed.get(f"/appointments/{row.ref}/cancellation").status_code == 404


def test_nobody_else_is_asked(production, client, alice):
    make.sign_in(client, alice)

    assert client.get("/admin").status_code == 404


def test_in_production_an_admin_without_an_app_sets_one_up_first(production, signed, admin):
    answer = signed.get("/admin", follow_redirects=True)

    page = see(answer)
    assert answer.request.path == PAGE
    assert "opens only after a code of the app" in page


def test_and_gets_in_by_setting_it_up(production, signed, admin):
    page = draw(signed, f"{PAGE}?next=/admin")

    there = see(send(signed, page, "authenticator", code=shows(key_on(page))))

    assert there.h1 == "Office"
    assert opens(signed)
    assert told("app_added") == [("mail", "admin@demo.test")]


def test_setting_it_up_asks_for_the_password_where_that_was_long_ago(production, client, admin):
    make.sign_in(client, admin, authenticated_at=None)

    assert client.get("/admin", follow_redirects=True).request.path == "/login/again"


# the code


def step(client, code, **given):
    page = see(client.get("/admin", follow_redirects=True))
    return send(client, page, "authenticator", code=code, **given)


def test_the_code_opens_the_office(production, signed, admin):
    has_app(admin)

    assert see(step(signed, shows())).h1 == "Office"
    assert opens(signed, "/admin/money")


def test_the_session_goes_on_under_a_new_name(production, signed, admin):
    has_app(admin)
    before = signed.get_cookie("session").value

    step(signed, shows())

    assert session().token_hash == cookies.hashed(signed.get_cookie("session").value)
    assert signed.get_cookie("session").value != before
    copied = english(signed.application)
    copied.set_cookie("session", before)
    assert copied.get("/admin").headers["Location"].startswith("/login?")


def test_it_is_written_down(production, signed, admin):
    has_app(admin)
    step(signed, shows())

    assert db.session.scalar(select(AuditEntry.person_id).filter_by(act="second_step")) == admin.id


def test_a_wrong_code_opens_nothing(production, signed, admin):
    has_app(admin)

    page = see(step(signed, wrong()))

    assert page.code == 422
    assert "not what the app shows now" in page.errors[0]
    assert not opens(signed)


def test_a_code_that_was_used_in_another_session_opens_nothing(production, signed, other, admin):
    has_app(admin)
    code = shows()
    step(signed, code)
    make.sign_in(other, admin)

    page = see(step(other, code))

    assert "used already" in page.errors[0]
    assert not opens(other)


def test_the_code_of_one_session_does_not_open_another(production, signed, other, admin):
    has_app(admin)
    step(signed, shows())

    assert not opens(make.sign_in(other, admin))


def test_wrong_codes_are_counted_over_all_sessions(production, signed, other, admin):
    has_app(admin)
    for _ in range(10):
        step(signed, wrong())
    make.sign_in(other, admin)

    answer = step(other, shows())

    assert answer.status_code == 429
    assert not opens(other)


def test_the_same_form_sent_again_goes_on(production, signed, admin):
    has_app(admin)
    step(signed, shows())

    answer = signed.post(STEP, data={"csrf_token": token(signed), "code": "000000"})

    assert answer.headers["Location"] == "/admin"


def test_an_empty_form_says_what_to_type(production, signed, admin):
    has_app(admin)

    assert see(step(signed, "")).errors == ["Type the six digits that the app shows"]


def test_it_leads_on_this_site_only(production, signed, admin):
    has_app(admin)

    answer = signed.post(f"{STEP}?next=//evil.example", data={"csrf_token": token(signed), "code": shows()})

    assert answer.headers["Location"] == "/admin"


def test_it_ends_with_the_session(production, client, admin):
    has_app(admin)
    given = {"second_factor_at": NOW - 11 * MINUTE, "authenticated_at": NOW - 11 * MINUTE}
    make.sign_in(client, admin, last_seen_at=NOW - 11 * MINUTE, **given)

    assert client.get("/admin").headers["Location"].startswith("/login?")


def test_it_lasts_as_long_as_the_session(production, client, admin):
    has_app(admin)
    began = NOW - 4 * HOUR + MINUTE
    make.sign_in(client, admin, created_at=began, second_factor_at=began)

    assert opens(client)


def test_who_is_no_admin_any_more_has_no_office(production, signed, admin):
    has_app(admin)
    step(signed, shows())
    admin.admin = False
    db.session.commit()

    assert signed.get("/admin").status_code == 404


def test_a_session_is_one_read_with_and_without_an_app(app, client, admin):
    has_app(admin)
    make.sign_in(client, admin)

    with counted() as sent:
        client.get(STEP)

    assert sum("FROM session" in statement for statement in sent) == 2  # whose it is, and whether the step is done


def test_on_a_real_server_the_password_is_not_enough(tmp_path):
    given = {"mode": "production", "public_url": "https://localhost", "mail_server": "smtp.example"}
    app = make_app(
        f"sqlite:///{tmp_path}/doctapp.db", tmp_path, sms_url="https://sms.example/?to={to}&text={text}", **given
    )
    with app.app_context():
        make.person(email="admin@demo.test", name="Admin", password=PASSWORD, admin=True)
        client, https = english(app), {"base_url": "https://localhost"}
        form = see(client.get("/login", **https)).form("login")
        client.post(form.action, data=form.fill(email="admin@demo.test", password=PASSWORD), **https)

        answer = client.get("/admin", **https)

        assert answer.status_code == 303
        assert "/login/authenticator" in answer.headers["Location"]
        db.session.remove()
        db.engine.dispose()


def test_a_year_old_number_opens_no_office(client, admin):
    make.sign_in(client, admin, bookings_only=True, authenticated_at=NOW - timedelta(minutes=1))

    assert client.get("/admin").headers["Location"].startswith("/login/again")
