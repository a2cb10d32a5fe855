"""Reminders a day and two hours before: each once, not by night, not where the clinic turned them off."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from doctapp import clock
from doctapp.appointments import jobs, moving, reminding, telling
from doctapp.appointments.life import By
from doctapp.appointments.models import Appointment, Event
from doctapp.audit.models import AuditEntry
from doctapp.clinics.models import Clinic
from doctapp.clock import UTC
from doctapp.db import db, transaction
from doctapp.notifications import jobs as letters
from doctapp.notifications import outbox
from doctapp.notifications.models import Letter, Notification
from doctapp.notifications.segments import segments
from tests import make, people
from tests.people import HOUR, MINUTE, NOW
from tests.see import see

DAY = timedelta(hours=24)
NOON = (NOW + 7 * DAY).replace(hour=6, minute=0, second=0)  # noon in Dhaka
SECOND = timedelta(seconds=1)


def booked(evening, of, *, at=NOON, told_at=NOON - 3 * DAY, days=30, **given):
    """A booking whose serial 1 is seen about then, known since `told_at`."""
    sitting = make.sitting(evening.chamber, days=days, starts_at=at, start=days)
    row = make.appointment(sitting, number=1, of=of, now=told_at, **given)
    db.session.execute(db.update(Event).where(Event.id == row.last_event_id).values(at=told_at))
    db.session.commit()
    return row


@pytest.fixture
def row(evening, alice):
    return booked(evening, alice.patients[0])


def reminded(now):
    """What a sweep at this moment reminds of, by kind and channel."""
    before = set(db.session.scalars(select(Letter.id)))
    jobs.remind_patients(now)
    found = db.session.scalars(select(Letter).where(Letter.id.not_in(before))).all()
    return sorted(f"{letter.kind} {letter.channel}" for letter in found)


def test_from_a_day_before_the_patient_is_reminded_once(row):
    assert reminded(NOON - DAY - SECOND) == []
    assert reminded(NOON - DAY) == ["day_before sms"]
    assert reminded(NOON - DAY + MINUTE) == []


def test_from_two_hours_before_once_more(row):
    reminded(NOON - DAY)

    assert reminded(NOON - 2 * HOUR - SECOND) == []
    assert reminded(NOON - 2 * HOUR) == ["same_day sms"]
    assert reminded(NOON - HOUR) == []


def test_who_was_told_within_the_day_gets_no_days_reminder(evening, alice):
    booked(evening, alice.patients[0], told_at=NOON - 23 * HOUR)

    assert reminded(NOON - 22 * HOUR) == []
    assert reminded(NOON - 2 * HOUR) == ["same_day sms"]


def test_who_was_told_within_three_hours_is_not_reminded(evening, alice):
    booked(evening, alice.patients[0], told_at=NOON - 4 * HOUR)
    booked(evening, make.patient(alice), told_at=NOON - 3 * HOUR, at=NOON + MINUTE, days=31)

    assert reminded(NOON - HOUR) == ["same_day sms"]


@pytest.mark.parametrize("status", ["requested", "cancelled", "arrived"])
def test_only_what_is_booked_is_reminded(evening, alice, status):
    sitting = make.sitting(evening.chamber, start=1, starts_at=NOON)
    make.appointment(sitting, number=1, status=status, of=alice.patients[0])

    assert reminded(NOON - DAY) == reminded(NOON - HOUR) == []


def test_what_is_past_is_not_reminded(row):
    assert reminded(NOON) == []


def test_a_cancelled_sitting_is_not_reminded(row):
    row.sitting.cancelled_at = NOON - 2 * DAY
    db.session.commit()

    assert reminded(NOON - DAY) == []


def test_the_clinic_turns_each_off(row, evening):
    clinic = db.session.get(Clinic, evening.clinic.id)
    clinic.reminds_day_before = False
    db.session.commit()
    assert reminded(NOON - DAY) == []
    clinic.reminds_same_day = False
    db.session.commit()

    assert reminded(NOON - HOUR) == []


def test_a_notice_and_a_mail_say_the_same(evening):
    person = make.person(phone=people.STRANGER, email="alice@a.test")
    booked(evening, make.patient(person))

    assert reminded(NOON - DAY) == ["day_before mail", "day_before sms"]
    assert [n.kind for n in db.session.scalars(select(Notification).filter_by(person_id=person.id))] == ["day_before"]


def test_whom_the_desk_wrote_down_is_texted(row):
    row.person_id = None
    db.session.commit()

    assert reminded(NOON - DAY) == ["day_before sms"]


@pytest.mark.parametrize("hour", [22, 23, 3, 7])
def test_a_days_reminder_waits_for_the_morning(evening, alice, hour):
    at = NOON.replace(hour=(hour - 6) % 24)  # this hour in Dhaka
    booked(evening, alice.patients[0], at=at)
    night = at - DAY
    morning = reminding.morning("Asia/Dhaka", now=night)

    assert reminded(night) == []
    assert reminded(morning - SECOND) == []
    assert reminded(morning) == ["day_before sms"]


def test_where_the_visit_comes_before_the_morning_it_does_not_wait(evening, alice):
    at = NOON.replace(hour=1)  # seven in Dhaka
    booked(evening, alice.patients[0], at=at)

    assert reminded(at - 3 * HOUR) == ["day_before sms"]


def test_the_night_is_the_clinics(evening, alice):
    evening.clinic.zone = "America/New_York"
    db.session.commit()
    booked(evening, alice.patients[0])

    assert reminded(NOON - DAY) == []
    morning = reminding.morning("America/New_York", now=NOON - DAY)
    assert clock.local(morning, "America/New_York").hour == 8
    assert reminded(morning) == ["day_before sms"]


def test_a_move_to_another_time_reminds_anew(row, evening, alice):
    reminded(NOON - DAY)
    later = make.sitting(evening.chamber, days=33, starts_at=NOON + 3 * DAY)
    with transaction():
        by = By("clinic", evening.doctor.person_id)
        found = db.session.get(Appointment, row.id)
        moving.move(found, sitting_id=later.id, number=1, by=by, now=NOON - 20 * HOUR)

    assert reminded(NOON + 2 * DAY) == ["day_before sms"]


def test_a_reminder_that_is_no_longer_true_is_not_sent(row, evening):
    reminded(NOON - DAY)
    letter = db.session.scalars(select(Letter).filter_by(kind="day_before")).one()
    say = {"ref": row.ref, "cause": letter.cause}

    assert reminding.is_true(**say, now=NOON - DAY)
    assert not reminding.is_true(**say, now=NOON)
    assert letters.STILL_TRUE["day_before"](letter)
    db.session.execute(db.update(Appointment).values(about_at=NOON + HOUR))
    assert not reminding.is_true(**say, now=NOON - DAY)
    db.session.execute(db.update(Appointment).values(about_at=NOON, status="cancelled"))
    assert not reminding.is_true(**say, now=NOON - DAY)


@pytest.mark.parametrize("kind", ["day_before", "same_day"])
@pytest.mark.parametrize("language", ["en", "bn"])
def test_a_reminder_is_one_sms_whatever_the_day(row, kind, language):
    facts = {**telling.facts(row), "number": 120}
    midnight = datetime(2026, 1, 1, 18, tzinfo=UTC)
    for day in range(365):
        at = midnight + timedelta(days=day, hours=day % 24)
        said = {**facts, "about_at": at, "come_from": at - 20 * MINUTE, "come_until": at - 5 * MINUTE}
        text = outbox._rendered(channel="sms", kind=kind, language=language, facts=said)["body"]
        assert segments(text) == 1, text
        assert row.ref in text


@pytest.mark.parametrize("kind", ["day_before", "same_day"])
def test_a_notice_reads_with_the_time_to_come(client, alice, row, kind):
    with transaction():
        telling.reminded(db.session.get(Appointment, row.id), kind, now=NOW)

    page = see(make.sign_in(client, alice).get("/notifications"))

    assert "serial 1" in page.text.lower()
    assert "Come between" in page


def settings(client, evening):
    return see(client.get(f"/doctor/schedule/{evening.chamber.id}/settings"))


def test_the_desk_turns_a_reminder_off_and_on(client, evening, nasrin):
    make.sign_in(client, nasrin)
    form = settings(client, evening).form("reminders")
    assert form.fields == {"csrf_token": form.fields["csrf_token"], "day_before": "y", "same_day": "y"}

    page = see(client.post(form.action, data=form.fill(day_before=False), follow_redirects=True))

    assert "Saved." in page
    clinic = db.session.get(Clinic, evening.clinic.id)
    assert (clinic.reminds_day_before, clinic.reminds_same_day) == (False, True)
    entry = db.session.scalars(select(AuditEntry).filter_by(act="set_reminders")).one()
    assert (entry.kind, entry.row_id, entry.person_id) == ("clinic", clinic.id, nasrin.id)


def test_what_is_as_before_is_not_audited(client, evening, nasrin):
    make.sign_in(client, nasrin)
    form = settings(client, evening).form("reminders")

    client.post(form.action, data=form.fill())

    assert db.session.query(AuditEntry).filter_by(act="set_reminders").count() == 0


def test_another_clinics_clerk_finds_nothing_here(client, evening):
    other = make.person(name="Other clerk")
    make.staff(other, make.clinic())
    make.sign_in(client, other)

    assert client.post(f"/doctor/schedule/{evening.chamber.id}/reminders").status_code in {400, 404}
