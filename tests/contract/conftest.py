from __future__ import annotations

from collections.abc import Iterator

import pytest

from jupyter_deploy import Webservice, Workspace
from tests.contract.rigs import RIGS, PodmanRig, Rig
from tests.helpers import take_away

KINDS = (*RIGS, pytest.param(PodmanRig, id="podman", marks=pytest.mark.soak))


@pytest.fixture(params=KINDS, ids=lambda kind: kind.target, scope="package")
def kind(request: pytest.FixtureRequest) -> type[Rig]:
    """Each target in turn."""
    found: type[Rig] = request.param
    return found


@pytest.fixture(scope="package")
def engine_of_kind(kind: type[Rig], request: pytest.FixtureRequest) -> Iterator[None]:
    """The engine that a target needs, running and as the one that is used."""
    address: str | None = request.getfixturevalue(kind.engine) if kind.engine else None
    with pytest.MonkeyPatch.context() as patch:
        if address:
            patch.setenv("DOCKER_HOST", address)
        yield


@pytest.fixture
def rig(kind: type[Rig], engine_of_kind: None, workspace: Workspace) -> Iterator[Rig]:
    """A target with an empty workspace."""
    made = kind(workspace)
    yield made
    made.clear()


@pytest.fixture(scope="package")
def shared(kind: type[Rig], engine_of_kind: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    """A target with a workspace in which the service "shared" serves, for all tests that leave it serving "one"."""
    workspace = Workspace(tmp_path_factory.mktemp("shared") / "workspace")
    rig = kind(workspace)
    rig.deployed("shared", auth_enabled=True)
    yield rig
    rig.clear()
    take_away(workspace)


@pytest.fixture
def served(shared: Rig) -> Webservice:
    """The shared service; what an earlier test left stopped is started, so that one failure stays one."""
    service = Webservice(shared.workspace, "shared")
    service.start()
    return service
