"""The two commands: set-up's parts, and the process tree that `python -m doctapp` keeps."""

import gzip
import json
import os
import signal
import socket
import stat
import sys
import time
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog

from doctapp.embedded import ports, watch
from doctapp.embedded.instance import Instance, InUse
from tests.patience import PATIENCE
from tests.servers.processes import Process
from tools import catalogue, static_files

ROOT = Path(__file__).resolve().parents[2]
TREE = """
import sys
from doctapp.embedded.child import Program
from doctapp.embedded.tree import Tree, say

with Tree({}) as tree:
    tree.start(Program("Valkey", ["sleep", "600"], is_needed_by_others=True))
    tree.start(Program("The worker", ["sh", "-c", "sleep 601 & sleep 602"]))
    say("ready " + " ".join(str(child.pid) for child in tree._children))
    tree.supervise()
say("stopped")
"""


@pytest.fixture
def static(tmp_path, monkeypatch):
    """An empty `static/`, with the vendors' files as npm leaves them."""
    monkeypatch.setattr(static_files, "ROOT", tmp_path)
    monkeypatch.setattr(static_files, "STATIC", tmp_path / "static")
    monkeypatch.setattr(static_files, "DIST", tmp_path / "static" / "dist")
    for source in static_files.VENDOR:
        put(tmp_path / "node_modules" / source, "vendor()\n//# sourceMappingURL=vendor.js.map\n")
    return tmp_path / "static"


def put(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def names(static):
    return json.loads((static / "dist" / "manifest.json").read_text())


def test_a_static_file_gets_an_address_that_changes_with_its_content(static):
    put(static / "css" / "app.css", "a{color:red}")
    static_files.build()
    before = names(static)["css/app.css"]

    put(static / "css" / "app.css", "a{color:blue}")
    static_files.build()

    assert names(static)["css/app.css"] != before
    assert (static / "dist" / before).exists(), "a server that still runs links to the old one"


def test_a_static_file_is_compressed_beside_itself(static):
    put(static / "js" / "app.js", "run();" * 100)

    static_files.build()

    made = static / "dist" / names(static)["js/app.js"]
    assert gzip.decompress(Path(f"{made}.gz").read_bytes()) == made.read_bytes()


def test_a_stylesheet_names_its_pictures_by_their_hashed_address(static):
    put(static / "img" / "tick.svg", "<svg/>")
    put(static / "css" / "app.css", "a{background:url(../img/tick.svg)} b{background:url('data:image/gif;base64,AA')}")

    static_files.build()

    css = (static / "dist" / names(static)["css/app.css"]).read_text()
    assert f'url("/static/{names(static)["img/tick.svg"]}")' in css
    assert "url('data:image/gif;base64,AA')" in css


def test_a_stylesheet_that_names_a_missing_picture_stops_the_set_up(static):
    put(static / "css" / "app.css", "a{background:url(../img/gone.svg)}")

    with pytest.raises(static_files.Missing, match=r"css/app\.css names \.\./img/gone\.svg"):
        static_files.build()


def test_vendor_files_do_not_ask_for_source_maps(static):
    static_files.build()

    assert (static / "vendor" / "htmx.js").read_text() == "vendor()\n"


def test_what_no_name_leads_to_is_removed_a_day_later(static):
    old = static / "dist" / "css" / "app-00000000.css"
    put(old, "a{}")
    two_days_ago = time.time() - 2 * static_files.A_DAY
    os.utime(old, (two_days_ago, two_days_ago))

    static_files.build()

    assert not old.exists()


@pytest.mark.parametrize(
    ("text", "translation", "fault"),
    [
        ("Sign in", "প্রবেশ করুন", None),
        ("Sign in", None, "not in the catalogue"),
        ("Sign in", "", "not translated"),
        ("Hello %(name)s", "স্বাগতম %(name)s", None),
        ("Hello %(name)s", "স্বাগতম", "other parameters"),
        ("%(n)s is 100%% full", "%(n)s পূর্ণ", None),
        (("%(num)s place", "%(num)s places"), ("%(num)sটি জায়গা", "%(num)sটি জায়গা"), None),
        (("%(num)s place", "%(num)s places"), ("%(num)sটি জায়গা", ""), "not translated"),
        (("%(num)s place", "%(num)s places"), ("%(num)sটি জায়গা", "জায়গা"), "other parameters"),
    ],
)
def test_the_catalogue_is_complete_only_with_every_text_and_parameter(text, translation, fault):
    wanted, found = Catalog(locale="bn"), Catalog(locale="bn")
    wanted.add(text, locations=[("templates/x.html", 1)])
    if translation is not None:
        found.add(text, translation)

    faults = list(catalogue.faults_of(wanted, found))

    assert [line.partition(":")[0] for line in faults] == ([fault] if fault else [])


def test_a_translation_nobody_asks_for_is_a_fault():
    found = Catalog(locale="bn")
    found.add("Old words", "পুরোনো কথা")

    assert next(catalogue.faults_of(Catalog(locale="bn"), found)).startswith("nobody asks for")


def test_the_secret_key_is_made_once_and_for_its_owner_only(tmp_path):
    instance = Instance(tmp_path / "instance")

    key = instance.secret_key()

    assert instance.secret_key() == key
    assert len(key) == 64
    assert stat.S_IMODE((tmp_path / "instance" / "secret_key").stat().st_mode) == 0o600


def test_two_trees_do_not_share_a_folder(tmp_path):
    first = Instance(tmp_path)

    with pytest.raises(InUse):
        Instance(first.path)


def test_a_deleted_database_is_seeded_again(tmp_path):
    instance = Instance(tmp_path)
    (tmp_path / "doctapp.db").touch()
    instance.note_seeded(instance.database_url)
    assert instance.is_seeded(instance.database_url)

    (tmp_path / "doctapp.db").unlink()

    assert not instance.is_seeded(instance.database_url)


def test_a_taken_port_is_refused_with_another_one_to_choose():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        sentence = ports.refusal("127.0.0.1", taken.getsockname()[1])

    assert "make run PORT=" in sentence


def test_an_address_that_others_can_reach_is_refused():
    with Process([sys.executable, "-m", "doctapp", "--host", "0.0.0.0"], cwd=ROOT) as process:
        assert process.wait(20) == 2
        assert "0.0.0.0 can be reached by others" in process.tail()


@pytest.fixture
def tree():
    with Process([sys.executable, "-c", TREE], cwd=ROOT) as process:
        yield process


def sessions(tree):
    return [int(pid) for pid in tree.wait_for("ready").split()[1:]]


def wait_until(fact, seconds=PATIENCE):
    deadline = time.monotonic() + seconds
    while not fact():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)


def nobody_is_left(started):
    return not any(watch.members(session) for session in started)


def test_ctrl_c_stops_everything(tree):
    started = sessions(tree)

    assert tree.stop() == 0

    assert nobody_is_left(started)


def test_a_child_that_dies_is_started_again_and_leaves_nobody_behind(tree):
    _, worker = sessions(tree)

    os.kill(worker, signal.SIGKILL)

    assert "it starts again in 1 s" in tree.wait_for("The worker ended (SIGKILL)")
    wait_until(lambda: len([pid for pid in tree.children if pid != worker]) >= 5)
    assert watch.members(worker) == []


def test_a_killed_supervisor_takes_everything_along(tree):
    started = sessions(tree)

    os.kill(tree.pid, signal.SIGKILL)

    wait_until(lambda: nobody_is_left(started))
