"""A device's token is renewed by parallel tabs and after lost answers, and only a copy signs it out.

The successor is derived from the token, so that whoever asks gets the same one; the old token stays good until its
successor was seen; both are written by conditional UPDATEs (`accounts/devices.py`).
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta
from http.cookies import SimpleCookie

from sqlalchemy import select

from doctapp import clock
from doctapp.accounts import devices
from doctapp.accounts.devices import Token
from doctapp.accounts.models import Device, Session
from doctapp.db import db, transaction
from doctapp.notifications.models import Letter, Notification
from tests.races import scenes
from tests.races.racing import Answer, Browser, Call, Races, Waiting, until_seen
from tests.races.servers import Stage

TABS = 8
PAGE = "/appointments"


def let_in(answer: Answer) -> bool:
    """Whether the page was shown."""
    return answer.status_code == 200


def turned_away(answer: Answer) -> bool:
    """Whether one is asked to sign in."""
    return answer.status_code == 303 and answer.location.startswith("/login?")


def phone(stage: Stage) -> tuple[Browser, Token, int]:
    """A browser that is remembered, on which nobody is signed in; its token and the device."""
    person, _ = scenes.alice()
    token = Token.draw()
    person_id = person.id
    with transaction():
        device_id = devices.make(person_id=person_id, token=token, name="", lasts=timedelta(days=180), now=clock.now())
    browser = stage.browser()
    browser.set_cookie("device", token.cookie)
    return browser, token, device_id


def bearing(stage: Stage, cookie: str) -> Browser:
    """A browser with this device's cookie only."""
    browser = stage.browser()
    browser.set_cookie("device", cookie)
    return browser


def tabs(stage: Stage, browser: Browser, how_many: int = TABS) -> list[Waiting]:
    """So many tabs of one browser that open the same page."""
    return [Call(browser, "GET", PAGE, port=stage.next_port()) for _ in range(how_many)]


def given(answer: Answer, name: str) -> str:
    """What an answer's cookie of this name is."""
    lines = answer.headers.get_all("Set-Cookie", [])
    return next((SimpleCookie(line)[name].value for line in lines if line.startswith(f"{name}=")), "")


def device(stage: Stage, device_id: int) -> Device:
    """The row as it is now."""
    db.session.rollback()
    return db.session.get_one(Device, device_id, populate_existing=True)


def still_works(browser: Browser) -> bool:
    """Whether what the browser holds opens the page, also after its short session is over."""
    browser.set_cookie("session", "over")
    return let_in(browser.get(PAGE))


# Parallel tabs


def test_tabs_that_come_back_together_all_get_in_with_one_successor(stage: Stage) -> None:
    with stage.races(f"{TABS} tabs renew one token") as races:
        for _ in range(3):
            browser, token, device_id = phone(stage)
            race = races.run(tabs(stage, browser), won=let_in)

            assert race.statuses == [200] * TABS
            assert {given(answer, "device") for answer in race.answers} == {token.successor.cookie}
            assert len({given(answer, "session") for answer in race.answers}) == 1
            assert len(stage.rows(select(Session).filter_by(device_id=device_id))) == 1
            assert still_works(browser)
            assert device(stage, device_id).ended_at is None

    assert races.overlaps > 0


def test_where_each_tab_draws_its_own_successor_somebody_is_signed_out(unguarded: Callable[[str], Stage]) -> None:
    stage = unguarded("successor")

    def somebody_was_signed_out() -> bool:
        browser, _, device_id = phone(stage)
        race = races.run(tabs(stage, browser), won=let_in)
        for cookie in {given(answer, "device") for answer in race.answers} - {""}:
            still_works(bearing(stage, cookie))
        return device(stage, device_id).ended_why == "reuse"

    with stage.races(f"{TABS} tabs renew one token") as races:
        until_seen(somebody_was_signed_out)


# An answer that was lost


def lose_the_answer(browser: Browser) -> None:
    """Ask, and hang up before the answer comes."""
    call = Call(browser, "GET", PAGE)
    call.ready()
    connection = call._connection
    assert connection is not None
    connection.request("GET", PAGE, headers=call._headers)
    connection.close()


def until_renewed(stage: Stage, device_id: int) -> None:
    """Wait until the server has done what was asked."""
    until = time.monotonic() + 10
    while device(stage, device_id).last_used_at == device(stage, device_id).created_at:
        assert time.monotonic() < until, "The lost request was never done."
        time.sleep(0.05)


def test_a_renewal_whose_answer_was_lost_is_done_again(stage: Stage) -> None:
    browser, token, device_id = phone(stage)
    lose_the_answer(browser)
    until_renewed(stage, device_id)

    answer = browser.get(PAGE)

    assert let_in(answer)
    assert given(answer, "device") == token.successor.cookie
    assert still_works(browser)
    assert device(stage, device_id).ended_at is None


def test_without_grace_a_lost_answer_signs_its_owner_out(unguarded: Callable[[str], Stage]) -> None:
    stage = unguarded("grace")
    browser, _, device_id = phone(stage)
    lose_the_answer(browser)
    until_renewed(stage, device_id)

    assert not let_in(browser.get(PAGE))

    assert device(stage, device_id).ended_why == "reuse"


# A copy


def seen(browser: Browser) -> None:
    """Let the browser renew its token, and come back with the successor."""
    assert let_in(browser.get(PAGE))
    assert let_in(browser.get(PAGE))


def test_copies_that_come_together_afterwards_are_noticed_once(stage: Stage) -> None:
    browser, token, device_id = phone(stage)
    seen(browser)
    thieves = [Call(bearing(stage, token.cookie), "GET", PAGE) for _ in range(TABS)]
    with stage.races(f"{TABS} copies of an old token") as races:
        race = races.run(thieves, won=turned_away)

    row = device(stage, device_id)
    assert race.losers == []
    assert race.overlaps > 0
    assert row.ended_why == "reuse"
    assert not let_in(browser.get(PAGE))
    assert [one.ended_why for one in stage.rows(select(Session).filter_by(device_id=device_id))] == ["reuse"]
    for told in (Notification, Letter):
        assert len(stage.rows(select(told).filter_by(cause=f"device:{device_id}"))) == 1


def contest(stage: Stage, races: Races) -> tuple[bool, bool, str]:
    """The successor and a copy of the old token come at once, the short session being over.

    Whether the copy was let in, whether the owner's browser works afterwards, and why the device ended, if it did.
    """
    browser, token, device_id = phone(stage)
    assert let_in(browser.get(PAGE))
    browser.set_cookie("session", "over")
    owner, copy = Call(browser, "GET", PAGE), Call(bearing(stage, token.cookie), "GET", PAGE, port=stage.next_port())
    race = races.run([owner, copy], won=let_in)
    copied = let_in(race.answers[1])
    return copied, still_works(browser), device(stage, device_id).ended_why


def test_of_the_successor_and_a_copy_either_came_first(stage: Stage) -> None:
    with stage.races("the successor against a copy") as races:
        for _ in range(10):
            assert contest(stage, races) in {(True, True, ""), (False, False, "reuse")}

    assert races.overlaps > 0


def test_where_what_was_read_is_written_a_copy_signs_the_owner_out(unguarded: Callable[[str], Stage]) -> None:
    stage = unguarded("renewal,one_writer")

    def the_copy_got_in_and_the_owner_did_not() -> bool:
        return contest(stage, races)[:2] == (True, False)

    with stage.races("the successor against a copy") as races:
        until_seen(the_copy_got_in_and_the_owner_did_not, rounds=60)
