"""Who may import whom, read from the sources (docs/tour.md draws the same)."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
HOUSE = ROOT / "doctapp"
ROOMS = ["audit", "accounts", "clinics", "doctors", "schedules", "notifications", "payments", "appointments"]
ROOMS += ["prescriptions", "reviews", "directory", "chat", "desk", "admin", "pages"]
FLOOR = {"config", "db", "clock", "errors", "extensions", "digits", "sealing", "web", "work", "gateways"}
STAGE = {"seed", "embedded", "cli", "rooms", "__main__", "__init__"}
HTTP = {"request", "session", "g", "current_user", "flash", "redirect", "render_template", "abort", "make_response"}
VENDORS = {"flask_mail", "requests", "stripe", "cloudinary", "weasyprint"}
NO_NAMES = {"utils.py", "helpers.py", "services.py", "common.py", "base.py", "manager.py"}


def sources() -> list[Path]:
    return sorted(HOUSE.rglob("*.py"))


def room_of(path: Path) -> str:
    first = path.relative_to(HOUSE).parts[0]
    return first.removesuffix(".py")


def is_door(path: Path) -> bool:
    return path.name.startswith("routes") or path.name in {"jobs.py", "cli.py"}


def imports(path: Path) -> Iterator[tuple[str, str]]:
    """Each (module, name) that the file imports, also inside functions."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                yield node.module, alias.name
        elif isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, ""


def rooms_imported(path: Path) -> set[str]:
    """The first part below `doctapp` of everything the file imports from the house."""
    found = set()
    for module, name in imports(path):
        parts = module.split(".")
        if parts[0] == "doctapp":
            found.add(parts[1] if len(parts) > 1 else name)
    return found


in_rooms = [path for path in sources() if room_of(path) in ROOMS]


@pytest.mark.parametrize("path", [p for p in sources() if room_of(p) in FLOOR], ids=lambda p: str(p.relative_to(HOUSE)))
def test_the_floor_knows_no_room(path):
    assert not rooms_imported(path) & set(ROOMS)


@pytest.mark.parametrize("path", [p for p in in_rooms if not is_door(p)], ids=lambda p: str(p.relative_to(HOUSE)))
def test_rules_and_rows_import_their_own_room_and_earlier_ones(path):
    mine = ROOMS.index(room_of(path))
    later = {room for room in rooms_imported(path) & set(ROOMS) if ROOMS.index(room) > mine}

    assert not later


@pytest.mark.parametrize(
    "path", [p for p in in_rooms if p.name == "models.py"], ids=lambda p: str(p.relative_to(HOUSE))
)
def test_rows_need_only_rows_and_the_database(path):
    others = {m for m, _ in imports(path) if m.startswith("doctapp.") and not m.endswith(".models")}

    assert others <= {"doctapp.db", "doctapp.clock"}


@pytest.mark.parametrize("path", [p for p in in_rooms if not is_door(p)], ids=lambda p: str(p.relative_to(HOUSE)))
def test_rules_never_touch_the_request_or_commit(path):
    flask = {name for module, name in imports(path) if module in {"flask", "flask_login"}}

    assert not flask & HTTP
    assert "transaction" not in {name for module, name in imports(path) if module == "doctapp.db"}


def test_one_commit_exists_in_the_house():
    found = [str(path.relative_to(HOUSE)) for path in sources() if re.search(r"\.commit\(", path.read_text())]

    assert found == ["db.py"]


def test_one_clock_exists_in_the_house():
    asking = re.compile(r"datetime\.(now|utcnow|today)\(|date\.today\(|time\.time\(")
    found = [str(path.relative_to(HOUSE)) for path in sources() if asking.search(path.read_text())]

    assert found == ["clock.py"]


def test_one_module_reads_htmx_headers():
    reading = re.compile(r"""headers(\.get\(|\[)["']HX-""")
    found = [str(path.relative_to(HOUSE)) for path in sources() if reading.search(path.read_text())]

    assert found == ["web/htmx.py"]


def test_the_environment_is_read_in_one_place():
    found = {str(path.relative_to(HOUSE)) for path in sources() if "os.environ" in path.read_text()}

    assert {name for name in found if not name.startswith("embedded/") and name != "__main__.py"} == {"config.py"}


def test_vendors_are_imported_by_their_gateway_only():
    at_home = {
        str(path.relative_to(HOUSE))
        for path in sources()
        for module, _ in imports(path)
        if module.split(".")[0] in VENDORS
    }

    assert {name for name in at_home if not name.startswith("gateways/")} <= {"extensions.py"}


def test_no_file_has_a_name_that_says_nothing():
    assert not {path.name for path in sources()} & NO_NAMES


def test_every_module_says_what_it_is_for():
    silent = [str(p.relative_to(HOUSE)) for p in sources() if not ast.get_docstring(ast.parse(p.read_text()))]

    assert silent == []


def test_create_app_is_a_table_of_contents():
    assert len((HOUSE / "__init__.py").read_text().splitlines()) <= 75
