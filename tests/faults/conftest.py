"""Products that are to be hurt, and what hurts several of them at the same time."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest

from tests.product import Tree, seeded, seeded_sqlite, stop_all

Start = Callable[..., Tree]
Together = Callable[..., Future[Any]]


@pytest.fixture(scope="module")
def start(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Start]:
    """Start a tree on a SQLite copy of the demo world, from any thread; all of them end with the module."""
    seeded_sqlite()
    running: list[Tree] = []

    def one(**env: str) -> Tree:
        running.append(new(tmp_path_factory, **env))
        return running[-1].__enter__()

    yield one
    stop_all(running)


@pytest.fixture(scope="session")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tree]:
    """A product in good health; whoever hurts it waits until it is well again."""
    with new(tmp_path_factory) as tree:
        yield tree


@pytest.fixture(scope="module")
def together() -> Iterator[Together]:
    """Do something in the background, because the product takes its time; its result is asked for later."""
    with ThreadPoolExecutor(8) as pool:
        yield pool.submit


def new(tmp_path_factory: pytest.TempPathFactory, **env: str) -> Tree:
    """A tree on its own copy of the demo world, not started yet."""
    folder = tmp_path_factory.mktemp("product")
    return Tree(folder, database_url=seeded("sqlite", folder), **env)
