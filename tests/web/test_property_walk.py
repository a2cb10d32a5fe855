"""A walk over every door with whatever may be sent there: no fault of ours, and the rows stay true.

One walk is about twenty requests of one visitor, holder, patient, doctor, clerk or admin; every route of the
application is among them, so a new door is walked from its first day.
"""

from __future__ import annotations

import gzip
import re
from collections import Counter
from types import SimpleNamespace

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from doctapp.appointments.models import LIVE, Appointment
from doctapp.db import db
from doctapp.web import cookies
from doctapp.web.assets import manifest
from tests import make
from tests.access.test_table import token
from tests.conftest import english
from tests.see import see

WALKS, STEPS = 60, 20
SEEN_WHOLE = 12  # every so many pages one is looked at from top to bottom
HOLDER = "the-browser-of-the-holder"
ACTORS = ("visitor", "holder", "patient", "doctor", "clerk", "admin")
FAULTS = re.compile(r"Traceback|Internal Server Error|werkzeug\.|sqlalchemy|psycopg|undefined|\{\{|\{%")

JUNK = [
    "", " ", "0", "-1", "1", "2147483647", "2147483648", "9223372036854775808", "9" * 400, "-9" * 20, "1e309", "NaN", "½",
    "১২", "٣", "x", "null", "true", "[]", "me", "new", "অ", "আমেনা বেগম", "ক্ষ্ম" * 60, "😀", "👩‍👩‍👧" * 40, "'", "'; DROP TABLE person; --",
    "%", "_", "\\", "<script>alert(1)</script>", "{{ 7*7 }}", "{% x %}", "\0", "a\0b", "\ufffd", "\u202e", "\ufeff", "\x7f",
    "\r\n", "Ω" * 120, "ß" * 254, "İ" * 200, "x" * 5000, "/", "//evil.example", "/help", "../../etc/passwd", "a@b.cd", "@",
    "+8801712345678", "01712 345678", "০১৭১২৩৪৫৬৭৮", "2026-11-23", "9999-12-31", "0000-00-00", "২০২৬-১১-২৩",
]  # fmt: skip
FIELDS = {
    "sitting": [], "number": ["1", "3", "12", "২৪", "25"], "who": ["me", "new"], "name": ["Momena Bibi", "ইমু"],
    "age": ["58", "৫৮", "0", "120"], "sex": ["female", "male", "other"], "phone": ["01712 345678", "+880 1711-111111"],
    "visit": ["new", "follow_up", "report"], "reason": ["Cough", "away"], "method": ["chamber"], "code": ["00000", "১২৩৪৫"],
    "email": ["clerk@a.test", "nobody@a.test"], "password": ["demo-demo-demo"], "next": ["/help"], "to": ["bn", "en"],
    "event": [], "step": ["code", "payment"], "up_to": ["1"], "form_key": ["key"], "again": ["1"], "q": ["heart", "জ্বর"],
    "specialty": ["heart"], "area": ["cumilla"], "day": [], "sort": ["rating", "soonest"], "page": ["1", "২"],
    "view": ["past"], "after": ["0"], "ok": ["requested", "sent"], "role": ["admin"], "status": ["booked"], "price": ["0"],
}  # fmt: skip
ORIGINS = [None] * 30 + ["http://localhost", "null", "https://evil.example", "\xff"]
ANSWERS = ("who", "name", "age", "sex", "phone", "visit", "reason")
FORMS = {
    "appointments.create": ("sitting", "number", "again"), "appointments.update_patient": ANSWERS,
    "appointments.prove_code": ("code",), "appointments.create_code": ("phone",),
    "appointments.create_request": ("method", "form_key"), "appointments.refusal": ("reason",),
    "appointments.create_cancellation": ("reason",), "appointments.undo": ("event",),
    "accounts.create_session": ("email", "password", "next"), "accounts.create_code": ("phone", "next"),
    "accounts.prove_code": ("code", "next"), "pages.language": ("to", "next"), "notifications.reading": ("up_to",),
    "directory.index": ("q", "specialty", "area", "day", "sort", "page"), "directory.show": ("day", "sitting", "number"),
    "directory.places": ("day", "sitting", "number"),
}  # fmt: skip
SITES = ["same-origin"] * 9 + ["none", "cross-site", "x"]
LANGUAGES = ["en", "bn", "bn-BD,en;q=0.5", "xx", "en;q=x", ""]


