"""The only place in the tests where something may be skipped, and where a skip becomes a failure."""

import os
from typing import NoReturn

import pytest


def missing(reason: str) -> NoReturn:
    """Skip what this machine cannot run; with REQUIRE_ALL=1 fail instead."""
    if os.environ.get("REQUIRE_ALL") == "1":
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)
