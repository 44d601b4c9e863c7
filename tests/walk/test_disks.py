"""Workspaces on disks that are full, that may only be read, and that know neither hard links nor shared memory."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from _pytest.mark.structures import ParameterSet

from jupyter_deploy import Model, Webservice, Workspace
from jupyter_deploy.errors import DeployError, SystemProblem
from tests.helpers import READS_ITS_MODEL, post, take_away, wait_until, write_script
from tests.services import NAME, begin, operation_of, serve
from tests.walk.accounts import Accounts
from tests.walk.disks import SmallDisk, exfat, in_memory, needs_a_disk

pytestmark = needs_a_disk
KB = 1024


def room(kilobytes: int) -> ParameterSet:
    """So much that is left; another place at which the disk is full, which is not tried each time."""
    return pytest.param(kilobytes * KB, marks=pytest.mark.soak)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[SmallDisk]:
    with in_memory(tmp_path / "disk", size="6m") as made:
        yield made


@pytest.fixture
def script(tmp_path: Path) -> Path:
    return write_script(tmp_path, READS_ITS_MODEL)


@pytest.fixture
def models(tmp_path: Path) -> dict[str, Path]:
    """A file for each of two models, by their texts."""
    for text in ("one", "two"):
        (tmp_path / text).write_text(text)
    return {text: tmp_path / text for text in ("one", "two")}


@pytest.fixture
def workspace(disk: SmallDisk) -> Iterator[Workspace]:
    made = Workspace(disk.point / "workspace")
    yield made
    take_away(made)


@pytest.fixture
def service(workspace: Workspace, script: Path, models: dict[str, Path]) -> Webservice:
    """A service that answers "one"; a model that would answer "two" is registered."""
    one, _ = (Model.register(workspace, path, text) for text, path in models.items())
    return serve(workspace, script, [one])


def refused(change: Callable[[], object]) -> DeployError:
    """What a change says that the machine is at fault for."""
    with pytest.raises(SystemProblem) as raised:
        change()
    return raised.value


def finish(change: Callable[[], Webservice]) -> None:
    change().wait_for_deployment()


def is_in_order(workspace: Workspace) -> bool:
    workspace.prune(dry_run=False)
    return Accounts(workspace).unexplained() == []


@pytest.mark.parametrize("left", [0, room(16), room(64)])
def test_registering_on_a_full_disk(disk: SmallDisk, workspace: Workspace, tmp_path: Path, left: int) -> None:
    (tmp_path / "large.bin").write_bytes(os.urandom(100_000))
    Model.list(workspace)
    disk.fill(left)
    error = refused(lambda: Model.register(workspace, tmp_path / "large.bin", "large"))
    assert error.what == f"{workspace.path / 'files'} cannot be written: No space left on device"
    assert error.remedy == "Free some space there, then run the same again."
    assert list(Model.list(workspace)) == []
    disk.empty()
    assert Model.register(workspace, tmp_path / "large.bin", "large").id == "large:1"
    assert is_in_order(workspace)


@pytest.mark.parametrize("left", [room(0), room(64), 400 * KB, room(480)])
def test_deploying_on_a_full_disk(
    disk: SmallDisk, workspace: Workspace, script: Path, models: dict[str, Path], left: int
) -> None:
    one = Model.register(workspace, models["one"], "one")
    disk.fill(left)
    error = refused(lambda: finish(lambda: begin(workspace, script, [one])))
    assert str(workspace.path) in error.what
    assert "No space left on device" in error.what or "the disk is full" in error.what
    assert "free some space" in error.remedy.lower()
    assert all(each.state == "Failed" for each in Webservice.list(workspace))
    disk.empty()
    assert serve(workspace, script, [one]).run("") == "one"
    assert is_in_order(workspace)


@pytest.mark.parametrize("left", [0, room(64), 400 * KB])
def test_updating_on_a_full_disk(disk: SmallDisk, workspace: Workspace, service: Webservice, left: int) -> None:
    def update() -> Webservice:
        service.update(models=["two"])
        return service

    disk.fill(left)
    error = refused(lambda: finish(update))
    assert str(workspace.path) in error.what
    assert "No space left on device" in error.what or "the disk is full" in error.what
    assert post(str(service.scoring_uri)).json == "one"
    assert [each.state for each in Webservice.list(workspace)] == ["Healthy"]  # what is there can be read
    disk.empty()
    finish(update)
    assert service.run("") == "two"
    assert is_in_order(workspace)


def test_a_service_that_prints_goes_on_when_its_log_has_no_room(
    disk: SmallDisk, workspace: Workspace, tmp_path: Path
) -> None:
    script = write_script(tmp_path, "def init():\n    pass\n\ndef run(data):\n    print('x' * 50_000)\n    return data")
    service = serve(workspace, script)
    disk.fill()
    for number in range(8):  # more than the pipe to the log would hold
        assert post(str(service.scoring_uri), number).status == 200
    disk.empty()
    wait_until(lambda: [post(str(service.scoring_uri)).status == 200] and "the disk was full" in service.get_logs())


def test_pruning_frees_a_full_disk(disk: SmallDisk, workspace: Workspace, service: Webservice) -> None:
    for text in ("two", "one"):
        service.update(models=[text])
        service.wait_for_deployment()
    disk.fill()
    before = disk.free
    listed = [(item.kind, item.size) for item in workspace.prune() if item.kind != "environment"]
    assert [kind for kind, _ in listed] == ["bundle"]
    assert [item.size for item in workspace.prune(dry_run=False) if item.is_freed] == [size for _, size in listed]
    assert disk.free - before == sum(size for _, size in listed)
    assert service.run("") == "one"
    disk.empty()
    service.rollback()
    assert service.run("") == "two"


def test_a_disk_that_may_only_be_read(
    disk: SmallDisk, workspace: Workspace, service: Webservice, models: dict[str, Path], script: Path
) -> None:
    before = operation_of(service).id
    with disk.only_read():
        for change in (
            lambda: Model.register(workspace, models["two"], "three"),
            lambda: begin(workspace, script, ["two"], name="other-service"),
            lambda: service.update(models=["two"]),
            service.delete,
            lambda: workspace.prune(dry_run=False),
        ):
            error = refused(change)
            assert str(workspace.path) in error.what
            assert error.what.endswith("cannot be written: Read-only file system")
            assert "Make it writable" in error.remedy
        again = Workspace(workspace.path)
        assert [(each.name, each.state, each.run("")) for each in Webservice.list(again)] == [(NAME, "Healthy", "one")]
        assert operation_of(service).id == before
    service.update(models=["two"])
    assert service.run("") == "two"
    assert is_in_order(workspace)


@pytest.mark.timeout(300)
def test_a_home_without_hard_links_and_shared_memory(tmp_path: Path, script: Path, models: dict[str, Path]) -> None:
    with exfat(tmp_path / "exfat", tmp_path / "image") as home:
        (home / "a").touch()
        with pytest.raises(PermissionError):
            (home / "b").hardlink_to(home / "a")
        workspace = Workspace(home / "workspace")
        assert workspace.folder.database.description == "SQLite, journal mode delete"
        try:
            one, two = (Model.register(workspace, path, text) for text, path in models.items())
            service = serve(workspace, script, [one])
            service.update(models=[two])
            assert service.run("") == "two"
            service.rollback()
            assert service.run("") == "one"
            assert Model.register(workspace, models["one"], "one").id == "one:2"
            assert is_in_order(workspace)
        finally:
            take_away(workspace)
