"""The migrations have exactly one head: `python tools/one_head.py`; two heads would make `db upgrade` stop."""

from __future__ import annotations

import sys
from pathlib import Path

from alembic.script import ScriptDirectory

MIGRATIONS = Path(__file__).resolve().parent.parent / "migrations"


def main() -> None:
    """Print the head; fail unless there is one."""
    heads = ScriptDirectory(str(MIGRATIONS)).get_heads()
    if len(heads) != 1:
        sys.exit(f"The migrations have {len(heads)} heads ({', '.join(heads)}). Join them with `flask db merge heads`.")
    print(f"One migration head: {heads[0]}")


if __name__ == "__main__":
    main()
