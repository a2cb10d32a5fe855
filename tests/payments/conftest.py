"""The application with gateways that can be spoken to: the sandbox always, Stripe and SSLCommerz where a test asks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask

from tests.gateways.paying import sslcommerz_settings, stripe_settings
from tests.payments import steps
from tests.servers.sslcommerz import SslCommerzServer
from tests.servers.stripe import StripeServer


@pytest.fixture
def online(evening: Any) -> Any:
    """Dr Rokeya's evening; her chamber takes payments online."""
    steps.takes_online(evening.chamber)
    return evening


@pytest.fixture
def held(online: Any, alice: Any) -> Any:
    """What Alice keeps, with everything said."""
    return steps.kept(online.sitting, alice)


@pytest.fixture
def stripe(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[StripeServer]:
    """A Stripe that the application knows; it tells nobody of anything by itself."""
    with StripeServer() as server:
        monkeypatch.setitem(app.config, "SETTINGS", stripe_settings(app.config["SETTINGS"], server))
        yield server


@pytest.fixture
def sslcommerz(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[SslCommerzServer]:
    """An SSLCommerz that the application knows; it tells nobody of anything by itself."""
    with SslCommerzServer() as server:
        server.hold()
        monkeypatch.setitem(app.config, "SETTINGS", sslcommerz_settings(app.config["SETTINGS"], server))
        yield server
