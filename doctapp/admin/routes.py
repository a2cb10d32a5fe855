"""The doors of the office: what waits for a person, and whether all work gets done."""

from __future__ import annotations

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from doctapp import clock
from doctapp.admin import health as checks
from doctapp.admin import queries
from doctapp.notifications import resending
from doctapp.payments.jobs import RECONCILED_EVERY
from doctapp.web.access import admin_only
from doctapp.work.sweep import SPAN

SPANS = {"sweep": SPAN, "payments.reconcile": RECONCILED_EVERY}

bp = Blueprint("admin", __name__)


@bp.get("/admin")
@admin_only
def index() -> ResponseReturnValue:
    """What waits, how much of it, and what to do next."""
    now = clock.now()
    late = sum(not check.ok for check in _checks())
    counts = {**queries.money_counts(now), "letters": resending.dead_count(), "health": late}
    return render_template("admin/index.html", counts=counts)


@bp.get("/admin/health")
@admin_only
def health() -> ResponseReturnValue:
    """Each kind of work: what is due and overdue, and what to do about it."""
    return render_template("admin/health.html", checks={check.name: check for check in _checks()}, now=clock.now())


def _checks() -> list[checks.Queue | checks.Beat | checks.Answer]:
    now = clock.now()
    return [*checks.queues(now), *checks.beats(SPANS, now=now), *checks.answers()]
