"""Many rows in one statement."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Table, insert

from doctapp.db import Row, db


def write(row: type[Row], values: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows; much faster than `write_for_ids` where there are many."""
    if values:
        db.session.execute(insert(_table(row)), values)


def write_for_ids(row: type[Row], values: Sequence[Mapping[str, Any]]) -> list[int]:
    """Insert rows and return their ids, in the order given."""
    if not values:
        return []
    table = _table(row)
    return list(db.session.scalars(insert(table).returning(table.c.id, sort_by_parameter_order=True), values))


def _table(row: type[Row]) -> Table:
    table = row.__table__
    assert isinstance(table, Table)
    return table
