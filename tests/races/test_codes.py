"""Limits that guard accounts hold under parallel tries, at their default values; a phone makes one person.

What is counted is locked by the upsert of `limits.lock`; a person is made once by the INSERT … ON CONFLICT DO NOTHING
against `uq_way_in_proven`. SQLite's one writer would hide a missing lock, so the controls on it take that away too:
every statement is then on its own.
"""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import func, select

from doctapp import clock
from doctapp.accounts import codes
from doctapp.accounts.models import Code, Person, Session, Tally, WayIn
from doctapp.db import db, transaction
from doctapp.web.cookies import hashed
from tests.races import scenes
from tests.races.racing import Answer, Browser, Call, until_seen
from tests.races.servers import Stage

NO_LOCKS = "sitting_lock,tally_lock,one_writer"


def code_of(token: str, phone: str) -> tuple[Code, str]:
    """A code that the browser of this cookie asked for, and its digits."""
    db.session.rollback()
    with transaction():
        drawn = codes.draw(kind="phone", address=phone, shown=phone, browser_hash=hashed(token), now=clock.now())
    assert drawn is not None
    return drawn


def typing(browser: Browser, digits: str) -> Call:
    """Type a code on the page that asks for it."""
    return browser.filled("/login/code", "code", code=digits)


def guessing(stage: Stage, how_many: int = 20) -> tuple[str, Browser, str, list[Call]]:
    """A phone, a browser that was sent a code for it, the code, and so many wrong guesses at once."""
    phone = scenes.phone()
    token = f"guess{phone[1:]}"
    _, digits = code_of(token, phone)
    browser = stage.browser(token)
    wrong = [f"{(int(digits) + n) % 100_000:05}" for n in range(1, how_many + 1)]
    first = typing(browser, wrong[0])
    others = [browser.posting(first.path, **{**first.fields, "code": guess}) for guess in wrong[1:]]
    return phone, browser, digits, [first, *(call.again(port=stage.next_port()) for call in others)]


def judged(stage: Stage, phone: str) -> tuple[int, int]:
    """How many wrong codes were counted on the code, and how many on the phone."""
    tries = stage.rows(select(Code.tries).filter_by(address=phone))
    counted = stage.rows(select(func.count()).select_from(Tally).filter_by(kind="wrong-code", key=phone))
    return tries[0], counted[0]


def not_let_in(answer: Answer) -> bool:
    """Whether the code was refused."""
    return answer.status_code == 422


def test_of_twenty_wrong_codes_at_once_five_are_judged(stage: Stage) -> None:
    phone, browser, digits, calls = guessing(stage)
    with stage.races("twenty wrong codes") as races:
        race = races.run(calls, won=not_let_in)

    assert race.statuses == [422] * 20
    assert judged(stage, phone) == (5, 5)
    assert race.overlaps > 0
    assert "no longer works" in typing(browser, digits)().page


def test_without_the_lock_more_wrong_codes_are_judged(unguarded: Callable[[str], Stage]) -> None:
    stage = unguarded(NO_LOCKS)

    def more_were_judged() -> bool:
        phone, _, _, calls = guessing(stage)
        races.run(calls, won=not_let_in)
        return judged(stage, phone)[1] > 5

    with stage.races("twenty wrong codes") as races:
        until_seen(more_were_judged)


def asking(stage: Stage, how_many: int = 12) -> tuple[str, list[Call]]:
    """A phone, and so many browsers that ask for a code for it at once."""
    phone = scenes.phone()
    browsers = [stage.browser() for _ in range(how_many)]
    return phone, [browser.filled("/login", "login-phone", phone=phone) for browser in browsers]


def drawn(stage: Stage, phone: str) -> int:
    """How many codes were drawn for this phone."""
    return stage.rows(select(func.count()).select_from(Code).filter_by(address=phone))[0]


def test_of_twelve_who_ask_for_a_code_at_once_three_are_sent_one(stage: Stage) -> None:
    phone, calls = asking(stage)
    with stage.races("twelve ask for codes") as races:
        race = races.run(calls)

    assert race.statuses == [303] * 3 + [429] * 9
    assert drawn(stage, phone) == 3
    assert race.overlaps > 0


def test_without_the_lock_more_codes_are_sent(unguarded: Callable[[str], Stage]) -> None:
    stage = unguarded(NO_LOCKS)

    def more_were_sent() -> bool:
        phone, calls = asking(stage)
        races.run(calls)
        return drawn(stage, phone) > 3

    with stage.races("twelve ask for codes") as races:
        until_seen(more_were_sent)


def first_sign_ins(stage: Stage) -> tuple[str, list[Call]]:
    """A phone never seen before, and two browsers that were each sent a code for it."""
    phone = scenes.phone()
    tokens = [f"first{phone[1:]}-{n}" for n in range(2)]
    return phone, [typing(stage.browser(token), code_of(token, phone)[1]) for token in tokens]


def owners(stage: Stage, phone: str) -> list[int]:
    """The persons whose way in this phone is."""
    return stage.rows(select(WayIn.person_id).filter_by(kind="phone", value=phone))


def persons(stage: Stage) -> int:
    """How many persons there are."""
    return stage.rows(select(func.count()).select_from(Person))[0]


def check_one_person(stage: Stage) -> None:
    """Two first sign-ins make one person, with a session in each browser."""
    with stage.races("two first sign-ins") as races:
        for _ in range(5):
            before = persons(stage)
            phone, calls = first_sign_ins(stage)
            race = races.run(calls)

            assert race.statuses == [303, 303]
            assert persons(stage) == before + 1
            assert len(owners(stage, phone)) == 1
            assert len(stage.rows(select(Session).filter_by(person_id=owners(stage, phone)[0]))) == 2

    assert races.overlaps > 0


def test_two_first_sign_ins_of_a_phone_make_one_person(stage: Stage) -> None:
    check_one_person(stage)


def test_the_index_alone_makes_one_person(unguarded: Callable[[str], Stage]) -> None:
    check_one_person(unguarded(NO_LOCKS))


def test_without_lock_and_index_a_phone_makes_two_persons(unguarded: Callable[[str], Stage]) -> None:
    stage = unguarded(NO_LOCKS)

    def two_were_made() -> bool:
        phone, calls = first_sign_ins(stage)
        races.run(calls)
        return len(owners(stage, phone)) == 2

    with stage.without("uq_way_in_proven"), stage.races("two first sign-ins") as races:
        until_seen(two_were_made)
