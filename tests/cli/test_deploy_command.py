"""``jupyter ml model deploy`` over the real process target."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from jupyter_deploy import Webservice, Workspace
from jupyter_deploy.config.names import check_service_name, default_service_name
from tests.cli.conftest import DOUBLE, Cli
from tests.helpers import register_text, write_script


@pytest.mark.parametrize(
    ("model", "name"),
    [
        ("diabetes", "diabetes-service"),
        ("diabetes:12", "diabetes-service"),
        ("Sklearn_MNIST", "sklearn-mnist-service"),
        ("out/sklearn_regression_model.pkl", "sklearn-regression-model-service"),
        ("a-name-that-is-far-longer-than-a-service", "a-name-that-is-far-longer-service"[:24].rstrip("-") + "-service"),
        ("123", "model-123-service"),
        ("x" * 255, "x" * 24 + "-service"),
    ],
)
def test_a_service_without_a_name_is_named_after_its_model(model: str, name: str) -> None:
    assert check_service_name(default_service_name(model)) == name


def test_from_files_to_a_live_service_named_after_its_model(cli: Cli, workspace: Workspace, tmp_path: Path) -> None:
    """The commands of the document, with its spellings of the options and its comma too many."""
    write_script(tmp_path, DOUBLE)
    (tmp_path / "weights.json").write_text("{}")
    (tmp_path / "ic.json").write_text('{\n "entryScript": "score.py",\n "runtime": "python",\n}\n')
    (tmp_path / "dc.yml").write_text("computeType: PROCESS\nmaxQueueWaitMs: 700\nauthEnabled: true\n")
    cli("model", "register", "-n", "My_Model", "-p", "weights.json", "-t", "meta.json")
    words = (
        "model",
        "deploy",
        "-f",
        "meta.json",
        "-ic",
        "ic.json",
        "-dc",
        "dc.yml",
        "--tag",
        "a=b",
        "--property",
        "p=q",
    )
    outcome = cli(*words, "--description", "text", "--ae", "false", "--rm", "2")
    document = outcome.document
    assert list(document) == [
        "name", "state", "error", "computeType", "scoringUri", "updatedTime", "version", "modelIds", "tags", "properties"
    ]  # fmt: skip
    assert (document["name"], document["state"], document["modelIds"]) == (
        "my-model-service",
        "Healthy",
        ["My_Model:1"],
    )
    assert (document["tags"], document["properties"], document["version"]) == ({"a": "b"}, {"p": "q"}, 1)
    progress = outcome.err.splitlines()
    assert progress[0].startswith("warning: ic.json, line 3: ")
    assert any("my-model-service is Healthy" in line for line in progress)
    assert progress[-1].endswith('operation finished, operation "Succeeded"')
    whole = cli("service", "show", "-n", "my-model-service", "-v").document
    assert whole["deploymentConfig"] == {
        "computeType": "process", "maxQueueWaitMs": 700, "authEnabled": False, "maxConcurrentRequestsPerContainer": 2
    }  # fmt: skip
    assert whole["description"] == "text"
    assert cli("service", "run", "-n", "my-model-service", "-d", '{"data": [1, 2]}').document == [2, 4]

    same = cli(*words, "--description", "text", "--ae", "false", "--rm", "2")
    assert same.document["version"] == 1  # the same content returns the service
    other = cli(*words, "--no-wait")
    assert (other.code, "--overwrite" in other.err) == (1, True)
    replaced = cli(*words, "--overwrite", "--ae", "false")
    assert (replaced.document["version"], replaced.document["scoringUri"]) == (2, document["scoringUri"])


def test_a_path_is_registered_in_passing_and_findings_are_linter_lines(cli: Cli, tmp_path: Path) -> None:
    write_script(tmp_path, DOUBLE.replace("return [", "return json.dumps([").replace('"]]', '"]])'))
    (tmp_path / "weights.json").write_text("{}")
    outcome = cli("model", "deploy", "-n", "passing", "-m", "weights.json", "--es", "score.py", "--cp", "process")
    assert outcome.document["modelIds"] == ["weights.json:1"]
    assert any(line.startswith("score.py:8: warning: ") for line in outcome.err.splitlines())


def test_without_waiting_it_returns_at_once_and_can_be_cancelled(
    cli: Cli, workspace: Workspace, tmp_path: Path
) -> None:
    write_script(tmp_path, "import time\n\ndef init():\n    time.sleep(60)\n\ndef run(data):\n    return data\n")
    register_text(workspace)
    begun = cli("model", "deploy", "-n", "slow", "-m", "tiny", "--es", "score.py", "--no-wait").document
    assert (begun["state"], begun["scoringUri"]) == ("Transitioning", None)
    busy = cli("model", "deploy", "-n", "slow", "-m", "tiny", "--es", "score.py", "--rm", "2")
    assert (busy.code, "another operation on 'slow' is under way" in busy.cause) == (1, True)
    assert cli("service", "cancel", "-n", "slow").document == {
        "name": "slow",
        "operation": "deploy",
        "state": "Cancelled",
    }
    again = cli("service", "cancel", "-n", "slow")
    assert (again.code, "its last one, 'deploy', is Cancelled" in again.cause) == (1, True)


def test_a_script_that_fails_is_shown_with_its_line(cli: Cli, workspace: Workspace, tmp_path: Path) -> None:
    write_script(tmp_path, "def init():\n    raise ValueError('no weights')\n\ndef run(data):\n    return data\n")
    register_text(workspace)
    outcome = cli("model", "deploy", "-n", "broken", "-m", "tiny", "--es", "score.py")
    assert (outcome.code, outcome.out) == (2, "")
    assert "no weights" in outcome.err
    assert 'score.py", line 2, in init' in outcome.err
    assert cli("service", "show", "-n", "broken").document["state"] == "Failed"
    assert "no weights" in cli("service", "show", "-n", "broken").document["error"]


@pytest.mark.parametrize(
    ("words", "cause"),
    [
        (["--es", "score.py"], "no model is given"),
        (["-m", "tiny"], "no entry script can be written for tiny:1: its framework is not known"),
        (["-m", "tiny", "--es", "scroe.py"], "scroe.py does not exist"),
        (["-m", "tiny:9", "--es", "score.py"], "ModelNotFound: there is no model 'tiny:9'"),
        (["-m", "tiny", "--es", "score.py", "-n", "No"], "'No' is not a valid service name"),
        (["-m", "tiny", "--es", "score.py", "-ct", "myaks"], "ComputeTargetNotFound: there is no compute 'myaks'"),
        (["-m", "tiny", "--es", "score.py", "--cp", "aks"], "the service needs a cluster, and none is named; none is attached"),
        (["-m", "tiny", "--es", "score.py", "--num-replicas", "3"], "the target 'process' has no option '--num-replicas'"),
        (["-m", "tiny", "--es", "score.py", "--conda-file", "env.yml"], "env.yml does not exist"),
        (["-f", "none.json", "--es", "score.py"], "cannot read the model metadata file"),
        (["-f", "meta.json", "--es", "score.py"], "meta.json: modelId is missing"),
        (["-m", "tiny", "--ic", "empty.py"], "it must be an object with keys"),
        (["-m", "tiny", "--es", "empty.py"], "init"),
    ],
)  # fmt: skip
def test_what_deploy_refuses_leaves_nothing_behind(
    cli: Cli, workspace: Workspace, tmp_path: Path, words: list[str], cause: str
) -> None:
    write_script(tmp_path, DOUBLE)
    write_script(tmp_path, "", "empty.py")
    (tmp_path / "meta.json").write_text(json.dumps({"model": "tiny:1"}))
    register_text(workspace)
    outcome = cli("model", "deploy", *words)
    assert outcome.code == 1
    assert cause in outcome.cause
    assert Webservice.list(workspace) == []
