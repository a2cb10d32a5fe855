"""What leaves a row: every change of a patient's appointment, and everybody else who is shown one in full."""

from datetime import timedelta

import pytest
from sqlalchemy import insert, select

from doctapp import clock
from doctapp.accounts import codes, passwords, sessions
from doctapp.accounts.models import Person
from doctapp.appointments import cancelling, deciding, expiry, requesting, undoing
from doctapp.appointments.life import By
from doctapp.appointments.models import Appointment
from doctapp.audit import reading
from doctapp.audit.models import AuditEntry
from doctapp.audit.reading import Read
from doctapp.db import db, transaction
from tests import make
from tests.audit.rows import entries, tamper
from tests.people import ALICE, HOUR, MINUTE, NOW
from tests.see import see
from tests.statements import counted

INBOX = "/doctor/requests"
HTMX = {"HX-Request": "true"}


@pytest.fixture
def doctor(evening):
    return db.session.get(Person, evening.doctor.person_id)


@pytest.fixture
def rokeya(client, doctor):
    """The doctor's browser."""
    return make.sign_in(client, doctor)


@pytest.fixture
def desk(other, nasrin):
    """The clerk's browser."""
    return make.sign_in(other, nasrin)


def ask(alice, evening, number=12, **given):
    """Alice asks for a serial."""
    return make.appointment(evening.sitting, number=number, of=alice.patients[0], **{"status": "requested", **given})


def told():
    """Acts and who did them, oldest first."""
    return [(entry.act, entry.person_id, entry.side) for entry in entries()]


# changes


def test_each_decision_leaves_one_row(alice, evening, doctor):
    row = ask(alice, evening)
    clinic, patient = By("clinic", doctor.id, evening.clinic.id), By("patient", alice.id)
    with transaction():
        accepted = deciding.accept(db.session.get(Appointment, row.id), by=clinic, now=NOW)
        undoing.undo(row, event_id=accepted.id, by=clinic, now=NOW)
        declined = deciding.decline(row, reason="away", by=clinic, now=NOW)
        undoing.undo(row, event_id=declined.id, by=clinic, now=NOW)
        cancelling.cancel(row, reason="other", by=patient, now=NOW)

    acts = ["accept", "undo", "decline", "undo"]
    assert told() == [*((act, doctor.id, "clinic") for act in acts), ("cancel", alice.id, "patient")]
    assert {(e.kind, e.row_id, e.patient_id) for e in entries()} == {("appointment", row.id, alice.patients[0].id)}
    assert [e.clinic_id for e in entries()] == [evening.clinic.id] * 4 + [None]


def test_what_was_lost_to_another_leaves_none(alice, evening, doctor):
    row = ask(alice, evening, status="declined")

    with pytest.raises(deciding.AlreadyDecided), transaction():
        deciding.accept(db.session.get(Appointment, row.id), by=By("clinic", doctor.id), now=NOW)

    assert told() == []


def test_asking_leaves_a_row_and_the_hold_before_it_none(alice, evening):
    answers = {"typed_who": "me", "typed_name": "Alice Akter", "typed_age": 30, "typed_sex": "female"}
    row = make.hold(evening.sitting, person_id=alice.id, **answers)
    evening.chamber.acceptance = "auto"
    db.session.commit()

    with transaction():
        requesting.request(db.session.get(Appointment, row.id), method="chamber", now=NOW)

    assert told() == [("request", alice.id, "patient"), ("accept", None, "time")]


def test_what_time_does_leaves_a_row_of_nobody(alice, evening):
    row = ask(alice, evening)

    with transaction():
        assert expiry.lapse(db.session.get(Appointment, row.id), now=row.lapses_at)

    assert told() == [("lapse", None, "time")]


# readings


def test_the_doctor_who_opens_a_ticket_is_written_down(rokeya, doctor, alice, evening):
    row = ask(alice, evening)

    rokeya.get(f"/appointments/{row.ref}")

    (entry,) = entries()
    assert (entry.act, entry.kind, entry.row_id, entry.person_id) == ("read", "appointment", row.id, doctor.id)
    assert (entry.side, entry.clinic_id, entry.patient_id) == ("doctor", evening.clinic.id, alice.patients[0].id)


