"""How a service is configured, said in other ways, asks for the same service again."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

import pytest

from jupyter_deploy import InferenceConfig, Model, ProcessWebservice, Webservice, Workspace
from jupyter_deploy.cli.main import main
from jupyter_deploy.sdk.deploying import was_written
from jupyter_deploy.widgets.service_answers import ServiceAnswers
from tests.helpers import register_text, write_script
from tests.magics.conftest import Run, here, run, shell  # noqa: F401  (fixtures)

KEY = "a-marker-that-is-nowhere"


@pytest.fixture
def service(workspace: Workspace, here: Path) -> Webservice:  # noqa: F811
    write_script(here)
    options = ProcessWebservice.deploy_configuration(
        auth_enabled=True, primary_key=KEY, allowed_hosts=["a.example"], worker_count=2, memory_gb=0.5
    )
    config = InferenceConfig("score.py", description="an echo")
    made = Model.deploy(workspace, "noisy", [register_text(workspace)], config, options)
    made.wait_for_deployment()
    return made


def said(service: Webservice) -> dict[str, Any]:
    answers = ServiceAnswers(service, lambda: None, lambda *_args, **_facts: None)
    return answers.configuration()


def test_line_python_and_files_are_the_service_that_is_there(service: Webservice, here: Path, run: Run) -> None:  # noqa: F811
    shown = said(service)
    assert KEY not in str(shown)
    assert shown["line"].startswith("%deploy noisy --models tiny:1 --script score.py ")
    run(shown["line"])
    run(shown["python"])
    for way in ("json", "yaml"):
        for name, text in shown[way]["files"].items():
            (here / name).write_text(text)
        assert main(shlex.split(shown[way]["command"])[2:]) == 0
    assert len(service.history()) == 1
    assert "allowedHosts:\n- a.example\n" in shown["yaml"]["files"]["deploymentconfig.yml"]


def test_after_an_update_it_says_what_serves_now(service: Webservice, workspace: Workspace) -> None:
    service.update(models=[register_text(workspace, "two")], worker_count=1)
    service.wait_for_deployment()
    line = said(service)["line"]
    assert "--models tiny:2 " in line
    assert "worker-count" not in line


@pytest.mark.parametrize(
    ("script", "is_written"),
    [("jupyter-deploy-abc/score.py", True), ("score.py", False), ("/work/score.py", False)],
)
def test_a_script_that_was_written_for_a_model_is_not_said(script: str, is_written: bool) -> None:
    assert was_written(script) == is_written
