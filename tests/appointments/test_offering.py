"""A freed number is offered to the first in line, kept for a while, and then offered to the next."""

import re
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from doctapp import clock
from doctapp.appointments import (
    cancelling,
    holding,
    jobs,
    looking,
    moving,
    offering,
    requesting,
    sitting_cancellation,
    telling,
    undoing,
    waiting,
)
from doctapp.appointments.life import By
from doctapp.appointments.models import Appointment, Event, Waiting
from doctapp.clock import UTC
from doctapp.db import db, transaction
from doctapp.notifications import jobs as letters
from doctapp.notifications import outbox
from doctapp.notifications.models import Letter
from doctapp.notifications.segments import segments
from doctapp.schedules.models import Sitting
from doctapp.sealing import unseal
from tests import make, people
from tests.appointments.test_waiting import full, give_up, hold, join, line  # noqa: F401 - the same sitting
from tests.people import HOUR, MINUTE, NOW

TEN = timedelta(minutes=10)
LINK = re.compile(r"http://localhost/waiting/([\w-]+)")


def offers(sitting):
    """What is offered there now: to whom, which number."""
    db.session.rollback()
    query = select(Appointment).filter_by(sitting_id=sitting.id, status="offered").order_by(Appointment.id)
    return db.session.scalars(query).all()


def waiter(phone=people.ALICE):
    db.session.rollback()
    return db.session.scalars(select(Waiting).filter_by(phone=phone)).one()


def sent(phone=people.ALICE):
    """The newest SMS to this phone."""
    query = select(Letter).filter_by(channel="sms", address=phone).order_by(Letter.id.desc()).limit(1)
    return db.session.scalars(query).one()


def token(phone=people.ALICE):
    return LINK.search(unseal(sent(phone).body))[1]


@pytest.fixture
def offered(full):  # noqa: F811
    """Alice waits, and number two was given up: it is hers for a while."""
    join(full)
    give_up(full, 2)
    jobs.offer_places(NOW)
    return offers(full)[0]


def take_up(browser="alice", *, phone=people.ALICE, person_id=None, now=NOW):
    with transaction():
        row = offering.take_up(waiter(phone), browser_hash=browser, person_id=person_id, now=now)
        return row.ref


def test_a_freed_number_is_offered_to_the_first_in_line(full, offered):  # noqa: F811
    assert (offered.number, offered.phone, offered.language) == (2, people.ALICE, "en")
    assert offered.waiting_id == waiter().id
    assert offered.about_at == full.starts_at + TEN
    assert (waiter().state, waiter().offer_id) == ("offered", offered.id)
    event = db.session.get(Event, offered.last_event_id)
    assert (event.act, event.was, event.became, event.side) == ("offer", None, "offered", "time")


def test_a_second_sweep_offers_nothing_more(full, offered):  # noqa: F811
    jobs.offer_places(NOW)

    assert [row.id for row in offers(full)] == [offered.id]


def test_a_sweep_looks_only_where_a_number_may_be_free(full):  # noqa: F811
    join(full)
    make.appointment(full, number=4)  # the desk's extra leaves the sitting as full as it was
    assert waiting.with_room(now=NOW) == []

    give_up(full, 2)

    assert waiting.with_room(now=NOW) == [full.id]


def test_each_freed_number_goes_to_another_one_in_line(full):  # noqa: F811
    join(full, people.ALICE)
    join(full, people.BOB)
    for number in (3, 1):
        give_up(full, number)

    jobs.offer_places(NOW)

    assert [(row.number, row.phone) for row in offers(full)] == [(1, people.ALICE), (3, people.BOB)]


def test_whoever_takes_it_up_need_not_type_the_phone_again(offered):
    take_up()

    db.session.rollback()
    assert db.session.get(Appointment, offered.id).typed_phone == waiter().shown != ""


def test_it_is_kept_for_four_hours_before_the_day(offered):
    assert offered.held_until == NOW + 4 * HOUR


