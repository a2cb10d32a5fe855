"""No letter is lost, whatever happens to who sends it and to who takes it (domain.md, invariant 8).

The letters here are codes for signing in: one form writes one. Their rows are read, because a page shows none of them.
"""

import os
import signal
import time
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import create_engine, text

from tests.faults.conftest import Start, Together
from tests.journeys import booking
from tests.journeys.booking import walker
from tests.journeys.walker import Walker
from tests.product import Tree, until

LEASE_AND_SWEEP = 100
SWEEP = 50
CROWD = 16


@dataclass
class Office:
    """A product whose letters are watched."""

    product: Tree

    def ask(self, address: str, visitor: Walker | None = None) -> None:
        """Ask for a code on the sign-in page."""
        visitor = visitor or walker(self.product)
        visitor.get("/login")
        visitor.submit("login-phone", phone=address)
        assert visitor.path == "/login/code"

    def row(self, address: str) -> Any:
        """The letter to this address as it stands in the database, or None."""
        with closing(create_engine(self.product.database_url)) as engine, engine.connect() as connection:
            query = text("SELECT state, tries, unknown_outcomes, body, fault FROM letter WHERE address = :address")
            return connection.execute(query, {"address": address}).one_or_none()

    def wait_for(self, address: str, state: str, seconds: float = 30) -> Any:
        """The letter's row once it has come to this state."""
        until(lambda: self.row(address).state == state, seconds, f"The letter is {self.row(address)}, not {state},")
        return self.row(address)
