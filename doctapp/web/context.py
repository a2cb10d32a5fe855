"""What every template is given: the language, the viewer, and counts that are only asked for where they are shown."""

from __future__ import annotations

from typing import Any

from flask import Flask, current_app, g, has_request_context
from flask_babel import get_locale
from flask_login import current_user

from doctapp.web import urls


def _given() -> dict[str, Any]:
    settings = current_app.config["SETTINGS"]
    common = {"lang": str(get_locale()), "help_phone": settings.help_phone, "public_url": settings.public_url}
    if not has_request_context():
        return common
    return {**common, "viewer": current_user, "here": here(), "csrf_header": current_user.is_authenticated}


def here() -> str:
    """The address to come back to: the page's own, and after an answered POST the form's."""
    return str(g.get("here") or urls.asked_for())


def count(name: str) -> Any:
    """Let a room give templates a count by this name; asked once a request, and only where it is shown."""

    def give(rule: Any) -> Any:
        def asked() -> int:
            if not current_user.is_authenticated:
                return 0
            if name not in g:
                setattr(g, name, rule(current_user))
            return int(getattr(g, name))

        counts[name] = asked
        return rule

    return give


counts: dict[str, Any] = {}


def init_app(app: Flask) -> None:
    """Give the context to all templates."""
    app.context_processor(_given)
    app.jinja_env.globals.update(counts)