@pytest.fixture
def world(evening):
    """A small world with something of everything, and who walks in it."""
    owner = make.person(phone="+8801711111111", name="Alice Akter")
    relatives = [
        make.patient(owner, name, 30 + n, oneself=not n) for n, name in enumerate(("Alice Akter", "Karim", "Li"))
    ]
    clerk = make.person(email="clerk@a.test", name="Nasrin", password="demo-demo-demo")
    make.staff(clerk, evening.clinic)
    area = make.area("cumilla")
    make.specialty("heart")
    make.doctor(slug="applicant", status="applicant")
    next_day = make.sitting(evening.chamber, days=2)
    states = ["requested", "booked", "declined"]
    rows = [
        make.appointment(next_day, number=n + 1, status=s, of=p)
        for n, (s, p) in enumerate(zip(states, relatives, strict=True))
    ]
    rows += [
        make.hold(evening.sitting, number=7, browser=HOLDER),
        make.hold(next_day, number=8, browser="x", person_id=owner.id),
    ]
    people = {"patient": owner.id, "doctor": evening.doctor.person_id, "clerk": clerk.id,
              "admin": make.person(name="Admin", admin=True).id}  # fmt: skip
    return SimpleNamespace(
        people=people,
        refs=[row.ref for row in rows],
        slugs=["rokeya-begum", "applicant", area.slug],
        sittings=[str(evening.sitting.id), str(next_day.id)],
        days=[evening.sitting.local_date.isoformat()],
        events=[str(row.last_event_id) for row in rows],
    )


def offered(world, name):
    """What is right for a field here."""
    known = {"sitting": world.sittings, "event": world.events, "day": world.days}
    return known.get(name) or FIELDS[name]


@st.composite
def requests(draw, world, rules):
    """One request to one door: its method, its address, its fields and its headers."""
    rule = draw(st.sampled_from(rules))
    junk = st.one_of(st.sampled_from(JUNK), st.text(max_size=30))
    right = {"ref": world.refs, "slug": world.slugs, "name": [manifest()["css/app.css"]]}
    parts = {name: draw(either(st.sampled_from(right.get(name, ["1"])), junk)) for name in sorted(rule.arguments)}
    extra = draw(st.lists(st.sampled_from(sorted(FIELDS)), max_size=3, unique=True))
    names = dict.fromkeys([*FORMS.get(rule.endpoint, ()), *extra])
    broken = draw(st.sampled_from([False, True, True]))
    values = {name: draw(either(st.sampled_from(offered(world, name)), junk, broken=broken)) for name in names}
    return SimpleNamespace(
        rule=rule,
        path=re.sub(r"<(?:\w+:)?(\w+)>", lambda found: quoted(parts[found[1]]), rule.rule),
        method=draw(
            st.sampled_from([*sorted(rule.methods & {"GET", "POST"}) * 30, *sorted(rule.methods), "PUT", "DELETE"])
        ),
        values=values,
        token=draw(st.sampled_from([True] * 9 + [False])),
        multipart=draw(st.sampled_from([False] * 4 + [True])),
        headers=draw(headers),
    )


def either(right, wrong, *, broken=True):
    """Mostly what is right, or nobody would ever get far."""
    return st.integers(0, 5).flatmap(lambda dice: right if dice or not broken else wrong)


headers = st.fixed_dictionaries(
    {},
    optional={
        "HX-Request": st.just("true"),
        "Accept-Language": st.sampled_from(LANGUAGES),
        "Origin": st.sampled_from(ORIGINS),
        "Sec-Fetch-Site": st.sampled_from(SITES),
        "Accept-Encoding": st.sampled_from(["gzip", "identity", "*"]),
        "If-None-Match": st.sampled_from(["*", '"x"', "W/"]),
    },
)


def quoted(text):
    """The text inside an address, whatever it is."""
    return "".join(
        c if c.isascii() and c.isalnum() or c in "-." else "".join(f"%{b:02X}" for b in raw(c)) for c in text
    )


def raw(text):
    return text.encode("utf-8", "surrogatepass")


def browser_of(app, world, actor):
    client = english(app)
    if actor == "holder":
        client.set_cookie("browser", HOLDER)
    if actor in world.people:
        make.sign_in(client, make.Person(id=world.people[actor]))
    return client


