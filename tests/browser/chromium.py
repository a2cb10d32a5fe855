"""How Chromium is started for the browser tests."""

import os
from pathlib import Path
from typing import Any

CHROMIUM = Path("/usr/bin/chromium")
QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def launch_options() -> dict[str, Any]:
    """What playwright's `chromium.launch` is given: the system's browser, and no calls of its own to the network."""
    return {"executable_path": str(CHROMIUM), "args": list(QUIET)}


def chromium_missing() -> str | None:
    """Why the browser tests cannot run here, or None."""
    if os.access(CHROMIUM, os.X_OK):
        return None
    return f"{CHROMIUM} is not there; apt-get install chromium"
