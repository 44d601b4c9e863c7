from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path

import pytest

from jupyter_deploy import Webservice, Workspace
from jupyter_deploy.environments import Lock, LockedPackage
from jupyter_deploy.environments.venv import folder_of
from jupyter_deploy.errors import ServiceNotFound, UserError
from tests.environments.conftest import cache as cache
from tests.helpers import READS_ITS_MODEL, register_text, wait_until, write_script
from tests.services import NAME, begin, behind, has_begun, operation_of, serve

pytestmark = pytest.mark.usefixtures("cache")


def used_blocks(folder: Path) -> int:
    """Bytes that a folder takes on the disk, every content once; without the database, which keeps its size."""
    statuses = (path.lstat() for path in folder.rglob("*") if not path.name.startswith("records.db"))
    return sum({(status.st_dev, status.st_ino): status.st_blocks * 512 for status in statuses}.values())


def listed(workspace: Workspace) -> list[tuple[str, str]]:
    return [(item.kind, item.what) for item in workspace.prune()]


def age(path: Path) -> None:
    """Make it old enough to be nothing that is just being made."""
    long_ago = time.time() - 3600
    os.utime(path, (long_ago, long_ago))


def test_nothing_is_listed_where_everything_is_in_use(workspace: Workspace, tmp_path: Path) -> None:
    assert listed(workspace) == []
    script = write_script(tmp_path, READS_ITS_MODEL)
    service = serve(workspace, script, [register_text(workspace, "one")])
    service.update(models=[register_text(workspace, "two")])
    service.wait_for_deployment()
    assert listed(workspace) == []
    assert repr(workspace.prune()) == "nothing that could be freed"


def test_what_no_rollback_returns_to_goes_and_gives_back_what_was_listed(workspace: Workspace, tmp_path: Path) -> None:
    script = write_script(tmp_path, READS_ITS_MODEL)
    service = serve(workspace, script, [register_text(workspace, "x" * 20_000)])
    other = write_script(tmp_path, READS_ITS_MODEL.replace("init", "init", 1) + "\n# another one", "other.py")
    begin(workspace, other, ["tiny"], overwrite=True).wait_for_deployment()
    service.update(models=[register_text(workspace, "three")])
    service.wait_for_deployment()
    found = workspace.prune()
    assert [(item.kind, item.what.split(":")[0], item.is_freed) for item in found] == [
        ("bundle", f"{NAME}, version 1", False),
        ("file", found[1].what.split(":")[0], False),
    ]
    assert list(found.to_frame().columns) == ["kind", "what", "size", "freed"]
    before = used_blocks(workspace.path)
    freed = workspace.prune(dry_run=False)
    assert [(item.size, item.is_freed) for item in freed] == [(item.size, True) for item in found]
    assert before - used_blocks(workspace.path) == sum(item.size for item in freed) > 100_000
    assert listed(workspace) == []
    service.rollback()
    assert service.run("") == "x" * 20_000


