"""Static files for the browser: vendor files from npm, content-hashed names, gzip ahead of time, one manifest.

`static/css/app.css` becomes `static/dist/css/app-1a2b3c4d.css` and `….css.gz`; `static/dist/manifest.json` maps the
one name to the other. A file's address changes with its content, so browsers may keep it for ever.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import re
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
STATIC = ROOT / "static"
DIST = STATIC / "dist"
VENDOR = {
    "htmx.org/dist/htmx.min.js": "htmx.js",
    "htmx.org/dist/ext/hx-preload.min.js": "hx-preload.js",
}
TEXT = {".css", ".js", ".svg", ".json", ".webmanifest", ".txt", ".xml", ".ico"}
CSS_URL = re.compile(r"""url\(\s*(['"]?)(?!data:|https?:|#)([^'")?#]+)([^'")]*)\1\s*\)""")
SOURCE_MAP = re.compile(rb"(?m)^\s*(?://[#@]|/\*[#@]) *sourceMappingURL=.*$\n?")
A_DAY = 86_400


class Missing(Exception):
    """A file that is needed is not there; the text names it."""


def build() -> None:
    """Bring `static/vendor` and `static/dist` up to date; cheap when nothing changed."""
    copy_vendor()
    names: dict[str, str] = {}
    for path in sorted(sources(), key=lambda path: (path.suffix == ".css", path)):
        name = path.relative_to(STATIC).as_posix()
        content = path.read_bytes()
        if path.suffix == ".css":
            content = with_hashed_addresses(content.decode(), path, names).encode()
        names[name] = put(name, content)
    write(DIST / "manifest.json", (json.dumps(dict(sorted(names.items())), indent=1) + "\n").encode())
    forget(names)


def vendor_is_there() -> bool:
    """Whether npm has installed what we copy."""
    return all((ROOT / "node_modules" / source).exists() for source in VENDOR)


def copy_vendor() -> None:
    """Copy the vendors' files, without the comments that make browsers ask for source maps."""
    for source, target in VENDOR.items():
        path = ROOT / "node_modules" / source
        if not path.exists():
            raise Missing(f"node_modules/{source} is not there. Delete node_modules and start again.")
        write(STATIC / "vendor" / target, SOURCE_MAP.sub(b"", path.read_bytes()))


def sources() -> list[Path]:
    """Every static file, the built ones excepted."""
    return [
        path
        for path in STATIC.rglob("*")
        if path.is_file() and not path.name.startswith(".") and not path.is_relative_to(DIST)
    ]


def with_hashed_addresses(css: str, path: Path, names: dict[str, str]) -> str:
    """The stylesheet with its `url(…)` made absolute and hashed, so that it may also stand inside a page."""

    def replace(match: re.Match[str]) -> str:
        wanted = (path.parent / match[2]).resolve()
        name = wanted.relative_to(STATIC).as_posix() if wanted.is_relative_to(STATIC) else ""
        if name not in names:
            raise Missing(f"{path.relative_to(ROOT)} names {match[2]}, which is not there. Correct the name.")
        return f'url("/static/{names[name]}{match[3]}")'

    return CSS_URL.sub(replace, css)


def put(name: str, content: bytes) -> str:
    """Write one file under its hashed name, compressed beside it where that helps; returns the new name."""
    path = Path(name)
    hashed = path.with_name(f"{path.stem}-{hashlib.sha256(content).hexdigest()[:8]}{path.suffix}")
    write(DIST / hashed, content)
    if path.suffix in TEXT and not (DIST / f"{hashed}.gz").exists():
        write(DIST / f"{hashed}.gz", gzip.compress(content, compresslevel=9, mtime=0))
    return hashed.as_posix()


def write(path: Path, content: bytes) -> None:
    """Write a file whole or not at all, and only when it would change."""
    if path.exists() and path.read_bytes() == content:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f".{path.name}.new")
    fresh.write_bytes(content)
    fresh.replace(path)


def forget(names: dict[str, str]) -> None:
    """Remove what no name leads to any more; a day later, because a running server may still link to it."""
    kept = {DIST / name for name in names.values()} | {DIST / f"{name}.gz" for name in names.values()}
    for path in DIST.rglob("*"):
        old = path.is_file() and path.stat().st_mtime < time.time() - A_DAY
        if old and path not in kept and path.name != "manifest.json":
            path.unlink()


if __name__ == "__main__":
    build()
