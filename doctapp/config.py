"""Every environment variable, read once and typed; a setting that is missing or unsafe stops the start."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from doctapp.db import engine_options

LOOPBACK = {"127.0.0.1", "localhost", "::1"}


class BadSetting(SystemExit):
    """The application refuses to start; the text names the variable and what to put there."""


@dataclass(frozen=True)
class Settings:
    """The settings of one process."""

    mode: str
    secret_key: str
    database_url: str
    redis_url: str
    public_url: str
    instance: Path
    trusted_proxies: int = 0
    trusted_hosts: tuple[str, ...] = ()
    mail_server: str = ""
    mail_port: int = 25
    mail_username: str = ""
    mail_password: str = ""
    mail_use_tls: bool = False
    mail_use_ssl: bool = False
    mail_sender: str = "DoctApp <no-reply@localhost>"
    sms_url: str = ""
    sms_success: str = ""
    sms_hourly_budget: int = 2000
    stripe_secret_key: str = ""
    stripe_webhook_secret: str = ""
    stripe_api_base: str = ""
    sslcommerz_store: str = ""
    sslcommerz_password: str = ""
    sslcommerz_live: bool = False
    sslcommerz_host: str = ""
    help_phone: str = "09612-345678"
    holds_per_browser_hour: int = 5
    holds_per_address_hour: int = 120
    codes_per_hour: int = 3
    codes_per_day: int = 6

    @property
    def demo(self) -> bool:
        """Whether sandboxes and demo people are allowed."""
        return self.mode == "demo"

    @property
    def https(self) -> bool:
        return self.public_url.startswith("https://")


def read(env: Mapping[str, str] | None = None) -> Settings:
    """The settings in the environment; raises BadSetting with a sentence that names the variable."""
    env = os.environ if env is None else env
    mode = env.get("DOCTAPP_MODE", "production")
    if mode not in {"demo", "production"}:
        raise BadSetting("DOCTAPP_MODE is either `production` or `demo`; leave it out for production.")
    settings = Settings(
        mode=mode,
        secret_key=_needed(env, "SECRET_KEY", "a long random text, the same on every machine"),
        database_url=_database(env),
        redis_url=_needed(env, "REDIS_URL", "for example redis://10.0.0.5:6379/0"),
        public_url=_needed(env, "PUBLIC_URL", "the address people type, for example https://doctapp.example").rstrip(
            "/"
        ),
        instance=Path(env.get("INSTANCE", "instance")).resolve(),
        trusted_proxies=_whole(env, "TRUSTED_PROXIES", 0),
        trusted_hosts=tuple(filter(None, env.get("TRUSTED_HOSTS", "").split(","))),
        mail_server=env.get("MAIL_SERVER", "").strip(),
        mail_port=_whole(env, "MAIL_PORT", 25),
        mail_username=env.get("MAIL_USERNAME", ""),
        mail_password=env.get("MAIL_PASSWORD", ""),
        mail_use_tls=env.get("MAIL_USE_TLS", "") == "1",
        mail_use_ssl=env.get("MAIL_USE_SSL", "") == "1",
        mail_sender=env.get("MAIL_SENDER", Settings.mail_sender),
        sms_url=env.get("SMS_URL", "").strip(),
        sms_success=env.get("SMS_SUCCESS", ""),
        sms_hourly_budget=_whole(env, "SMS_HOURLY_BUDGET", Settings.sms_hourly_budget),
        stripe_secret_key=env.get("STRIPE_SECRET_KEY", "").strip(),
        stripe_webhook_secret=env.get("STRIPE_WEBHOOK_SECRET", "").strip(),
        stripe_api_base=env.get("STRIPE_API_BASE", "").strip().rstrip("/"),
        sslcommerz_store=env.get("SSLCOMMERZ_STORE", "").strip(),
        sslcommerz_password=env.get("SSLCOMMERZ_PASSWORD", "").strip(),
        sslcommerz_live=env.get("SSLCOMMERZ_LIVE", "") == "1",
        sslcommerz_host=env.get("SSLCOMMERZ_HOST", "").strip().rstrip("/"),
        help_phone=env.get("HELP_PHONE", Settings.help_phone),
        holds_per_browser_hour=_whole(env, "HOLDS_PER_BROWSER_HOUR", Settings.holds_per_browser_hour),
        holds_per_address_hour=_whole(env, "HOLDS_PER_ADDRESS_HOUR", Settings.holds_per_address_hour),
        codes_per_hour=_whole(env, "CODES_PER_HOUR", Settings.codes_per_hour),
        codes_per_day=_whole(env, "CODES_PER_DAY", Settings.codes_per_day),
    )
    _check_money(settings)
    _check_demo(settings) if settings.demo else _check_production(settings)
    return settings


def _needed(env: Mapping[str, str], name: str, what: str) -> str:
    value = env.get(name, "").strip()
    if not value:
        raise BadSetting(f"{name} is not set. Put {what} into the environment and start again.")
    return value


def _whole(env: Mapping[str, str], name: str, default: int) -> int:
    value = env.get(name, "").strip()
    if value and not value.isdigit():
        raise BadSetting(f"{name} is {value!r}. Put a whole number there.")
    return int(value or default)


def _database(env: Mapping[str, str]) -> str:
    url = _needed(env, "DATABASE_URL", "for example postgresql://doctapp@10.0.0.4/doctapp")
    scheme, _, rest = url.partition("://")
    if scheme in {"postgres", "postgresql", "postgresql+psycopg"}:
        return f"postgresql+psycopg://{rest}"
    if scheme == "sqlite" and rest.strip("/") in {"", ":memory:"}:
        raise BadSetting("DATABASE_URL names no file: each process would have a database of its own. Put a path there.")
    if scheme == "sqlite":
        return url
    raise BadSetting("DATABASE_URL begins with postgresql:// or sqlite://; other databases are not supported.")


def _check_money(settings: Settings) -> None:
    """Half a gateway takes money that is never told, or tells what is never proven."""
    if settings.stripe_secret_key and not settings.stripe_secret_key.startswith(("sk_", "rk_")):
        raise BadSetting("STRIPE_SECRET_KEY is no secret key: those begin with sk_ or rk_. Put yours there.")
    if settings.stripe_secret_key and not settings.stripe_webhook_secret:
        raise BadSetting("STRIPE_WEBHOOK_SECRET is not set, but STRIPE_SECRET_KEY is: put the webhook's whsec_… there.")
    if settings.stripe_webhook_secret and not settings.stripe_secret_key:
        raise BadSetting("STRIPE_SECRET_KEY is not set, but STRIPE_WEBHOOK_SECRET is: put your secret key there.")
    if settings.sslcommerz_store and not settings.sslcommerz_password:
        raise BadSetting("SSLCOMMERZ_PASSWORD is not set, but SSLCOMMERZ_STORE is: put that store's password there.")
    if settings.sslcommerz_password and not settings.sslcommerz_store:
        raise BadSetting("SSLCOMMERZ_STORE is not set, but SSLCOMMERZ_PASSWORD is: put the store's id there.")


def _check_demo(settings: Settings) -> None:
    if urlsplit(settings.public_url).hostname not in LOOPBACK:
        raise BadSetting("DOCTAPP_MODE=demo runs on this machine only: PUBLIC_URL must be http://127.0.0.1:<port>.")


def _check_production(settings: Settings) -> None:
    if not settings.https:
        raise BadSetting("PUBLIC_URL must begin with https:// in production: sign-in cookies are never sent in clear.")
    if len(settings.secret_key) < 32:
        raise BadSetting("SECRET_KEY is too short: use at least 32 random characters.")
    if not settings.mail_server:
        raise BadSetting("MAIL_SERVER is not set: production sends real mail. Put the name of your SMTP server there.")
    if not settings.sms_url:
        raise BadSetting("SMS_URL is not set: production sends real SMS. Put your gateway's address there.")
    if settings.mail_use_tls and settings.mail_use_ssl:
        raise BadSetting("MAIL_USE_SSL and MAIL_USE_TLS exclude each other: SSL is port 465, TLS is port 587.")
    asks_number = "{to}" in settings.sms_url or "{digits}" in settings.sms_url
    if not asks_number or "{text}" not in settings.sms_url:
        raise BadSetting(
            "SMS_URL must contain {to} (+880…) or {digits} (880…) for the number, and {text} for the words."
        )


def flask_settings(settings: Settings) -> dict[str, Any]:
    """What Flask and its extensions read from `app.config`."""
    return {
        "SETTINGS": settings,
        "SECRET_KEY": settings.secret_key,
        "SQLALCHEMY_DATABASE_URI": settings.database_url,
        "SQLALCHEMY_ENGINE_OPTIONS": engine_options(settings.database_url),
        "MAX_CONTENT_LENGTH": 1024 * 1024,
        "MAX_FORM_MEMORY_SIZE": 1024 * 1024,
        "TRUSTED_HOSTS": list(settings.trusted_hosts) or None,
        "WTF_CSRF_TIME_LIMIT": None,
        "WTF_CSRF_SSL_STRICT": False,  # Origin and Sec-Fetch-Site are checked; a stripped Referer locks nobody out
        "BABEL_DEFAULT_LOCALE": "bn",
        "BABEL_TRANSLATION_DIRECTORIES": "translations",
        "MAIL_SERVER": settings.mail_server or "localhost",
        "MAIL_PORT": settings.mail_port,
        "MAIL_USERNAME": settings.mail_username or None,
        "MAIL_PASSWORD": settings.mail_password or None,
        "MAIL_USE_TLS": settings.mail_use_tls,
        "MAIL_USE_SSL": settings.mail_use_ssl,
        "MAIL_DEFAULT_SENDER": settings.mail_sender,
        "PERMANENT_SESSION_LIFETIME": timedelta(hours=12),
        "COMPRESS_ALGORITHM": ["gzip"],
        "COMPRESS_LEVEL": 6,
        "COMPRESS_MIN_SIZE": 500,
    }
