"""``jupyter ml service traffic``, ``promote`` and ``abort``, over the target that only pretends."""

from __future__ import annotations

from pathlib import Path

import pytest

from jupyter_deploy import InferenceConfig, Model, Workspace
from jupyter_deploy.targets.fake import FakeOptions
from tests.cli.conftest import Cli
from tests.helpers import register_text, write_script

NAME = "pretended"


@pytest.fixture
def deployed(workspace: Workspace, tmp_path: Path) -> str:
    config = InferenceConfig(str(write_script(tmp_path)))
    Model.deploy(workspace, NAME, [register_text(workspace)], config, FakeOptions()).wait_for_deployment()
    register_text(workspace, "two")
    return NAME


def test_versions_share_and_one_is_promoted(cli: Cli, deployed: str) -> None:
    assert cli("service", "traffic", "-n", deployed).document == {"name": NAME, "traffic": {"1": 100}, "mirror": {}}
    assert cli("service", "update", "-n", deployed, "-m", "tiny:2", "--traffic-percentile", "10").code == 0
    assert cli("service", "show", "-n", deployed).document["version"] == 1
    changed = cli("service", "traffic", "-n", deployed, "--share", "1=100", "--mirror", "2=20")
    assert changed.document == {"name": NAME, "traffic": {"1": 100}, "mirror": {"2": 20}}
    assert f"{NAME} is Healthy" in changed.err
    assert cli("service", "promote", "-n", deployed).document["traffic"] == {"2": 100}


def test_what_was_begun_is_aborted(cli: Cli, deployed: str) -> None:
    assert cli("service", "update", "-n", deployed, "-m", "tiny:2", "--tp", "10").code == 0
    assert cli("service", "abort", "-n", deployed).document["traffic"] == {"1": 100}


def test_what_is_no_share_is_refused(cli: Cli, deployed: str) -> None:
    assert "1=most is no share" in cli("service", "traffic", "-n", deployed, "--share", "1=most").cause
    assert "takes KEY=VALUE, not '10'" in cli("service", "traffic", "-n", deployed, "--share", "10").cause
    assert "there is nothing to promote" in cli("service", "promote", "-n", deployed).cause
