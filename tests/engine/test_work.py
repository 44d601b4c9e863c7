from __future__ import annotations

import sys
from pathlib import Path

import pytest
from packaging.version import Version

from jupyter_deploy import Environment, InferenceConfig, Webservice, Workspace
from jupyter_deploy.environments.pythons import pythons_at_hand
from jupyter_deploy.environments.serving import OLDEST_PYTHON
from jupyter_deploy.errors import EnvironmentFailed, OperationFailed
from tests.environments.conftest import cache as cache  # an empty folder for environments, as their own tests have it
from tests.helpers import write_script
from tests.services import begin, operation_of, serve

SAYS_WHERE_IT_RUNS = """
import sys
import six

def init():
    pass

def run(data):
    return [six.__version__, sys.prefix]
"""


@pytest.mark.usefixtures("cache")
def test_a_requirements_file_is_served_from_a_virtual_environment_that_is_kept(
    workspace: Workspace, tmp_path: Path
) -> None:
    (tmp_path / "requirements.txt").write_text("six==1.16.0  # not the one installed here\n")
    requirements = {"pip_requirements_file": str(tmp_path / "requirements.txt")}
    service = serve(workspace, write_script(tmp_path, SAYS_WHERE_IT_RUNS), inference=requirements)
    version, prefix = service.run("")
    assert version == "1.16.0"
    assert Path(prefix).parent == tmp_path / "cache" / "jupyter-deploy" / "environments"
    (lock,) = workspace.path.glob("services/*/bundles/*/requirements.lock")
    assert "six==1.16.0" in lock.read_text()
    assert "--hash=sha256:" in lock.read_text()
    first = operation_of(service)
    assert "packages" in [event.step for event in first.events() if event.kind == "began"]
    service.restart()
    assert service.run("") == ["1.16.0", prefix]  # found again


def test_requirements_that_cannot_be_met_say_which(workspace: Workspace, tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text("six==0.0.0.1\n")
    service = begin(
        workspace, write_script(tmp_path), inference={"pip_requirements_file": str(tmp_path / "requirements.txt")}
    )
    with pytest.raises(OperationFailed, match=r"six"):
        service.wait_for_deployment()
    assert service.state == "Failed"


SAYS_ITS_PYTHON = """
import os
import sys
import six

def init():
    pass

def run(data):
    return [sys.version_info[:2], six.__version__, os.environ["FACTOR"]]
"""


@pytest.mark.usefixtures("cache")
def test_a_conda_file_is_served_with_its_python_packages_and_variables(workspace: Workspace, tmp_path: Path) -> None:
    served = [version for version in pythons_at_hand() if Version(version) >= Version(OLDEST_PYTHON)]
    chosen = next((each for each in served if not each.startswith(f"3.{sys.version_info[1]}.")), served[0])
    major, minor, _ = chosen.split(".")
    (tmp_path / "env.yml").write_text(
        f"channels: [conda-forge]\ndependencies: [python={major}.{minor}, six=1.16]\nvariables: {{FACTOR: 3}}\n"
    )
    service = serve(
        workspace, write_script(tmp_path, SAYS_ITS_PYTHON), inference={"conda_file": str(tmp_path / "env.yml")}
    )
    assert service.run("") == [[int(major), int(minor)], "1.16.0", "3"]
    said = [event.text for event in operation_of(service).events() if event.kind == "log"]
    assert "six=1.16: taken as six==1.16.*" in said
    assert "channels conda-forge: not asked; every package comes from PyPI" in said
    assert [package.asked_by for package in service.packages() if package.name == "six"] == [("env.yml",)]
    service.restart()
    assert service.run("")[0] == [int(major), int(minor)]


def test_variables_of_an_environment_are_set_and_an_update_replaces_them(workspace: Workspace, tmp_path: Path) -> None:
    script = write_script(tmp_path, SAYS_ITS_PYTHON)
    service = serve(workspace, script, inference={"environment": Environment("mine", {"FACTOR": "2"})})
    assert service.run("")[2] == "2"
    service.update(inference_config=InferenceConfig(str(script), environment=Environment("mine", {"FACTOR": "5"})))
    assert service.run("")[2] == "5"
    service.update(tags={"seen": "yes"}, max_request_wait_time=90)
    assert service.run("")[2] == "5"


def test_a_python_that_is_not_there_is_told_in_the_call_and_nothing_is_recorded(
    workspace: Workspace, tmp_path: Path
) -> None:
    (tmp_path / "env.yml").write_text("dependencies: [python=3.6.2]\n")
    with pytest.raises(EnvironmentFailed, match=r"^env.yml: python=3\.6\.2 cannot be had"):
        begin(workspace, write_script(tmp_path), inference={"conda_file": str(tmp_path / "env.yml")})
    assert list(Webservice.list(workspace)) == []
