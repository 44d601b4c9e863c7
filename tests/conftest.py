"""Fixtures of all tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from jupyter_deploy import Model, Workspace
from tests.helpers import ECHO, register_text, take_away, write_script

pytest_plugins = [
    "tests.engines",
    "tests.clusters",
    "tests.servers",
    "tests.own_engine",
    "tests.podman_engine",
    "tests.registries",
    "tests.skips",
    "tests.widgets.browser",
    "tests.widgets.lab",
    "tests.widgets.panels",
]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put those first that run a server in this process, and those last that show all in a browser.

    Once a browser was opened, Playwright's event loop runs in this process until the end, and no other can be begun.
    """
    server, browser = (Path(__file__).parent / name for name in ("server", "labextension"))
    items.sort(key=lambda item: item.path.is_relative_to(browser) - item.path.is_relative_to(server))


@pytest.fixture(autouse=True)
def plain_surroundings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever runs the tests may have set what changes defaults."""
    for name in ("JUPYTERHUB_API_TOKEN", "JUPYTER_DEPLOY_START_TIMEOUT", "JUPYTER_DEPLOY_WORKSPACE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DOCKER_BUILDKIT", "0")  # the classic builder, but where a test takes the fixture buildx


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    """A workspace of the test's own; at the end its services are deleted, and no process of it may be left."""
    made = Workspace(tmp_path / "workspace")
    yield made
    take_away(made)


@pytest.fixture
def tiny_model(workspace: Workspace) -> Model:
    """A registered text file that holds "one"."""
    return register_text(workspace)


@pytest.fixture
def tiny_script(tmp_path: Path) -> Callable[..., Path]:
    """Call it with a script's text (and a file name) to get the path of an entry script; it echoes when called without."""

    def write(body: str = ECHO, name: str = "score.py") -> Path:
        return write_script(tmp_path, body, name)

    return write
