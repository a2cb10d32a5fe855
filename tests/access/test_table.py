"""Every cell of "who may do what", with and without htmx, and again after the role was lost."""

from __future__ import annotations

import contextvars
import re
from datetime import timedelta
from itertools import count
from types import SimpleNamespace

import pytest
from flask_wtf.csrf import generate_csrf

from doctapp import clock
from doctapp.accounts.models import Patient, Person
from doctapp.appointments.models import Appointment, Event
from doctapp.clinics.models import Staff
from doctapp.db import Row as Base
from doctapp.db import db
from doctapp.payments.models import Attempt
from doctapp.schedules.models import Sitting
from doctapp.web.assets import manifest
from tests import make
from tests.access.table import ACTORS, PRIVATE, TABLE
from tests.admin import rows
from tests.conftest import english
from tests.people import NOW, PASSWORD

TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')
HOLDER = "the-browser-of-the-holder"
FORM_SEEN = "a-browser-that-saw-a-form"
PASSING = {"T", "Y"}
REFUSED = {"L", "F", "N"}
FAR = (NOW + timedelta(days=300)).date()


@pytest.fixture
def world(evening):
    """The doctor's evening, and everybody who could want something of it."""
    owner = make.person(phone="+8801711111111", name="Alice Akter", email="alice@a.test")
    other_doctor = make.doctor("Karim Uddin", person_id=make.person(name="Karim").id)
    other_clinic = make.clinic()
    make.chamber(other_doctor, other_clinic)
    applicant = make.doctor(slug="applicant", status="applicant", person_id=make.person(name="Applicant").id)
    make.doctor(slug="suspended", status="suspended", person_id=make.person(name="Suspended").id)
    clerk = make.person(name="Nasrin Akter", email="clerk@a.test", password=PASSWORD)
    make.staff(clerk, evening.clinic)
    other_clerk = make.person(name="Other clerk")
    make.staff(other_clerk, other_clinic)
    people = {
        "P": owner,
        "OP": make.person(phone="+8801722222222", name="Bob Barua"),
        "AP": db.session.get(Person, applicant.person_id),
        "D": db.session.get(Person, evening.doctor.person_id),
        "OD": db.session.get(Person, other_doctor.person_id),
        "CS": clerk,
        "OS": other_clerk,
        "AM": make.person(name="Admin", admin=True),
    }
    patient = make.patient(owner, PRIVATE, 58)
    return SimpleNamespace(evening=evening, people=people, patient=patient, owner=owner)


starts = count(1)
PLANS = {
    "hours": lambda evening: make.hours(evening.chamber, weekday=2, start=60, until=120, capacity=6),
    "leave": lambda evening: make.leave(evening.doctor, FAR, FAR),
    "chamber leave": lambda evening: make.leave(evening.doctor, FAR, FAR, chamber_id=evening.chamber.id),
    "extra": lambda evening: make.sitting(evening.chamber, days=90, start=next(starts), extra=True),
    "dead letter": lambda evening: rows.letter(),
    "flagged": lambda evening: rows.flagged(asked_for(evening)),
    "failed refund": lambda evening: rows.refund(rows.attempt(asked_for(evening))),
    "difference": lambda evening: rows.difference(rows.standing(asked_for(evening))),
}


def asked_for(evening):
    """A request that somebody paid for."""
    return make.appointment(evening.sitting, number=100 + next(starts), status="requested")


def stage(world, state, number):
    """The appointment the row is about, in its state; returns its reference and last event."""
    if state == "none":
        return "", 0
    if state in PLANS:
        return "", PLANS[state](world.evening).id
    sitting = world.evening.sitting
    if state == "held":
        return hold(world, sitting, number)
    if state == "paid":
        return bought(world, sitting, number)
    if state in {"closed", "turned"}:
        return closed(world, sitting, number, turned=state == "turned")
    status = {"accepted": "booked"}.get(state, state)
    row = make.appointment(sitting, number=number, status=status, of=world.patient, reason="Cough for two weeks")
    if state in {"accepted", "cancelled"}:
        act, side = ("accept", "clinic") if state == "accepted" else ("cancel", "patient")
        event = Event(appointment_id=row.id, act=act, was="requested", became=status, side=side, at=clock.now())
        row.last_event_id = make.saved(event).id
        db.session.commit()
    return row.ref, row.last_event_id


