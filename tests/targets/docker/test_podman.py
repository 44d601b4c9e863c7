"""A service over Podman's socket; the whole contract runs over it in ``make soak``."""

from __future__ import annotations

import docker
import pytest

from jupyter_deploy import LocalWebservice, Workspace
from jupyter_deploy.engine import images
from jupyter_deploy.errors import OperationFailed
from tests.contract.rigs import PodmanRig


@pytest.mark.soak
@pytest.mark.timeout(600)
@pytest.mark.usefixtures("podman")
def test_a_service_lives_over_podmans_socket(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(images, "_YOUNG", 0.0)
    rig = PodmanRig(workspace)
    service = rig.deployed("life", auth_enabled=True)
    assert (service.state, rig.answer(service)) == ("Healthy", "one")
    assert "loading the model" in service.get_logs()
    assert service.operation is not None
    steps = [event.text for event in service.operation.events() if "part" in event.facts]
    assert any(step.startswith("RUN python3 -m pip ") for step in steps)
    said = [event.text for event in service.operation.events() if event.kind == "log" and event.step == "image"]
    assert not [line for line in said if line.startswith(("STEP", "-->", "COMMIT"))]

    rig.update(service, "two")
    service.wait_for_deployment()
    assert (rig.answer(service), service.version) == ("two", 2)

    rig.update(service, "three", fail="no such column")
    with pytest.raises(OperationFailed, match="no such column"):
        service.wait_for_deployment()
    assert (service.state, rig.answer(service), service.version) == ("Healthy", "two", 2)
    of_it = [item for item in LocalWebservice.prune(workspace) if item.what.startswith("jupyter-deploy/life:")]
    assert len(of_it) == 2  # the image of the version that failed, and what it was built on

    service.rollback()
    service.wait_for_deployment()
    assert rig.answer(service) == "one"

    service.delete()
    assert rig.running() == set()
    assert len(built()) == 6
    gone = LocalWebservice.prune(workspace, dry_run=False)
    assert all(item.is_freed for item in gone)
    assert built() == set()


def built() -> set[str]:
    """The names of the images of the service."""
    engine = docker.from_env()
    try:
        names = {name for image in engine.images.list() for name in image.tags}
    finally:
        engine.close()
    return {name for name in names if name.startswith("docker.io/jupyter-deploy/life:")}
