import os

import pytest
from hypothesis import Phase


@pytest.fixture(autouse=True)
def dbg(monkeypatch):
    if os.environ.get("WALK_DBG"):
        import sys

        t = sys.modules.get("tests.walk.test_walk") or sys.modules.get("test_walk")
        t.CALM["phases"] = [Phase.generate]
        t.RUNS = int(os.environ["WALK_DBG"])

    yield
    if os.environ.get("WALK_DBG"):
        from tests.walk.machine import Walk

        for sub in Walk.__subclasses__():
            print("MET", sorted(sub.met.items(), key=lambda kv: -kv[1]), file=sys.__stderr__)