def ask(client, step):
    """Send it, as a form or as an address."""
    sent = {name: value for name, value in step.headers.items() if value is not None}
    if step.method in {"GET", "HEAD", "OPTIONS"}:
        return client.open(step.path, method=step.method, query_string=pairs(step.values), headers=sent)
    signed = {**step.values, **({"csrf_token": token(client)} if step.token else {})}
    if step.multipart:
        fields = {name: value.encode("utf-8", "replace").decode() for name, value in signed.items()}
        return client.open(step.path, method=step.method, data=fields, content_type="multipart/form-data", headers=sent)
    kind = "application/x-www-form-urlencoded"
    return client.open(step.path, method=step.method, data=pairs(signed), content_type=kind, headers=sent)


def pairs(values):
    return "&".join(f"{quoted(name)}={quoted(value)}" for name, value in values.items())


def is_well(response, step, *, whole):
    """No fault, no trace of one, and a page that is one; `whole` looks at all of it."""
    said = f"{step.method} {step.path} {step.values} {step.headers}"
    assert response.status_code < 500, f"{response.status_code}: {said}"
    if response.headers.get("Content-Encoding") == "gzip":
        response.data = gzip.decompress(response.data)
    if response.is_json or response.mimetype != "text/html" or step.method == "HEAD" or not response.data:
        return
    if 300 <= response.status_code < 400:
        assert response.headers["Location"].startswith(("/", "http://localhost/")), said
        assert response.headers["Location"].isascii(), said
        return
    text = response.data.decode()
    assert not (found := FAULTS.search(without_ours(text, step))), f"{found}: {said}"
    if text.lstrip().startswith("<!doctype"):
        assert text.count("<h1") == 1, said
        assert text.rstrip().endswith("</html>"), said
    if whole:
        see(response)


def without_ours(text, step):
    """The page without what was typed into it."""
    for value in (*step.values.values(), step.path):
        text = text.replace(value, "") if len(value) > 3 else text
    return re.sub(r"\{\{ 7\*7 }}|\{% x %}", "", text)


def faults_in_the_rows():
    """Live appointments that share a number or a patient of a sitting, and holds that share a browser."""
    live = select(func.count()).where(Appointment.status.in_(LIVE)).having(func.count() > 1)
    held = select(func.count()).where(Appointment.status == "held").having(func.count() > 1)
    return [
        *db.session.execute(live.group_by(Appointment.sitting_id, Appointment.number)),
        *db.session.execute(
            live.where(Appointment.patient_id.is_not(None)).group_by(Appointment.sitting_id, Appointment.patient_id)
        ),
        *db.session.execute(
            held.where(Appointment.browser_hash.is_not(None)).group_by(Appointment.browser_hash, Appointment.doctor_id)
        ),
        *db.session.execute(
            select(Appointment.id).where(
                Appointment.status.not_in(("held", "expired", "offered")), Appointment.patient_id.is_(None)
            )
        ),
    ]


def test_a_walk_over_every_door_breaks_nothing(app, world):
    rules = sorted(app.url_map.iter_rules(), key=lambda rule: rule.rule)
    seen, statuses = Counter(), Counter()

    def walk(walks, rules):
        @settings(
            max_examples=walks,
            derandomize=True,
            database=None,
            deadline=None,
            report_multiple_bugs=False,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(st.sampled_from(ACTORS), st.lists(requests(world, rules), min_size=STEPS, max_size=STEPS))
        def one(actor, steps):
            client = browser_of(app, world, actor)
            for step in steps:
                response = ask(client, step)
                seen[step.rule.endpoint] += 1
                statuses[response.status_code] += 1
                is_well(response, step, whole=sum(statuses.values()) % SEEN_WHOLE == 0)

        one()

    walk(WALKS, rules)
    if passed_by := [rule for rule in rules if rule.endpoint not in seen]:
        walk(len(ACTORS), passed_by)

    statuses[english(app).post("/appointments").status_code] += 1  # a first visit, to which the walk seldom comes

    assert sum(seen.values()) >= WALKS * STEPS
    assert {rule.endpoint for rule in rules} - set(seen) == set()
    assert {200, 303, 307, 400, 401, 403, 404, 409, 422} <= set(statuses), statuses
    assert faults_in_the_rows() == []


def test_the_walk_would_notice(app, world, monkeypatch):
    step = SimpleNamespace(method="GET", path="/", values={}, headers={})
    monkeypatch.setattr(cookies, "has_browser", lambda: 1 / 0)
    app.config["PROPAGATE_EXCEPTIONS"] = False
    broken = english(app).post("/appointments")
    app.config["PROPAGATE_EXCEPTIONS"] = None

    with pytest.raises(AssertionError, match="500"):
        is_well(broken, step, whole=False)
