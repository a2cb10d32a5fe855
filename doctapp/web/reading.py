"""What a browser sends must be readable text: broken encodings, broken multipart and NUL bytes are 400.

PostgreSQL keeps no NUL in a text, and Werkzeug quietly empties a form that it cannot read (domain.md, "Bad input").
Characters that nobody sees and no page may contain (the HTML standard's control codes and noncharacters) are left out.
"""

from __future__ import annotations

import re
from io import BytesIO
from typing import IO, Any
from urllib.parse import unquote_to_bytes

from flask import Flask, Request, abort, g, request
from werkzeug.datastructures import ImmutableMultiDict, MultiDict
from werkzeug.exceptions import BadRequest
from werkzeug.formparser import FormDataParser
from werkzeug.utils import cached_property

# What Werkzeug makes of broken letters in the parts of a multipart form, and what no database keeps.
UNREADABLE = ("\ufffd", "\0")
ENDS = "".join(f"{chr(plane + 0xFFFE)}{chr(plane + 0xFFFF)}" for plane in range(0, 0x110000, 0x10000))
UNSEEN = re.compile(f"[\x01-\x08\x0b\x0e-\x1f\x7f-\x9f\ufdd0-\ufdef{ENDS}]")


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
        return rest, fields.__class__(seen(fields)), files


class ReadableRequest(Request):
    """A request whose form is text, or refused."""

    form_data_parser_class = StrictParser

    @cached_property
    def args(self) -> ImmutableMultiDict[str, str]:
        """The fields of the address."""
        return ImmutableMultiDict(seen(super().args))


def seen(fields: MultiDict[str, str]) -> list[tuple[str, str]]:
    """The fields without the characters that nobody sees."""
    return [(UNSEEN.sub("", name), UNSEEN.sub("", value)) for name, value in fields.items(multi=True)]


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
