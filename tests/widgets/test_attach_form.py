"""A cluster is attached from within the form of a deployment, and is its target then."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from playwright.sync_api import Page, expect

from jupyter_deploy import ComputeTarget, Model, Workspace
from jupyter_deploy.widgets import DeployForm
from jupyter_deploy.widgets.attach_form import AttachAnswers
from tests.clusters import NAMESPACE, kubeconfig
from tests.recorded import record_compute
from tests.widgets.browser import Draw
from tests.widgets.forms import serious
from tests.widgets.looks import overflow

NOBODY = "http://127.0.0.1:9"


@pytest.fixture
def two_contexts(tmp_path: Path) -> Path:
    """A kubeconfig of a cluster at which nothing answers; one of its contexts runs a command for credentials."""
    users = [{"name": "me", "user": {}}, {"name": "you", "user": {"exec": _plug_in("a-command")}}]
    document = {
        "clusters": [{"name": "c", "cluster": {"server": NOBODY}}], "users": users, "current-context": "prod@team",
        "contexts": [
            {"name": "prod@team", "context": {"cluster": "c", "user": "me", "namespace": "models"}},
            {"name": "test", "context": {"cluster": "c", "user": "you"}},
        ],
    }  # fmt: skip
    path = tmp_path / "two.yml"
    path.write_text(yaml.safe_dump(document))
    return path


def _plug_in(command: str) -> dict[str, Any]:
    return {
        "apiVersion": "client.authentication.k8s.io/v1",
        "command": command,
        "args": ["token"],
        "interactiveMode": "Never",
    }


def answers(workspace: Workspace) -> AttachAnswers:
    return AttachAnswers(workspace, lambda *_, **__: None)


def test_what_a_kubeconfig_says_is_offered(workspace: Workspace, two_contexts: Path) -> None:
    found = answers(workspace).look(str(two_contexts), "")
    assert found == {
        "contexts": ["prod@team", "test"], "context": "prod@team", "namespace": "models", "command": "", "name": "prod-team",
        "problems": [],
    }  # fmt: skip
    record_compute(workspace, "test")
    found = answers(workspace).look(str(two_contexts), "test")
    assert (found["namespace"], found["name"]) == ("default", "")
    assert "a-command token" in found["command"]


@pytest.mark.parametrize(
    ("given", "field", "text"),
    [
        ({"kubeconfig": "missing.yml"}, ("kubeconfig",), "there is no kubeconfig at "),
        ({"context": "gone"}, ("context",), "has no context 'gone'"),
        ({"name": "no name"}, ("name",), "'no name' is not a valid name of a compute"),
        ({"name": "taken"}, ("name",), "'taken' is attached already"),
        ({}, (), "127.0.0.1:9 does not answer"),
    ],
)
def test_what_is_refused_stands_at_its_field(
    workspace: Workspace, two_contexts: Path, given: dict[str, str], field: tuple[str, ...], text: str
) -> None:
    record_compute(workspace, "taken")
    [problem] = answers(workspace).attach(**{"name": "prod", "kubeconfig": str(two_contexts), **given})["problems"]
    assert problem["fields"] == field
    assert text in problem["text"].splitlines()[0]
    assert [each.name for each in ComputeTarget.list(workspace)] == ["taken"]


def choose(page: Page) -> None:
    page.get_by_role("combobox", name="Target").select_option("kubernetes")
    expect(page.get_by_role("group", name="Attach a cluster")).to_be_visible()


def test_the_fields_follow_the_file(workspace: Workspace, tiny_model: Model, two_contexts: Path, draw: Draw) -> None:
    record_compute(workspace, "factory", context="made")
    page = draw(DeployForm(workspace, dict))
    choose(page)
    expect(page.locator("[data-name=target] .problem")).to_have_text(
        "no cluster is chosen; attach one, or choose one that is attached"
    )
    page.get_by_label("Kubeconfig").fill("missing.yml")
    expect(page.locator("[data-name=kubeconfig] .problem")).to_contain_text("there is no kubeconfig")
    expect(page.get_by_label("Kubeconfig")).to_have_attribute("aria-invalid", "true")
    page.get_by_label("Kubeconfig").fill(str(two_contexts))
    expect(page.get_by_label("Context", exact=True)).to_have_value("prod@team")
    expect(page.get_by_label("Name of the cluster")).to_have_value("prod-team")
    page.get_by_label("Context", exact=True).select_option("test")
    expect(page.get_by_text("For its credentials this runs:")).to_contain_text("a-command token")
    page.get_by_label("Context", exact=True).select_option("prod@team")
    page.get_by_role("button", name="Attach").click()
    expect(page.get_by_role("alert").filter(has_text="does not answer")).to_be_visible(timeout=20000)
    page.set_viewport_size({"width": 320, "height": 800})
    assert serious(page) == []
    assert overflow(page) <= 0
    page.get_by_role("combobox", name="Target").select_option("factory")
    expect(page.get_by_role("group", name="Attach a cluster")).to_be_hidden()
    expect(page.get_by_text("by context made of its kubeconfig")).to_be_visible()


def test_a_cluster_is_attached_and_is_the_target(
    cluster: None, workspace: Workspace, tiny_model: Model, tmp_path: Path, draw: Draw, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "score.py").write_text("def init(): ...\ndef run(data): return data\n")
    page = draw(DeployForm(workspace, dict))
    page.get_by_label("Entry script").fill("score.py")
    choose(page)
    page.get_by_label("Kubeconfig").fill(str(kubeconfig()))
    expect(page.get_by_label("Context", exact=True)).not_to_have_value("")
    page.get_by_label("Cluster namespace").fill("not-there")
    page.get_by_label("Name of the cluster").fill("lab")
    page.get_by_role("button", name="Attach").click()
    expect(page.locator("[data-name=namespace] .problem").first).to_contain_text("not-there", timeout=20000)
    page.get_by_label("Cluster namespace").fill(NAMESPACE)
    page.get_by_role("button", name="Attach").click()
    expect(page.get_by_text("lab is attached.")).to_be_visible(timeout=20000)
    expect(page.get_by_role("combobox", name="Target")).to_have_value("lab")
    expect(page.get_by_role("combobox", name="Target")).to_be_focused()
    expect(page.get_by_role("tabpanel", name="Line")).to_contain_text("--target lab")
    page.locator("summary", has_text="Scale").click()
    page.get_by_label("Num replicas").fill("2")
    expect(page.get_by_role("tabpanel", name="Line")).to_contain_text("--target lab --num-replicas 2")
    page.get_by_role("tab", name="JSON files").click()
    expect(page.get_by_role("tabpanel", name="JSON files")).to_contain_text("--dc deploymentconfig.json --ct lab")
    [made] = ComputeTarget.list(workspace)
    assert json.dumps(made.serialize()).count(NAMESPACE) == 1
