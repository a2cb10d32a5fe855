"""A ticket is found by its reference and the phone's last digits: the name, and cancelling, and nothing else."""

import pytest

from doctapp.accounts import limits
from doctapp.appointments import jobs, life, looking
from doctapp.appointments.models import Appointment, TicketLook
from doctapp.audit.models import AuditEntry
from doctapp.db import db
from doctapp.notifications.models import Notification
from doctapp.web import cookies
from tests import make
from tests.appointments.steps import look, send
from tests.people import HOUR, MINUTE, NOW
from tests.see import see

LAST = "1111"  # of Alice's phone
REASON = "Cough for two weeks"


@pytest.fixture
def row(evening, alice):
    return make.appointment(evening.sitting, of=alice.patients[0], reason=REASON)


def find(client, ref, digits=LAST):
    return send(client, see(client.get("/ticket")), "ticket", ref=ref, digits=digits)


def wrong(client, ref="222-222", times=5):
    for _ in range(times):
        answer = find(client, ref, "9999")
    return answer


def ended(row):
    return db.session.get(Appointment, row.id, populate_existing=True).status


def test_the_form_asks_for_a_reference_and_four_digits(client):
    page = see(client.get("/ticket"))

    assert page.h1 == "Find your ticket"
    assert set(page.form("ticket").fields) == {"csrf_token", "ref", "digits"}


def test_a_link_may_carry_the_reference(client, row):
    assert see(client.get(f"/ticket?ref={row.ref.lower()}")).form("ticket").fields["ref"] == row.ref
    assert see(client.get("/ticket?ref=<b>")).form("ticket").fields["ref"] == ""


def test_both_lead_to_the_ticket_with_the_name(client, row):
    page = see(find(client, row.ref))

    assert page.h1 == "Serial 12 is booked"
    assert "Alice Akter" in page
    assert page.link("Cancel this appointment") == f"/appointments/{row.ref}/cancellation"


@pytest.mark.parametrize("typed", ["{0}", "{1}", " {1} ", "{2}", "{3}"])
def test_the_reference_is_typed_as_one_likes(client, row, typed):
    plain = row.ref.replace("-", "")
    ref = typed.format(row.ref, row.ref.lower(), plain, " ".join(plain.lower()))

    assert "Alice Akter" in see(find(client, ref))


def test_bangla_digits_are_read(client, row):
    assert "Alice Akter" in see(find(client, row.ref, "১১১১"))


def test_nothing_else_is_shown(client, row):
    page = see(find(client, row.ref))

    for private in (REASON, "+8801711111111", "01711", "30, "):
        assert private not in page
    assert "/move" not in str(page.soup.select_one("main"))


def test_nobody_else_sees_the_name(client, other, row):
    find(client, row.ref)

    assert "Alice Akter" not in look(other, row)


def test_a_look_ends_after_half_an_hour(client, row):
    find(client, row.ref)
    db.session.execute(db.update(TicketLook).values(until=NOW))
    db.session.commit()

    assert "Alice Akter" not in look(client, row)
    assert client.get(f"/appointments/{row.ref}/cancellation").status_code == 303


def test_a_look_lasts_half_an_hour_and_a_new_one_renews_it(app, row):
    given = {"ref": row.ref, "digits": LAST, "browser_hash": "b", "address": "a"}

    looking.look(**given, now=NOW)
    looking.look(**given, now=NOW + 20 * MINUTE)

    assert looking.is_open(row, browser_hash="b", now=NOW + 49 * MINUTE)
    assert not looking.is_open(row, browser_hash="b", now=NOW + 50 * MINUTE)
    assert not looking.is_open(row, browser_hash="c", now=NOW)


def test_cancelling_needs_no_sign_in(client, row):
    find(client, row.ref)

    page = see(send(client, look(client, row, "cancellation"), "cancellation", reason="better"))

    assert page.h1 == "Serial 12 is cancelled"
    assert "cancelled with the ticket’s code" in page
    event = life.last_event(db.session.get(Appointment, row.id))
    assert (event.act, event.side, event.person_id, event.why) == ("cancel", "patient", None, "better")


def test_the_owner_is_told_of_it(client, row, alice):
    find(client, row.ref)
    send(client, look(client, row, "cancellation"), "cancellation")

    assert db.session.scalars(db.select(Notification.kind).filter_by(person_id=alice.id)).all() == ["cancelled"]


def test_it_is_undone_without_sign_in_too(client, row):
    find(client, row.ref)
    page = see(send(client, look(client, row, "cancellation"), "cancellation"))

    assert see(send(client, page, "undo")).h1 == "Serial 12 is booked"
    assert ended(row) == "booked"


def test_what_the_owner_cancelled_is_not_undone_by_the_code(client, other, row, alice):
    make.sign_in(other, alice)
    theirs = see(send(other, look(other, row, "cancellation"), "cancellation")).form("undo")
    page = see(find(client, row.ref))

    assert [form.id for form in page.forms if form.id == "undo"] == []
    token = see(client.get("/ticket")).form("ticket").fields["csrf_token"]
    answer = client.post(theirs.action, data={"event": theirs.fields["event"], "csrf_token": token})
    assert answer.status_code == 409
    assert ended(row) == "cancelled"


