"""Pages that are the same for everybody: while nobody is signed in, browsers may keep them for a minute."""

from __future__ import annotations

from flask import Response, make_response, request
from flask.typing import ResponseReturnValue
from flask_login import current_user

from doctapp.web import cookies

KEPT = "public, max-age=60"


def kept(answer: ResponseReturnValue) -> Response:
    """The answer with a tag of its content, or 304 where the browser has just that; never for who is signed in.

    Such a page carries no token, no form key and sets no cookie (domain.md, "Headers, sessions, modes").
    """
    response = make_response(answer)
    response.vary.update(("HX-Request", "Accept-Language", "Cookie"))
    if current_user.is_authenticated or cookies.are_written():
        return response
    response.headers["Cache-Control"] = KEPT
    response.add_etag()
    response.make_conditional(request)
    return response
