"""Faults of an engine under deployments and services, on an engine that nobody else uses."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from jupyter_deploy import Workspace
from jupyter_deploy.errors import OperationFailed
from tests.goldens import assert_golden
from tests.helpers import ECHO, wait_until
from tests.own_engine import OwnEngine
from tests.targets.docker.test_local import Local


@pytest.fixture
def local(own_engine: OwnEngine, workspace: Workspace, tmp_path: Path) -> Local:
    return Local(workspace, tmp_path)


def test_a_service_is_back_at_its_address_after_a_restart_of_the_engine(local: Local, own_engine: OwnEngine) -> None:
    service = local.serve()
    uri = service.scoring_uri
    own_engine.stop()
    assert (service.state, service.error) == ("Unknown", f"no Docker Engine answers at {own_engine.address}")
    own_engine.start()
    wait_until(lambda: service.state == "Healthy")
    assert service.scoring_uri == uri
    assert service.run("[1]") == "[1]"
    service.update(inference_config=local.config(ECHO + "\n# changed\n"))
    service.wait_for_deployment()
    assert (service.state, service.version, service.scoring_uri) == ("Healthy", 2, uri)


def test_an_engine_that_dies_in_a_build_is_named_and_the_next_deployment_succeeds(
    local: Local, own_engine: OwnEngine
) -> None:
    local.take_long_to_build()
    service = local.begin()
    operation = service.operation
    assert operation is not None
    wait_until(lambda: any(event.text == "halfway" for event in operation.events()))
    own_engine.kill()
    try:
        with pytest.raises(OperationFailed) as raised:
            service.wait_for_deployment()
    finally:
        own_engine.start()
    assert_golden("errors/docker/engine_dies_in_a_build.txt", str(raised.value), {own_engine.address: "ADDRESS"})
    local.steps = None
    assert local.serve().run("[1]") == "[1]"


def test_a_full_disk_of_the_engine_is_said_first(local: Local, own_engine: OwnEngine) -> None:
    script = ECHO + f"\n# {'x' * (1 << 20)}\n"
    with own_engine.full(spare=1 << 19):
        error = local.failure(script)
    said = re.sub(r"write /\S+:", "write FILE:", str(error))  # which one depends on what the engine has already
    assert_golden("errors/docker/disk_full.txt", said)
    assert local.serve(script).run("[1]") == "[1]"
