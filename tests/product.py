"""The started product: `python -m doctapp` as one process tree, and the Procfile's processes behind TLS."""

import atexit
import functools
import os
import re
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Lock
from typing import Self

import requests
from psycopg import sql
from sqlalchemy import make_url, select

from doctapp import config, create_app
from doctapp.clinics.models import Area
from doctapp.db import db
from doctapp.doctors.models import Specialty
from tests import make
from tests.patience import PATIENCE
from tests.people import PASSWORD
from tests.servers import postgres
from tests.servers.ports import LOOPBACK, free_port, is_open
from tests.servers.processes import Guard, Process, environment, is_alive
from tests.servers.proxy import TlsProxy
from tests.servers.redis import RedisServer
from tests.servers.sms import SmsServer
from tests.servers.smtp import MailServer

ROOT = Path(__file__).resolve().parents[1]
BIN = Path(sys.executable).parent
READY = "DoctApp is ready"
DOCTORS = "20"
ROLES = {"web": "gunicorn", "worker": "doctapp.work.worker", "sweep": " sweep --every ", "valkey": "valkey-server"}
# What a developer may have set for a server of their own.
NOT_OURS = (
    "DOCTAPP_MODE", "SECRET_KEY", "DATABASE_URL", "REDIS_URL", "PUBLIC_URL", "INSTANCE", "TRUSTED_PROXIES",
    "TRUSTED_HOSTS", "MAIL_USERNAME", "MAIL_PASSWORD", "MAIL_USE_TLS", "MAIL_SENDER",
)  # fmt: skip


def until(fact: Callable[[], object], seconds: float = PATIENCE, what: str = "It did not come to that") -> None:
    """Wait until this is so."""
    end = time.monotonic() + seconds
    while not fact():
        assert time.monotonic() < end, f"{what} in {seconds:g} s."
        time.sleep(0.05)


class Product:
    """A product that runs: its address, its processes, and the servers that its mail and SMS go to."""

    def __init__(self, folder: Path, *, database_url: str | None = None, **env: str) -> None:
        self.folder = folder
        self.mails, self.texts = MailServer(), SmsServer()
        self.port = free_port()
        self.url = f"http://{LOOPBACK}:{self.port}"
        self.verify: str | bool = True
        self.database_url = database_url or f"sqlite:///{folder / 'doctapp.db'}"
        self._given = env

    def __enter__(self) -> Self:
        self.mails.up()
        self.texts.up()
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        self.mails.down()
        self.texts.down()

    def start(self) -> None:
        """Start every process and wait until the product serves."""
        raise NotImplementedError

    def stop(self) -> None:
        """End every process."""
        raise NotImplementedError

    @property
    def pids(self) -> list[int]:
        """Every process that runs, parents before their children."""
        raise NotImplementedError

    @property
    def env(self) -> dict[str, str | None]:
        """The settings of every process; None takes a variable away."""
        return {
            **dict.fromkeys(NOT_OURS),
            "DATABASE_URL": self.database_url,
            "MAIL_SERVER": self.mails.host,
            "MAIL_PORT": str(self.mails.port),
            "SMS_URL": f"{self.texts.url}?to={{to}}&text={{text}}",
            "SMS_SUCCESS": "^OK",
            "PYTHONUNBUFFERED": "1",
            **self._given,
        }

    @property
    def children(self) -> dict[str, list[int]]:
        """The processes by role, parents before their children."""
        found: dict[str, list[int]] = {role: [] for role in ROLES}
        for pid in self.pids:
            command = command_of(pid)
            for role, word in ROLES.items():
                if word in command:
                    found[role].append(pid)
        return found

    def kill(self, role: str, which: int = 0) -> int:
        """Kill one process of a role, the first or the one asked for, as the kernel does when memory is short."""
        pid = self.children[role][which]
        os.kill(pid, signal.SIGKILL)
        return pid

    def sweep(self) -> None:
        """Sweep now, if it is anybody's turn, with the settings of the sweep that runs."""
        entries = (Path("/proc") / str(self.children["sweep"][0]) / "environ").read_text().split("\0")
        env = dict(entry.split("=", 1) for entry in entries if "=" in entry)
        flask = [sys.executable, "-m", "flask", "--app", "wsgi", "sweep"]
        ended = subprocess.run(flask, env=env, cwd=ROOT, capture_output=True, text=True)
        assert ended.returncode == 0, ended.stderr

    @property
    def serves(self) -> bool:
        """Whether it answers, and its database too."""
        try:
            return requests.get(f"{self.url}/healthz", timeout=5, verify=self.verify).ok
        except requests.RequestException:
            return False


