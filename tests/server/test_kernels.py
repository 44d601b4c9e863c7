from __future__ import annotations

import json
import sys
import sysconfig
import venv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.provisioning import KernelProvisionerFactory
from tornado.httpclient import HTTPClientError

from jupyter_deploy import Webservice, Workspace
from jupyter_deploy.errors import UserError
from jupyter_deploy.server import kernels
from jupyter_deploy.server.documents import Kernel
from jupyter_deploy.server.kernels import Kernels
from tests.helpers import register_text, write_script
from tests.server.conftest import Fetch
from tests.server.talking import Browser
from tests.services import ROOT

Install = Callable[..., None]

NEEDS = """
import only_there

def init():
    pass

def run(data):
    return only_there.VERSION
"""
LAUNCH = ["-m", "ipykernel_launcher", "-f", "{connection_file}"]


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An interpreter with jupyter_deploy, and with a package that only it has."""
    python = make_interpreter(tmp_path_factory.mktemp("other"))
    site = next(python.parents[1].glob("lib/python*/site-packages"))
    (site / "shared.pth").write_text(f"{ROOT}\n{sysconfig.get_path('purelib')}\n")
    (site / "only_there.py").write_text("VERSION = '9.9'\n")
    (site / "only_there-9.9.dist-info").mkdir()
    (site / "only_there-9.9.dist-info" / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: only-there\nVersion: 9.9\n"
    )
    (site / "only_there-9.9.dist-info" / "RECORD").write_text("only_there.py,,\nonly_there-9.9.dist-info/METADATA,,\n")
    return python


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An interpreter that has nothing."""
    return make_interpreter(tmp_path_factory.mktemp("bare"))


def make_interpreter(folder: Path) -> Path:
    venv.create(folder, symlinks=True)
    return folder / "bin" / "python"


@pytest.fixture
def install(jp_environ: None, jp_data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    """Call it to install a kernel."""
    monkeypatch.delenv("PYTHONPATH")  # which jp_environ sets, so that every interpreter would have everything

    def write(name: str, argv: list[str], title: str = "", language: str = "python", **more: Any) -> None:
        folder = jp_data_dir / "kernels" / name
        folder.mkdir(parents=True)
        spec = {"argv": argv, "display_name": title or name, "language": language, **more}
        (folder / "kernel.json").write_text(json.dumps(spec))

    return write


async def test_every_kernel_of_python_is_listed_with_what_it_lacks(
    install: Install, other: Path, bare: Path, jp_fetch: Fetch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(KernelProvisionerFactory, "is_provisioner_available", lambda *_: True)
    install("other", [str(other), *LAUNCH], "Other <b>")
    install("wrapped", ["env", "A=1", str(other), "-X", "utf8", *LAUNCH])
    install("bare", [str(bare), *LAUNCH])
    install("gone", ["/nowhere/bin/python", *LAUNCH])
    install("silent", ["/bin/true", *LAUNCH])
    install("compiled", ["/usr/bin/xpython", "-f", "{connection_file}"])
    install("far", [str(other), *LAUNCH], metadata={"kernel_provisioner": {"provisioner_name": "ssh-provisioner"}})
    install("r", ["R", "-f", "{connection_file}"], language="R")
    rows: list[Kernel] = json.loads((await jp_fetch("jupyter-deploy", "kernels")).body)
    found = {row["name"]: row for row in rows}
    assert rows[0]["name"] == "python3"
    assert (rows[0]["isDefault"], rows[0]["interpreter"], rows[0]["problem"]) == (True, sys.executable, "")
    assert found.keys() == {"python3", "other", "wrapped", "bare", "gone", "silent", "compiled", "far"}
    assert (found["other"]["title"], found["other"]["interpreter"]) == ("Other <b>", str(other))
    assert found["other"]["version"] == found["wrapped"]["version"] == rows[0]["version"] != ""
    assert found["wrapped"]["interpreter"] == str(other)
    assert found["bare"]["problem"] == "jupyter_deploy is not installed there"
    assert found["bare"]["remedy"] == f"install it there: {bare} -m pip install jupyter-deploy-models"
    assert "/nowhere/bin/python cannot be started" in found["gone"]["problem"]
    assert "does not start" in found["silent"]["problem"]
    assert "does not say which Python" in found["compiled"]["problem"]
    assert "does not run on the Jupyter server's machine" in found["far"]["problem"]


async def test_kernels_of_a_gateway_are_not_here_but_the_servers_own_python_is(jp_environ: None) -> None:
    known = Kernels(KernelSpecManager(), "python3", are_remote=True)
    *remote, own = await known.rows()
    assert remote
    assert all("does not run on the Jupyter server's machine" in row["problem"] for row in remote)
    assert (own["name"], own["interpreter"], own["problem"]) == (kernels.OWN, sys.executable, "")
    with pytest.raises(UserError, match="cannot answer for views"):
        await known.interpreter("")
    with pytest.raises(UserError, match="no kernel of Python named 'nobody'"):
        await known.interpreter("nobody")


async def test_an_interpreter_that_hangs_is_given_up(
    install: Install, jp_fetch: Fetch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kernels, "PATIENCE", 0.2)
    install("hangs", ["sh", "-c", "sleep 60", *LAUNCH])
    rows: list[Kernel] = json.loads((await jp_fetch("jupyter-deploy", "kernels")).body)
    assert "does not answer within" in next(row["problem"] for row in rows if row["name"] == "hangs")


async def test_who_has_no_token_hears_nothing_of_kernels(jp_fetch: Fetch) -> None:
    with pytest.raises(HTTPClientError) as refused:
        await jp_fetch("jupyter-deploy", "kernels", headers={"Authorization": ""}, follow_redirects=False)
    assert refused.value.code in (302, 403)


async def test_a_kernel_without_the_package_says_what_to_install(
    install: Install, bare: Path, browser: Browser
) -> None:
    install("bare", [str(bare), *LAUNCH])
    async with browser.shows("register", kernel="bare") as view:
        refused = (await view.next())["refused"]
        assert refused["what"] == "jupyter_deploy is not installed for this kernel"
        assert refused["remedy"] == f"install it there: {bare} -m pip install jupyter-deploy-models"


async def test_a_deployment_locks_the_packages_of_the_kernel_that_was_chosen(
    install: Install,
    other: Path,
    browser: Browser,
    workspace: Workspace,
    jp_root_dir: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("JUPYTER_DEPLOY_WORKSPACE", str(workspace.path))
    install("other", [str(other), *LAUNCH], env={"OF_THE_KERNEL": "${HOME}/there"})
    register_text(workspace)
    write_script(jp_root_dir / "work", NEEDS)
    async with browser.shows("deploy", kernel="other", folder="work", script="score.py") as view:
        values = (await view.next())["values"]
        assert (values["script"], values["models"], values["name"]) == ("score.py", ["tiny"], "tiny-service")
        assert (await view.ask("offers"))["scripts"] == ["score.py"]
        assert (await view.ask("check", values=values))["problems"] == []
        begun = await view.ask("deploy", values=values)
        told = await view.told("deployed")
        assert told["service"] == begun["service"] == "tiny-service"
        assert told["line"] == "%deploy tiny-service --models tiny --script score.py"
    service = Webservice(workspace, "tiny-service")
    service.wait_for_deployment()
    assert service.run("1") == "9.9"
    assert {package.name: package.version for package in service.packages()}["only-there"] == "9.9"
