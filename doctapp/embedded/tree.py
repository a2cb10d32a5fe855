"""The supervisor: starts children, starts them again when they end, and takes all of them along when it goes."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from types import FrameType
from typing import Self

from doctapp.embedded import watch
from doctapp.embedded.child import Child, Program

TICK = 0.1
PATIENCE = 12.0


class CannotStart(Exception):
    """The tree does not come up; the text says why and what to do."""


class Stopped(Exception):
    """Somebody pressed Ctrl-C before everything ran."""


class Tree:
    """Children that live with this process and end with it, however it ends."""

    def __init__(self, env: Mapping[str, str]) -> None:
        self._env = env
        self._children: list[Child] = []
        self._asked: list[float] = []
        self._watch = subprocess.Popen([sys.executable, watch.__file__], stdin=subprocess.PIPE, start_new_session=True)

    def __enter__(self) -> Self:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._ask)
        return self

    def __exit__(self, *_: object) -> None:
        self._stop([child for child in self._children if not child.program.is_needed_by_others])
        self._stop(self._children)
        assert self._watch.stdin
        with suppress(OSError):
            self._watch.stdin.close()
        self._watch.wait()

    def run(self, program: Program) -> None:
        """Run a program to its end; a failure stops the start."""
        child = self._start(program)
        while not child.has_ended:
            self._wait()
        self._forget(child)
        if child.process.returncode:
            raise CannotStart(f"{_written(program)}{program.name} failed ({child.how_it_ended}).")

    def start(self, program: Program) -> None:
        """Start a program that shall run on."""
        self._start(program)

    def wait_until(self, ready: Callable[[], bool], seconds: float = 60.0) -> None:
        """Wait until the last children are of use; one that ends meanwhile stops the start."""
        deadline = time.monotonic() + seconds
        while not ready():
            for child in self._children:
                if child.has_ended:
                    raise CannotStart(f"{_written(child.program)}{child.program.name} ended ({child.how_it_ended}).")
            if time.monotonic() > deadline:
                raise CannotStart(f"Nothing answered within {seconds:.0f} s. Is this machine very busy? Start again.")
            self._wait()

    def supervise(self) -> None:
        """Keep every child running until somebody asks to stop."""
        while not self._asked:
            for child in self._children:
                self._keep(child)
            time.sleep(TICK)

    def _keep(self, child: Child) -> None:
        """Start a child again that has ended, after a pause."""
        if not child.has_ended:
            return
        if not child.due:
            child.kill()
            self._note("-", child)
            say(f"{child.program.name} ended ({child.how_it_ended}); it starts again in {child.rest():.0f} s.")
        elif time.monotonic() >= child.due:
            child.start()
            self._note("+", child)

    def _stop(self, children: list[Child]) -> None:
        """Ask children to end; end those that do not within the time, all at once at a second Ctrl-C."""
        for child in children:
            child.ask_to_end()
        deadline = time.monotonic() + PATIENCE
        while not all(child.has_ended for child in children) and time.monotonic() < deadline and not self._in_a_hurry:
            time.sleep(TICK / 2)
        for child in list(children):
            if not child.due:
                child.kill()
            self._forget(child)

    def _start(self, program: Program) -> Child:
        child = Child(program, self._env)
        self._children.append(child)
        self._note("+", child)
        return child

    def _forget(self, child: Child) -> None:
        self._children.remove(child)
        self._note("-", child)

    def _note(self, sign: str, child: Child) -> None:
        """Tell the watch; without it the kernel's signal is still there on Linux."""
        assert self._watch.stdin
        with suppress(OSError):
            self._watch.stdin.write(f"{sign}{child.pid}\n".encode())
            self._watch.stdin.flush()

    def _wait(self) -> None:
        time.sleep(TICK)
        if self._asked:
            raise Stopped

    def _ask(self, _number: int, _frame: FrameType | None) -> None:
        self._asked.append(time.monotonic())

    @property
    def _in_a_hurry(self) -> bool:
        """Whether somebody asked again; a terminal and `make` may both pass on the first request."""
        return bool(self._asked) and self._asked[-1] - self._asked[0] > 1.0


def say(text: str) -> None:
    """Tell the person at the terminal, who may have closed it."""
    with suppress(OSError):
        print(text, flush=True)


def _written(program: Program) -> str:
    """The last lines of a program that does not write to the terminal."""
    lines = program.log.read_text(errors="replace").splitlines()[-20:] if program.log else []
    return "".join(f"{line}\n" for line in lines)
