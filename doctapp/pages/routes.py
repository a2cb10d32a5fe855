"""The doors that belong to no other room: the first page, help, the language, and whether we are well."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from flask import Blueprint, Response, current_app, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_login import current_user
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from doctapp import clock
from doctapp.appointments import life, places, queries
from doctapp.db import db
from doctapp.directory import asking
from doctapp.directory import queries as directory
from doctapp.web.access import anyone
from doctapp.web.language import LANGUAGES, remember
from doctapp.web.pagecache import kept
from doctapp.web.urls import local_path

ZONE = "Asia/Dhaka"
FIRST_SPECIALTIES = 8

bp = Blueprint("pages", __name__)


@bp.get("/")
@anyone
def home() -> ResponseReturnValue:
    """The search box; for a visitor how it works, for who is signed in what comes next."""
    specialties = directory.specialties()
    today = clock.local(clock.now(), ZONE).date()
    form = asking.form(asking.Asked(), directory.areas(), today=today)
    context = {**form, "specialties": specialties, "first": specialties[:FIRST_SPECIALTIES]}
    if current_user.is_authenticated:
        ok = request.args.get("ok", "")
        return render_template("pages/home_mine.html", ok=ok, **context, **coming())
    return kept(render_template("pages/home.html", **context, example=example(today)))


def example(today: date) -> dict[str, Any]:
    """The ticket that is drawn for visitors: serial 12 tomorrow evening."""
    opens = clock.wall_start(today + timedelta(days=1), 17 * 60, ZONE)
    assert opens is not None
    about = opens + timedelta(minutes=110)
    come = (about - places.COME_FROM, about - places.COME_UNTIL)
    return {"number": 12, "about": about, "come": come, "zone": ZONE}


def coming() -> dict[str, Any]:
    """What lies ahead of who is signed in, and the part of the day to greet them in."""
    now = clock.now()
    rows = queries.upcoming(current_user.id, now)
    return {
        "tickets": [(row, places.come_between(row.sitting, row.about_at), life.WORDS[row.status]) for row in rows],
        "hour": clock.local(now, ZONE).hour,
    }


@bp.get("/help")
@anyone
def help() -> ResponseReturnValue:  # noqa: A001 - the page's own name
    """How booking works, what the states mean, how to cancel, whom to call."""
    return kept(render_template("pages/help.html", states=life.WORDS))


@bp.post("/language")
@anyone
def language() -> Response:
    """Remember the language chosen and lead back; it changes nothing else, so it needs no token."""
    response = redirect(local_path(request.form.get("next")), 303)
    wanted = request.form.get("to", "")
    if wanted in LANGUAGES:
        remember(response, wanted, secure=current_app.config["SETTINGS"].https)  # type: ignore[arg-type]
    return response  # type: ignore[return-value]


@bp.get("/healthz")
@anyone
def healthz() -> Response:
    """200 while the database answers, else 503."""
    try:
        db.session.execute(select(1))
    except SQLAlchemyError:
        db.session.rollback()
        return Response("the database does not answer\n", 503, mimetype="text/plain")
    return Response("ok\n", mimetype="text/plain")
