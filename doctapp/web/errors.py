"""Every refusal as a page that says what happened to what was typed and what to do next; never a stack trace."""

from __future__ import annotations

import logging
from typing import Any
from urllib.parse import urlsplit

from flask import Flask, Response, current_app, g, make_response, render_template, request, url_for
from flask.globals import request_ctx
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import DBAPIError, TimeoutError
from werkzeug.exceptions import HTTPException, InternalServerError

from doctapp.db import Busy, db, is_busy
from doctapp.errors import DomainError, SecondStepNeeded, SignInAgain, SignInNeeded
from doctapp.web import context, htmx, urls
from doctapp.web.access import Visitor
from doctapp.web.formkey import Repeat

log = logging.getLogger(__name__)
NOT_SHOWN_AGAIN = {"csrf_token", "password", "code", "digits"}


def typed() -> list[tuple[str, str]]:
    """What the failed POST carried, secrets and tokens apart, so that it can be sent again."""
    if request.method != "POST":
        return []
    return [
        (name, value) for name in request.form for value in request.form.getlist(name) if name not in NOT_SHOWN_AGAIN
    ]


def page(status: int, title: str, message: str, *, again: bool = False, **given: Any) -> Response:
    """An error page, or its fragment for htmx; with `again` it offers to send the very same form once more."""
    template = "errors/_error.html" if htmx.wants_fragment() else "errors/error.html"
    given.setdefault("next_links", [(url_for("pages.home"), _("Go to the first page"))])
    shown = typed() if again else []
    again_url = urls.asked_for() if again and request.method == "POST" else None
    body = render_template(
        template, status=status, title=title, message=message, typed=shown, again_url=again_url, here="/", **given
    )
    response = make_response(body, status)
    response.vary.update(("HX-Request", "Accept-Language", "Cookie"))
    return response


def words(status: int) -> tuple[str, str]:
    """The title and the sentence of an error that no rule has worded."""
    known = {
        400: (_("We could not read that"), _("What your browser sent was incomplete. Go back and send it again.")),
        403: (_("You may not do this"), _("This belongs to somebody else, or came from another site. Nothing was changed.")),
        404: (_("This page is not here"), _("Check the address, or look for it from the first page. Nothing was changed.")),
        405: (_("This page is not here"), _("Check the address, or look for it from the first page. Nothing was changed.")),
        413: (_("That was too much at once"), _("Please send less than 1 MB. Nothing was changed.")),
        415: (_("We could not read that"), _("What your browser sent was incomplete. Go back and send it again.")),
        429: (_("Too many tries"), _("Please wait a little and try again. Nothing was changed.")),
        503: (_("Very many people are here now"), _("Nothing was changed, and what you typed is kept. Try again in a moment.")),
    }  # fmt: skip
    return known.get(
        status, (_("Something went wrong on our side"), _("Nothing was changed. Try again; if it stays so, call us."))
    )


def rule_said_no(error: DomainError) -> Response:
    """Answer a rule's refusal with its own sentence."""
    if isinstance(error, SignInNeeded):
        wanted = urls.asked_for() if request.method == "GET" else None
        return htmx.sign_in_first(url_for("accounts.login", next=wanted))
    if isinstance(error, SignInAgain):
        return htmx.sign_in_first(url_for("accounts.again", next=_came_from()))
    if isinstance(error, SecondStepNeeded):
        return htmx.sign_in_first(url_for("accounts.second_step", next=_came_from()))
    title, message = words(error.status)
    return with_wait(page(error.status, error.facts.get("title") or title, str(error.message or message)), error)


def _came_from() -> str | None:
    """The page to come back to: the one asked for, or the one whose form was sent."""
    if request.method == "GET":
        return urls.asked_for()
    sent_from = urlsplit(request.referrer or "")
    return f"{sent_from.path}?{sent_from.query}".rstrip("?") if sent_from.netloc == request.host else None


def with_wait(answer: ResponseReturnValue, refusal: DomainError) -> Response:
    """The answer that words a refusal, with the header that says when to come again."""
    response = make_response(answer)
    if refusal.retry_after:
        response.headers["Retry-After"] = str(refusal.retry_after)
    return response


def http_said_no(error: HTTPException) -> Response:
    """Answer what Werkzeug refused: unknown pages, bodies too large, broken encodings."""
    status = error.code or 500
    if status < 400:
        return error.get_response()  # type: ignore[return-value]
    _give_addresses()
    title, message = words(status)
    response = page(404 if status == 405 else status, title, message)
    if status == 413:
        response.headers["Connection"] = "close"
    return response


def _give_addresses() -> None:
    """A request for a host that is not ours has no addresses to link to; the page's are relative anyway."""
    if request_ctx.url_adapter is None:
        request_ctx.url_adapter = current_app.url_map.bind("localhost")


def token_was_wrong(error: CSRFError) -> Response:
    """A missing or foreign CSRF token: 400, what was typed is kept, and a new token goes with it."""
    message = _("This page was open for long, or you signed in meanwhile. What you typed is kept: send it again.")
    return page(400, _("Please send that once more"), message, again=True)


def was_repeated(error: Repeat) -> Response:
    """The same form came twice: lead where the first one led."""
    return htmx.see_other(error.led_to)


def database_said_no(error: Exception) -> Response:
    """Busy is 503 with what was typed; anything else is our fault and is logged."""
    _ask_no_more()
    if isinstance(error, TimeoutError | Busy) or is_busy(error):
        title, message = words(503)
        response = page(503, title, message, again=True)
        response.headers["Retry-After"] = "2"
        return response
    log.error("the database refused", exc_info=error)
    return ours(InternalServerError(original_exception=error))


def ours(error: InternalServerError) -> Response:
    """A fault of ours: logged by Flask, worded for the reader."""
    _ask_no_more()
    title, message = words(500)
    return page(500, title, message)


def _ask_no_more() -> None:
    """The page that says so must not ask the database again: no counts, and nobody who is not known yet."""
    db.session.rollback()
    g.setdefault("_login_user", Visitor())
    for name in context.counts:
        g.setdefault(name, 0)


def init_app(app: Flask) -> None:
    """Hand every kind of refusal its page."""
    app.register_error_handler(DomainError, rule_said_no)
    app.register_error_handler(Repeat, was_repeated)
    app.register_error_handler(CSRFError, token_was_wrong)
    app.register_error_handler(HTTPException, http_said_no)
    app.register_error_handler(DBAPIError, database_said_no)
    app.register_error_handler(TimeoutError, database_said_no)
    app.register_error_handler(Busy, database_said_no)
    app.register_error_handler(InternalServerError, ours)