def test_the_desk_and_an_admin_are_written_down_in_their_capacity(client, desk, nasrin, admin, alice, evening):
    row = ask(alice, evening)
    make.sign_in(client, admin)

    desk.get(f"/appointments/{row.ref}")
    client.get(f"/appointments/{row.ref}")

    assert told() == [("read", nasrin.id, "staff"), ("read", admin.id, "admin")]
    assert [entry.clinic_id for entry in entries()] == [evening.clinic.id, None]


def test_a_patient_and_a_stranger_leave_none(client, other, bob, alice, evening):
    row = ask(alice, evening)
    make.sign_in(client, alice)
    make.sign_in(other, bob)

    client.get(f"/appointments/{row.ref}")
    other.get(f"/appointments/{row.ref}")

    assert told() == []


def test_a_doctor_who_is_the_patient_leaves_none(rokeya, doctor, evening):
    own = make.appointment(evening.sitting, of=make.patient(doctor, "Rokeya Begum"))

    rokeya.get(f"/appointments/{own.ref}")

    assert told() == []


def test_reading_again_within_a_quarter_of_an_hour_leaves_no_second_row(rokeya, alice, evening):
    row = ask(alice, evening)

    for _ in range(3):
        rokeya.get(f"/appointments/{row.ref}")
        rokeya.get(INBOX)

    assert len(told()) == 1


def test_after_a_quarter_of_an_hour_it_is_another_reading(app):
    read = Read("appointment", 5, 3, "doctor", 2)
    with transaction():
        reading.record([read], person_id=7, now=NOW)

    assert reading.unrecorded([read], person_id=7, now=NOW + 15 * MINUTE - timedelta(seconds=1)) == []
    assert reading.unrecorded([read], person_id=7, now=NOW + 15 * MINUTE) == [read]
    assert reading.unrecorded([read], person_id=8, now=NOW) == [read]


def test_the_inbox_leaves_a_row_for_each_that_it_names(rokeya, doctor, alice, bob, evening):
    hers = ask(alice, evening, 11)
    his = make.appointment(evening.sitting, number=12, status="requested", of=bob.patients[0])

    rokeya.get(INBOX)
    rokeya.get(INBOX, headers=HTMX)

    assert {(e.act, e.row_id, e.patient_id) for e in entries()} == {
        ("read", hers.id, alice.patients[0].id),
        ("read", his.id, bob.patients[0].id),
    }
    assert len(told()) == 2


def test_the_poll_of_the_inbox_names_nobody_and_leaves_none(rokeya, alice, evening):
    ask(alice, evening)

    assert rokeya.get(f"{INBOX}/news?after=0", headers=HTMX).status_code == 200

    assert told() == []


def test_who_is_too_late_reads_too(rokeya, desk, doctor, nasrin, alice, evening):
    row = ask(alice, evening)
    form = see(desk.get(INBOX)).form(f"acceptance-{row.ref}")
    with transaction():
        accepted = db.session.get(Appointment, row.id)
        deciding.accept(accepted, by=By("clinic", doctor.id, evening.clinic.id), now=clock.now())
    before = db.session.execute(select(AuditEntry.id)).all()
    forget_reads()

    assert desk.post(form.action, data=form.fill()).status_code == 409

    assert told()[len(before) - 1 :] == [("read", nasrin.id, "staff")]


def forget_reads():
    """Let the quarter of an hour go by."""
    tamper("DELETE FROM audit_entry WHERE act = 'read'")


def test_who_stands_in_the_way_of_leave_is_read_by_whoever_plans_it(rokeya, doctor, alice, evening):
    row = ask(alice, evening)
    form = see(rokeya.get("/doctor/leave")).form("leave")
    day = evening.sitting.local_date.isoformat()

    answer = rokeya.post(form.action, data=form.fill(**{"from": day, "to": day}))

    assert answer.status_code == 409 and "Alice Akter" in see(answer)
    assert [(e.act, e.row_id, e.person_id, e.side) for e in entries()] == [("read", row.id, doctor.id, "doctor")]


def test_what_somebody_decided_is_not_shown_to_them_once_they_lost_the_role(desk, nasrin, alice, evening):
    row = ask(alice, evening)
    form = see(desk.get(INBOX)).form(f"acceptance-{row.ref}")
    desk.post(form.action, data=form.fill())
    make.staff(db.session.get(Person, nasrin.id), make.clinic())
    db.session.execute(db.text("DELETE FROM staff WHERE clinic_id = :id"), {"id": evening.clinic.id})
    db.session.commit()

    assert "Alice Akter" not in see(desk.get(INBOX))


