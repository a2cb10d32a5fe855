"""Which language the reader gets: the `lang` cookie, then what the browser accepts, then Bangla (ux.md, 2.9)."""

from __future__ import annotations

from flask import Response, has_request_context, request

LANGUAGES = ("bn", "en")
YEAR = 365 * 24 * 3600


def choose() -> str:
    """The language of this request."""
    if not has_request_context():
        return "bn"
    chosen = request.cookies.get("lang")
    if chosen in LANGUAGES:
        return str(chosen)
    return request.accept_languages.best_match(LANGUAGES, "bn") or "bn"


def remember(response: Response, language: str, *, secure: bool) -> Response:
    """Keep the reader's choice for a year."""
    response.set_cookie("lang", language, max_age=YEAR, samesite="Lax", httponly=True, secure=secure, path="/")
    return response
