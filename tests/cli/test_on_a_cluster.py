"""What the command line refuses of clusters; what it does there is tested beside the target."""

from __future__ import annotations

from pathlib import Path

import pytest

from jupyter_deploy import Workspace
from tests.cli.conftest import DOUBLE, Cli
from tests.helpers import register_text, write_script
from tests.recorded import record_compute


@pytest.fixture
def folder(workspace: Workspace, tmp_path: Path) -> Path:
    write_script(tmp_path, DOUBLE)
    register_text(workspace, name="doubling")
    return tmp_path


def test_only_services_of_objects_can_be_looked_at_before(on_live: Cli) -> None:
    for words in (
        ["service", "update", "-n", "doubling-service", "--rm", "2"],
        ["model", "deploy", "-m", "doubling", "--es", "score.py"],
    ):
        refused = on_live(*words, "--dry-run")
        assert refused.cause == "the target 'process' makes no objects that could be shown before"


def test_a_dry_run_registers_nothing(cli: Cli, workspace: Workspace, folder: Path) -> None:
    (folder / "model.pkl").write_text("weights")
    record_compute(workspace, "away")
    refused = cli("model", "deploy", "-m", "model.pkl", "--es", "score.py", "--ct", "away", "--dry-run")
    assert refused.cause == "'model.pkl' is no registered model, and a dry run registers nothing"
    assert [model["id"] for model in cli("model", "list").document] == ["doubling:1"]
