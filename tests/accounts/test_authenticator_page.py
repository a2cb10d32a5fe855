"""The authenticator app: set up by a code, removed by a code; a code works once, and wrong ones are counted."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from doctapp import clock
from doctapp.accounts import authenticator as rule
from doctapp.accounts.models import Authenticator, Session
from doctapp.audit.models import AuditEntry
from doctapp.db import db, transaction
from doctapp.digits import bangla
from doctapp.notifications.models import Notification
from doctapp.sealing import Unsealable, unseal
from tests import make
from tests.access.test_table import token
from tests.accounts.apps import KEY, PAGE, STEP, draw, has_app, key_on, shows, wrong
from tests.accounts.links import told
from tests.appointments.steps import send
from tests.people import ALICE, HOUR, NOW, PASSWORD
from tests.see import see

EMAIL = "alice@a.test"


@pytest.fixture
def owner(app, client):
    """Alice, signed in a moment ago."""
    person = make.person(phone=ALICE, email=EMAIL, name="Alice Akter", password=PASSWORD)
    make.sign_in(client, person)
    return person


def apps():
    return db.session.scalars(select(Authenticator).execution_options(populate_existing=True)).all()


def acts():
    return list(db.session.scalars(select(AuditEntry.act).where(AuditEntry.kind.in_(("authenticator", "session")))))


def step_of(row):
    return db.session.scalar(select(Authenticator.last_step).filter_by(id=row.id))


# setting up


def test_who_has_no_app_is_told_what_it_is_and_offered_one(client, owner):
    page = see(client.get(PAGE))

    assert "No app is set up" in page
    assert "How you sign in stays as it is" in page


def test_the_key_is_shown_as_a_picture_and_in_letters(client, owner):
    page = draw(client)

    assert re.fullmatch(r"[A-Z2-7]{32}", key_on(page))
    assert page.select("[role=img] svg path")


def test_the_page_with_the_key_is_kept_nowhere(client, owner):
    draw(client)

    assert client.get(PAGE).headers["Cache-Control"] == "no-store"


def test_the_key_lies_sealed_for_this_purpose_only(client, owner):
    key = key_on(draw(client))

    assert key not in apps()[0].secret
    with pytest.raises(Unsealable):
        unseal(apps()[0].secret)


def test_looking_again_shows_the_same_key(client, owner):
    assert key_on(draw(client)) == key_on(see(client.get(PAGE)))


def test_another_key_can_be_drawn(client, owner):
    first = draw(client)

    assert key_on(see(send(client, first, "key-again"))) != key_on(first)


@pytest.mark.parametrize("typed", [lambda code: code, lambda code: bangla(f"{code[:3]} {code[3:]}")])
def test_its_code_sets_it_up(client, owner, typed):
    page = draw(client)

    done = see(send(client, page, "authenticator", code=typed(shows(key_on(page)))))

    assert "Your authenticator app is set up" in done.alert
    assert "It is set up" in done
    assert apps()[0].proven_at is not None


def test_the_owner_is_told_by_every_way_and_it_is_written_down(client, owner):
    page = draw(client)
    send(client, page, "authenticator", code=shows(key_on(page)))

    assert told("app_added") == [("mail", EMAIL), ("sms", ALICE)]
    assert db.session.scalar(select(Notification.kind).filter_by(person_id=owner.id)) == "app_added"
    assert "app_added" in acts()


def test_a_wrong_code_sets_nothing_up_and_keeps_the_key(client, owner):
    page = draw(client)

    again = see(send(client, page, "authenticator", code=wrong(key_on(page))))

    assert again.code == 422
    assert "not what the app shows now" in again.errors[0]
    assert key_on(again) == key_on(page)
    assert apps()[0].proven_at is None
    assert told("app_added") == []


def test_a_key_that_another_session_drew_is_not_shown_or_proven(client, other, owner):
    page = draw(client)
    make.sign_in(other, owner)

    there = see(other.get(PAGE))
    answer = other.post(PAGE, data={"csrf_token": token(other), "code": shows(key_on(page))})

    assert "No app is set up" in there
    assert answer.status_code == 409
    assert apps()[0].proven_at is None


def test_drawing_a_key_leaves_an_app_as_it_is(client, owner):
    row = has_app(owner)

    client.post(f"{PAGE}/key", data={"csrf_token": token(client)})

    assert [(one.id, one.secret) for one in apps()] == [(row.id, row.secret)]


def test_it_asks_for_the_password_where_that_was_long_ago(client, app):
    make.sign_in(client, make.person(phone=ALICE), authenticated_at=NOW - HOUR)

    assert client.get(PAGE).headers["Location"].startswith("/login/again")


# removing


def test_its_own_code_removes_it_and_the_owner_is_told(client, owner):
    has_app(owner)

    page = see(send(client, see(client.get(PAGE)), "removal", code=shows()))

    assert "The authenticator app is removed" in page.alert
    assert apps() == []
    assert told("app_removed") == [("mail", EMAIL), ("sms", ALICE)]
    assert "app_removed" in acts()


def test_a_wrong_code_removes_nothing(client, owner):
    has_app(owner)

    page = see(send(client, see(client.get(PAGE)), "removal", code=wrong()))

    assert page.code == 422
    assert len(apps()) == 1


def test_with_the_app_go_the_second_steps_it_opened(client, owner):
    has_app(owner)
    db.session.execute(db.update(Session).values(second_factor_at=NOW))
    db.session.commit()

    send(client, see(client.get(PAGE)), "removal", code=shows())

    assert set(db.session.scalars(select(Session.second_factor_at))) == {None}


# the rule of codes


def check(person, typed, now):
    with transaction():
        return rule.check(person.id, typed=typed, now=now)


@pytest.mark.parametrize("later", [-1, 0, 1])
def test_a_clock_may_be_half_a_minute_off(owner, later):
    row, now = has_app(owner), clock.now()

    assert check(owner, shows(later=later), now) is None
    assert step_of(row) == int(now.timestamp()) // 30 + later


@pytest.mark.parametrize("later", [-2, 2])
def test_a_clock_may_not_be_a_minute_off(owner, later):
    has_app(owner)

    assert isinstance(check(owner, shows(later=later), clock.now()), rule.WrongAppCode)


def test_a_code_works_once(owner):
    has_app(owner)
    code, now = shows(), clock.now()
    check(owner, code, now)

    assert isinstance(check(owner, code, now), rule.UsedAppCode)


def test_a_code_older_than_the_last_does_not_work_either(owner):
    has_app(owner)
    now = clock.now()
    check(owner, shows(), now)

    assert isinstance(check(owner, shows(later=-1), now), rule.UsedAppCode)


def test_the_next_code_works_after_it(owner):
    has_app(owner)
    now = clock.now()
    check(owner, shows(), now)

    assert check(owner, shows(later=1), now + STEP) is None


@pytest.mark.parametrize("typed", ["", "12345", "abcdef", "1234567", "０１２３４５", "٠١٢٣٤٥"])
def test_what_is_no_code_is_wrong(owner, typed):
    has_app(owner)

    assert isinstance(check(owner, typed, clock.now()), rule.WrongAppCode)


def spend_tries(person, now):
    return [check(person, wrong(), now) for _ in range(rule.TRIES_AN_HOUR)][-1]


def test_after_ten_wrong_codes_the_right_one_waits_an_hour(owner):
    has_app(owner)
    now = clock.now()
    spend_tries(owner, now)

    refusal = check(owner, shows(), now)

    assert isinstance(refusal, rule.TooManyAppCodes)
    assert refusal.retry_after == 3600
    assert check(owner, shows(later=0), now + timedelta(hours=1, seconds=1)) is not None  # that code is old by then
    assert "app_tries_spent" in acts()


def test_after_the_hour_it_is_asked_again(owner, monkeypatch):
    has_app(owner)
    now = clock.now()
    spend_tries(owner, now)
    later = now + timedelta(hours=1, seconds=1)
    monkeypatch.setattr(clock, "now", lambda: later)

    assert check(owner, shows(), later) is None


def test_a_right_code_forgives_the_wrong_ones(owner):
    has_app(owner)
    now = clock.now()
    for _ in range(rule.TRIES_AN_HOUR - 1):
        check(owner, wrong(), now)

    assert check(owner, shows(), now) is None
    assert isinstance(check(owner, wrong(), now), rule.WrongAppCode)


def test_a_key_that_waits_for_its_proof_opens_nothing(client, owner):
    page = draw(client)

    assert isinstance(check(owner, shows(key_on(page)), clock.now()), rule.NoApp)


def test_anothers_code_does_not_fit(app, owner):
    has_app(owner)
    bob = make.person(name="Bob")

    assert isinstance(check(bob, shows(KEY), clock.now()), rule.NoApp)


def test_the_page_says_when_too_many_were_wrong(client, owner):
    has_app(owner)
    spend_tries(owner, clock.now())

    answer = send(client, see(client.get(PAGE)), "removal", code=shows())

    assert answer.status_code == 429
    assert answer.headers["Retry-After"] == "3600"
    assert "Too many wrong codes" in see(answer)


# a lost phone


def test_whoever_runs_the_server_takes_it_away_and_the_owner_is_told(app, owner):
    has_app(owner)

    done = app.test_cli_runner().invoke(args=["authenticator", "remove", EMAIL.upper()])

    assert done.exit_code == 0, done.output
    assert apps() == []
    assert told("app_removed") == [("mail", EMAIL), ("sms", ALICE)]
    assert db.session.scalar(select(AuditEntry.person_id).filter_by(act="app_removed")) is None


def test_where_there_is_none_to_take_away_it_says_so(app, owner):
    done = app.test_cli_runner().invoke(args=["authenticator", "remove", EMAIL])

    assert done.exit_code == 1
    assert "has an authenticator app" in done.output
