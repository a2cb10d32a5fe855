"""How Chromium is started for the browser tests."""

import os
from pathlib import Path
from typing import Any

# Debian's packages; the first is Chromium without its windows and takes a third less of the machine
CHROMIUMS = tuple(Path("/usr/bin") / name for name in ("chromium-headless-shell", "chromium"))
QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def chromium() -> Path | None:
    """The system's browser, if there is one."""
    return next((path for path in CHROMIUMS if os.access(path, os.X_OK)), None)


def launch_options() -> dict[str, Any]:
    """What playwright's `chromium.launch` is given: the system's browser, and no calls of its own to the network."""
    return {"executable_path": str(chromium()), "args": list(QUIET)}


def chromium_missing() -> str | None:
    """Why the browser tests cannot run here, or None."""
    if chromium():
        return None
    return f"{' or '.join(map(str, CHROMIUMS))} is not there; apt-get install {CHROMIUMS[0].name}"
