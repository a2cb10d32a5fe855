"""DoctApp: find a doctor, take a place, know when to come."""

from __future__ import annotations

from pathlib import Path

from werkzeug.middleware.proxy_fix import ProxyFix

from doctapp import cli, config, db, rooms
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
    rooms.open_doors(app, demo=settings.demo)
    context.init_app(app)
    cli.init_app(app)
    return app
