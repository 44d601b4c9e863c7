"""``jupyter ml service``: one service through every change."""

from __future__ import annotations

from pathlib import Path

import pytest

from jupyter_deploy import Workspace
from tests.cli.conftest import Cli
from tests.helpers import READS_ITS_MODEL, register_text, write_script
from tests.services import behind


@pytest.fixture
def deployed(cli: Cli, workspace: Workspace, tmp_path: Path) -> str:
    register_text(workspace)
    write_script(tmp_path, READS_ITS_MODEL)
    assert cli("model", "deploy", "-m", "tiny", "--es", "score.py", "--tag", "a=1", "--tag", "b=2").code == 0
    return "tiny-service"


def answer(cli: Cli) -> object:
    return cli("service", "run", "-n", "tiny-service", "-d", '{"data": [1]}').document


def test_a_service_through_its_life(cli: Cli, workspace: Workspace, tmp_path: Path, deployed: str) -> None:
    register_text(workspace, "two")
    updated = cli(
        "service",
        "update",
        "-n",
        deployed,
        "-m",
        "tiny:2",
        "--rm",
        "3",
        "--add-tag",
        "c=3",
        "--remove-tag",
        "b",
        "-d",
        "text",
    )
    assert (updated.document["version"], updated.document["modelIds"]) == (2, ["tiny:2"])
    assert updated.document["tags"] == {"a": "1", "c": "3"}
    assert "tiny-service is Healthy" in updated.err
    assert answer(cli) == "two"

    back = cli("service", "rollback", "-n", deployed)
    assert (back.document["version"], back.document["modelIds"]) == (3, ["tiny:1"])
    assert "tiny-service is Healthy" in back.err
    assert answer(cli) == "one"

    assert cli("service", "stop", "-n", deployed).document["state"] == "Stopped"
    stopped = cli("service", "run", "-n", deployed, "-d", "{}")
    assert (stopped.code, "it is Stopped" in stopped.cause) == (1, True)
    started = cli("service", "start", "-n", deployed).document
    assert (started["state"], started["scoringUri"]) == ("Healthy", updated.document["scoringUri"])
    assert cli("service", "restart", "-n", deployed).document["state"] == "Healthy"

    gate = tmp_path / "gate"
    write_script(tmp_path, behind(gate), "other.py")
    begun = cli("service", "update", "-n", deployed, "--es", "other.py", "--no-wait")
    assert begun.document["version"] == 3
    gate.touch()
    assert answer(cli) == '{"data": [1]}'  # what needs a live service waits for the operation under way
    assert cli("service", "delete", "-n", deployed).document == {"name": deployed}
    assert cli("service", "list").document == []


def test_tags_and_description_need_no_operation(cli: Cli, deployed: str) -> None:
    outcome = cli("service", "update", "-n", deployed, "--add-property", "p=1", "--description", "text")
    assert (outcome.document["version"], outcome.document["properties"]) == (1, {"p": "1"})
    assert outcome.err == ""


def test_a_failed_update_leaves_the_old_version_serving(cli: Cli, tmp_path: Path, deployed: str) -> None:
    write_script(tmp_path, "def init():\n    raise ValueError('odd')\n\ndef run(data):\n    return data\n", "bad.py")
    failed = cli("service", "update", "-n", deployed, "--es", "bad.py")
    assert (failed.code, failed.out, "ValueError: odd" in failed.err) == (2, "", True)
    assert answer(cli) == "one"
    tagged = cli("service", "update", "-n", deployed, "--add-tag", "c=3")
    assert tagged.code == 0  # the failure of an earlier operation is not this one's
    assert cli("service", "rollback", "-n", deployed).cause == f"'{deployed}' has no earlier version to return to"


@pytest.mark.parametrize(
    ("words", "cause"),
    [
        ([], "nothing to update was given"),
        (["--port", "8080"], "port cannot change on a living service; delete it and deploy it anew"),
        (["--rm", "0"], "replica_max_concurrent_requests is 0; it must be at least 1"),
        (["-m", "doubling:7"], "ModelNotFound: there is no model 'doubling:7'"),
        (["-dc", "file.json"], "jupyter ml service update has no option '-dc'"),
        (["--sd", "."], "inference configuration: entryScript is missing"),
        (["--num-replicas", "2"], "the target 'process' has no key 'num_replicas'"),
    ],
)
def test_what_update_refuses(on_live: Cli, words: list[str], cause: str) -> None:
    refused = on_live("service", "update", "-n", "doubling-service", *words)
    assert refused.code == 1
    assert cause in refused.cause