def test_it_is_kept_for_twenty_minutes_on_the_day(evening):
    sitting = make.sitting(evening.chamber, days=0, start=0, starts_at=NOW + 3 * HOUR, capacity=1)
    sitting.local_date = clock.local(NOW, "Asia/Dhaka").date()
    make.appointment(sitting, number=1)
    join(sitting)
    give_up(sitting, 1)

    jobs.offer_places(NOW)

    assert offers(sitting)[0].held_until == NOW + 20 * MINUTE


def test_it_is_never_kept_into_the_chambers_lead_time(full):  # noqa: F811
    now = full.starts_at - 2 * HOUR
    join(full)
    give_up(full, 2)

    jobs.offer_places(now)

    assert offers(full)[0].held_until == min(now + 20 * MINUTE, full.starts_at + TEN - HOUR)
    assert offering.offered_until(full, 1, now=full.starts_at - HOUR - 9 * MINUTE) == full.starts_at - HOUR


def test_what_could_be_kept_for_moments_only_is_not_offered(full):  # noqa: F811
    join(full)
    give_up(full, 1)

    jobs.offer_places(full.starts_at - HOUR - 4 * MINUTE)

    assert offers(full) == []


def test_what_may_still_be_taken_back_is_not_offered_yet(full, alice):  # noqa: F811
    row = db.session.scalars(select(Appointment).filter_by(sitting_id=full.id, number=2)).one()
    join(full)
    with transaction():
        found = db.session.get(Appointment, row.id)
        cancelling.cancel(found, reason="", by=By("patient", found.person_id), now=NOW)

    jobs.offer_places(NOW + TEN - timedelta(seconds=1))
    assert offers(full) == []
    jobs.offer_places(NOW + TEN)

    assert [offer.number for offer in offers(full)] == [2]


def test_where_somebody_moved_away_from_is_not_offered_before_the_undo_ran_out(full, evening):  # noqa: F811
    row = db.session.scalars(select(Appointment).filter_by(sitting_id=full.id, number=3)).one()
    other = make.sitting(evening.chamber, days=5)
    join(full)
    with transaction():
        by = By("clinic", evening.doctor.person_id)
        moving.move(db.session.get(Appointment, row.id), sitting_id=other.id, number=1, by=by, now=NOW)

    jobs.offer_places(NOW + MINUTE)
    assert offers(full) == []
    jobs.offer_places(NOW + TEN)

    assert [offer.number for offer in offers(full)] == [3]


def test_an_undo_finds_the_number_taken_where_it_was_offered_meanwhile(full):  # noqa: F811
    row = db.session.scalars(select(Appointment).filter_by(sitting_id=full.id, number=2)).one()
    by = By("patient", row.person_id)
    join(full)
    with transaction():
        event = cancelling.cancel(db.session.get(Appointment, row.id), reason="", by=by, now=NOW).id
    with transaction():
        assert offering._take(db.session.get(Sitting, full.id), 2, waiting.first(full.id), now=NOW)

    with pytest.raises(holding.NumberTaken), transaction():
        undoing.undo(db.session.get(Appointment, row.id), event_id=event, by=by, now=NOW + MINUTE)


def test_the_hold_of_somebody_who_let_it_run_out_is_offered(full):  # noqa: F811
    give_up(full, 2)
    hold(full, 2)
    join(full)

    jobs.offer_places(NOW + 16 * MINUTE)

    assert [offer.number for offer in offers(full)] == [2]


def test_an_offer_that_ran_out_passes_and_the_next_one_gets_it(full, offered):  # noqa: F811
    join(full, people.BOB)
    late = offered.held_until

    jobs.expire_holds(late)
    jobs.offer_places(late)

    assert (waiter().state, waiter().ended_at) == ("passed", late)
    assert [(row.number, row.phone) for row in offers(full)] == [(2, people.BOB)]
    assert db.session.get(Appointment, offered.id).status == "expired"


