"""What becomes of images that nothing needs any more."""

from __future__ import annotations

from collections.abc import Collection

import pytest

from jupyter_deploy import LocalWebservice, Webservice, Workspace
from jupyter_deploy.cli.main import main
from jupyter_deploy.engine import images
from tests.helpers import ECHO
from tests.own_engine import OwnEngine
from tests.targets.docker.test_faults import local as local
from tests.targets.docker.test_local import NAME, Local


@pytest.fixture(autouse=True)
def nothing_is_young(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(images, "_YOUNG", 0.0)


@pytest.fixture(autouse=True)
def only_packages_are_there(local: Local, own_engine: OwnEngine, workspace: Workspace) -> None:
    """What all images have in common gets a name of somebody else's, so that packages are installed once."""
    local.serve().delete()
    with own_engine.client() as client:
        parts = next(image for image in client.images.list() if any("parts-" in name for name in image.tags))
        parts.tag("somebody-elses", "1")
    LocalWebservice.prune(workspace, dry_run=False)


def built(engine: OwnEngine) -> set[str]:
    """The names of the images of the service, without what they have in common."""
    with engine.client() as client:
        names = {name for image in client.images.list() for name in image.tags}
    return {name for name in names if name.startswith(f"jupyter-deploy/{NAME}:") and "parts-" not in name}


def size_of(engine: OwnEngine) -> int:
    """Bytes of all layers of an engine."""
    with engine.client() as client:
        return int(client.df()["LayersSize"])


def update(local: Local, service: Webservice, note: str) -> None:
    service.update(inference_config=local.config(f"{ECHO}\n# {note * 100_000}\n"))
    service.wait_for_deployment()


def listed(workspace: Workspace) -> Collection[str]:
    return [item.what for item in LocalWebservice.prune(workspace)]


def test_images_that_no_version_returns_to_are_listed_and_removed_with_what_that_frees(
    local: Local, own_engine: OwnEngine, workspace: Workspace
) -> None:
    service = local.serve()
    first = built(own_engine)
    update(local, service, "b")
    assert listed(workspace) == []  # a rollback returns to the first
    update(local, service, "c")
    assert {*listed(workspace)} == first
    before = size_of(own_engine)
    gone = LocalWebservice.prune(workspace, dry_run=False)
    assert [(item.what, item.is_freed) for item in gone] == [(name, True) for name in first]
    assert before - size_of(own_engine) == sum(item.size for item in gone)
    service.rollback()
    service.wait_for_deployment()
    assert service.run("[1]") == "[1]"


def test_a_service_takes_its_images_along_when_asked(
    local: Local, own_engine: OwnEngine, workspace: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    service = local.serve()
    made = built(own_engine)
    service.delete()
    assert built(own_engine) == made
    local.serve()
    assert main(["service", "delete", "-n", NAME, "--delete-image", "-w", str(workspace.path)]) == 0
    assert built(own_engine).isdisjoint(made)

    local.failure(ECHO.replace("pass", "raise ValueError"))
    assert built(own_engine)
    assert main(["service", "prune", "--yes", "-w", str(workspace.path)]) == 0
    assert "freed" in capsys.readouterr().err
    assert built(own_engine) == set()