def closed(world, sitting, number, *, turned):
    """What time closed, and perhaps the clinic put right."""
    row = make.appointment(sitting, number=number, status="no_show", of=world.patient, closed_at=clock.now())
    if turned:
        made = {"act": "outcome", "was": "no_show", "became": "completed", "side": "clinic", "at": clock.now()}
        row.last_event_id = make.saved(Event(appointment_id=row.id, **made)).id
        row.status = "completed"
        db.session.commit()
    return row.ref, row.last_event_id


def bought(world, sitting, number):
    """What was paid for and booked, with its receipt."""
    row = make.appointment(sitting, number=number, of=world.patient)
    rows.standing(row)
    return row.ref, row.last_event_id


def hold(world, sitting, number):
    typed = {
        "typed_who": "new",
        "typed_name": PRIVATE,
        "typed_age": 58,
        "typed_sex": "female",
        "typed_phone": "01733 333333",
    }
    hold = make.hold(sitting, number=number, browser=HOLDER, held_until=NOW + timedelta(hours=1), **typed)
    return hold.ref, hold.last_event_id


def unstage(world):
    """Take the appointment away again, so that the next actor finds the same world."""
    for name in ("difference", "receipt", "refund", "gateway_event", "payment_attempt"):
        db.session.execute(Base.metadata.tables[name].delete())
    for name in ("letter", "notification", "ticket_look", "event", "appointment", "code", "tally", "form_key"):
        db.session.execute(Base.metadata.tables[name].delete())
    db.session.commit()


def browser_of(app, world, actor, ref):
    client = english(app)
    if actor == "H":
        client.set_cookie("browser", HOLDER)
    if actor in world.people:
        make.sign_in(client, world.people[actor])
    if actor == "P" and ref:
        own_hold(world, ref)
    return client


def own_hold(world, ref):
    """The patient's owner is a hold's proven owner."""
    row = db.session.scalars(db.select(Appointment).filter_by(ref=ref)).one()
    row.person_id = world.owner.id
    db.session.commit()


def token(client):
    """A CSRF token for what this browser holds, as any page with a form would carry."""
    held = {name: cookie.value for name in ("session", "browser") if (cookie := client.get_cookie(name))}
    if not held:
        client.set_cookie("browser", FORM_SEEN)
        held = {"browser": FORM_SEEN}
    cookie = "; ".join(f"{name}={value}" for name, value in held.items())
    return contextvars.Context().run(drawn, client.application, cookie)


def drawn(app, cookie):
    with app.test_request_context(headers={"Cookie": cookie}):
        return generate_csrf()


def ask(client, row, ref, event, sitting, *, htmx):
    chamber = db.session.get(Sitting, sitting).chamber_id
    patient = db.session.scalar(db.select(Patient.id).filter_by(name=PRIVATE))
    fill = {"ref": ref, "event": event, "sitting": sitting, "css": manifest()["css/app.css"]}
    fill |= {"chamber": chamber, "patient": patient, "token": db.session.scalar(db.select(Attempt.token))}
    path = row.path.format(**fill)
    headers = {"HX-Request": "true"} if htmx else {}
    if row.method == "GET":
        return client.get(path, headers=headers)
    data = {name: value.format(**fill) for name, value in row.data.items()}
    return client.post(path, data={**data, "csrf_token": token(client)}, headers=headers)


def verdict(response, row, *, htmx):
    """What an answer amounts to, in the table's letters."""
    status = response.status_code
    login = response.headers.get("HX-Redirect" if htmx else "Location", "")
    if status == (401 if htmx else 303) and login.startswith("/login") and not own(row, login):
        return "L"
    letters = {403: "F", 404: "N", 409: "C"}
    if status in letters:
        return letters[status]
    if "HX-Redirect" in response.headers or (row.method == "POST" and status < 400):
        return "Y"
    if status in {200, 204, 303, 307, 422}:
        if row.shows or row.state == "held":
            return "Y" if (row.shows or PRIVATE) in response.text or status != 200 else "T"
        return "Y"
    return str(status)


