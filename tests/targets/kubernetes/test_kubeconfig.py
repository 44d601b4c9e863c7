"""Kubeconfigs: which context is meant, and what is said of files that do not do."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
import yaml

from jupyter_deploy.errors import TargetError
from jupyter_deploy.targets.kubernetes.kubeconfig import Context, paths_of
from tests.targets.kubernetes.kubeconfigs import plug_in, written

SECRET = "marker-of-a-secret"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "config"


def refusal(path: Path | str, name: str = "") -> TargetError:
    with pytest.raises(TargetError) as raised:
        Context(str(path), name).settings()
    assert SECRET not in str(raised.value)
    return raised.value


def test_the_current_context_is_meant_and_gives_its_namespace(file: Path) -> None:
    written(file, {"token": SECRET}, namespace="models")
    context = Context(str(file))
    assert (context.name, context.namespace, context.command, context.is_insecure) == ("own", "models", "", False)
    settings = context.settings()
    assert settings.host == "https://127.0.0.1:1"
    assert settings.api_key == {"BearerToken": f"Bearer {SECRET}"}


def test_a_certificate_that_is_not_checked_is_known(file: Path) -> None:
    written(file, {}, {"server": "https://127.0.0.1:1", "insecure-skip-tls-verify": True})
    assert Context(str(file)).is_insecure


def test_of_several_files_the_first_that_names_a_context_says_the_current_one(file: Path, tmp_path: Path) -> None:
    first = written(file, {"token": SECRET})
    other = {**first, "current-context": "others"}
    (tmp_path / "other").write_text(yaml.safe_dump(other), encoding="utf-8")
    assert Context(f"{file}{os.pathsep}{tmp_path / 'other'}{os.pathsep}{tmp_path / 'none'}").name == "own"


def test_a_context_that_is_not_there_is_refused_with_those_that_are(file: Path) -> None:
    document = written(file, {})
    assert refusal(file, "prod").what == f"the kubeconfig {file} has no context 'prod'"
    assert refusal(file, "prod").why == "It has own."
    file.write_text(yaml.safe_dump({**document, "current-context": ""}), encoding="utf-8")
    assert refusal(file).what == f"the kubeconfig {file} names no current context"


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("users: [", "the kubeconfig FILE is no YAML in line 1"),
        ("", "FILE is no kubeconfig: "),
        ("- a\n- list\n", "FILE is no kubeconfig: "),
        ("just words", "FILE is no kubeconfig: "),
        (
            f"users: [{{token: {SECRET}}}]\ncontexts: [{{name: own, context: {{cluster: c, user: u}}}}]\ncurrent-context: own",
            "FILE is no kubeconfig: ",
        ),
        ("contexts: [{name: own, context: {cluster: gone, user: somebody}}]\ncurrent-context: own", "FILE is no kubeconfig: "),
        ("contexts: [{name: own, context: null}]\ncurrent-context: own", "FILE is no kubeconfig: "),
    ],
)  # fmt: skip
def test_what_is_no_kubeconfig_is_refused(file: Path, text: str, what: str) -> None:
    file.write_text(text, encoding="utf-8")
    assert refusal(file).what.startswith(what.replace("FILE", str(file)))


def test_a_file_that_is_missing_or_cannot_be_read_is_named(file: Path, tmp_path: Path) -> None:
    assert refusal(file).what == f"there is no kubeconfig at {file}"
    assert refusal(tmp_path).what == f"the kubeconfig {tmp_path} cannot be read: Is a directory"


@pytest.mark.parametrize(
    ("user", "words"),
    [
        ({"client-certificate": "gone.pem", "client-key": "gone.key"}, "File does not exist: "),
        ({"auth-provider": {"name": "oidc", "config": {"client-secret": SECRET}}}, "Invalid kube-config file. "),
    ],
)
def test_what_a_file_names_and_is_not_there_is_said_without_its_secrets(
    file: Path, user: dict[str, Any], words: str
) -> None:
    written(file, user)
    assert refusal(file).what.startswith(f"the context 'own' of {file} cannot be used: {words}")


def test_a_command_is_known_before_it_runs(file: Path, tmp_path: Path) -> None:
    about, runs = plug_in(tmp_path, {"token": SECRET})
    written(file, {"exec": about})
    context = Context(str(file))
    assert context.command == " ".join([about["command"], f"'{tmp_path}/gives credentials.py'", "--for", "lab"])
    assert not runs.exists()
    other = Context(str(file))
    assert context.fingerprint == other.fingerprint != ""
    written(file, {"exec": {**about, "args": []}})
    assert Context(str(file)).fingerprint != context.fingerprint
    assert context.settings().api_key == {"BearerToken": f"Bearer {SECRET}"}
    assert runs.read_text() == "run\n"


def test_a_token_wins_over_a_command(file: Path, tmp_path: Path) -> None:
    about, runs = plug_in(tmp_path, {"token": "of the command"})
    written(file, {"exec": about, "token": SECRET})
    context = Context(str(file))
    assert context.command == ""
    assert context.settings().api_key == {"BearerToken": f"Bearer {SECRET}"}
    assert not runs.exists()


def test_commands_of_the_kind_before_are_known_too(file: Path) -> None:
    written(
        file, {"auth-provider": {"name": "gcp", "config": {"cmd-path": "/opt/gcloud", "cmd-args": "config helper"}}}
    )
    assert Context(str(file)).command == "/opt/gcloud config helper"


def test_the_path_is_the_given_one_or_kubectls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("KUBECONFIG", f"a{os.pathsep}~/b{os.pathsep}")
    assert paths_of("~/mine") == f"{tmp_path}/mine"
    assert paths_of(None) == f"{tmp_path}/a{os.pathsep}{tmp_path}/b"
    monkeypatch.delenv("KUBECONFIG")
    assert paths_of(None) == f"{tmp_path}/.kube/config"
