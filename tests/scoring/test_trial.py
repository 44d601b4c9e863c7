"""Trying a script in a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from .fronts import make_bundle

SCRIPT = """
import os

def init():
    global factor
    print("loading")
    factor = int(os.environ["FACTOR"])

def run(text):
    return {"twice": int(text) * factor, "here": os.getcwd()}
"""


def attempt(settings: Path, body: bytes | None) -> tuple[dict[str, Any], str]:
    server, result = settings.parent / "server" / "jupyter_deploy_scoring", settings.parent / "result.json"
    command = [sys.executable, str(server), "try", "--settings", str(settings), "--result", str(result)]
    if body is not None:
        (settings.parent / "input").write_bytes(body)
        command += ["--input", str(settings.parent / "input")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    found: dict[str, Any] = json.loads(result.read_text())
    return found, done.stdout


def test_a_script_that_works(tmp_path: Path) -> None:
    found, output = attempt(make_bundle(tmp_path, SCRIPT, environmentVariables={"FACTOR": "2"}), b"21")
    assert (found["ok"], found["status"]) == (True, 200)
    assert json.loads(found["answer"]) == {"twice": 42, "here": str(tmp_path / "app")}
    assert found["init_seconds"] >= 0
    assert found["run_seconds"] >= 0
    assert output == "loading\n"


def test_without_input_only_init_runs(tmp_path: Path) -> None:
    found, _ = attempt(make_bundle(tmp_path, SCRIPT, environmentVariables={"FACTOR": "2"}), None)
    assert found["ok"]
    assert "answer" not in found


@pytest.mark.parametrize(
    ("script", "stage", "message", "line"),
    [
        (SCRIPT, "run", "run() raised ValueError: invalid literal for int()", 10),
        (SCRIPT.replace("FACTOR", "MISSING"), "init", "init() raised KeyError: 'MISSING'", 7),
        ("import nowhere_at_all\n", "import", "importing score.py raised ModuleNotFoundError", 1),
        ("def init():\n    pass\ndef run(data)\n", "import", "importing score.py raised SyntaxError", 3),
        ("def init():\n    pass\n", "signature", "score.py has no run()", None),
    ],
)
def test_a_script_that_does_not(tmp_path: Path, script: str, stage: str, message: str, line: int | None) -> None:
    found, _ = attempt(make_bundle(tmp_path, script, environmentVariables={"FACTOR": "2"}), b"x")
    assert (found["ok"], found["stage"]) == (False, stage)
    assert found["message"].startswith(message)
    frames = [(Path(frame["file"]).name, frame["line"]) for frame in found["traceback"]]
    assert frames[:1] == ([("score.py", line)] if line else [])
    assert "jupyter_deploy_scoring" not in found["traceback_text"]


def test_input_that_does_not_fit_is_answered_as_the_service_would(tmp_path: Path) -> None:
    found, _ = attempt(make_bundle(tmp_path, SCRIPT, environmentVariables={"FACTOR": "2"}), b"\xff")
    assert (found["ok"], found["status"]) == (True, 400)
    assert "not UTF-8" in found["answer"]
