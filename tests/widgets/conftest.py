"""Services that the tests of views look at."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from jupyter_deploy import InferenceConfig, Model, ProcessWebservice, Webservice, Workspace

Deploy = Callable[..., Webservice]


@pytest.fixture
def deploy(workspace: Workspace, tiny_model: Model, tiny_script: Callable[..., Path]) -> Deploy:
    """Call it with a name, and options, for a live service that echoes."""

    def made(name: str = "noisy", **options: object) -> Webservice:
        target = ProcessWebservice.deploy_configuration(**options)
        service = Model.deploy(workspace, name, [tiny_model], InferenceConfig(str(tiny_script())), target)
        service.wait_for_deployment()
        return service

    return made
