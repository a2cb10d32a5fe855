"""Letters that could not be sent: what is shown of them, and sending one again."""

from datetime import timedelta
from pathlib import Path

import pytest

from doctapp.admin import wording
from doctapp.db import transaction
from doctapp.notifications import jobs, resending
from doctapp.notifications.delivery import Outcome
from doctapp.work import bell
from tests import make
from tests.admin.rows import done, letter, read
from tests.appointments.steps import send
from tests.people import HOUR, NOW
from tests.see import see

PAGE = "/admin/letters"
TEMPLATES = Path(__file__).resolve().parents[2] / "templates"


@pytest.fixture
def office(client, admin):
    """The admin's browser."""
    return make.sign_in(client, admin)


@pytest.fixture
def rung(monkeypatch):
    """For which letters the bell was rung."""
    rings = []
    monkeypatch.setattr(bell, "ring", lambda job, row_id, queue="letters": rings.append((job, row_id)))
    return rings


def look(client):
    return see(client.get(PAGE))


def test_where_none_is_dead_it_says_so(office):
    letter(state="sent")

    assert "Every letter went out, or is on its way" in look(office)


def test_a_letter_shows_what_it_is_when_and_what_was_wrong(office):
    one = letter(address="rahima@gmail.example")

    words = " ".join(look(office).select(f"#letter-{one.id}")[0].get_text(" ").split())
    assert "Appointment booked" in words
    assert "Mail to …@gmail.example" in words
    assert "KQ7-4M2" in words
    assert "550 no such mailbox" in words


def test_of_a_phone_the_last_four_digits_are_shown(office):
    letter("sms", address="+8801711115678")

    page = look(office)
    assert "SMS to …5678" in page
    assert "1711" not in page.text


@pytest.mark.parametrize("channel", ["mail", "sms"])
def test_nothing_of_what_it_says_or_the_whole_of_whom_it_is_to_is_on_the_page(office, channel):
    one = letter(channel)
    code = letter(channel, kind="code", secret=True, body="sealed-words", subject="Your code")

    answer = office.get(PAGE).text

    for hidden in (one.body, one.subject, one.address, code.body, code.subject, code.address):
        assert hidden not in answer


def test_sending_again_begins_anew_and_rings(office, rung, admin):
    one = letter()

    page = see(send(office, look(office), f"resending-{one.id}"))

    assert "on its way again" in page.alert
    now = read(one)
    assert (now.state, now.tries, now.unknown_outcomes, now.ended_at) == ("waiting", 0, 0, None)
    assert now.due_at >= NOW
    assert rung == [("notifications.send", one.id)]
    assert done() == [("resend_letter", "letter", one.id, admin.id)]
    assert "Sent a letter again" in page
    assert "Admin ·" in page


def test_it_then_goes_out_by_the_normal_path(app, evening, alice):
    row = make.appointment(evening.sitting, status="booked", of=alice.patients[0])
    one = letter(kind="password_changed", about=row.ref)
    with transaction():
        resending.send_again(one.id, now=NOW)

    assert jobs.send(one.id, NOW) is Outcome.SENT
    assert read(one).state == "sent"


def test_one_that_is_no_longer_true_becomes_obsolete(app, evening, alice):
    row = make.appointment(evening.sitting, status="cancelled", of=alice.patients[0])
    one = letter(kind="booked", about=row.ref, cause=f"event:{row.last_event_id}")
    with transaction():
        resending.send_again(one.id, now=NOW)

    assert jobs.send(one.id, NOW) is None
    assert read(one).state == "obsolete"


@pytest.mark.parametrize(
    "given",
    [{"kind": "code", "secret": True, "body": None, "html": None}, {"kind": "late", "expires_at": NOW - HOUR}],
    ids=["secret", "late"],
)
def test_a_code_or_what_comes_too_late_is_not_offered_and_not_sent(office, rung, given):
    one = letter(**given)
    page = look(office)
    token = page.form("logout").fill()["csrf_token"]

    answer = office.post(f"{PAGE}/{one.id}/resending", data={"csrf_token": token})

    assert "its code or link is over" in page
    assert f"resending-{one.id}" not in [form.id for form in page.forms]
    assert answer.status_code == 409
    assert "can’t be sent again" in see(answer).alert
    assert read(one).state == "dead"
    assert rung == []
    assert done() == []


def test_of_two_who_send_it_again_one_does_and_the_other_is_told(office, other, rung):
    one = letter()
    rival = make.sign_in(other, make.person(name="Second Admin", admin=True))
    seen = look(rival)
    send(office, look(office), f"resending-{one.id}")

    page = see(send(rival, seen, f"resending-{one.id}"))

    assert page.code == 409
    assert "Admin was before you" in page.alert
    assert len(rung) == 1


def test_an_unknown_letter_is_not_there(office):
    token = look(office).form("logout").fill()["csrf_token"]

    assert office.post(f"{PAGE}/99/resending", data={"csrf_token": token}).status_code == 404


def test_many_are_paged_the_latest_first(office):
    letters = [letter(ended_at=NOW - timedelta(minutes=n)) for n in range(21)]

    first, second = look(office), see(office.get(f"{PAGE}?page=2"))

    assert f"#letter-{letters[0].id}"[1:] in [tag["id"] for tag in first.select("li[id]")]
    assert [tag["id"] for tag in second.select("li[id]")] == [f"letter-{letters[20].id}"]
    assert "Nothing more here" in see(office.get(f"{PAGE}?page=3"))


def test_each_kind_of_letter_has_words():
    mails = {path.name for path in (TEMPLATES / "mail").iterdir() if path.is_dir()}
    texts = {path.stem for path in (TEMPLATES / "sms").glob("[!_]*.txt")}

    assert (mails | texts) - set(wording.LETTERS) == set()