class Tree(Product):
    """`python -m doctapp`; without `redis_url` with the Valkey of its own."""

    def __init__(self, folder: Path, *, database_url: str | None = None, seed: bool = False, **env: str) -> None:
        super().__init__(folder, database_url=database_url, **env)
        self.seed = seed
        self.process: Process | None = None

    def start(self) -> None:
        """Start the tree and wait for its word that it is ready."""
        self.launch().wait_for(READY, 2 * PATIENCE)

    def launch(self, *arguments: str) -> Process:
        """Start the tree and wait for nothing."""
        words = ["-m", "doctapp", "--port", str(self.port), "--instance", self.folder, *arguments]
        self.process = Process([sys.executable, *words, *([] if self.seed else ["--no-seed"])], env=self.env, cwd=ROOT)
        return self.process

    def stop(self) -> None:
        """Press Ctrl-C, and end whatever is left after half a minute."""
        if self.process is not None:
            pids = self.pids
            with self.process:
                self.process.stop(30)
            self.process = None
            assert not [pid for pid in pids if is_alive(pid)]

    @property
    def pids(self) -> list[int]:
        """Every process of the tree, the supervisor first."""
        return [self.process.pid, *self.process.children] if self.process and self.process.running else []


class Server(Product):
    """The Procfile's processes in production mode behind a proxy that ends TLS."""

    def __init__(self, folder: Path, *, database_url: str) -> None:
        self.redis = RedisServer()
        super().__init__(folder, database_url=database_url)
        self.proxy = TlsProxy(self.port)
        self.url, self.verify = self.proxy.url, str(self.proxy.certificate)
        self._processes: dict[str, Process] = {}

    @property
    def env(self) -> dict[str, str | None]:
        """The settings of a server."""
        return {
            **super().env,
            "SECRET_KEY": "a secret key of the tests, and long enough",
            "PUBLIC_URL": self.url,
            "REDIS_URL": self.redis.url,
            "INSTANCE": str(self.folder),
            "TRUSTED_PROXIES": "1",
            "TRUSTED_HOSTS": "localhost",
            "PORT": str(self.port),
            "WEB_THREADS": "16",
            "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}",
        }

    def start(self) -> None:
        """Release, write a small world, and start what runs on."""
        programs = procfile()
        release = subprocess.run(
            ["sh", "-c", programs.pop("release")], env=environment(self.env), cwd=ROOT, capture_output=True, text=True
        )
        assert release.returncode == 0, release.stderr
        write_small_world(environment(self.env))
        for name, command in programs.items():
            self._processes[name] = Process(["sh", "-c", f"exec {command}"], env=self.env, cwd=ROOT)
        until(
            lambda: is_open(self.port) and self.serves, PATIENCE, f"It did not serve:\n{self._processes['web'].tail()}"
        )

    def stop(self) -> None:
        """End every process, the proxy and Redis."""
        for process in self._processes.values():
            with process:
                pass
        self._processes.clear()
        self.proxy.close()
        self.redis.__exit__()

    @property
    def pids(self) -> list[int]:
        """Every process of the Procfile that runs."""
        return [pid for process in self._processes.values() for pid in (process.pid, *process.children)]


def stop_all(products: Iterable[Product]) -> None:
    """Stop products at the same time, because each takes seconds."""
    with ThreadPoolExecutor() as pool:
        for stopped in [pool.submit(product.__exit__) for product in products]:
            stopped.result()


def procfile() -> dict[str, str]:
    """The Procfile's commands by their names."""
    return dict(re.findall(r"^(\w+): (.+)$", (ROOT / "Procfile").read_text(), re.MULTILINE))


