"""One program below the supervisor: started, looked at, asked to end, ended."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path

from doctapp.embedded import watch

ROOT = Path(__file__).resolve().parents[2]
PR_SET_PDEATHSIG = 1
LONG_ENOUGH = 60.0
SHORTEST_PAUSE = 1.0
LONGEST_PAUSE = 30.0


@dataclass(frozen=True)
class Program:
    """What to run, what it reads from its standard input, and where it writes when not to the terminal."""

    name: str
    command: list[str]
    stdin: str = ""
    log: Path | None = None
    is_needed_by_others: bool = False


class Child:
    """A running program, leader of a session of its own, so that Ctrl-C reaches the supervisor alone."""

    def __init__(self, program: Program, env: Mapping[str, str]) -> None:
        self.program = program
        self._env = env
        self._pause = 0.0
        self.due = 0.0
        if program.log:
            program.log.unlink(missing_ok=True)
        self.start()

    def start(self) -> None:
        """Start the program."""
        self.due = 0.0
        self._began = time.monotonic()
        with self.program.log.open("ab") if self.program.log else nullcontext() as log:
            self.process = subprocess.Popen(
                self.program.command,
                cwd=ROOT,
                env=dict(self._env),
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=_end_with(os.getpid()),
            )
        assert self.process.stdin
        with suppress(BrokenPipeError), self.process.stdin as stdin:
            stdin.write(self.program.stdin.encode())

    @property
    def pid(self) -> int:
        """Its process and session number."""
        return self.process.pid

    @property
    def has_ended(self) -> bool:
        return self.process.poll() is not None

    @property
    def how_it_ended(self) -> str:
        """The end in a person's words, and where to read more."""
        code = self.process.returncode
        end = f"exit code {code}" if code >= 0 else signal.Signals(-code).name
        return f"{end}, see {self.program.log}" if self.program.log else end

    def rest(self) -> float:
        """Set when to start again: a pause that doubles while the program keeps ending early."""
        now = time.monotonic()
        if now - self._began > LONG_ENOUGH:
            self._pause = 0.0
        self._pause = min(self._pause * 2 or SHORTEST_PAUSE, LONGEST_PAUSE)
        self.due = now + self._pause
        return self._pause

    def ask_to_end(self) -> None:
        """Let it finish what it is doing."""
        with suppress(ProcessLookupError):
            self.process.terminate()

    def kill(self) -> None:
        """End it and everything it started."""
        watch.kill(self.pid)
        self.process.wait()


def _end_with(parent: int) -> Callable[[], None] | None:
    """What a child does first on Linux: ask the kernel for a SIGTERM when its parent is gone."""
    if not sys.platform.startswith("linux"):
        return None
    prctl = ctypes.CDLL(None).prctl

    def ask() -> None:
        prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:
            os._exit(1)

    return ask
