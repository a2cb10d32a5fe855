"""Static files: content-hashed, compressed ahead of time, kept for a year; the stylesheet inlined on a first visit.

An external stylesheet costs a whole round trip on a slow connection, so a browser that has not got it receives it in
the page (ux.md, 2.8); the file's own answer sets the cookie that says it is there.
"""

from __future__ import annotations

import json
import mimetypes
import os
from functools import cache
from pathlib import Path

from flask import Blueprint, Flask, Response, current_app, g, has_request_context, request, send_from_directory, url_for
from markupsafe import Markup

from doctapp.web.access import anyone

ROOT = Path(__file__).resolve().parents[2] / "static" / "dist"
STYLESHEET = "css/app.css"
bp = Blueprint("assets", __name__)


@cache
def manifest() -> dict[str, str]:
    """The hashed name of each static file, as set-up made them."""
    listing = ROOT / "manifest.json"
    if not listing.exists():
        raise RuntimeError("static/dist is missing: run `make run` or `python tools/set_up.py` once")
    names: dict[str, str] = json.loads(listing.read_text())
    return names


@cache
def stylesheet() -> str:
    """The text of the one stylesheet."""
    return (ROOT / manifest()[STYLESHEET]).read_text()


def asset(name: str) -> str:
    """The address of a static file, which changes with its content."""
    return url_for("assets.show", name=manifest()[name])


def inline_css() -> Markup | None:
    """The stylesheet's text for a browser that has not got the file, else None."""
    if not has_request_context() or request.cookies.get("css") == manifest()[STYLESHEET]:
        return None
    g.inlined_css = stylesheet()
    return Markup(g.inlined_css)  # noqa: S704 - our own file


@bp.get("/static/<path:name>")
@anyone
def show(name: str) -> Response:
    """A static file, compressed where the browser takes it."""
    zipped = request.accept_encodings.quality("gzip") > 0 and os.path.isfile(ROOT / f"{name}.gz")
    response = send_from_directory(ROOT, f"{name}.gz" if zipped else name, max_age=31536000)
    if zipped:
        response.headers["Content-Encoding"] = "gzip"
        response.mimetype = mimetypes.guess_type(name)[0] or "application/octet-stream"
    response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    response.vary.add("Accept-Encoding")
    if name == manifest()[STYLESHEET]:
        secure = current_app.config["SETTINGS"].https
        response.set_cookie("css", name, max_age=31536000, samesite="Lax", httponly=True, secure=secure, path="/")
    return response


def init_app(app: Flask) -> None:
    """Serve the files and give templates their addresses."""
    app.register_blueprint(bp)
    app.jinja_env.globals.update(asset=asset)
    app.context_processor(lambda: {"inline_css": inline_css()})
