"""Services that the tests of views look at."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from jupyter_deploy import InferenceConfig, Model, ProcessWebservice, Webservice, Workspace
from tests.helpers import register_text, take_away, write_script

Deploy = Callable[..., Webservice]


@pytest.fixture(scope="module")
def echo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Webservice]:
    """A live service that echoes and needs a key, for the tests of a module that leave it as it is."""
    folder = tmp_path_factory.mktemp("echo")
    workspace = Workspace(folder / "workspace")
    target = ProcessWebservice.deploy_configuration(auth_enabled=True)
    script = InferenceConfig(str(write_script(folder)))
    service = Model.deploy(workspace, "noisy", [register_text(workspace)], script, target)
    service.wait_for_deployment()
    yield service
    take_away(workspace)


@pytest.fixture
def deploy(workspace: Workspace, tiny_model: Model, tiny_script: Callable[..., Path]) -> Deploy:
    """Call it with a name, and options, for a live service that echoes."""

    def made(name: str = "noisy", **options: object) -> Webservice:
        target = ProcessWebservice.deploy_configuration(**options)
        service = Model.deploy(workspace, name, [tiny_model], InferenceConfig(str(tiny_script())), target)
        service.wait_for_deployment()
        return service

    return made