def test_a_page_is_not_sent_of_which_nothing_can_be_written(rokeya, alice, evening):
    """Somebody keeps the audit from being written: the reader is asked to try again, and was shown nothing."""
    row = ask(alice, evening)
    rokeya.get("/help")
    with db.engine.connect().execution_options(immediate=True) as other:
        postgresql = other.dialect.name == "postgresql"
        other.execute(db.text("LOCK TABLE audit_entry IN SHARE MODE" if postgresql else "SELECT 1"))
        answer = rokeya.get(f"/appointments/{row.ref}")

    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "2")
    assert "Alice" not in answer.text
    assert told() == []


def test_a_read_costs_two_statements_and_one_that_is_known_one(rokeya, alice, evening):
    seen, unseen = (
        ask(alice, evening, 11),
        make.appointment(make.sitting(evening.chamber, days=2), of=alice.patients[0]),
    )
    rokeya.get(f"/appointments/{seen.ref}")

    with counted() as first:
        rokeya.get(f"/appointments/{unseen.ref}")
    with counted() as again:
        rokeya.get(f"/appointments/{unseen.ref}")

    assert [s.split()[0] for s in first if "audit_entry" in s] == ["SELECT", "INSERT"]
    assert len(first) - len(again) == 1


def test_fifty_in_the_inbox_cost_two_statements_too(rokeya, alice, evening):
    sitting = make.sitting(evening.chamber, days=2, capacity=60)
    for number in range(1, 51):
        make.appointment(sitting, number=number, status="requested", of=make.patient(alice, f"Asker {number}"))

    with counted() as sent:
        rokeya.get(INBOX)

    assert [s.split()[0] for s in sent if "audit_entry" in s] == ["SELECT", "INSERT"]
    assert len(told()) == 50


def test_reading_long_ago_stays_quick(app):
    """The look for an earlier reading goes by the row that is read, not through all that a person ever read."""
    values = [
        {"at": NOW - HOUR, "act": "read", "person_id": 7, "side": "doctor", "kind": "appointment", "row_id": n}
        for n in range(2000)
    ]
    with transaction():
        db.session.execute(insert(AuditEntry), values)
    query = "SELECT 1 FROM audit_entry WHERE kind = 'appointment' AND row_id IN (5) AND person_id = 7 AND act = 'read'"
    if db.engine.dialect.name == "sqlite":
        plan = str(db.session.execute(db.text(f"EXPLAIN QUERY PLAN {query}")).all())
    else:
        db.session.execute(db.text("ANALYZE audit_entry"))
        plan = str(db.session.execute(db.text(f"EXPLAIN {query}")).all())

    assert "ix_audit_entry_row" in plan


# ways in


def test_signing_in_and_out_leave_a_row_each(app, alice):
    with transaction():
        sessions.start(person_id=alice.id, token_hash="h" * 64, now=NOW)
        opened = sessions.find("h" * 64).session_id
        sessions.end(opened, now=NOW)
        sessions.end(opened, now=NOW)

    assert [(e.act, e.kind, e.row_id, e.person_id) for e in entries()] == [
        ("sign_in", "session", opened, alice.id),
        ("sign_out", "session", opened, alice.id),
    ]


def test_the_last_wrong_code_that_is_allowed_leaves_one_row_at_the_way_in(app, alice):
    with transaction():
        for number in range(codes.WRONG_A_DAY + 3):
            now = NOW + number * MINUTE
            if number % codes.TRIES == 0:
                codes.draw(kind="phone", address=ALICE, shown=ALICE, browser_hash="b", now=now)
            codes.prove(browser_hash="b", address=ALICE, typed="no code", now=now)

    (entry,) = entries()
    assert (entry.act, entry.kind, entry.row_id) == ("code_tries_spent", "way_in", alice.ways_in[0].id)
    assert entry.person_id is None


def test_the_last_wrong_password_leaves_one_row_and_none_where_nobody_is(app, nasrin):
    for email in ("desk@demo.test", "nobody@demo.test"):
        for _ in range(passwords.TRIES_AN_HOUR):
            with transaction():
                passwords.begin_try(email=email, now=NOW)
        with pytest.raises(passwords.TooManyPasswords), transaction():
            passwords.begin_try(email=email, now=NOW)

    assert [(e.act, e.row_id) for e in entries()] == [("password_tries_spent", nasrin.ways_in[0].id)]
