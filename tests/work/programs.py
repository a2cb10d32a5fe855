"""Our background programs as processes of their own."""

import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager

from flask import Flask

from doctapp.config import Settings
from tests.servers.processes import Process


def environment(settings: Settings) -> dict[str, str]:
    """The environment that makes these settings."""
    return {
        "DOCTAPP_MODE": settings.mode,
        "SECRET_KEY": settings.secret_key,
        "DATABASE_URL": settings.database_url,
        "REDIS_URL": settings.redis_url,
        "PUBLIC_URL": settings.public_url,
        "INSTANCE": str(settings.instance),
        "MAIL_SERVER": settings.mail_server,
        "MAIL_PORT": str(settings.mail_port),
        "SMS_URL": settings.sms_url,
        "SMS_SUCCESS": settings.sms_success,
        "PYTHONUNBUFFERED": "1",
    }


@contextmanager
def program(app: Flask, *command: str) -> Iterator[Process]:
    """A Python program of ours with the application's settings."""
    with Process([sys.executable, "-m", *command], env=environment(app.config["SETTINGS"])) as process:
        yield process


def worker(app: Flask) -> AbstractContextManager[Process]:
    """The worker."""
    return program(app, "doctapp.work.worker")


def sweeper(app: Flask, every: int = 1) -> AbstractContextManager[Process]:
    """The sweep's loop."""
    return program(app, "flask", "--app", "wsgi", "sweep", "--every", str(every))
