"""Remembering a browser over the client: signing in, coming back, copies that are noticed, and signing out."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from doctapp import clock
from doctapp.accounts.devices import Token
from doctapp.accounts.models import Device, WayIn
from doctapp.appointments.models import Appointment
from doctapp.clinics.models import Staff
from doctapp.db import db
from doctapp.notifications.models import Letter, Notification
from doctapp.notifications.segments import segments
from doctapp.web import cookies
from tests import make
from tests.access.test_table import token
from tests.accounts.remembering import (
    PHONE_AGENT,
    bearing,
    held,
    opens,
    remembered,
    sessions,
    short_session_over,
    sign_out,
    signed_in,
    the_device,
)
from tests.appointments.steps import answer, code_sent, look, send, take
from tests.people import ALICE, PASSWORD
from tests.see import see

EMAIL = "rahima@a.test"
PAGE = "/appointments"


@pytest.fixture
def rahima(app):
    person = make.person(email=EMAIL, password=PASSWORD, name="Rahima Khatun", phone="+8801744444444")
    make.patient(person, oneself=True)
    return person


def by_password(client, email=EMAIL, **more):
    form = see(client.get("/login")).form("login")
    return client.post(form.action, data=form.fill(email=email, password=PASSWORD, **more))


def by_code(client, phone=ALICE, **more):
    form = see(client.get("/login")).form("login-phone")
    client.post(form.action, data=form.fill(phone=phone))
    form = see(client.get("/login/code")).form("code")
    return client.post(form.action, data=form.fill(code=code_sent(), **more))


def lasts(row):
    return row.expires_at - row.created_at


# Signing in


def test_who_asks_to_be_remembered_has_a_device(client, rahima):
    client.environ_base["HTTP_USER_AGENT"] = PHONE_AGENT

    answered = by_password(client, remember="y")

    row, cookie = the_device(), Token.read(held(client))
    assert (row.person_id, row.name, row.way_in_id, lasts(row)) == (
        rahima.id,
        "Chrome on Android",
        None,
        timedelta(days=180),
    )
    assert (row.selector_hash, row.token_hash) == (cookie.selector_hash, cookie.hash)
    assert sessions()[0].device_id == row.id
    line = next(line for line in answered.headers.getlist("Set-Cookie") if line.startswith("device="))
    assert {"HttpOnly", "SameSite=Lax", "Path=/", "Max-Age=15552000"} <= {part.strip() for part in line.split(";")}


def test_who_does_not_ask_has_none(client, rahima):
    by_password(client)

    assert held(client) is None
    assert db.session.scalars(select(Device)).all() == []


def test_ones_own_phone_proves_its_number(client, alice):
    by_code(client, remember="y")

    assert the_device().way_in_id == alice.ways_in[0].id


def test_an_address_that_was_proven_is_no_phone(client, rahima):
    form = see(client.get("/login")).form("login-phone")
    client.post(form.action, data=form.fill(phone=EMAIL))
    form = see(client.get("/login/code")).form("code")
    client.post(form.action, data=form.fill(code=code_sent(), remember="y"))

    assert the_device().way_in_id is None


def test_a_doctor_is_remembered_for_thirty_days(client, evening):
    by_password(client, "doctor@demo.test", remember="y")

    assert lasts(the_device()) == timedelta(days=30)


def test_staff_and_admins_are_not_remembered(client, other, nasrin, admin):
    by_password(client, "desk@demo.test", remember="y")
    by_password(other, "admin@demo.test", remember="y")

    assert db.session.scalars(select(Device)).all() == []
    assert held(client) is held(other) is None
    assert client.get("/doctor/requests").status_code == 200


def test_a_number_nobody_proved_for_a_year_is_not_remembered(client, alice):
    alice.ways_in[0].proven_at = alice.ways_in[0].last_proven_at = clock.now() - timedelta(days=400)
    make.saved(alice)

    by_code(client, remember="y")

    assert sessions()[0].bookings_only
    assert db.session.scalars(select(Device)).all() == []


# Coming back


@pytest.fixture
def device(client, alice):
    """Alice's phone, on which nobody is signed in at the moment."""
    return remembered(client, alice, own_phone=alice.ways_in[0])


def test_a_page_of_ones_own_opens_again(client, device):
    assert opens(client)

    session = sessions()[0]
    assert (session.device_id, session.authenticated_at) == (device.id, None)
    assert cookies.hashed(held(client, "session")) == session.token_hash


