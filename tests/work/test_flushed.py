"""Redis forgets what it was told while 1,000 letters wait: the sweeps send each of them, once (domain.md, invariant 9)."""

from collections import Counter
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select

from doctapp.db import db
from doctapp.notifications.models import Letter
from doctapp.work.sweep import SPAN, sweep_once
from tests.notifications.letters import tales, write  # noqa: F401
from tests.people import NOW
from tests.servers.redis import RedisServer
from tests.servers.sms import SmsServer
from tests.servers.smtp import MailServer
from tests.work.test_worker import mails, redis, texts, valkey  # noqa: F401

LETTERS = 1000
COUNTED = select(Letter.state, func.count()).group_by(Letter.state)
LONGEST = timedelta(minutes=4)

pytestmark = pytest.mark.usefixtures("tales")


def states() -> Counter[str]:
    """How many letters there are in each state."""
    db.session.rollback()
    return Counter(dict(db.session.execute(COUNTED).all()))


def test_a_thousand_letters_that_redis_forgot_are_sent_once_each(
    app: Flask,
    redis: RedisServer,  # noqa: F811
    mails: MailServer,  # noqa: F811
    texts: SmsServer,  # noqa: F811
) -> None:
    for number in range(LETTERS // 2):
        write("sms", cause=f"event:{number}", facts={"words": f"number {number}"})
        write("mail", cause=f"event:{number}", facts={"words": f"number {number}"})
    assert redis.client().llen("rq:queue:letters") == LETTERS
    redis.flush()
    assert redis.client().dbsize() == 0

    now = NOW
    while states()["waiting"]:
        now += SPAN
        assert now <= NOW + LONGEST, f"After {LONGEST} still {states()}."
        sweep_once(now)

    assert states() == {"sent": LETTERS}
    assert len({str(mail["Message-ID"]) for mail in mails.mails}) == len(mails.mails) == LETTERS // 2
    assert len({text.text for text in texts.texts}) == len(texts.texts) == LETTERS // 2