def test_whoever_takes_the_number_next_ends_an_offer_that_ran_out(full, offered):  # noqa: F811
    db.session.execute(db.update(Waiting).where(Waiting.phone != people.ALICE).values(state="left"))
    db.session.commit()
    late = offered.held_until

    with pytest.raises(holding.NumberTaken):
        hold(full, 2, now=late - MINUTE)
    taken = hold(full, 2, now=late)

    assert (taken.status, waiter().state) == ("held", "passed")


def test_the_holder_of_an_offer_is_not_refused_its_number(full, offered):  # noqa: F811
    take_up("alice")

    assert hold(full, 2, browser="alice").id == offered.id
    with pytest.raises(holding.NumberTaken):
        hold(full, 2, browser="stranger")


def test_nothing_is_offered_of_a_sitting_that_was_cancelled(full):  # noqa: F811
    join(full)
    give_up(full, 2)
    full.cancelled_at = NOW
    db.session.commit()

    jobs.offer_places(NOW)

    assert (offers(full), line(full)) == ([], [])


def test_the_letter_alone_bears_the_link_and_is_sealed(offered):
    letter = sent()

    assert (letter.kind, letter.secret, letter.expires_at, letter.about) == (
        "offered", True, offered.held_until, offered.ref,
    )  # fmt: skip
    assert "waiting/" not in letter.body
    assert waiting.by_token(token()).id == waiter().id
    assert token() not in waiter().token_hash


def test_one_with_a_proven_address_gets_a_mail_too(full, alice):  # noqa: F811
    made = make.person(phone=people.STRANGER, email="alice@a.test")
    join(full, people.STRANGER, person_id=made.id)
    give_up(full, 2)

    jobs.offer_places(NOW)

    mail = db.session.scalars(select(Letter).filter_by(channel="mail", address="alice@a.test")).one()
    assert token(people.STRANGER) in unseal(mail.body)
    assert token(people.STRANGER) in unseal(mail.html)
    assert "serial 2" in mail.subject.lower()


def test_a_letter_of_an_offer_that_is_over_is_not_sent(offered):
    assert letters.STILL_TRUE["offered"](sent())

    jobs.expire_holds(offered.held_until)

    assert not letters.STILL_TRUE["offered"](sent())


@pytest.mark.parametrize("language", ["en", "bn"])
def test_the_sms_is_one_segment_whatever_the_day(offered, language):
    facts = {**telling.facts(offered), "url": f"http://localhost/waiting/{'a' * 12}", "number": 120}
    midnight = datetime(2026, 1, 1, 18, tzinfo=UTC)
    for day in range(365):
        at = midnight + timedelta(days=day, hours=day % 24)
        said = {**facts, "about_at": at, "until": at - HOUR}
        text = outbox._rendered(channel="sms", kind="offered", language=language, facts=said)["body"]
        assert segments(text) == 1, text
        assert "waiting/" in text
        assert ("120" if language == "en" else "১২০") in text


def test_an_english_sms_says_number_link_until_day_and_doctor(offered):
    text = unseal(sent().body)

    assert text.startswith("Serial 2 is free for you: http://localhost/waiting/")
    assert "Kept until" in text
    assert "Dr Rokeya Begum" in text


def test_the_first_browser_has_the_offer(offered):
    assert take_up("phone") == offered.ref
    assert take_up("phone") == offered.ref

    with pytest.raises(offering.TakenUpElsewhere):
        take_up("computer")

    row = db.session.get(Appointment, offered.id)
    assert (row.browser_hash, row.status) == ("phone", "offered")
    acts = db.session.scalars(select(Event.act).filter_by(appointment_id=row.id).order_by(Event.id)).all()
    assert acts == ["offer", "take_up"]


def test_who_proved_the_phone_that_was_texted_takes_it_over(offered, alice, bob):
    take_up("phone")

    with pytest.raises(offering.TakenUpElsewhere):
        take_up("computer", person_id=bob.id)
    take_up("computer", person_id=alice.id)

    row = db.session.get(Appointment, offered.id)
    assert (row.browser_hash, row.person_id) == ("computer", alice.id)


