"""A program that opens the application and dies by SIGKILL in the middle of one act: `python -m tests.faults.dying`.

It reads acts from its input, a line of JSON each, and does each in a new process of its own, made ready beforehand as
gunicorn's are. What a process passes on its way – commits, calls of gateways, the answer to a mail – is counted, and at
the wanted place it is gone. The application knows nothing of it.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
import traceback
from collections.abc import Callable
from datetime import datetime
from functools import wraps
from typing import Any

from flask import Flask
from sqlalchemy.orm import configure_mappers

from doctapp import clock, create_app
from doctapp.db import db
from doctapp.gateways.mail.smtp import TimedSmtp
from doctapp.gateways.payments.sslcommerz import SslCommerz
from doctapp.gateways.payments.stripe import Stripe
from doctapp.gateways.sms.http import Http
from doctapp.work import runner, sweep, timetable

BEFORE, AFTER = "before", "after"


class Way:
    """The places that this process passes, and at which of them, counted from one, it dies."""

    def __init__(self, place: int, when: str) -> None:
        self.place, self.when = place, when
        self.passed: list[str] = []

    def watch(self, owner: Any, function: str, name: str) -> None:
        """Count each call of a function of the owner's as a place of this name."""
        given = getattr(owner, function)

        @wraps(given)
        def passing(*args: Any, **kwargs: Any) -> Any:
            self.passed.append(name)
            mine = len(self.passed)
            self._die_at(mine, BEFORE)
            answer = given(*args, **kwargs)
            self._die_at(mine, AFTER)
            return answer

        setattr(owner, function, passing)

    def _die_at(self, place: int, when: str) -> None:
        if (place, when) == (self.place, self.when):
            os.kill(os.getpid(), signal.SIGKILL)


def watch_all(way: Way) -> None:
    """Every commit, every call of Stripe and of SSLCommerz, a mail's DATA with its answer, an SMS."""
    way.watch(db.engine.dialect, "do_commit", "commit")
    for call in ("start", "query", "expire", "refund", "refund_state"):
        way.watch(Stripe, call, call)
    for call in ("start", "query", "refund", "refund_state"):
        way.watch(SslCommerz, call, call)
    way.watch(SslCommerz, "_validated", "validation")
    way.watch(TimedSmtp, "data", "mail")
    way.watch(Http, "send", "sms")


def set_clock(moment: str) -> None:
    """It is this moment, and time goes on from there."""
    now, real = datetime.fromisoformat(moment), clock.now
    begun = real()
    clock.now = lambda: now + (real() - begun)


def post(app: Flask, path: str, *, cookies: str, fields: dict[str, str]) -> None:
    """Send a form as a browser does."""
    answer = app.test_client(use_cookies=False).post(path, data=fields, headers={"Cookie": cookies})
    assert answer.status_code == 303, f"{path} was answered {answer.status_code}."


def tell(app: Flask, path: str, *, headers: dict[str, str], body: str) -> None:
    """Tell what a gateway's machine tells."""
    answer = app.test_client(use_cookies=False).post(path, data=body, headers=headers)
    assert answer.status_code == 200, f"{path} was answered {answer.status_code}."


def step(app: Flask, name: str) -> None:
    """Do one step of a sweep, or the whole of it."""
    sweep.sweep_once(clock.now()) if name == "sweep" else timetable.find(name)(clock.now())


def work(app: Flask, name: str, *, row: int) -> None:
    """Do one job of the worker's."""
    runner.run(name, row)


ACTS: dict[str, Callable[..., None]] = {act.__name__: act for act in (post, tell, step, work)}


def live(app: Flask, order: dict[str, Any]) -> None:
    """Do the act, and say what was passed where one lives on."""
    way = Way(order.get("place", 0), order.get("when", BEFORE))
    set_clock(order["now"])
    with app.app_context():
        watch_all(way)
    act, what, given = order["act"]
    if act in {"step", "work"}:
        with app.app_context():
            ACTS[act](app, what, **given)
    else:
        ACTS[act](app, what, **given)
    say(passed=way.passed)


def say(**what: Any) -> None:
    """Tell whoever asked, in one line."""
    # print() writes the line's end by itself, and who is killed between the two leaves a line that the next one joins
    os.write(sys.stdout.fileno(), f"{json.dumps(what)}\n".encode())


def in_a_process(app: Flask, order: dict[str, Any]) -> int:
    """How a new process ended that did this, or was killed after so many seconds."""
    pid = os.fork()
    if pid:
        if "seconds" in order:
            time.sleep(order["seconds"])
            os.kill(pid, signal.SIGKILL)
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    status = 1
    try:
        live(app, order)
        status = 0
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(status)


def ready() -> Flask:
    """The application with all that is otherwise loaded on first use; no connection is open when a process is made."""
    app = create_app()
    configure_mappers()
    for name in timetable.STEPS:
        timetable.find(name)
    for template in app.jinja_env.list_templates(["html", "txt"]):
        app.jinja_env.get_template(template)
    return app


def main() -> None:
    """Do what is asked until nobody asks any more."""
    app = ready()
    say(ready=True)
    for line in sys.stdin:
        say(ended=in_a_process(app, json.loads(line)))


if __name__ == "__main__":
    main()
