"""Fixtures of the command line's tests: commands run in this process, or as processes of their own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from jupyter_deploy import Workspace
from jupyter_deploy.cli.main import main
from tests.helpers import register_text, take_away, write_script

DOUBLE = """
import json

def init():
    print("ready to double")

def run(data):
    return [2 * value for value in json.loads(data)["data"]]
"""
PROGRAM = [sys.executable, "-c", "import sys; from jupyter_deploy.cli.main import main; sys.exit(main())"]


@dataclass(frozen=True)
class Outcome:
    """What a command left behind."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """The result of a command that has to have succeeded."""
        assert self.code == 0, self.err
        return json.loads(self.out)

    @property
    def cause(self) -> str:
        """The first line of the error of a command that has to have failed, with nothing on standard output."""
        assert self.code != 0
        assert self.out == ""
        return self.err.splitlines()[0]


Cli = Callable[..., Outcome]


Capture = pytest.CaptureFixture[str]


@pytest.fixture
def cli(workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> Cli:
    """Run a command in this process, in a folder and a workspace of the test's own."""
    return _in_process(tmp_path, monkeypatch, capsys)


@pytest.fixture
def on_live(live: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> Cli:
    """Run a command in this process, in the folder of the shared service."""
    return _in_process(live, monkeypatch, capsys)


def _in_process(folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> Cli:
    monkeypatch.chdir(folder)
    monkeypatch.setenv("JUPYTER_DEPLOY_WORKSPACE", str(folder / "workspace"))

    def run(*words: str) -> Outcome:
        capsys.readouterr()
        code = main(words)
        return Outcome(code, *capsys.readouterr())

    return run


def start(folder: Path, *words: str) -> subprocess.Popen[str]:
    """Start a command as a process of its own, with the workspace ``workspace`` of a folder."""
    environment = {**os.environ, "JUPYTER_DEPLOY_WORKSPACE": str(folder / "workspace")}
    return subprocess.Popen(
        [*PROGRAM, *words], cwd=folder, env=environment, text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip


def finish(process: subprocess.Popen[str], stdin: str = "") -> Outcome:
    """Wait for the end of a command that was started."""
    with process:
        out, err = process.communicate(stdin)
    return Outcome(process.returncode, out, err)


@pytest.fixture(scope="session")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder whose workspace has the service ``doubling-service``, with keys; for tests that leave it as it is."""
    folder = tmp_path_factory.mktemp("live")
    workspace = Workspace(folder / "workspace")
    register_text(workspace, name="doubling")
    write_script(folder, DOUBLE)
    words = ("model", "deploy", "-m", "doubling", "--es", "score.py", "--ae", "--kp", "first", "--tag", "a=b")
    deployed = finish(start(folder, *words))
    assert deployed.code == 0, deployed.err
    yield folder
    take_away(workspace)
