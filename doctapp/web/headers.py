"""The headers every answer bears, and the refusal of state changes that come from other sites."""

from __future__ import annotations

import base64
import hashlib
from functools import cache

from flask import Flask, Response, abort, current_app, g, request

from doctapp.web import reading

CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'{style}; img-src 'self'; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'; manifest-src 'self'; "
    "worker-src 'self'"
)
SAFE = {"GET", "HEAD", "OPTIONS"}
OURS = {"same-origin", "none"}


def refuse_cross_site() -> None:
    """403 for a state change whose Origin or Sec-Fetch-Site is there and foreign; both absent is let through.

    So are the doors that gateways knock at: each proves its caller otherwise.
    """
    if request.method in SAFE or hasattr(current_app.view_functions.get(request.endpoint or ""), "proves_itself"):
        return
    site, origin = request.headers.get("Sec-Fetch-Site"), request.headers.get("Origin")
    if (site is not None and site not in OURS) or (origin is not None and origin != request.host_url.rstrip("/")):
        abort(403)


@cache
def style_hash(css: str) -> str:
    """The CSP source that allows one inlined stylesheet."""
    return "'sha256-" + base64.b64encode(hashlib.sha256(css.encode()).digest()).decode() + "'"


def write(response: Response) -> Response:
    """Security headers on everything; `no-store` on whatever has not said that it may be kept."""
    inlined = g.get("inlined_css")
    response.headers["Content-Security-Policy"] = CSP.format(style=f" {style_hash(inlined)}" if inlined else "")
    response.headers["Referrer-Policy"] = "same-origin"
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Cross-Origin-Opener-Policy"] = "same-origin"
    response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    response.headers["Permissions-Policy"] = "camera=(), geolocation=(), microphone=(), payment=()"
    if request.is_secure:
        response.headers["Strict-Transport-Security"] = "max-age=31536000; includeSubDomains"
    response.headers.setdefault("Cache-Control", "no-store")
    return response


def init_app(app: Flask) -> None:
    """Refuse what nobody can read and foreign state changes before anything else, and write the headers last."""
    reading.init_app(app)
    app.before_request(refuse_cross_site)
    app.after_request(write)
