"""The packages of the operating system that `Aptfile` names: installed where we may, named where we may not."""

from __future__ import annotations

import ctypes.util
import os
import shutil
import subprocess
from pathlib import Path

APTFILE = Path(__file__).resolve().parent.parent / "Aptfile"


def ensure() -> bool:
    """Install what is missing as root on Debian, otherwise say what does not work; never stops the set-up."""
    lacking = missing()
    if lacking and os.geteuid() == 0 and shutil.which("apt-get"):
        print(f"Installing system packages (about 30 s): {' '.join(lacking)} …", flush=True)
        install(lacking)
        lacking = missing()
    if lacking:
        names = " ".join(lacking)
        print(
            f"Prescriptions open as printable pages, not as PDF files, until this is installed: apt-get install {names}"
        )
    return not lacking


def missing() -> list[str]:
    """The packages of `Aptfile` that are not there."""
    names = APTFILE.read_text().split()
    if not shutil.which("dpkg-query"):
        return [] if ctypes.util.find_library("pango-1.0") else names
    return [name for name in names if not is_installed(name)]


def is_installed(name: str) -> bool:
    """Whether dpkg knows the package as installed."""
    asked = subprocess.run(["dpkg-query", "-W", "-f=${Status}", name], capture_output=True, text=True)
    return asked.stdout.endswith(" installed")


def install(names: list[str]) -> None:
    """Install packages; the lists are fetched first only where they are missing or old."""
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    command = ["apt-get", "install", "--yes", "--quiet", "--no-install-recommends", *names]
    for attempt in (command, ["apt-get", "update", "--quiet"], command):
        done = subprocess.run(attempt, env=environment, stdin=subprocess.DEVNULL, capture_output=True)
        if done.returncode == 0 and attempt is command:
            return