def test_what_is_somebodys_already_is_taken_over_by_nobody_else(offered, alice, bob):
    take_up("phone", person_id=bob.id)

    for person_id in (alice.id, None):
        with pytest.raises(offering.TakenUpElsewhere):
            take_up("phone", person_id=person_id)

    assert db.session.get(Appointment, offered.id).person_id == bob.id


def test_an_offer_that_ran_out_is_taken_up_by_nobody_swept_or_not(offered):
    with pytest.raises(offering.OfferOver):
        take_up(now=offered.held_until)
    jobs.expire_holds(offered.held_until)
    with pytest.raises(offering.OfferOver):
        take_up(now=offered.held_until)


def test_who_leaves_the_list_gives_the_number_to_the_next(full, offered):  # noqa: F811
    join(full, people.BOB)
    with transaction():
        offering.give_up(waiter(), browser_hash="alice", person_id=None, now=NOW)

    jobs.offer_places(NOW)

    assert waiter().state == "left"
    assert [(row.number, row.phone) for row in offers(full)] == [(2, people.BOB)]
    with pytest.raises(offering.OfferOver):
        take_up()


def test_who_left_may_wait_again(full, offered):  # noqa: F811
    with transaction():
        offering.give_up(waiter(), browser_hash="alice", person_id=None, now=NOW)
    make.appointment(full, number=2)

    join(full)

    assert line(full) == [people.ALICE]


def request(row, person, *, now=NOW):
    with transaction():
        found = db.session.get(Appointment, row.id)
        requesting.answers(found, who="me", name="Alice Akter", age=30, sex="female", phone="", visit="new", reason="")
        requesting.claim(found, person_id=person.id)
        requesting.request(found, method="chamber", now=now)


def test_from_an_offer_the_doctor_is_asked_as_from_a_hold(full, offered, alice):  # noqa: F811
    take_up()

    request(offered, alice, now=NOW + 3 * HOUR)

    row = db.session.get(Appointment, offered.id)
    assert (row.status, row.patient.name, row.price) == ("requested", "Alice Akter", 70000)
    assert (waiter().state, waiter().ended_at) == ("taken", NOW + 3 * HOUR)
    event = db.session.get(Event, row.last_event_id)
    assert (event.was, event.became) == ("offered", "requested")
    assert not holding.is_held(row, now=NOW)


def test_an_offer_that_ran_out_is_not_requested(offered, alice):
    take_up()

    with pytest.raises(holding.HoldRanOut):
        request(offered, alice, now=offered.held_until)


def test_an_offer_has_its_time_and_is_not_extended(offered):
    until = offered.held_until
    with transaction():
        holding.extend(db.session.get(Appointment, offered.id), now=NOW)

    assert db.session.get(Appointment, offered.id).held_until == until


def test_the_cancelled_sitting_ends_the_offer_and_the_waiting(full, offered, nasrin, evening):  # noqa: F811
    join(full, people.BOB)
    with transaction():
        by = By("clinic", nasrin.id, evening.clinic.id)
        sitting_cancellation.cancel(full.id, why="away", by=by, now=NOW)
    jobs.end_cancelled(NOW)
    jobs.offer_places(NOW)

    assert db.session.get(Appointment, offered.id).status == "expired"
    assert (waiter().state, waiter(people.BOB).state) == ("passed", "passed")
    assert db.session.query(Letter).filter_by(address=people.BOB).count() == 0


def test_an_offer_is_not_found_by_its_reference_and_digits(offered):
    with transaction():
        refusal = looking.look(ref=offered.ref, digits=people.ALICE[-4:], browser_hash="b", address="a", now=NOW)

    assert isinstance(refusal, looking.NotFoundSo)


def test_an_offer_nobody_took_is_forgotten_after_thirty_days_with_who_waited(full, offered):  # noqa: F811
    jobs.expire_holds(offered.held_until)
    later = offered.held_until + timedelta(days=31)

    jobs.purge(later)
    jobs.purge(later + 2 * HOUR)

    assert db.session.query(Waiting).count() == 0
    assert db.session.query(Appointment).filter_by(status="expired").count() == 0
