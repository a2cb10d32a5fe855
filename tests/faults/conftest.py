"""Products that are to be hurt, and what hurts several of them at the same time."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest

from tests.product import Tree, seeded

Start = Callable[..., Tree]
Together = Callable[..., Future[Any]]


@pytest.fixture(scope="module")
def start(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Start]:
    """Start a tree on a SQLite copy of the demo world; all of them end with the module."""
    running: list[Tree] = []

    def one(**env: str) -> Tree:
        folder = tmp_path_factory.mktemp("product")
        tree = Tree(folder, database_url=seeded("sqlite", folder), **env)
        running.append(tree)
        return tree.__enter__()

    yield one
    for tree in running:
        tree.__exit__()


@pytest.fixture(scope="module")
def together() -> Iterator[Together]:
    """Do something in the background, because the product takes its time; its result is asked for later."""
    with ThreadPoolExecutor(8) as pool:
        yield pool.submit
