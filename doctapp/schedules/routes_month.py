"""The door of the month: each sitting with its times and how full it is, and leave; made to be printed too."""

from __future__ import annotations

import re
from datetime import date

from flask import render_template, request
from flask.typing import ResponseReturnValue

from doctapp import clock
from doctapp.appointments import conflicts
from doctapp.digits import latin
from doctapp.schedules import month, queries
from doctapp.schedules.routes import asked, bp, is_own, mine, today
from doctapp.web.access import signed_in


@bp.get("/doctor/schedule/month")
@signed_in
def show_month() -> ResponseReturnValue:
    """A month of one chamber, or of all of a doctor's own."""
    chamber = asked()
    shown = [one for one in mine() if is_own(one)] if "chamber" not in request.args and is_own(chamber) else [chamber]
    first = _first(today(chamber))
    ids = [one.id for one in shown]
    last = month.after_month(first)
    sittings = queries.sittings(ids, first=first, days=(last - first).days)
    leave = queries.leave([chamber.doctor_id], ids, since=first)
    return render_template(
        "schedules/month.html",
        chamber=chamber,
        chambers=mine(),
        shown=shown,
        wanted=chamber.id if "chamber" in request.args else None,
        first=first,
        before=month.before_month(first),
        after=last,
        today=today(chamber),
        days=month.days(first, sittings, leave),
        booked=conflicts.booked([one.id for one in sittings], now=clock.now()),
    )


def _first(today: date) -> date:
    """The first day of the month asked for, or of this one."""
    found = re.fullmatch(r"(\d{4})-(\d{2})", latin(request.args.get("month", "")))
    if found and 2000 <= int(found[1]) <= 2100 and 1 <= int(found[2]) <= 12:
        return date(int(found[1]), int(found[2]), 1)
    return today.replace(day=1)
