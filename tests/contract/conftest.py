from __future__ import annotations

from collections.abc import Iterator

import pytest

from jupyter_deploy import Webservice, Workspace
from tests.contract.rigs import RIGS, Rig
from tests.helpers import take_away


@pytest.fixture(params=RIGS, ids=lambda kind: kind.target, scope="session")
def kind(request: pytest.FixtureRequest) -> type[Rig]:
    """Each target in turn."""
    found: type[Rig] = request.param
    return found


@pytest.fixture
def rig(kind: type[Rig], workspace: Workspace, request: pytest.FixtureRequest) -> Rig:
    """A target with an empty workspace."""
    _provide(kind, request)
    return kind(workspace)


@pytest.fixture(scope="session")
def shared(kind: type[Rig], tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[Rig]:
    """A target with a workspace in which the service "shared" serves, for all tests that leave it serving "one"."""
    _provide(kind, request)
    workspace = Workspace(tmp_path_factory.mktemp("shared") / "workspace")
    rig = kind(workspace)
    rig.deployed("shared", auth_enabled=True)
    yield rig
    take_away(workspace)


@pytest.fixture
def served(shared: Rig) -> Webservice:
    """The shared service; what an earlier test left stopped is started, so that one failure stays one."""
    service = Webservice(shared.workspace, "shared")
    service.start()
    return service


def _provide(kind: type[Rig], request: pytest.FixtureRequest) -> None:
    """Start the engine that a target needs."""
    if kind.target == "local":
        request.getfixturevalue("docker_engine")
