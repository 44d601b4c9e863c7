"""What users get: a distribution that brings both halves of the JupyterLab extension, and needs no node to install."""

from __future__ import annotations

import fcntl
import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath

import pytest
from playwright.sync_api import BrowserContext, expect

from jupyter_deploy import __version__
from tests.widgets.browser import ADDRESS
from tests.widgets.lab import SLOW, Lab

ROOT = Path(__file__).parents[2]
UV = Path(sys.executable).parent / "uv"
NAME = "jupyter-deploy-models"
METADATA = f"jupyter_deploy_models-{__version__}.dist-info"
DATA = f"jupyter_deploy_models-{__version__}.data"
BUNDLE = f"{DATA}/data/share/jupyter/labextensions/{NAME}"
HASHED = re.compile(r"\.[0-9a-f]{16}\.js$")
ADDRESSES = re.compile(r"https?://|\bresolved\b", re.IGNORECASE)
VERSIONS = """
import importlib.metadata, jupyter_deploy
print(jupyter_deploy.__version__, importlib.metadata.version("jupyter-deploy-models"))
"""
Once = Callable[[str, Callable[[Path], None]], Path]

pytestmark = pytest.mark.timeout(400)


def run(*command: object, **variables: str) -> str:
    """Run a command, in surroundings where some variables are others, and return what it says."""
    words = [str(word) for word in command]
    environment = {**os.environ, **variables}
    done = subprocess.run(words, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert done.returncode == 0, done.stdout
    return done.stdout


def names(wheel: Path) -> set[str]:
    """What a wheel holds; of scripts that are named by their content, the name without it."""
    with zipfile.ZipFile(wheel) as opened:
        return {HASHED.sub(".js", name) for name in opened.namelist()}


@pytest.fixture(scope="module")
def once(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Once:
    """Call it with a name and what fills a folder, to get that folder; of several processes that run tests one fills it."""
    own = tmp_path_factory.getbasetemp()
    shared = own if worker_id == "master" else own.parent

    def filled(name: str, fill: Callable[[Path], None]) -> Path:
        folder, whole = shared / name, shared / f"{name}.whole"
        with (shared / f"{name}.lock").open("w") as turn:
            fcntl.flock(turn, fcntl.LOCK_EX)
            if not whole.exists():
                shutil.rmtree(folder, ignore_errors=True)
                fill(folder)
                whole.touch()
        return folder

    return filled


@pytest.fixture(scope="module")
def clone(once: Once) -> Path:
    """The project as a clone would have it if everything were committed, with a wheel that was built there."""

    def fill(folder: Path) -> None:
        listed = run("git", "-C", ROOT, "ls-files", "-z", "--cached", "--others", "--exclude-standard").split("\0")
        for name in filter(None, listed):
            if (ROOT / name).is_file():
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(ROOT / name, folder / name)
        run(UV, "build", "--wheel", "--quiet", "--out-dir", folder / "dist", folder)

    return once("clone", fill)


@pytest.fixture(scope="module")
def wheel(clone: Path) -> Path:
    (built,) = (clone / "dist").glob("*.whl")
    return built


@pytest.fixture(scope="module")
def environment(wheel: Path, once: Once) -> Path:
    """A fresh environment with the wheel and Notebook, made where there is no node."""

    def fill(folder: Path) -> None:
        alone = str(folder / "bin")
        run(UV, "venv", "--quiet", "--python", sys.executable, folder)
        assert shutil.which("node", path=alone) is None
        install = [UV, "pip", "install", "--quiet", "--python", folder / "bin" / "python"]
        run(*install, "--constraint", ROOT / "requirements-dev.lock", wheel, "notebook", PATH=alone)

    return once("environment", fill)


@pytest.fixture
def server(environment: Path, tmp_path: Path) -> Iterator[Lab]:
    """Notebook 7, and JupyterLab with it, of the fresh environment."""
    made = Lab(tmp_path / "server", "notebook", environment / "bin" / "python")
    yield made
    made.stop()


def test_a_wheel_holds_the_bundle_and_what_enables_both_halves(wheel: Path) -> None:
    assert {
        f"{DATA}/data/etc/jupyter/jupyter_server_config.d/jupyter_deploy.json",
        f"{BUNDLE}/install.json",
        f"{BUNDLE}/package.json",
        f"{BUNDLE}/schemas/{NAME}/panel.json",
        f"{BUNDLE}/static/remoteEntry.js",
        f"{BUNDLE}/static/style.js",
        "jupyter_deploy/locale/de_DE/LC_MESSAGES/jupyter_deploy_models.json",
        "jupyter_deploy/server/__init__.py",
    } <= names(wheel)


def test_a_wheel_holds_neither_the_sources_of_the_bundle_nor_tests(wheel: Path) -> None:
    held = names(wheel)
    assert {PurePosixPath(name).parts[0] for name in held} == {"jupyter_deploy", DATA, METADATA}
    assert not [name for name in held if name.startswith("jupyter_deploy/labextension/")]
    assert not [name for name in held if name.endswith((".ts", ".map", ".svg", "yarn.lock", "build_log.json"))]


@pytest.mark.soak
def test_a_source_distribution_becomes_the_same_wheel_without_node(wheel: Path, clone: Path, tmp_path: Path) -> None:
    build = [UV, "build", "--quiet", "--out-dir", tmp_path]
    run(
        *build, "--sdist", clone, HATCH_JUPYTER_BUILDER_SKIP_NPM="1"
    )  # the clone has a bundle since the wheel was built
    (source,) = tmp_path.glob("*.tar.gz")
    run(*build, "--wheel", source, PATH=str(tmp_path))
    (again,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as first, zipfile.ZipFile(again) as second:
        assert {one.filename: one.CRC for one in first.infolist()} == {
            one.filename: one.CRC for one in second.infolist()
        }


def test_an_editable_install_goes_without_node_and_bundle(clone: Path, tmp_path: Path) -> None:
    run(UV, "venv", "--quiet", "--python", sys.executable, tmp_path)
    install = [UV, "pip", "install", "--quiet", "--python", tmp_path / "bin" / "python", "--no-deps"]
    run(*install, "--editable", clone, PATH=str(tmp_path / "bin"))
    enabled = tmp_path / "etc" / "jupyter" / "jupyter_server_config.d" / "jupyter_deploy.json"
    assert json.loads(enabled.read_text())["ServerApp"]["jpserver_extensions"] == {"jupyter_deploy.server": True}
    assert not (tmp_path / "share" / "jupyter" / "labextensions").exists()


def test_the_version_is_said_once(wheel: Path, environment: Path) -> None:
    said = json.loads((ROOT / "labextension" / "package.json").read_text())["version"]
    with zipfile.ZipFile(wheel) as opened:
        assert json.loads(opened.read(f"{BUNDLE}/package.json"))["version"] == said
    assert run(environment / "bin" / "python", "-c", VERSIONS).split() == [said, said] == [__version__, __version__]


def test_installing_it_enables_both_halves(environment: Path) -> None:
    jupyter = environment / "bin" / "jupyter"
    listed = run(jupyter, "labextension", "list", NO_COLOR="1", PATH=str(environment / "bin"))
    assert f"{NAME} v{__version__} enabled OK (python, {NAME})" in plain(listed)
    listed = run(jupyter, "server", "extension", "list", PATH=str(environment / "bin"))
    assert f"jupyter_deploy.server {__version__} OK" in plain(listed)


def plain(text: str) -> str:
    """A text without colours."""
    return re.sub(r"\x1b\[\d+m", "", text)


def test_notebook_and_jupyterlab_load_it(server: Lab, browser_context: BrowserContext) -> None:
    page = browser_context.new_page()
    for place in ("tree", "lab"):
        page.goto(f"{ADDRESS}/{place}", timeout=SLOW)
        expect(page.locator("#jupyter-deploy-panel")).to_be_attached(timeout=SLOW)
    assert "jupyter_deploy.server | extension was successfully loaded" in (server.folder / "server.log").read_text()


def test_what_is_committed_names_no_registry() -> None:
    for name in ("yarn.lock", ".yarnrc.yml", "package.json"):
        assert not ADDRESSES.search((ROOT / "labextension" / name).read_text()), name
