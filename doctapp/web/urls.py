"""Addresses that came from outside, and what may be done with them."""

from __future__ import annotations

from urllib.parse import quote, urlsplit

from flask import request

IN_A_PATH = "/:@!$&'()*+,;="


def asked_for() -> str:
    """The path and query of this request, written as an address is, whatever bytes were asked for."""
    path, query = quote(request.path, safe=IN_A_PATH), quote(request.query_string, safe=f"{IN_A_PATH}?%")
    return f"{path}?{query}" if query else path


def local_path(value: str | None, default: str = "/") -> str:
    """The path of this very host that was asked for, else the default.

    Browsers drop tabs and line breaks from an address and read a backslash as a slash, so neither may stand in one.
    """
    if not value or not value.startswith("/") or value.startswith("//") or len(value) > 2000:
        return default
    if "\\" in value or any(ord(c) < 33 or 126 < ord(c) < 160 for c in value):
        return default
    try:
        parts = urlsplit(value)
    except ValueError:
        return default
    return default if parts.scheme or parts.netloc else value


def with_ok(path: str, code: str) -> str:
    """The path of a page that shall say what was just done."""
    parts = urlsplit(path)
    return parts._replace(query="&".join(filter(None, (parts.query, f"ok={code}")))).geturl()
