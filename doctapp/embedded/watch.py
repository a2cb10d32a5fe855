"""The one who notices when the supervisor is killed: run beside it, ends its children, then ends itself.

Started as a plain script, without the application. It reads `+<session>` and `-<session>` from a pipe that only the
supervisor holds; when the pipe closes, whatever is still noted has lost its parent.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path

GRACE = 12.0


def main() -> None:
    """Note sessions until the supervisor is gone, then end what is left."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    left: set[int] = set()
    for line in sys.stdin:
        session = int(line[1:])
        left.add(session) if line[0] == "+" else left.discard(session)
    for session in left:
        with suppress(ProcessLookupError):
            os.kill(session, signal.SIGTERM)
    deadline = time.monotonic() + GRACE
    while any(session in members(session) for session in left) and time.monotonic() < deadline:
        time.sleep(0.2)
    for session in left:
        kill(session)


def members(session: int) -> list[int]:
    """The living processes of a session; where there is no /proc, its leader alone."""
    if not Path("/proc/self/stat").exists():
        return [session] if _lives(session) else []
    return [int(path.name) for path in Path("/proc").glob("[0-9]*") if _session_of(path) == session]


def kill(session: int) -> None:
    """End every process of a session at once: gunicorn's workers and RQ's, which leads a group of its own."""
    for pid in members(session):
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(session, signal.SIGKILL)


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def _session_of(path: Path) -> int:
    """The session of a process as /proc tells it; 0 for one that has just ended."""
    try:
        state, _parent, _group, session, *_ = (path / "stat").read_text().rpartition(")")[2].split()
    except (OSError, ValueError):
        return 0
    return 0 if state in "ZX" else int(session)


if __name__ == "__main__":
    main()
