"""Two modes: production refuses what is unsafe, and only demo mode has sandboxes and people with known passwords."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import func, make_url, select, text

from doctapp import config, create_app
from doctapp.accounts.models import Person
from doctapp.db import db
from tests.conftest import make_app, settings
from tests.servers import postgres

PRODUCTION = {
    "SECRET_KEY": "k" * 32,
    "DATABASE_URL": "postgresql://doctapp@db.internal/doctapp",
    "REDIS_URL": "redis://redis.internal:6379/0",
    "PUBLIC_URL": "https://doctapp.example/",
    "MAIL_SERVER": "smtp.example",
    "SMS_URL": "https://sms.example/?to={to}&text={text}",
}
DEMO = {**PRODUCTION, "DOCTAPP_MODE": "demo", "PUBLIC_URL": "http://127.0.0.1:8000", "MAIL_SERVER": "", "SMS_URL": ""}


def test_production_is_what_nobody_asked_for() -> None:
    given = config.read(PRODUCTION)

    assert not given.demo
    assert given.public_url == "https://doctapp.example"


@pytest.mark.parametrize("variable", sorted(PRODUCTION))
def test_production_needs_every_setting_and_names_the_missing_one(variable: str) -> None:
    with pytest.raises(config.BadSetting, match=f"^{variable} "):
        config.read({**PRODUCTION, variable: " "})


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("SECRET_KEY", "too short"),
        ("DATABASE_URL", "mysql://db.internal/doctapp"),
        ("DATABASE_URL", "sqlite://"),
        ("DATABASE_URL", "sqlite:///:memory:"),
        ("PUBLIC_URL", "http://doctapp.example"),
        ("SMS_URL", "https://sms.example/?to={to}"),
        ("MAIL_PORT", "smtp"),
        ("TRUSTED_PROXIES", "one"),
        ("DOCTAPP_MODE", "development"),
    ],
)
def test_an_unsafe_setting_is_refused_and_named(variable: str, value: str) -> None:
    with pytest.raises(config.BadSetting, match=f"^{variable} "):
        config.read({**PRODUCTION, variable: value})


def test_demo_mode_needs_no_mail_and_no_sms() -> None:
    assert config.read(DEMO).demo


@pytest.mark.parametrize("address", ["http://192.168.0.7:8000", "https://doctapp.example", "http://localhost.example"])
def test_demo_mode_is_for_this_machine_only(address: str) -> None:
    with pytest.raises(config.BadSetting, match="PUBLIC_URL"):
        config.read({**DEMO, "PUBLIC_URL": address})


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_every_way_of_writing_postgresql_is_read(scheme: str) -> None:
    given = config.read({**PRODUCTION, "DATABASE_URL": f"{scheme}://doctapp@db.internal/doctapp"})

    assert given.database_url == "postgresql+psycopg://doctapp@db.internal/doctapp"


@pytest.fixture(scope="module")
def production(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """An application in production mode, with the settings of a server."""
    folder = tmp_path_factory.mktemp("production")
    given = {"mode": "production", "public_url": "https://localhost", "mail_server": "smtp.example"}
    app = make_app(f"sqlite:///{folder / 'doctapp.db'}", folder, **given, sms_url=PRODUCTION["SMS_URL"])
    yield app
    with app.app_context():
        db.engine.dispose()


def addresses(app: Flask) -> set[str]:
    return {rule.rule for rule in app.url_map.iter_rules() if rule.rule.startswith("/sandbox")}


def test_the_sandbox_has_an_address_in_demo_mode_only(production: Flask, tmp_path: Path) -> None:
    demo = create_app(settings(f"sqlite:///{tmp_path}/none.db", tmp_path))

    assert "/sandbox/letters" in addresses(demo)
    assert addresses(production) == set()
    assert production.test_client().get("/sandbox/letters", base_url="https://localhost").status_code == 404


def test_demo_people_are_refused_in_production(production: Flask) -> None:
    refused = production.test_cli_runner().invoke(args=["seed", "--doctors", "1"])

    assert refused.exit_code == 1
    assert "demo mode only" in refused.output
    with production.app_context():
        assert db.session.scalar(select(func.count()).select_from(Person)) == 0


def test_cookies_of_production_are_bound_to_https_and_this_host(production: Flask) -> None:
    client = production.test_client()

    cookies = client.get("/login", base_url="https://localhost").headers.getlist("Set-Cookie")

    assert cookies
    for cookie in cookies:
        assert cookie.startswith("__Host-")
        assert {"Secure", "HttpOnly", "SameSite=Lax", "Path=/"} <= set(cookie.split("; ")[1:])


def test_what_the_address_asks_of_postgresql_comes_after_what_we_ask(tmp_path: Path) -> None:
    url = make_url(postgres.postgres_url()).update_query_dict({"options": "-c lock_timeout=7s"})
    app = create_app(settings(postgres.written(url), tmp_path))

    with app.app_context():
        asked = db.session.execute(text("SELECT current_setting('lock_timeout'), current_setting('jit')")).one()
        db.session.remove()
        db.engine.dispose()

    assert tuple(asked) == ("7s", "off")