def test_what_an_operation_brings_up_stays(workspace: Workspace, tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    service = begin(workspace, write_script(tmp_path, behind(gate)))
    wait_until(lambda: has_begun(operation_of(service), "start"))
    assert list(workspace.prune(dry_run=False)) == []
    gate.touch()
    service.wait_for_deployment()
    assert service.run("x") == "x"


def test_what_failed_deployments_and_deleted_services_leave_goes(workspace: Workspace, tmp_path: Path) -> None:
    service = begin(workspace, write_script(tmp_path, "def init():\n    1 / 0\n\ndef run(data):\n    return data"))
    wait_until(lambda: operation_of(service).state == "Failed")
    assert [kind for kind, _ in listed(workspace)] == ["file"]  # the bundle went with the failure
    service.delete()
    assert listed(workspace)[1:] == [("operation", f"2 of {NAME}, which is gone")]
    workspace.prune(dry_run=False)
    assert list((workspace.path / "operations").iterdir()) == []
    assert workspace.folder.operations.list() == ()
    with pytest.raises(ServiceNotFound):
        Webservice(workspace, NAME)


def test_leftovers_of_killed_processes_go_when_they_are_old(workspace: Workspace) -> None:
    workspace.folder.models.list()
    unfinished = workspace.path / "files" / ".new-killed"
    unfinished.write_bytes(bytes(10_000))
    made = [workspace.path / "operations" / "begun", workspace.path / "services" / "gone-service"]
    for folder in made:
        folder.mkdir()
        (folder / "file").write_bytes(bytes(5000))
    keys = [workspace.path / "secrets" / name for name in ("gone-service.keys", ".new-key")]
    for path in keys:
        path.touch()
    assert [what for _, what in listed(workspace)] == [".new-killed: of a registration that was killed"]
    for path in (*made, *keys):
        age(path)
    freed = workspace.prune(dry_run=False)
    assert {item.kind for item in freed} == {"leftover"}
    assert sorted(item.what.split(":")[0] for item in freed) == sorted(path.name for path in (unfinished, *made, *keys))
    assert not any(path.exists() for path in (unfinished, *made, *keys))


def test_what_a_package_left_that_was_killed_goes_at_once(workspace: Workspace) -> None:
    left = workspace.path / ".package-killed"
    (left / "bundle").mkdir(parents=True)
    assert listed(workspace) == [("leftover", ".package-killed: of a package whose making was killed")]
    workspace.prune(dry_run=False)
    assert not left.exists()


def test_files_kept_at_an_address_go_there(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path / "ws", files=str(tmp_path / "shared"))
    register_text(workspace)
    [store] = (tmp_path / "shared").iterdir()
    stray, half = store / "files" / "ab" / f"ab{'0' * 62}", store / "unfinished" / "half"
    for path, size in ((stray, 70), (half, 30)):
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(bytes(size))
    expected = [
        ("file", f"{stray}: no model and no script that is needed names it", 70),
        ("leftover", f"{half}: of a registration that was killed", 30),
    ]
    assert [(item.kind, item.what, item.size) for item in workspace.prune()] == expected
    assert [item.is_freed for item in workspace.prune(dry_run=False)] == [True, True]
    assert not stray.exists()
    assert not half.exists()
    assert workspace.folder.files.size() == 3


def environment(cache: Path, name: str, *packages: str) -> Path:
    """A folder that looks like a cached environment."""
    folder = cache / name
    (folder / "bin").mkdir(parents=True)
    pins = tuple(LockedPackage(*package.split("==")) for package in packages)
    (folder / "requirements.lock").write_text(Lock("3.11.7", "pip", pins).text())
    (folder / ".complete").touch()
    return folder


def test_environments_go_only_by_name(workspace: Workspace, cache: Path) -> None:
    idle = environment(cache, "0a1b", "six==1.16.0", "numpy==2.0.0")
    unfinished = cache / "2c3d"
    unfinished.mkdir()
    assert listed(workspace) == [
        ("environment", "0a1b (Python 3.11.7: six 1.16.0, numpy 2.0.0)"),
        ("environment", "2c3d (not finished)"),
    ]
    assert [item.is_freed for item in workspace.prune(dry_run=False)] == [False, False]
    with pytest.raises(UserError, match="there is no unused environment '0a1'") as refused:
        workspace.prune(dry_run=False, environments=["0a1"])
    assert "0a1b, 2c3d" in refused.value.remedy
    assert [item.is_freed for item in workspace.prune(dry_run=False, environments=["0a1b"])] == [True, False]
    assert (idle.exists(), unfinished.exists()) == (False, True)


def test_an_environment_that_runs_or_is_needed_is_not_listed(workspace: Workspace, cache: Path) -> None:
    running, needed = environment(cache, "0a1b", "six==1.16.0"), environment(cache, "2c3d", "six==1.17.0")
    needed = needed.rename(folder_of(Lock.parse((needed / "requirements.lock").read_text())))
    bundle = workspace.path / "services" / NAME / "bundles" / "one"
    bundle.mkdir(parents=True)
    (bundle / "requirements.lock").write_text((needed / "requirements.lock").read_text())
    program = running / "bin" / "sleep"
    program.symlink_to("/bin/sleep")
    with subprocess.Popen([program, "60"]) as process:
        assert listed(workspace) == []
        process.kill()
    assert listed(workspace) == [("environment", "0a1b (Python 3.11.7: six 1.16.0)")]
