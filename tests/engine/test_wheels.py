"""Deployments of packages that are built from a folder: as it was at the call, kept as long as a version needs it."""

from __future__ import annotations

import shutil
from pathlib import Path

import psutil
import pytest

from jupyter_deploy import CondaDependencies, Environment, InferenceConfig, Webservice, Workspace
from jupyter_deploy.environments import Lock
from jupyter_deploy.errors import EnvironmentFailed, Untrusted
from tests.engine.test_prune import listed
from tests.engine.test_sources import USES_MINE
from tests.environments.conftest import cache as cache
from tests.environments.projects import write_project
from tests.helpers import wait_for_end, wait_until, write_script
from tests.services import begin, python

WHEEL = "mine-0.3-py3-none-any.whl"


def kept(workspace: Workspace) -> list[Path]:
    return sorted(workspace.path.glob("wheels/*/*.whl"))


def test_a_folder_is_deployed_as_it_was_at_the_call(
    workspace: Workspace, cache: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    project = write_project(tmp_path / "mine")
    script = write_script(tmp_path, USES_MINE)
    (tmp_path / "needs.txt").write_text("-e ./mine\n")
    needs = {"pip_requirements_file": str(tmp_path / "needs.txt")}
    with pytest.raises(Untrusted, match=r"needs\.txt takes packages from elsewhere .*: \./mine"):
        begin(workspace, script, inference=needs)
    assert not (workspace.path / "wheels").exists()
    trusted = {**needs, "trust": ["./mine"]}
    service = begin(workspace, script, inference=trusted)
    write_project(project, "changed")
    assert "-e ./mine: built mine 0.3, installed as any other package; as the folder is now" in capsys.readouterr().out
    service.wait_for_deployment()
    assert service.run("") == "as it was"
    service.update(inference_config=InferenceConfig(str(script), **trusted))
    service.wait_for_deployment()
    assert service.run("") == "changed"
    assert len(kept(workspace)) == 2
    shutil.rmtree(project)
    shutil.rmtree(cache)
    service.rollback()
    service.wait_for_deployment()
    assert service.run("") == "as it was"
    assert [row for row in listed(workspace) if row[0] != "environment"] == []
    service.delete()
    assert [row for row in listed(workspace) if row[0] == "wheel"] == [
        ("wheel", f"{WHEEL}: no version that is needed was built with it")
    ] * 2
    workspace.prune(dry_run=False)
    assert kept(workspace) == []


@pytest.mark.usefixtures("cache")
def test_conda_files_and_environments_build_too(
    workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Sealed alone: what comes after is the same as for a requirements file."""
    from tests.engine.test_sealing import sealed

    monkeypatch.chdir(tmp_path)
    write_project(tmp_path / "envs" / "mine")
    write_script(tmp_path)
    (tmp_path / "envs" / "env.yml").write_text("dependencies:\n- pip:\n  - ./mine\n")
    by_file = sealed(workspace, conda_file="envs/env.yml", trust=["./mine"]).environment
    environment = Environment("env")
    environment.python.conda_dependencies = CondaDependencies.create(pip_packages=["./envs/mine"])
    by_object = sealed(workspace, environment=environment, trust=["./envs/mine"]).environment
    (wheel,) = kept(workspace)
    place = f"{wheel.parent.name}/{WHEEL}"
    assert (by_file.wheels, by_object.wheels) == ({"./mine": place}, {"./envs/mine": place})
    wheel.chmod(0o600)
    wheel.write_bytes(b"damaged")
    assert sealed(workspace, conda_file="envs/env.yml", trust=["./mine"]).environment.wheels == by_file.wheels
    assert wheel.read_bytes() != b"damaged"


def test_a_build_that_fails_leaves_nothing(workspace: Workspace, tmp_path: Path) -> None:
    write_project(tmp_path / "mine", before="raise RuntimeError('no compiler here')")
    (tmp_path / "needs.txt").write_text("./mine\n")
    given = {"pip_requirements_file": str(tmp_path / "needs.txt"), "trust": ["./mine"]}
    with pytest.raises(EnvironmentFailed, match=r"^\./mine does not build: RuntimeError: no compiler here"):
        begin(workspace, write_script(tmp_path), inference=given)
    assert list(Webservice.list(workspace)) == []
    assert list((workspace.path / "wheels").iterdir()) == []


KILLED = """
import sys
from jupyter_deploy import InferenceConfig, Model, Workspace
config = InferenceConfig(sys.argv[2], pip_requirements_file=sys.argv[3], trust=["./mine"])
Model.deploy(Workspace(sys.argv[1]), "never", [], config)
"""


@pytest.mark.usefixtures("cache")
def test_what_a_killed_call_was_building_is_listed_and_goes(workspace: Workspace, tmp_path: Path) -> None:
    begun = tmp_path / "begun"
    says = f"open({str(begun)!r}, 'w').write(str(os.getpid()))"
    waits = f"import time; {says}; time.sleep(60)"
    write_project(tmp_path / "mine", before=waits)
    (tmp_path / "needs.txt").write_text("./mine\n")
    with python(KILLED, workspace.path, write_script(tmp_path), tmp_path / "needs.txt") as caller:
        wait_until(lambda: begun.exists() and begun.read_text())
        builder = psutil.Process(int(begun.read_text()))
        caller.kill()
    builder.kill()  # it would end by itself, when it is done
    wait_for_end(builder)
    [what] = [what for kind, what in listed(workspace) if kind == "leftover"]
    assert what.endswith(": of a wheel whose building was killed")
    workspace.prune(dry_run=False)
    assert list((workspace.path / "wheels").iterdir()) == []


def test_a_lock_finds_its_wheels_where_the_workspace_is_now(workspace: Workspace, tmp_path: Path) -> None:
    from jupyter_deploy.engine.locking import kept_lock

    pins = (
        f"mine @ file:///before/wheels/{'ab' * 32}/{WHEEL}\nother @ https://host/wheels/x/other-1.0-py3-none-any.whl\n"
    )
    (tmp_path / "requirements.lock").write_text(f"# Python 3.11.7, source: pip\n{pins}")
    lock = kept_lock(workspace.folder, tmp_path)
    there = Lock.parse((tmp_path / "requirements.lock").read_text())
    assert lock.packages[0].address == f"{workspace.path.as_uri()}/wheels/{'ab' * 32}/{WHEEL}"
    assert lock.packages[1] == there.packages[1]
    assert lock.digest == there.digest
