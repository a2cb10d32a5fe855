"""The rule of one letter: who may send it, and what follows from how that went."""

from datetime import timedelta
from threading import Barrier, Thread

import pytest
from flask import Flask

from doctapp.db import db, transaction
from doctapp.notifications import delivery
from doctapp.notifications.delivery import Lease, Outcome
from doctapp.notifications.models import Letter
from tests.notifications.letters import after, read, tales, write, write_code  # noqa: F401
from tests.people import NOW

pytestmark = pytest.mark.usefixtures("tales")


def claim(letter_id: int, **given: float) -> Lease | None:
    with transaction():
        return delivery.claim(letter_id, now=after(**given))


def settle(lease: Lease | None, outcome: Outcome, **given: float) -> bool:
    assert lease is not None
    with transaction():
        return delivery.settle(lease, outcome, fault="why", now=after(**given))


def try_until_it_ends(letter_id: int, outcome: Outcome) -> list[timedelta]:
    """Try again whenever it is due, and how long each pause was."""
    pauses, at = [], NOW
    while (letter := read(letter_id)).state == "waiting":
        pauses.append(letter.due_at - at)
        at = letter.due_at
        with transaction():
            lease = delivery.claim(letter_id, now=at)
            assert lease is not None
            delivery.settle(lease, outcome, now=at)
    return pauses[1:]


def test_a_letter_is_claimed_once() -> None:
    letter = write()

    assert claim(letter) is not None
    assert claim(letter, seconds=59) is None
    assert read(letter).state == "sending"


def test_a_letter_is_claimed_when_it_is_due() -> None:
    letter = write(due_at=after(seconds=60))

    assert claim(letter, seconds=59) is None
    assert claim(letter, seconds=60) is not None


def test_of_many_who_claim_at_once_one_gets_the_letter(app: Flask) -> None:
    letter, gate, got = write(), Barrier(8), []

    def one() -> None:
        with app.app_context():
            gate.wait()
            got.append(claim(letter))
            db.session.remove()

    threads = [Thread(target=one) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(got) == 8
    assert len([lease for lease in got if lease]) == 1


def test_a_letter_that_was_taken_is_sent() -> None:
    letter = write()

    assert settle(claim(letter), Outcome.SENT, seconds=1)
    assert (read(letter).state, read(letter).ended_at) == ("sent", after(seconds=1))
    assert claim(letter, hours=1) is None


@pytest.mark.parametrize("outcome", [Outcome.SENT, Outcome.REFUSED, Outcome.OBSOLETE])
def test_a_code_is_forgotten_when_its_letter_ends(outcome: Outcome) -> None:
    letter = write_code("mail")
    settle(claim(letter), outcome)

    assert (read(letter).body, read(letter).html) == (None, None)


def test_other_letters_keep_what_they_said() -> None:
    letter = write()
    settle(claim(letter), Outcome.SENT)

    assert read(letter).body


def test_a_refused_letter_is_dead() -> None:
    letter = write()
    settle(claim(letter), Outcome.REFUSED)

    assert (read(letter).state, read(letter).fault) == ("dead", "why")


def test_a_letter_that_is_no_longer_true_is_obsolete() -> None:
    letter = write()
    settle(claim(letter), Outcome.OBSOLETE)

    assert read(letter).state == "obsolete"


def test_an_unreachable_letter_is_tried_again_in_growing_pauses_for_two_days() -> None:
    letter = write("sms")
    pauses = try_until_it_ends(letter, Outcome.UNREACHABLE)

    wanted = [10, 30, 60, 120, 300, 900, 1800, *[3600] * 60]
    assert all(0.8 * one <= pause.total_seconds() <= 1.2 * one for pause, one in zip(pauses, wanted, strict=False))
    assert timedelta(hours=46) < sum(pauses, timedelta()) <= timedelta(hours=48)
    assert read(letter).state == "dead"


def test_two_letters_do_not_come_back_at_the_same_moment() -> None:
    one, other = write(), write(cause="event:2")
    settle(claim(one), Outcome.UNREACHABLE)
    settle(claim(other), Outcome.UNREACHABLE)

    assert read(one).due_at != read(other).due_at


def test_an_sms_is_tried_once_more_after_a_lost_answer() -> None:
    letter = write("sms")
    pauses = try_until_it_ends(letter, Outcome.UNKNOWN)

    assert (len(pauses), read(letter).tries, read(letter).state) == (1, 2, "dead")


def test_a_mail_is_tried_for_long_after_lost_answers() -> None:
    letter = write("mail")
    try_until_it_ends(letter, Outcome.UNKNOWN)

    assert read(letter).tries > 20


def test_a_lease_that_ran_out_counts_as_a_lost_answer() -> None:
    letter = write("sms")
    old = claim(letter)
    new = claim(letter, seconds=60)

    assert new is not None
    assert new != old
    assert read(letter).unknown_outcomes == 1


def test_whoever_lost_the_lease_settles_nothing() -> None:
    letter = write()
    old, new = claim(letter), claim(letter, seconds=60)

    assert not settle(old, Outcome.REFUSED, seconds=61)
    assert settle(new, Outcome.SENT, seconds=62)


def test_an_sms_whose_sender_died_twice_is_left_to_an_admin() -> None:
    letter = write("sms")
    claim(letter)
    claim(letter, seconds=60)

    assert claim(letter, seconds=120) is None
    assert read(letter).state == "dead"


def test_a_code_is_not_sent_after_fifteen_minutes() -> None:
    letter = write_code()

    assert claim(letter, minutes=15) is None
    assert (read(letter).state, read(letter).body) == ("expired", None)


def test_a_code_that_could_not_be_sent_expires_on_time() -> None:
    letter = write_code()
    try_until_it_ends_or_expires(letter)

    assert read(letter).state == "expired"
    assert read(letter).ended_at == after(minutes=15)


def try_until_it_ends_or_expires(letter_id: int) -> None:
    while (letter := read(letter_id)).state == "waiting":
        with transaction():
            lease = delivery.claim(letter_id, now=letter.due_at)
            if lease:
                delivery.settle(lease, Outcome.UNREACHABLE, now=letter.due_at)


def test_there_is_nothing_to_claim_in_an_empty_outbox() -> None:
    assert claim(1) is None
    assert db.session.query(Letter).count() == 0
