"""The only reader of htmx headers: page or fragment, and how an answer leads elsewhere."""

from __future__ import annotations

from typing import Any

from flask import Response, make_response, redirect, render_template, request
from werkzeug.urls import iri_to_uri


def is_navigation() -> bool:
    """Whether a browser asks for a page to show, not htmx, a script or an embedded file for a piece of one.

    Browsers that don't say what they ask for are taken to navigate.
    """
    headers = request.headers
    return (
        request.method == "GET"
        and headers.get("HX-Request") != "true"
        and headers.get("Sec-Fetch-Mode", "navigate") == "navigate"
        and headers.get("Sec-Fetch-Dest", "document") == "document"
    )


def wants_fragment() -> bool:
    """Whether htmx asks for a piece of the page; history restores and boosted loads get the whole of it."""
    headers = request.headers
    return (
        headers.get("HX-Request") == "true"
        and headers.get("HX-History-Restore-Request") != "true"
        and headers.get("HX-Request-Type") != "full"
    )


def page_or_fragment(page: str, fragment: str, /, status: int = 200, **context: Any) -> Response:
    """The whole page, or for htmx only its fragment file; caches are told what the answer depended on."""
    response = make_response(render_template(fragment if wants_fragment() else page, **context), status)
    response.vary.update(("HX-Request", "Accept-Language", "Cookie"))
    return response


def see_other(url: str) -> Response:
    """Lead on after a POST: 303, and for htmx (which would follow it by itself) a full navigation."""
    if request.headers.get("HX-Request") == "true":
        return Response(status=200, headers={"HX-Redirect": iri_to_uri(url)})
    return redirect(url, 303)  # type: ignore[return-value]


def sign_in_first(url: str) -> Response:
    """Lead to sign-in: 303, for htmx 401 with a redirect header."""
    if request.headers.get("HX-Request") == "true":
        return Response(status=401, headers={"HX-Redirect": url})
    return redirect(url, 303)  # type: ignore[return-value]


def nothing_new() -> Response:
    """The answer to a poll that found nothing: 204, nothing is swapped."""
    return Response(status=204)
