"""DoctApp: find a doctor, take a place, know when to come."""

from __future__ import annotations

from pathlib import Path

from werkzeug.middleware.proxy_fix import ProxyFix

from doctapp import cli, config, db
from doctapp.extensions import babel, compress, csrf, login, mail, migrate
from doctapp.web import assets, context, cookies, errors, filters, headers, language
from doctapp.web.retry import RetryingFlask

ROOT = Path(__file__).resolve().parents[1]


def create_app(settings: config.Settings | None = None) -> RetryingFlask:
    """The application: its settings, its libraries, its tools for doors, its rooms."""
    settings = settings or config.read()
    app = RetryingFlask(
        __name__,
        template_folder=str(ROOT / "templates"),
        static_folder=None,
        instance_path=str(settings.instance),
    )
    app.config.update(config.flask_settings(settings))
    if settings.trusted_proxies:
        hops = settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]
    db.init_app(app)
    migrate.init_app(app, db.db, directory=str(ROOT / "migrations"), render_as_batch=True)
    babel.init_app(app, locale_selector=language.choose)
    mail.init_app(app)
    compress.init_app(app)
    cookies.init_app(app)
    headers.init_app(app)
    csrf.init_app(app)
    login.init_app(app)
    assets.init_app(app)
    filters.init_app(app)
    errors.init_app(app)
    rooms(app, demo=settings.demo)
    context.init_app(app)
    cli.init_app(app)
    return app


def rooms(app: RetryingFlask, *, demo: bool) -> None:
    """The doors of every room; the sandboxes' only in demo mode."""
    # isort: off
    from doctapp.accounts import (  # noqa: F401 - same doors
        routes as accounts, routes_account, routes_again, routes_devices, routes_family, routes_joining, routes_login,
        routes_password, routes_registration, routes_viewer, routes_ways,
    )  # fmt: skip
    from doctapp.appointments import (  # noqa: F401 - same doors
        routes as appointments, routes_booking, routes_cancellation, routes_move, routes_outcome, routes_person, routes_requests,
        routes_sittings, routes_ticket,
    )  # fmt: skip
    from doctapp.audit import routes as audit
    from doctapp.directory import routes as directory
    from doctapp.doctors import routes as doctors
    from doctapp.gateways import letters_inbox
    from doctapp.notifications import routes as notifications
    from doctapp.pages import routes as pages
    from doctapp.schedules import routes as schedules
    from doctapp.schedules import routes_extras, routes_hours, routes_leave, routes_month  # noqa: F401 - same doors
    from doctapp.work import turns  # noqa: F401 - its row belongs to the tables, though no door asks for it
    # isort: on

    for room in (pages, accounts, doctors, directory, appointments, notifications, audit, schedules):
        app.register_blueprint(room.bp)
    for door in (appointments.create, pages.language):
        csrf.exempt(door)
    if demo:
        app.register_blueprint(letters_inbox.bp)
