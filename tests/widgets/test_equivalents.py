"""The line, the Python and the files that a form shows are executed, and ask for the same as the form does."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from IPython.core.interactiveshell import InteractiveShell

from jupyter_deploy import Model, Workspace
from jupyter_deploy.cli.main import main
from jupyter_deploy.engine import requesting
from jupyter_deploy.engine.requests import DeployRequest
from jupyter_deploy.errors import DeployError, UserError
from jupyter_deploy.magics.arguments import words_of
from jupyter_deploy.widgets.deploy_answers import DeployAnswers
from jupyter_deploy.widgets.draft import Texts
from jupyter_deploy.widgets.lines import word
from tests.helpers import ECHO, register_text, write_script
from tests.magics.conftest import Run, here, run, shell  # noqa: F401  (fixtures)
from tests.recorded import record_compute

SECRET = "a-marker-that-is-nowhere"
ODD = 'it\'s a "b" $HOME {x} $$y \\n'


class Sealed(DeployError):
    """The request is made; nothing more is wanted."""


@pytest.fixture
def requests(monkeypatch: pytest.MonkeyPatch) -> list[tuple[DeployRequest, Any]]:
    """The requests that were made, with the options that they were made of; nothing is deployed."""
    made: list[tuple[DeployRequest, Any]] = []
    seal = requesting.seal

    def stop(*given: Any) -> Any:
        made.append((seal(*given)[0], given[5]))
        raise Sealed("sealed")

    monkeypatch.setattr(requesting, "seal", stop)
    return made


@pytest.fixture
def files(here: Path, workspace: Workspace, tiny_model: Model) -> Path:  # noqa: F811
    register_text(workspace, "two")
    register_text(workspace, name="other")
    write_script(here, ECHO)
    write_script(here / ODD, ECHO)
    (here / "needs.txt").write_text("--extra-index-url https://a.example/x\nnumpy\n")
    (here / "plain.txt").write_text("numpy\n")
    record_compute(workspace, "lab")
    (here / "env.yml").write_text("dependencies:\n- pip:\n  - numpy\n")
    return here


def ask(workspace: Workspace, variables: dict[str, Any], path: str = "") -> DeployAnswers:
    return DeployAnswers(
        workspace, path, lambda: variables, lambda _values: None, lambda _service: None, lambda *_args, **_facts: None
    )


FORMS: dict[str, dict[str, Any]] = {
    "plain": {"name": "svc", "models": ["tiny"], "script": "score.py"},
    "every kind of option": {
        "name": "svc", "models": ["tiny:1", "other"], "script": "score.py", "env": "kernel", "overwrite": True,
        "options": {
            "port": "5050", "memory_gb": "0.5", "allowed_hosts": "a.example,b.example", "auth_enabled": "true",
            "worker_preload": "true", "nan_as": "error", "max_body_mb": "100", "collect_model_data": "true", "collect_url": ODD,
        },
    },
    "packages from elsewhere": {
        "name": "svc", "models": ["tiny"], "script": f"{ODD}/score.py", "env": "needs.txt", "trust": "https://a.example/x",
    },
    "a conda file": {"name": "svc", "models": ["tiny"], "script": "score.py", "env": "env.yml"},
    "another target": {
        "name": "svc", "models": ["tiny"], "script": "score.py", "target": "local", "options": {"restart_policy": "no"},
    },
    "a cluster": {
        "name": "svc", "models": ["tiny"], "script": "score.py", "target": "lab", "options": {"num_replicas": "2", "cpu_cores": "0.5"},
    },
    "a source directory": {
        "name": "svc", "models": ["tiny"], "script": "score.py", "env": "plain.txt", "settings": {"source_directory": ODD},
    },
    "an image": {
        "name": "svc", "models": ["tiny"], "script": "score.py", "target": "local",
        "settings": {
            "base_image": "team/python:3.11", "base_image_registry": "r.example.com", "base_image_credentials": "LOGIN",
            "enable_gpu": "true", "runtime": "python",
        },
    },
    "a secret": {
        "name": "svc", "models": ["tiny"], "script": f"{ODD}/score.py",
        "options": {"primary_key": "KEY", "auth_enabled": "true"},
    },
}  # fmt: skip


_USUAL = ("plain", "every kind of option", "packages from elsewhere", "a cluster")
_RARE = [
    pytest.param(values, id=name, marks=pytest.mark.soak) for name, values in list(FORMS.items()) if name not in _USUAL
]


@pytest.mark.parametrize(
    "values", [*(pytest.param(values, id=name) for name, values in FORMS.items() if name in _USUAL), *_RARE]
)
def test_line_python_and_files_make_the_request_of_the_form(
    values: dict[str, Any], files: Path, run: Run, shell: InteractiveShell, workspace: Workspace, requests: list[Any],  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    shell.user_ns.update(KEY=SECRET, x="wrong", HOME="wrong", y="wrong")
    monkeypatch.setenv("LOGIN", f"ada:{SECRET}")
    answers = ask(workspace, {"KEY": SECRET})
    shown = answers.check(values)["equivalents"]
    assert SECRET not in str(shown)
    with pytest.raises(Sealed):
        answers.deploy(values)
    for text in (shown["line"], shown["python"]):
        with pytest.raises(Sealed):
            run(text)
    for name, text in shown["json"]["files"].items():
        (files / name).write_text(text)
    (files / "primary_key").write_text(SECRET)
    command = shlex.split(shown["json"]["command"])
    assert command[:2] == ["jupyter", "ml"]
    assert main(command[2:]) != 0
    form, *others = requests
    assert len(others) == 3
    assert form[0].models
    assert [other == form for other in others] == [True, True, True]


def test_a_written_script_is_the_same_script_each_time(
    files: Path, run: Run, workspace: Workspace, requests: list[Any], ridge: Callable[[], None]  # noqa: F811
) -> None:  # fmt: skip
    ridge()
    values = {"name": "svc", "models": ["ridge"]}
    answers = ask(workspace, {})
    shown = answers.check(values)["equivalents"]
    assert shown["line"] == "%deploy svc --models ridge"
    assert list(shown["json"]["files"]) == ["deploymentconfig.json"]
    for text in (shown["line"], shown["python"]):
        with pytest.raises(Sealed):
            run(text)
    (files / "deploymentconfig.json").write_text(shown["json"]["files"]["deploymentconfig.json"])
    main(shlex.split(shown["json"]["command"])[2:])
    assert len({request.digest for request, _ in requests}) == 1
    assert len(requests) == 3


@pytest.fixture
def ridge(run: Run) -> Callable[[], None]:  # noqa: F811
    return lambda: run(
        "from sklearn.linear_model import Ridge\n"
        "from jupyter_deploy import Model, Workspace\n"
        "Model.register(Workspace.from_config(), model=Ridge().fit([[1.0], [2.0]], [1.0, 2.0]), model_name='ridge')"
    )


def test_another_workspace_than_the_nearest_is_said(
    files: Path, run: Run, workspace: Workspace, requests: list[Any], monkeypatch: pytest.MonkeyPatch  # noqa: F811
) -> None:  # fmt: skip
    shown = ask(workspace, {}, str(workspace.path)).check(FORMS["plain"])["equivalents"]
    monkeypatch.setenv("JUPYTER_DEPLOY_WORKSPACE", str(files / "elsewhere"))
    with pytest.raises(Sealed):
        run(shown["python"])
    for name, text in shown["json"]["files"].items():
        (files / name).write_text(text)
    main(shlex.split(shown["json"]["command"])[2:])
    with pytest.raises(Sealed):
        run(shown["line"])
    assert len(requests) == 3
    assert requests[1] == requests[2] == requests[0]


def test_defaults_are_left_out(files: Path, workspace: Workspace) -> None:
    values = {**FORMS["plain"], "options": {"worker_count": "1", "host": "127.0.0.1", "memory_gb": "2"}}
    shown = ask(workspace, {}).check(values)["equivalents"]
    assert shown["line"] == "%deploy svc --models tiny --script score.py --memory-gb 2"
    assert "worker_count" not in shown["python"]
    assert "workerCount" not in shown["json"]["files"]["deploymentconfig.json"]


def test_everything_that_can_be_known_is_told_at_its_field(files: Path, workspace: Workspace) -> None:
    def told(**values: Any) -> dict[str, str]:
        problems = ask(workspace, {}).check({**FORMS["plain"], **values})["problems"]
        return {problem["fields"][0]: problem["text"] for problem in problems}

    assert told() == {}
    assert "deploy with --trust https://a.example/x" in told(env="needs.txt")["trust"]
    (files / "bad.txt").write_bytes(b"\xff")
    assert "bad.txt cannot be read" in told(env="bad.txt")["env"]
    assert "File name too long" in told(script="a" * 9000)["script"]
    assert told(settings={"base_image": "x"}) == {
        "base_image": "base_image has no meaning on the target 'process'; it needs a target that builds images ('local')"
    }
    image = {
        "target": "local",
        "settings": {"base_image_credentials": SECRET, "base_image_registry": "r", "base_image": "x"},
    }
    assert "this is none" in told(**image)["base_image_credentials"]
    assert SECRET not in str(told(**image))
    assert Texts.of({**FORMS["plain"], **image}, workspace.folder).values({})["settings"] == {
        "base_image_registry": "r",
        "base_image": "x",
    }
    assert "cuda_version" in told(target="local", settings={"cuda_version": "12.6"})
    assert set(told(script="", settings={"base_image": "x"})) == {"base_image", "script"}


def test_what_is_in_the_way_of_a_deployment_stops_it(files: Path, workspace: Workspace, requests: list[Any]) -> None:
    values = {**FORMS["plain"], "name": "No", "options": {"port": "0"}}
    answers = ask(workspace, {})
    assert answers.check(values)["equivalents"] is None
    with pytest.raises(UserError, match="2 problems"):
        answers.deploy(values)
    assert not requests


@pytest.mark.parametrize("text", [ODD, "-x", "", "é", "a;b", "[1]", "$", "{}", "a=b", "#c", "100%"])
def test_a_word_of_a_line_is_read_back(text: str, shell: InteractiveShell) -> None:  # noqa: F811
    shell.user_ns.update(x="wrong", HOME="wrong", y="wrong", b="wrong")
    line = shell.var_expand(f"first {word(text)} {word(ODD)} last")
    assert words_of(line) == ["first", text, ODD, "last"]


def test_a_cluster_is_said_by_its_name(files: Path, workspace: Workspace) -> None:
    shown = ask(workspace, {}).check(FORMS["a cluster"])["equivalents"]
    line = "%deploy svc --models tiny --script score.py --target lab --num-replicas 2 --cpu-cores 0.5"
    assert sorted(shown["line"].split()) == sorted(line.split())
    assert "from jupyter_deploy import AksWebservice, InferenceConfig, Model, Workspace" in shown["python"]
    assert "AksWebservice.deploy_configuration(" in shown["python"]
    assert "deployment_target='lab'" in shown["python"]
    assert "compute" not in shown["json"]["files"]["deploymentconfig.json"].replace("computeType", "")
    assert shown["json"]["command"].endswith("--dc deploymentconfig.json --ct lab")
    plain = ask(workspace, {}).check({**FORMS["a cluster"], "options": {}})["equivalents"]
    assert "AksWebservice" not in plain["python"]


def test_a_cluster_has_to_be_chosen_and_to_be_there(files: Path, workspace: Workspace) -> None:
    def told(target: str) -> list[dict[str, Any]]:
        return ask(workspace, {}).check({**FORMS["plain"], "target": target})["problems"]

    chosen = {"fields": ("target",), "text": "no cluster is chosen; attach one, or choose one that is attached"}
    assert told("kubernetes") == [chosen] == told("aks")
    [gone] = told("gone")
    assert (gone["fields"], gone["text"].splitlines()[0]) == (
        ("target",),
        "ComputeTargetNotFound: there is no compute 'gone'",
    )
    assert told("lab") == []
