from __future__ import annotations

from pathlib import Path

import pytest

from jupyter_deploy import Workspace
from jupyter_deploy.errors import OperationFailed
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
