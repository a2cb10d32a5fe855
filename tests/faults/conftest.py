"""Products that are to be hurt, and stories of hurt products that take minutes and are told at the same time."""

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Semaphore
from typing import Any

import pytest

from tests.product import Tree, seeded, stop_all
from tests.servers.redis import RedisServer

LONGEST_STORY = 600
AT_ONCE = 2


class Stage:
    """Starts products and what they need, from any thread; all of it ends with the run."""

    def __init__(self, folders: pytest.TempPathFactory) -> None:
        self._folders = folders
        self._gate = Semaphore(AT_ONCE)
        self._trees: list[Tree] = []
        self._redises: list[RedisServer] = []

    def tree(self, **env: str) -> Tree:
        """A tree on its own copy of the demo world, which serves."""
        with self._gate:
            folder = self._folders.mktemp("product")
            self._trees.append(Tree(folder, database_url=seeded("sqlite", folder), **env))
            return self._trees[-1].__enter__()

    def redis(self) -> RedisServer:
        """A Redis that answers."""
        self._redises.append(RedisServer())
        return self._redises[-1]

    def clear(self) -> None:
        """End everything."""
        stop_all(self._trees)
        for redis in self._redises:
            redis.__exit__()


@pytest.fixture(scope="package")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """The stage of the run."""
    stage = Stage(tmp_path_factory)
    yield stage
    stage.clear()


@pytest.fixture(scope="package", autouse=True)
def stories(request: pytest.FixtureRequest, stage: Stage) -> Iterator[dict[str, Future[Any]]]:
    """The `STORIES` of every module that is run, begun with the first test here because each takes its minutes."""
    modules = {item.module for item in request.session.items if isinstance(item, pytest.Function)}
    told = [story for module in modules for story in getattr(module, "STORIES", ())]
    with ThreadPoolExecutor(max(1, len(told))) as pool:
        yield {story.__name__: pool.submit(story, stage) for story in told}


@pytest.fixture(scope="package")
def product(stage: Stage) -> Tree:
    """A product in good health; whoever hurts it waits until it is well again."""
    return stage.tree()
