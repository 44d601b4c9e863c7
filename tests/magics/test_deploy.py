"""How files and the line become one request; deploying itself is tested in notebooks."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from IPython.core.error import UsageError

from jupyter_deploy import InferenceConfig, Workspace
from jupyter_deploy.errors import ConfigError, ModelNotFound, ServiceNotFound, Untrusted
from jupyter_deploy.magics import deploy, update_service
from jupyter_deploy.magics.arguments import parse, words_of
from jupyter_deploy.magics.configuration import inference_config
from jupyter_deploy.targets.process.options import ProcessOptions
from tests.magics.conftest import Run

SVC = "svc --models m "


def given(line: str, magic: Any = deploy.MAGIC) -> Any:
    return parse(magic.typed, magic.all_arguments(), words_of(line))


@pytest.fixture
def files(here: Path) -> Path:
    (here / "src").mkdir()
    for name in ("score.py", "other.py", "src/score.py"):
        (here / name).write_text("def init(): ...\ndef run(data): return data\n")
    (here / "needs.txt").write_text("numpy\n")
    (here / "own.txt").write_text("--extra-index-url https://a.example/x\nnumpy\n")
    (here / "ic.json").write_text(json.dumps({"entryScript": "score.py", "sourceDirectory": "src"}))
    (here / "dc.json").write_text(json.dumps({"computeType": "Process", "port": 5050, "maxQueueWaitMs": 70}))
    return here


def test_options_of_file_and_line(files: Path) -> None:
    line = SVC + "--dc dc.json --mr 90 --gb 0.5 --allowed-hosts a,b --ae true"
    assert deploy.options_of(given(line), Workspace.from_config()) == ProcessOptions(
        port=5050, max_request_wait_time=90, memory_gb=0.5, allowed_hosts=("a", "b"), auth_enabled=True
    )
    change = given("svc --dc dc.json --mr 90", update_service.MAGIC)
    assert update_service.changes_of(change, "process", Workspace.from_config()) == {
        "port": 5050,
        "max_request_wait_time": 90,
    }


def test_script_and_environment_on_the_line_win_over_the_file(files: Path) -> None:
    config = inference_config(given(SVC + "--ic ic.json --env needs.txt"))
    assert config is not None
    assert config.script_path == files / "src" / "score.py"
    assert config.path_of("pip_requirements_file") == files / "needs.txt"
    (files / "ic.json").write_text(json.dumps({"entryScript": "score.py", "condaFile": "env.yml"}))
    config = inference_config(given(SVC + "--ic ic.json --script other.py --env kernel"))
    assert config is not None
    assert (config.entry_script, config.conda_file) == ("other.py", None)


def test_what_is_said_of_the_image_on_the_line_wins_over_the_file(files: Path) -> None:
    (files / "steps.txt").write_text("RUN true\n")
    (files / "ic.json").write_text(json.dumps({"entryScript": "score.py", "baseImage": "old", "runtime": "spark-py"}))
    line = "--ic ic.json --bi team/python:1 --ir example.org --base-image-credentials LOGIN --ds steps.txt --eg true"
    for magic, words in ((deploy.MAGIC, SVC), (update_service.MAGIC, "svc ")):
        assert inference_config(given(words + line, magic)) == InferenceConfig(
            "score.py", runtime="spark-py", base_image="team/python:1", extra_docker_file_steps="steps.txt", enable_gpu=True,
            base_image_registry={"address": "example.org", "credentials": "LOGIN"},
        )  # fmt: skip
        assert "--extra-docker-file-steps, --ds PATH" in magic.help()
    assert inference_config(given(SVC + "--script score.py --sd src")) == InferenceConfig(
        "score.py", source_directory="src"
    )


def test_sources_of_packages_are_trusted_on_the_line(files: Path) -> None:
    for magic, words in ((deploy.MAGIC, SVC), (update_service.MAGIC, "svc ")):
        line = words + "--script score.py --env own.txt --trust https://a.example/x --trust /own"
        config = inference_config(given(line, magic))
        assert config is not None
        assert config.trust == ("https://a.example/x", "/own")


REFUSED = [
    ("%deploy", UsageError, "%deploy: the following arguments are required: NAME|VARIABLE"),
    ("%deploy svc", UsageError, "give the models of 'svc' with --models, or the name of a variable"),
    ("%deploy svc --models m", ModelNotFound, "there is no model 'm'"),
    ("%deploy svc --models m --name other", UsageError, "--name and --sample are for a variable"),
    ("%deploy svc --models m --env needs.txt", UsageError, "--env is for a script; give --script as well"),
    ("%deploy svc --models m --bi python", UsageError, "--base-image is for a script; give --script as well"),
    ("%deploy svc --models m --script score.py --eg maybe", UsageError, "--enable-gpu is 'maybe'; it takes true or"),
    ("%deploy svc --models m --script score.py --rt java", ConfigError, "runtime is 'java'; it takes one of"),
    ("%deploy svc --models m --script score.py --trust /own", ConfigError, "trust is for the sources"),
    (
        "%%score_script score.py --env own.txt\ndef init(): pass\ndef run(d): return d",
        Untrusted,
        "--trust https://a.example/x",
    ),
    (
        "%%score_script score.py --env own.txt --trust https://a.example/y\ndef init(): pass\ndef run(d): return d",
        Untrusted,
        "/x",
    ),
    ("%deploy svc --models m --script score.py --port x", UsageError, "--port is 'x'; it takes a whole number"),
    ("%deploy svc --models m --script score.py --port 0", ConfigError, "it must be at least 1"),
    ("%deploy svc --models m --script score.py --target mars", Exception, "there is no target or compute 'mars'"),
    (
        "%deploy svc --models m --script score.py --dc dc.json --target local",
        ConfigError,
        "is for the target 'Process'",
    ),
    ("%deploy svc --models m:x1 --script score.py", Exception, "no model id"),
    ("%deploy svc --models m --script score.py", ModelNotFound, "there is no model 'm'"),
    ("%deploy Svc --models m --script score.py", Exception, "not a valid service name"),
    ("%update_service svc --models m", ServiceNotFound, "there is no service 'svc'"),
    ("%rollback_service svc", ServiceNotFound, "there is no service 'svc'"),
    ("%score svc [1]", ServiceNotFound, "there is no service 'svc'"),
    ("%service_logs svc -n many", UsageError, "-n is 'many'; it takes a whole number"),
    ("%cancel_service svc", ServiceNotFound, "there is no service 'svc'"),
    ("%delete_service svc", ServiceNotFound, "there is no service 'svc'"),
]


def test_bad_input_is_refused_by_name(files: Path, run: Run) -> None:
    for line, error, cause in REFUSED:
        with pytest.raises(error, match=cause):
            run(line)


def test_a_variable_becomes_a_service_and_its_script_is_shown(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    run("from sklearn.linear_model import Ridge\nX = [[1.0], [2.0]]\nmy_line = Ridge().fit(X, [1.0, 2.0])")
    with pytest.raises(Exception, match="'No' is not a valid service name"):
        run("%deploy my_line --name No")
    assert list(run("%models")) == []
    service = run("%deploy my_line --sample X --wait")
    assert service.name == "my-line-service"
    shown = capsys.readouterr().out
    assert "score.py, written for my_line:1; to change it, begin a cell with %%score_script score.py" in shown
    assert "SAMPLE = np.array(" in shown
    assert service.run({"data": [[1.5]]}) == pytest.approx([1.5])
    assert run("%deploy my_line --sample X").version == 1  # the same, once more
    assert [model.id for model in run("%models")] == ["my_line:1"]
    run("my_line = Ridge(alpha=0).fit(X, [2.0, 3.0])")
    with pytest.raises(Exception, match="the service 'my-line-service' exists, with other content"):
        run("%deploy my_line --sample X")
    assert run("%deploy my_line --sample X --overwrite --wait").version == 2
    run("from jupyter_deploy import Model, Workspace\nfound = Model(Workspace.from_config(), 'my_line')")
    assert run("%deploy found --name other-service --wait").run({"data": [[1.5]]}) == pytest.approx([2.5])
    assert [model.id for model in run("%models")] == ["my_line:2", "my_line:1"]