def test_the_token_is_renewed(client, device):
    first = Token.read(held(client))

    opens(client)

    assert held(client) == first.successor.cookie
    assert the_device().next_hash == first.successor.hash


def test_the_page_that_renews_bears_forms_that_work(client, device):
    assert sign_out(client).status_code == 303


def test_the_successor_is_noted_when_it_first_comes_back(client, device):
    first = Token.read(held(client))
    opens(client)

    client.get("/", headers={"HX-Request": "true"})

    assert (the_device().token_hash, the_device().next_hash) == (first.successor.hash, None)


def test_nothing_is_written_where_there_is_nothing_to_note(client, device, monkeypatch):
    opens(client)
    opens(client)
    written = []
    monkeypatch.setattr("doctapp.accounts.routes_viewer.transaction", lambda: written.append(1))

    assert opens(client)

    assert written == []


def test_a_tab_that_comes_back_beside_another_gets_the_same(client, device):
    first = held(client)
    opens(client)
    beside = bearing(client, device=first)

    assert opens(beside)

    assert (held(beside), held(beside, "session")) == (held(client), held(client, "session"))
    assert len(sessions()) == 1


def test_an_answer_that_was_lost_is_asked_for_again_later(client, device):
    first = held(client)
    opens(client)
    short_session_over(client)
    again = bearing(client, device=first)

    assert opens(again)

    assert held(again) == held(client)
    assert len(sessions()) == 2


def test_a_session_after_another(client, device):
    for _ in range(4):
        assert opens(client)
        short_session_over(client)

    assert the_device().ended_at is None
    assert len({session.token_hash for session in sessions()}) == 4


