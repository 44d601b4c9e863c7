"""Deployments whose packages come from elsewhere than the package index, or from a folder of the kernel's."""

from __future__ import annotations

import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import Any

import pytest

from jupyter_deploy import InferenceConfig, Webservice, Workspace
from jupyter_deploy.errors import ConfigError, Untrusted
from tests.contract.test_secrets import holders_of
from tests.environments.conftest import Quiet
from tests.environments.conftest import cache as cache
from tests.environments.conftest import shelf as shelf
from tests.environments.conftest import site as site
from tests.environments.test_kernel import install
from tests.environments.wheels import build_wheel
from tests.helpers import write_script
from tests.services import begin, operation_of, serve

SECRET = "MARKEDSECRET"
USES_MINE = "import mine\n\ndef init():\n    pass\n\ndef run(data):\n    return mine.VERSION\n"


@pytest.mark.usefixtures("cache")
def test_a_trusted_folder_of_wheels_is_deployed_from_and_the_word_is_kept(
    workspace: Workspace, shelf: Path, tmp_path: Path
) -> None:
    own = tmp_path / "own"
    build_wheel(own, "mine", "0.3")
    (tmp_path / "needs.txt").write_text(f"--find-links {own}\nmine\n")
    script, needs = write_script(tmp_path, USES_MINE), {"pip_requirements_file": str(tmp_path / "needs.txt")}
    with pytest.raises(Untrusted, match=rf"needs\.txt takes packages from elsewhere .*: {own}"):
        begin(workspace, script, inference=needs)
    assert list(Webservice.list(workspace)) == []
    service = begin(workspace, script, inference={**needs, "trust": [str(own)]})
    recorded = service.view.versions[-1].request["environment"]
    assert recorded["trusted"] == [str(own)]


@pytest.mark.usefixtures("cache")
@pytest.mark.parametrize("kept_in", ["netrc", "UV_EXTRA_INDEX_URL"])
def test_the_password_of_an_index_is_recorded_nowhere(
    workspace: Workspace, site: tuple[Path, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kept_in: str
) -> None:
    monkeypatch.setattr(Quiet, "password", SECRET)
    address = f"{site[1]}/simple"
    given: dict[str, Any] = {"pip_requirements_file": str(tmp_path / "needs.txt")}
    if kept_in == "netrc":
        (tmp_path / "netrc").write_text(f"machine 127.0.0.1 login me password {SECRET}\n")
        monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
        (tmp_path / "needs.txt").write_text(f"--extra-index-url {address}\nmine==1.4\n")
        given["trust"] = [address]
    else:
        monkeypatch.setenv(kept_in, address.replace("//", f"//me:{SECRET}@"))
        (tmp_path / "needs.txt").write_text("mine==1.4\n")
    service = serve(workspace, write_script(tmp_path, USES_MINE), inference=given)
    assert service.run("") == "1.4"
    assert holders_of(SECRET, workspace.path) == []
    assert holders_of(SECRET, tmp_path / "cache") == []
    assert SECRET not in "".join(str(event) for event in operation_of(service).events())
    assert ("--extra-index-url" in next(workspace.path.glob("services/*/bundles/*/requirements.lock")).read_text()) == (
        kept_in == "netrc"
    )


@pytest.mark.parametrize(
    "line",
    [
        "--extra-index-url https://me:{0}@example.org/simple",
        "--index-url=https://{0}@example.org/simple",
        "mine @ https://example.org/mine-1.0-py3-none-any.whl?sig={0}",
        "git+https://me:{0}@example.org/mine.git",
    ],
)
@pytest.mark.parametrize("kind", ["pip_requirements_file", "conda_file"])
def test_a_password_in_an_address_is_refused_and_neither_shown_nor_recorded(
    workspace: Workspace, tmp_path: Path, line: str, kind: str
) -> None:
    text = line.format(SECRET)
    (tmp_path / "needs").write_text(text if kind.startswith("pip") else f"dependencies:\n- pip:\n  - {text}\n")
    (tmp_path / "needs").rename(tmp_path / (name := "needs.txt" if kind.startswith("pip") else "env.yml"))
    with pytest.raises(ConfigError) as refused:
        begin(workspace, write_script(tmp_path), inference={kind: str(tmp_path / name)})
    assert SECRET not in str(refused.value)
    assert holders_of(SECRET, workspace.path) == []


def test_trust_without_a_file_to_trust_is_refused(tmp_path: Path) -> None:
    script = str(write_script(tmp_path))
    with pytest.raises(ConfigError, match="trust is for the sources of a requirements or conda file"):
        InferenceConfig(script, trust=["https://example.org/simple"])
    with pytest.raises(ConfigError, match="it takes a list"):
        InferenceConfig(script, trust="https://example.org/simple")
    with pytest.raises(ConfigError, match="trust"):  # a file does not speak for itself
        InferenceConfig.from_json({"entryScript": script, "trust": ["x"]}, "inferenceconfig.json")


DEPLOYS = """
import sys
from jupyter_deploy import InferenceConfig, Model, Workspace
service = Model.deploy(Workspace(sys.argv[1]), "from-folder", [], InferenceConfig(sys.argv[2]))
service.wait_for_deployment()
print(service.run(""), *(event.text for event in service.operation.events()), sep="\\n")
"""


def test_a_package_that_the_kernel_has_from_a_folder_is_served_and_said(workspace: Workspace, tmp_path: Path) -> None:
    """The kernel is an interpreter of its own with an editable install, beside all that these tests have."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path / "kernel"], check=True)
    (packages,) = (tmp_path / "kernel").glob("lib/python*/site-packages")
    (packages / "tests.pth").write_text(f"import site; site.addsitedir({sysconfig.get_path('purelib')!r})\n")
    source = tmp_path / "project"
    source.mkdir()
    (source / "mine.py").write_text('VERSION = "of the folder"\n')
    (packages / "mine.pth").write_text(f"{source}\n")
    install(packages, "my-project", "0.3", url=source.as_uri())
    command = [tmp_path / "kernel" / "bin" / "python", "-c", DEPLOYS, workspace.path, write_script(tmp_path, USES_MINE)]
    told = subprocess.run(command, capture_output=True, text=True, check=True, cwd=tmp_path).stdout.splitlines()
    assert "of the folder" in told
    assert (
        "my-project was installed from a folder: only this interpreter has it, as the folder is when the service starts"
        in told
    )
    (lock,) = workspace.path.glob("services/*/bundles/*/requirements.lock")
    assert "# installed from a folder: my-project" in lock.read_text()