def own(row, login):
    """Whether this is one of the pages of signing in that leads to the next of them."""
    for_the_signed_in = ("/login/again", "/login/authenticator")
    first = next((path for path in for_the_signed_in if row.path.startswith(path)), "/login")
    return row.path.startswith("/login") and login.startswith(first)


def same(expected, seen, row):
    """Whether the answer is the cell; where nothing private is named, being shown is being shown."""
    if expected == seen:
        return True
    return not row.shows and {expected, seen} <= PASSING and seen == "Y" and row.state != "held"


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.act)
def test_every_cell(app, world, row):
    wrong, staged = [], None
    for actor in ACTORS:
        for htmx in (False, True):
            ref, event = staged = staged or stage(world, row.state, 1)
            client = browser_of(app, world, actor, ref if row.state == "held" else "")
            seen = verdict(ask(client, row, ref, event, world.evening.sitting.id, htmx=htmx), row, htmx=htmx)
            expected = row.expected[actor]
            if row.state == "held" and row.method == "GET" and expected == "Y" and not row.shows:
                expected, seen = "Y", "Y" if seen in PASSING else seen
            if not same(expected, seen, row):
                wrong.append(f"{actor}{' by htmx' if htmx else ''}: {expected} expected, {seen} seen")
            if seen in REFUSED and row.state != "held":
                assert not ref or last_event(ref) == event, f"{actor} was refused, and it happened"
            else:
                unstage(world)
                staged = None
    assert wrong == []


def last_event(ref):
    """What happened last to the appointment."""
    return db.session.scalar(db.select(Appointment.last_event_id).filter_by(ref=ref))


LOST = {"D": "doctor", "CS": "staff"}


@pytest.mark.parametrize("row", [r for r in TABLE if r.state in {"requested", "accepted"}], ids=lambda r: r.act)
@pytest.mark.parametrize("actor", LOST)
def test_a_cell_is_lost_with_the_role(app, world, row, actor):
    ref, event = stage(world, row.state, 1)
    client = browser_of(app, world, actor, "")
    lose(world, actor)

    seen = verdict(ask(client, row, ref, event, world.evening.sitting.id, htmx=False), row, htmx=False)

    assert same(row.expected["OP"], seen, row), f"{row.expected['OP']} expected, {seen} seen"


def lose(world, actor):
    if actor == "D":
        world.evening.doctor.person_id = None
    else:
        db.session.execute(db.delete(Staff).where(Staff.person_id == world.people["CS"].id))
    db.session.commit()


def test_every_route_is_in_the_table(app):
    adapter = app.url_map.bind("localhost")
    known = {adapter.match(concrete(row.path), row.method)[0] for row in TABLE}
    every = {rule.endpoint for rule in app.url_map.iter_rules()}

    assert every - known == set()


def concrete(path):
    some = {"ref": "222-222", "event": 1, "sitting": 1, "css": "x.css", "chamber": 1, "patient": 1, "token": "x"}
    return path.format(**some).partition("?")[0]


def test_the_three_404s_are_the_same_bytes(app, world, client):
    ref, _ = stage(world, "requested", 1)
    make.sign_in(client, world.people["OP"])
    pages = [
        client.get(f"/appointments/{wanted}/cancellation") for wanted in ("222-222", "nonsense", ref)
    ]  # unknown, malformed, another's

    texts = {TOKEN.sub("", re.sub(r"X-CSRFToken[^}]*", "", page.text)) for page in pages}
    assert {page.status_code for page in pages} == {404}
    assert len(texts) == 1


def test_a_doctor_never_decides_their_own(app, world, client):
    rokeya = world.people["D"]
    own = make.appointment(world.evening.sitting, number=5, status="requested", of=make.patient(rokeya, "Rokeya Begum"))
    make.sign_in(client, rokeya)

    answer = client.post(f"/appointments/{own.ref}/acceptance", data={"csrf_token": token(client)})

    assert answer.status_code == 403