def command_of(pid: int) -> str:
    """The command line of a process; empty where it has just gone."""
    try:
        return f"{(Path('/proc') / str(pid) / 'cmdline').read_text()} ".replace("\0", " ")
    except OSError:
        return ""


# Databases


# Several threads may ask at the same time; the first makes the world, and a template is copied by one at a time.
SEEDING = {"sqlite": Lock(), "postgresql": Lock()}


def seeded(database: str, folder: Path) -> str:
    """The address of a database of one's own with a small demo world: of `sqlite` or of `postgresql`."""
    with SEEDING[database]:
        if database == "postgresql":
            return copy_of_postgres(seeded_postgres())
        shutil.copy(seeded_sqlite(), folder / "doctapp.db")
        return f"sqlite:///{folder / 'doctapp.db'}"


@functools.cache
def seeded_sqlite() -> Path:
    """A SQLite file with the demo world, made once a run."""
    folder = Path(tempfile.mkdtemp(prefix="doctapp-seeded-"))
    atexit.register(Guard('rm -rf "$1"', folder).fire)
    write_demo_world(f"sqlite:///{folder / 'doctapp.db'}", folder)
    return folder / "doctapp.db"


@functools.cache
def seeded_postgres() -> str:
    """A PostgreSQL database with the demo world, made once a run; others are copied from it."""
    url = postgres.new_database(postgres.postgres_url())
    atexit.register(postgres.drop_database, url)
    with tempfile.TemporaryDirectory(prefix="doctapp-seeded-") as folder:
        write_demo_world(url, Path(folder))
    return url


def copy_of_postgres(url: str) -> str:
    """A new database with all that is in this one, which nobody may be connected to."""
    name = f"doctapp_{secrets.token_hex(6)}"
    copying = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
    postgres.tell(postgres.postgres_url(), copying.format(*map(sql.Identifier, (name, make_url(url).database or ""))))
    return postgres.written(make_url(url).set(database=name))


def drop(database_url: str) -> None:
    """Take a database away again; a SQLite file goes with its folder."""
    if database_url.startswith("postgresql"):
        postgres.drop_database(database_url)


def write_demo_world(database_url: str, folder: Path) -> None:
    """Migrate an empty database and write a small demo world into it."""
    env = {
        **dict.fromkeys(NOT_OURS),
        "DOCTAPP_MODE": "demo",
        "SECRET_KEY": "a secret key of the tests, and long enough",
        "DATABASE_URL": database_url,
        "REDIS_URL": "redis://127.0.0.1:1/0",
        "PUBLIC_URL": "http://localhost",
        "INSTANCE": str(folder),
    }
    for command in (["db", "upgrade"], ["seed", "--doctors", DOCTORS]):
        flask = [sys.executable, "-m", "flask", "--app", "wsgi", *command]
        ended = subprocess.run(flask, env=environment(env), cwd=ROOT, capture_output=True, text=True)
        assert ended.returncode == 0, ended.stdout + ended.stderr


def write_small_world(env: dict[str, str]) -> None:
    """Write the demo's cast into a production database, where seeds are refused: a doctor, a clerk, a patient."""
    app = create_app(config.read(env))
    with app.app_context():
        area = db.session.scalars(select(Area).filter_by(slug="kandirpar")).one()
        medicine = db.session.scalars(select(Specialty).filter_by(slug="medicine")).one()
        clinic = make.clinic(name_en="Gomoti Hospital", name_bn="গোমতী হাসপাতাল", area=area)
        person = make.person(email="doctor@demo.test", name="Rokeya Begum", password=PASSWORD)
        names = {"name_en": "Dr Rokeya Begum", "name_bn": "ডা. রোকেয়া বেগম", "specialties": [medicine]}
        chamber = make.chamber(make.doctor(slug="rokeya-begum", person_id=person.id, **names), clinic)
        for days in range(1, 15):
            make.sitting(chamber, days=days)
        make.staff(make.person(email="desk@demo.test", name="Nasrin Akter", password=PASSWORD), clinic)
        contact = {"phone": "+8801700000001", "email": "patient@demo.test"}
        patient = make.person(name="Rahima Khatun", password=PASSWORD, **contact)
        make.patient(patient, "Rahima Khatun", 34, oneself=True)
        db.session.remove()
        db.engine.dispose()