def test_the_cut_off_binds_here_too(client, evening, alice):
    soon = make.sitting(evening.chamber, start=60, starts_at=NOW + HOUR)
    row = make.appointment(soon, number=1, of=alice.patients[0], booked_at=NOW - 24 * HOUR)
    find(client, row.ref)

    answer = client.get(f"/appointments/{row.ref}/cancellation")

    assert answer.status_code == 409
    assert see(answer).h1 == "It is too late to cancel here"


def test_moving_asks_to_sign_in(client, row):
    find(client, row.ref)

    assert client.get(f"/appointments/{row.ref}/move").headers["Location"].startswith("/login")


def test_wrong_digits_and_an_unknown_reference_are_answered_alike(client, row):
    pages = [find(client, row.ref, "9999"), find(client, "222-222")]

    texts = {page.text.replace(row.ref, "222-222").replace("9999", LAST) for page in pages}
    assert {page.status_code for page in pages} == {422}
    assert len({see(page).text for page in pages}) == 1
    assert len(texts) == 1
    assert "We found no appointment with this reference" in see(pages[0]).alert


def test_what_was_typed_stays(client, row):
    form = see(find(client, row.ref.lower(), "9999")).form("ticket")

    assert (form.fields["ref"], form.fields["digits"]) == (row.ref.lower(), "9999")


@pytest.mark.parametrize(("ref", "digits", "message"), [
    ("", LAST, "Enter the reference"),
    ("KQ7", LAST, "A reference has six letters"),
    ("KQ7-4M0", LAST, "A reference has six letters"),
    ("222-222", "", "Enter the last four digits"),
    ("222-222", "123", "Enter the last four digits"),
    ("222-222", "12a4", "Enter the last four digits"),
])  # fmt: skip
def test_what_can_not_be_is_said_and_not_counted(client, ref, digits, message):
    answer = find(client, ref, digits)

    assert answer.status_code == 422
    assert message in see(answer).alert
    assert limits.used("look-ref", "222-222", since=NOW - HOUR) == 0


def test_a_sixth_try_is_refused_even_with_the_right_digits(client, row):
    wrong(client, row.ref)

    answer = find(client, row.ref)

    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) > 0
    assert "tried too often" in see(answer).alert
    assert "Alice" not in answer.text


def test_an_unknown_reference_is_refused_the_same_after_five(client):
    wrong(client)

    assert find(client, "222-222").status_code == 429


def test_five_wrong_tries_bind_a_reference_from_wherever_they_come(app, row):
    for n in range(5):
        looking.look(ref=row.ref, digits="9999", browser_hash="b", address=f"address {n}", now=NOW)

    refusal = looking.look(ref=row.ref, digits=LAST, browser_hash="c", address="another", now=NOW + HOUR)

    assert isinstance(refusal, looking.TooManyLooks)
    assert looking.look(ref=row.ref, digits=LAST, browser_hash="c", address="x", now=NOW + 25 * HOUR) is None


def test_five_wrong_tries_bind_an_address_whatever_it_asks_for(app, row):
    for n in range(2, 7):
        looking.look(ref=f"222-22{n}", digits="9999", browser_hash="b", address="one", now=NOW)

    refusal = looking.look(ref=row.ref, digits=LAST, browser_hash="b", address="one", now=NOW + 50 * MINUTE)

    assert isinstance(refusal, looking.TooManyLooks)
    assert looking.look(ref=row.ref, digits=LAST, browser_hash="b", address="one", now=NOW + 61 * MINUTE) is None


def test_a_hold_is_not_found(client, evening):
    hold = make.hold(evening.sitting, typed_phone="01711111111", typed_name="Alice Akter")

    assert find(client, hold.ref).status_code == 422


def test_the_look_is_audited_for_its_patient(client, row):
    find(client, row.ref)

    entry = db.session.scalars(db.select(AuditEntry).filter_by(act="ticket_look")).one()
    assert (entry.row_id, entry.patient_id, entry.person_id) == (row.id, row.patient_id, None)


def test_only_the_hash_of_the_browser_is_kept_and_not_for_long(client, row):
    find(client, row.ref)

    kept = db.session.scalars(db.select(TicketLook)).one()
    assert kept.browser_hash == cookies.hashed(client.get_cookie("browser").value)
    jobs.purge(kept.until + MINUTE)
    assert db.session.scalars(db.select(TicketLook.id)).all() == []


def test_the_page_reads_in_bangla(client, row):
    client.set_cookie("lang", "bn")

    assert see(client.get("/ticket")).form("ticket")


def test_the_first_page_and_the_help_lead_here(client):
    for page in ("/", "/help"):
        assert see(client.get(page)).link("Find your ticket") == "/ticket"
