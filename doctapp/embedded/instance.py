"""The instance folder: the database, the secret key, and the notes of what has been done there."""

from __future__ import annotations

import fcntl
import os
import secrets
from hashlib import sha256
from pathlib import Path


class InUse(Exception):
    """Another process tree works in this folder."""


class Instance:
    """A folder that one process tree holds at a time; only its owner may look inside."""

    def __init__(self, path: Path) -> None:
        self.path = path.resolve()
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._lock = os.open(self.path / "lock", os.O_CREAT | os.O_RDWR, 0o600)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise InUse from error

    @property
    def database_url(self) -> str:
        return f"sqlite:///{self.path / 'doctapp.db'}"

    def secret_key(self) -> str:
        """The key that signs cookies here, made once."""
        path = self.path / "secret_key"
        if not path.exists():
            fresh = self.path / "secret_key.new"
            fresh.touch(mode=0o600)
            fresh.write_text(secrets.token_hex(32))
            fresh.replace(path)
        return path.read_text()

    def is_seeded(self, database_url: str) -> bool:
        """Whether the demo world was written into this database; a deleted SQLite file forgets it."""
        if database_url == self.database_url and not (self.path / "doctapp.db").exists():
            return False
        return self._seeded(database_url).exists()

    def note_seeded(self, database_url: str) -> None:
        """Remember that the demo world is complete."""
        self._seeded(database_url).touch()

    def _seeded(self, database_url: str) -> Path:
        return self.path / f"seeded-{sha256(database_url.encode()).hexdigest()[:12]}"
