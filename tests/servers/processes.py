"""Subprocesses that leave nothing behind: not after a failure, and not after the tests were killed."""

import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple, Self

from tests.patience import PATIENCE

GRACE = 10.0
END = """
kill -s KILL -- "-$1"
rm -f "$2"
"""


class Row(NamedTuple):
    """One process as /proc shows it."""

    pid: int
    state: str
    parent: int
    group: int


def processes() -> list[Row]:
    """Every process of this machine."""
    return [row for entry in Path("/proc").iterdir() if entry.name.isdigit() and (row := row_of(entry)) is not None]


def row_of(entry: Path) -> Row | None:
    """A process' row, or None if it has just gone."""
    try:
        stat = (entry / "stat").read_text()
    except OSError:
        return None
    state, parent, group = stat.rpartition(")")[2].split()[:3]
    return Row(int(entry.name), state, int(parent), int(group))


def tree_of(pid: int) -> list[int]:
    """The ids of a process' living children, grandchildren and so on."""
    rows = [row for row in processes() if row.state != "Z"]
    found = [pid]
    for parent in found:
        found.extend(row.pid for row in rows if row.parent == parent)
    return found[1:]


def group_of(group: int) -> list[int]:
    """The ids of the living processes of a group."""
    return [row.pid for row in processes() if row.group == group and row.state != "Z"]


def is_alive(pid: int) -> bool:
    """Whether a process still runs."""
    row = row_of(Path("/proc") / str(pid))
    return row is not None and row.state != "Z"


def signal_all(pids: Sequence[int], number: signal.Signals) -> None:
    """Send a signal to processes, some of which may have gone."""
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, number)


class Guard:
    """Runs a shell script when it is dismissed, or when we are gone for any reason.

    It waits on a pipe only we hold: a finalizer would not run after SIGKILL.
    """

    def __init__(self, script: str, *arguments: object) -> None:
        command = ["sh", "-c", f"cat >/dev/null; {script}", "guard", *map(str, arguments)]
        nowhere = subprocess.DEVNULL
        self._shell = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=nowhere, stderr=nowhere, start_new_session=True
        )

    def fire(self, timeout: float = 30) -> None:
        """Run the script now and wait for its end."""
        assert self._shell.stdin is not None
        self._shell.stdin.close()
        self._shell.wait(timeout)

    def dismiss(self) -> None:
        """There is nothing to guard any more."""
        signal_all([*group_of(self._shell.pid)], signal.SIGKILL)
        self.fire()


def listen_to_ctrl_c() -> None:
    """Undo what a shell's `&` does to the tests and all they start: it makes them deaf to SIGINT."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


class Process:
    """A program in a process group of its own, with what it says in a file."""

    def __init__(
        self,
        command: Sequence[str | Path],
        *,
        env: Mapping[str, str | None] | None = None,
        cwd: Path | None = None,
        output: Path | None = None,
    ) -> None:
        self.output = output or Path(tempfile.mkstemp(prefix="doctapp-", suffix=".log")[1])
        self._own_output = output is None
        with self.output.open("ab") as file:
            self._popen = subprocess.Popen(
                [str(part) for part in command],
                env=environment(env or {}),
                cwd=cwd,
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=listen_to_ctrl_c,
            )
        self.pid = self._popen.pid
        self._guard: Guard | None = Guard(END, self.pid, self.output if self._own_output else "")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        if self._own_output:
            self.output.unlink(missing_ok=True)

    @property
    def running(self) -> bool:
        """Whether the program itself, the first of its group, still runs."""
        return self._popen.poll() is None

    @property
    def children(self) -> list[int]:
        """The ids of everything it started that still runs."""
        return tree_of(self.pid)

    def wait(self, timeout: float = PATIENCE) -> int:
        """Its exit status, once it has ended by itself."""
        return self._popen.wait(timeout)

    def stop(self, grace: float = GRACE) -> int:
        """End it as Ctrl-C does, kill whatever is left after the grace time, and return its exit status."""
        ours = self._ours()
        signal_all(group_of(self.pid), signal.SIGINT)
        signal_all(ours, signal.SIGCONT)
        until = time.monotonic() + grace
        while self._left(ours) and time.monotonic() < until:
            time.sleep(0.02)
        return self._finish(ours)

    def kill(self) -> int:
        """End it and everything it started at once, as a power cut does."""
        return self._finish(self._ours())

    def tail(self, lines: int = 40) -> str:
        """The last lines it said."""
        return "\n".join(self.output.read_text(errors="replace").splitlines()[-lines:])

    def wait_for(self, words: str, timeout: float = PATIENCE) -> str:
        """The first line that says this."""
        until = time.monotonic() + timeout
        while True:
            ended = not self.running
            for line in self.output.read_text(errors="replace").splitlines():
                if words in line:
                    return line
            assert not ended, f"It ended with {self._popen.returncode} and never said {words!r}:\n{self.tail()}"
            assert time.monotonic() < until, f"It did not say {words!r} in {timeout:g} s:\n{self.tail()}"
            time.sleep(0.02)

    def _ours(self) -> list[int]:
        return sorted({*group_of(self.pid), *(tree_of(self.pid) if self.running else [])})

    def _left(self, ours: list[int]) -> list[int]:
        self._popen.poll()
        return [pid for pid in {*ours, *group_of(self.pid)} if is_alive(pid)]

    def _finish(self, ours: list[int]) -> int:
        # The first of the group first: it must not see its children die and end politely.
        signal_all([pid for pid in (self.pid, *ours) if pid in self._left(ours)], signal.SIGKILL)
        signal_all(self._left(ours), signal.SIGKILL)
        status = self._popen.wait(GRACE)
        if self._guard is not None:
            self._guard.dismiss()
            self._guard = None
        return status


def environment(changes: Mapping[str, str | None]) -> dict[str, str]:
    """Our environment with these changes; None takes a variable away."""
    changed = {**os.environ, **changes}
    return {name: value for name, value in changed.items() if value is not None}