@pytest.mark.parametrize(
    "headers",
    [
        {"HX-Request": "true"},
        {"Sec-Fetch-Mode": "cors", "Sec-Fetch-Dest": "empty"},
        {"Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "image"},
        {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "iframe"},
    ],
)
def test_only_a_page_that_a_browser_shows_renews(client, device, headers):
    first = held(client)

    answered = client.get(PAGE, headers=headers)

    assert answered.status_code in {303, 401}
    assert held(client) == first
    assert sessions() == []


def test_neither_polls_nor_files_nor_posts_renew(client, evening, device):
    client.get("/healthz")
    client.get("/doctor/requests/news?after=0")
    client.get("/static/nothing.css")
    client.post("/appointments", data={"sitting": evening.sitting.id, "number": 3})

    assert sessions() == []
    assert the_device().next_hash is None


def test_a_navigation_says_so_and_renews(client, device):
    answered = client.get(PAGE, headers={"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"})

    assert answered.status_code == 200


def test_a_sign_in_that_was_asked_for_meanwhile_leads_on(client, device):
    answered = client.get(f"/login?next={PAGE}")

    assert answered.location == PAGE


def test_a_doctors_remembered_browser_may_be_idle_for_two_hours(client, evening):
    doctor = make.db.session.get(make.Person, evening.doctor.person_id)
    device = remembered(client, doctor)
    signed_in(client, doctor, device, last_seen_at=clock.now() - timedelta(minutes=119))

    assert client.get("/doctor/requests").status_code == 200
    assert len(sessions()) == 1


# Pages that caches keep


def test_a_public_page_that_renews_is_ones_own(client, evening, device):
    answered = client.get("/doctors/rokeya-begum")

    assert answered.headers["Cache-Control"] == "no-store"
    assert "Sign out" in see(answered)


def test_a_device_that_is_no_good_is_taken_from_the_browser_once(client, evening, device):
    device.ended_at = clock.now()
    make.saved(device)

    first, second = client.get("/doctors/rokeya-begum"), client.get("/doctors/rokeya-begum")

    assert first.headers["Cache-Control"] == "no-store"
    assert held(client) is None
    assert second.headers["Cache-Control"] == "public, max-age=60"
    assert "Set-Cookie" not in second.headers


@pytest.mark.parametrize("cookie", ["nonsense", "a.b", "x" * 3000, "%00", Token("s" * 22, "t" * 43).cookie])
def test_a_cookie_somebody_made_up_is_taken_away(client, cookie):
    client.set_cookie("device", cookie)

    assert client.get("/").status_code == 200

    assert held(client) is None


def test_a_device_that_is_not_asked_leaks_nothing_into_a_kept_page(client, evening, device):
    answered = client.get("/doctors/rokeya-begum", headers={"Sec-Fetch-Mode": "cors", "Sec-Fetch-Dest": "empty"})

    assert answered.headers["Cache-Control"] == "public, max-age=60"
    assert "Set-Cookie" not in answered.headers
    assert "Cookie" in answered.vary
    assert "Sign out" not in answered.text


# Copies


def reuse(client):
    """An old token comes back after its successor was seen; the browser that bore it."""
    first = held(client)
    opens(client)
    opens(client)
    thief = bearing(client, device=first)
    assert not opens(thief)
    return thief


def test_an_old_token_opens_nothing_and_ends_the_device(client, device):
    thief = reuse(client)

    assert the_device().ended_why == "reuse"
    assert [session.ended_why for session in sessions()] == ["reuse"]
    assert held(thief) is None
    assert not opens(client)
    assert held(client) is None


def test_other_sign_ins_of_the_person_stay(client, other, alice, device):
    make.sign_in(other, alice)

    reuse(client)

    assert opens(other)


def test_the_owner_is_told_once(client, alice, device):
    first = held(client)
    reuse(client)
    assert not opens(bearing(client, device=first))

    notice = db.session.scalars(select(Notification)).one()
    letter = db.session.scalars(select(Letter)).one()
    assert (notice.person_id, notice.kind, notice.link) == (alice.id, "device_reused", "/account/devices")
    assert (letter.channel, letter.address) == ("sms", ALICE)
    assert letter.body == (
        "An old sign-in of your device was used. We signed that device out. http://localhost/account/devices"
    )
    page = see(make.sign_in(client, alice).get("/notifications"))
    assert "Chrome on Android: somebody may have copied its sign-in" in page


def test_a_person_with_an_address_is_told_by_mail(client, rahima):
    remembered(client, rahima)

    reuse(client)

    letter = db.session.scalars(select(Letter)).one()
    assert (letter.channel, letter.address) == ("mail", EMAIL)
    assert "an old sign-in of your device Chrome on Android was used" in letter.body
    assert "http://localhost/account/devices" in letter.body


def test_a_bangla_sms_is_one_segment(client, alice, device):
    alice.language = "bn"
    make.saved(alice)

    reuse(client)

    assert segments(db.session.scalars(select(Letter)).one().body) == 1


def test_a_stolen_token_that_is_renewed_first_is_noticed_when_the_owner_comes_back(client, device):
    thief = bearing(client, device=held(client))
    opens(thief)
    opens(thief)

    assert not opens(client)

    assert the_device().ended_why == "reuse"
    assert not opens(thief)


def test_an_old_token_beside_the_open_session_is_noticed_too(client, device):
    first = held(client)
    opens(client)
    opens(client)
    thief = bearing(client, device=first, session=held(client, "session"))

    assert not opens(thief)

    assert the_device().ended_why == "reuse"


def test_a_cookie_copied_before_signing_out_opens_nothing(client, device):
    opens(client)
    copies = {name: held(client, name) for name in ("device", "session")}

    sign_out(client)

    assert held(client) is held(client, "session") is None
    for cookie in ("device", "session"):
        assert not opens(bearing(client, **{cookie: copies[cookie]}))
    assert not opens(bearing(client, **copies))
    assert the_device().ended_why == "signed_out"


def test_signing_out_tells_nobody_of_a_theft(client, device):
    opens(client)
    copy = bearing(client, device=held(client))
    sign_out(client)

    opens(copy)

    assert db.session.scalars(select(Notification)).all() == []


# Who else signs in here


def test_signing_in_again_keeps_the_device(client, alice, device):
    opens(client)

    by_code_again(client)

    assert held(client) is not None
    assert [session.device_id for session in sessions()] == [device.id, device.id]


def by_code_again(client):
    """Sign in by a form that stood open: whoever is signed in is led on by the page."""
    csrf = token(client)
    client.post("/login/codes", data={"phone": ALICE, "csrf_token": csrf})
    return client.post("/login/code", data={"code": code_sent(), "csrf_token": csrf})


def test_another_person_who_signs_in_here_ends_the_device(client, rahima, device):
    opens(client)
    client.post("/login", data={"email": EMAIL, "password": PASSWORD, "csrf_token": token(client)})
    copy = held(client)

    sign_out(client)

    assert copy is None
    assert the_device().ended_why == "another"
    assert not opens(client)


def test_a_device_cookie_that_was_slipped_in_is_not_the_next_persons(client, other, rahima, device):
    """Fixation: Rahima signs in on a browser that somebody prepared with Alice's device."""
    other.set_cookie("device", held(client))
    csrf = token(other)
    other.post("/login", data={"email": EMAIL, "password": PASSWORD, "remember": "y", "csrf_token": csrf})

    assert held(other) != held(client)
    assert [row.ended_why for row in db.session.scalars(select(Device).order_by(Device.id))] == ["another", ""]
    assert not opens(client)
    assert opens(other)


# Roles and people that changed


def test_who_became_staff_is_remembered_no_more(client, alice, evening, device):
    make.staff(alice, evening.clinic)

    assert not opens(client)

    assert the_device().ended_why == "role"
    assert held(client) is None


def test_who_became_a_doctor_is_remembered_for_thirty_days_from_the_first(client, alice, device):
    make.doctor(person_id=alice.id)
    device.created_at = clock.now() - timedelta(days=29)
    make.saved(device)
    assert opens(client)
    short_session_over(client)
    device = the_device()
    device.created_at = clock.now() - timedelta(days=31)
    make.saved(device)

    assert not opens(client)


def test_a_suspended_person_is_out_with_the_next_page(client, other, alice, device):
    opens(client)
    alice.suspended_at = clock.now()
    make.saved(alice)

    assert not opens(client)
    short_session_over(client)
    assert not opens(client)


def test_a_suspended_person_cannot_sign_in(client, rahima):
    rahima.suspended_at = clock.now()
    make.saved(rahima)

    answered = by_password(client, remember="y")

    assert answered.status_code == 403
    assert "This account is closed for now." in see(answered)
    assert sessions() == []
    assert held(client) is None


def test_a_suspended_person_cannot_sign_in_by_a_code(client, alice):
    alice.suspended_at = clock.now()
    make.saved(alice)

    answered = by_code(client)

    assert answered.status_code == 403
    assert "This account is closed for now." in see(answered)


def test_a_lost_role_is_gone_with_the_next_page(client, evening, nasrin, admin, other):
    make.sign_in(client, nasrin)
    make.sign_in(other, admin)
    applicant = make.doctor(slug="applicant", status="applicant")
    assert other.get(f"/doctors/{applicant.slug}").status_code == 200

    db.session.execute(db.delete(Staff))
    admin.admin = False
    make.saved(admin)

    assert client.get("/doctor/requests").status_code == 403
    assert other.get(f"/doctors/{applicant.slug}").status_code == 404


# Booking on one's own phone


def test_ones_own_phone_is_not_asked_for_a_code(client, evening, device):
    row = take(client, evening.sitting)

    page = answer(client, row)

    assert page.h1 == "Book for Momena Bibi"
    assert db.session.scalars(select(Letter)).all() == []
    assert db.session.get(Appointment, row.id).person_id == device.person_id


def test_the_code_of_a_booking_makes_it_ones_own_phone(client, evening):
    row = take(client, evening.sitting)
    page = answer(client, row)
    assert page.form("code").fields["remember"] is None

    send(client, page, "code", code=code_sent(), remember="y")

    device = the_device()
    assert db.session.get(WayIn, device.way_in_id).value == "+8801712345678"
    assert (sessions()[0].device_id, device.person_id) == (device.id, sessions()[0].person_id)


def test_the_code_of_a_booking_does_so_for_who_is_signed_in(client, evening, app):
    person = make.person(email=EMAIL)
    make.sign_in(client, person)
    row = take(client, evening.sitting)
    page = answer(client, row)

    send(client, page, "code", code=code_sent(), remember="y")

    assert the_device().person_id == person.id
    assert sessions()[0].device_id == the_device().id
    assert look(client, row, "payment").h1 == "Book for Momena Bibi"


def test_a_remembered_browser_becomes_the_own_phone_whose_code_was_typed(client, evening):
    person = make.person(email=EMAIL)
    device = remembered(client, person)
    row = take(client, evening.sitting)
    page = answer(client, row)

    send(client, page, "code", code=code_sent(), remember="y")

    assert db.session.get(WayIn, the_device().way_in_id).person_id == person.id
    assert the_device().id == device.id
    assert opens(client)
    assert [session.ended_at for session in sessions()] == [None]


def test_the_clerk_at_the_code_step_is_not_offered_it(client, evening, nasrin):
    make.sign_in(client, nasrin)
    row = take(client, evening.sitting)

    page = answer(client, row)

    assert "remember" not in page.form("code").fields
