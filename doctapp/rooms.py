"""The doors of every room, in one list: what has no door here does not exist for a browser."""

from __future__ import annotations

from doctapp.extensions import csrf
from doctapp.web.retry import RetryingFlask


def open_doors(app: RetryingFlask, *, demo: bool) -> None:
    """Join the doors of every room to the application; the sandboxes' only in demo mode."""
    # isort: off
    from doctapp.accounts import (  # noqa: F401 - same doors
        routes as accounts, routes_account, routes_again, routes_authenticator, routes_devices, routes_family,
        routes_joining, routes_login, routes_password, routes_registration, routes_viewer, routes_ways,
    )  # fmt: skip
    from doctapp.admin import routes as admin, routes_letters, routes_money  # noqa: F401 - same doors
    from doctapp.appointments import (  # noqa: F401 - same doors
        routes as appointments, routes_booking, routes_cancellation, routes_move, routes_outcome, routes_person, routes_requests,
        routes_sittings, routes_ticket, routes_waiting,
    )  # fmt: skip
    from doctapp.audit import routes as audit
    from doctapp.directory import routes as directory
    from doctapp.doctors import routes as doctors
    from doctapp.gateways.payments import sandbox_checkout as sandboxes
    from doctapp.notifications import routes as notifications
    from doctapp.pages import routes as pages
    from doctapp.payments import routes as payments
    from doctapp.schedules import (  # noqa: F401 - same doors
        routes as schedules, routes_extras, routes_hours, routes_leave, routes_month, routes_reminders,
    )  # fmt: skip
    from doctapp.work import turns  # noqa: F401 - its row belongs to the tables, though no door asks for it
    # isort: on

    for room in (pages, accounts, doctors, directory, appointments, notifications, audit, schedules, payments, admin):
        app.register_blueprint(room.bp)
    for door in (
        appointments.create,
        routes_waiting.create_waiting,
        pages.language,
        payments.webhook,
        payments.ipn,
        payments.back,
    ):
        csrf.exempt(door)
    if demo:
        app.register_blueprint(sandboxes.bp)
