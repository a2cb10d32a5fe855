"""What a browser sends must be readable text: broken encodings, broken multipart and NUL bytes are 400.

PostgreSQL keeps no NUL in a text, and Werkzeug quietly empties a form that it cannot read (domain.md, "Bad input").
"""

from __future__ import annotations

from io import BytesIO
from typing import IO, Any
from urllib.parse import unquote_to_bytes

from flask import Flask, Request, abort, g, request
from werkzeug.exceptions import BadRequest
from werkzeug.formparser import FormDataParser

# What Werkzeug makes of broken letters in the parts of a multipart form, and what no database keeps.
UNREADABLE = ("\ufffd", "\0")


class StrictParser(FormDataParser):
    """Raises BadRequest for a form with anything broken in it."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{**kwargs, "silent": False})

    def parse(self, stream: IO[bytes], mimetype: str, *args: Any, **kwargs: Any) -> Any:
        """The rest of the stream, the fields and the files."""
        if mimetype == "application/x-www-form-urlencoded":
            stream = _checked(stream.read())
        try:
            rest, fields, files = super().parse(stream, mimetype, *args, **kwargs)
        except ValueError:
            raise BadRequest from None
        if mimetype == "multipart/form-data":
            _check_parts([text for field in fields.items(multi=True) for text in field])
        return rest, fields, files


class ReadableRequest(Request):
    """A request whose form is text, or refused."""

    form_data_parser_class = StrictParser


def _checked(raw: bytes) -> IO[bytes]:
    if not _is_text(unquote_to_bytes(raw)):
        raise BadRequest
    return BytesIO(raw)


def _check_parts(texts: list[str]) -> None:
    if any(sign in text for text in texts for sign in UNREADABLE):
        raise BadRequest


def _is_text(raw: bytes) -> bool:
    try:
        raw.decode()
    except UnicodeDecodeError:
        return False
    return b"\0" not in raw


def refuse_unreadable() -> None:
    """400 for an address whose query is not even text."""
    if not _is_text(request.query_string):
        g.here = "/"
        abort(400)


def init_app(app: Flask) -> None:
    """Read every form so, and look at the address before any door does."""
    app.request_class = ReadableRequest
    app.before_request(refuse_unreadable)
