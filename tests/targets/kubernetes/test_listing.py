"""Many services on one cluster: their states from one list of Deployments, and one word of a cluster that does not answer."""

from __future__ import annotations

import importlib
import socket
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import yaml

from jupyter_deploy import Webservice, Workspace
from jupyter_deploy.cli.main import main
from jupyter_deploy.engine.places import place_of
from jupyter_deploy.targets.kubernetes.cluster import Cluster
from jupyter_deploy.targets.kubernetes.compute import Compute
from jupyter_deploy.targets.kubernetes.names import all_labels, object_name, own_labels
from jupyter_deploy.widgets.tables import ServicesAnswers
from tests.clusters import COMPUTE, NAMESPACE, attached
from tests.recorded import record_compute, record_service

Count = Callable[[], list[str]]
"""The paths that a cluster was asked for since the last call."""


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """A workspace whose services were never deployed by it, so that there is nothing to take away."""
    return Workspace(tmp_path / "workspace")


def deployment(workspace: Workspace, name: str) -> dict[str, Any]:
    """A Deployment of no pods, with the labels of a service."""
    place = place_of(workspace.folder, name, {}, {})
    pod = {"containers": [{"name": "service", "image": "none"}]}
    return {
        "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": {"name": object_name(place), "namespace": NAMESPACE, "labels": all_labels(place)},
        "spec": {
            "replicas": 0, "selector": {"matchLabels": own_labels(place)},
            "template": {"metadata": {"labels": all_labels(place)}, "spec": pod},
        },
    }  # fmt: skip


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Count:
    """Counts what clusters are asked for."""
    paths: list[str] = []
    send = Cluster._send

    def counted(self: Cluster, method: str, path: str, *rest: Any, **more: Any) -> Any:
        paths.append(f"{method} {path.rpartition('/')[2]}")
        return send(self, method, path, *rest, **more)

    def since() -> list[str]:
        found, paths[:] = list(paths), []
        return found

    monkeypatch.setattr(Cluster, "_send", counted)
    return since


@pytest.fixture(params=[20, pytest.param(200, marks=pytest.mark.soak)])
def many(cluster: None, workspace: Workspace, request: pytest.FixtureRequest) -> Iterator[list[str]]:
    """Services with no pods, on the cluster and recorded."""
    names = [f"svc-{number:03d}" for number in range(request.param)]
    compute = Compute.from_json(attached(workspace).record.document)
    for name in names:
        record_service(workspace, name, COMPUTE, NAMESPACE, num_replicas=1)
    with Cluster(compute) as connection, ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda name: connection.create(deployment(workspace, name)), names))
        yield names
        path = f"/apis/apps/v1/namespaces/{NAMESPACE}/deployments"
        connection._ask("DELETE", path, {"labelSelector": f"jupyter-deploy/workspace={workspace.folder.id}"})


def test_services_on_a_cluster_are_listed_by_one_call(
    many: list[str],
    workspace: Workspace,
    asked: Count,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("jupyter_deploy.engine.rounds.BUDGET", 30.0)  # a round waits for the answer
    found = Webservice.list(workspace)
    assert asked() == []  # nobody has asked for a state
    rows = found.rows()
    assert {row["name"] for row in rows} == set(many)
    assert {(row["state"], row["version"]) for row in rows} == {("Stopped", 1)}
    assert asked() == ["GET deployments"]
    repr(found)
    assert asked() == ["GET deployments"]
    assert len(found.to_frame()) == len(many)
    assert asked() == ["GET deployments"]
    assert main(["service", "list", "-w", str(workspace.path)]) == 0
    assert capsys.readouterr().out.count('"Stopped"') == len(many)
    assert asked() == ["GET deployments"]
    answers = ServicesAnswers(workspace, None, lambda *_, **__: None)
    assert {cells[1] for cells in answers.find().values()} == {"Stopped"}
    assert asked() == ["GET deployments"]


@pytest.fixture
def silent(tmp_path: Path) -> Iterator[Path]:
    """The kubeconfig of a cluster that takes connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0), backlog=64) as server:
        yield _kubeconfig(tmp_path, server.getsockname()[1])


def _kubeconfig(folder: Path, port: int) -> Path:
    document = {
        "clusters": [{"name": "c", "cluster": {"server": f"http://127.0.0.1:{port}"}}], "users": [{"name": "u", "user": {}}],
        "contexts": [{"name": "x", "context": {"cluster": "c", "user": "u"}}], "current-context": "x",
    }  # fmt: skip
    path = folder / "kubeconfig"
    path.write_text(yaml.safe_dump(document))
    return path


def _recorded_on(workspace: Workspace, kubeconfig: Path, *computes: str) -> None:
    for compute in computes:
        record_compute(workspace, compute, str(kubeconfig), "x")
        for number in range(10):
            record_service(workspace, f"{compute}-{number}", compute, num_replicas=1)


def test_clusters_that_hang_are_waited_for_once_and_together(silent: Path, workspace: Workspace, asked: Count) -> None:
    _recorded_on(workspace, silent, "one", "two")
    importlib.import_module("kubernetes.client.rest")  # which takes seconds
    began = time.monotonic()
    rows = Webservice.list(workspace).rows()
    assert time.monotonic() - began < 6.5
    assert {row["state"] for row in rows} == {"Unknown"}
    assert {row["scoring_uri"] for row in rows} == {"http://127.0.0.1:1/score"}
    assert all(row["error"].startswith("the cluster at http://127.0.0.1:") for row in rows)
    assert asked() == ["GET deployments"] * 2


def test_a_cluster_that_is_gone_is_asked_once(
    tmp_path: Path, workspace: Workspace, asked: Count, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("jupyter_deploy.engine.rounds.BUDGET", 30.0)  # a round waits for the answer
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    _recorded_on(workspace, _kubeconfig(tmp_path, port), "gone")
    assert {row["state"] for row in Webservice.list(workspace).rows()} == {"Unknown"}
    assert asked() == ["GET deployments"]
    answers = ServicesAnswers(workspace, None, lambda *_, **__: None)
    assert {cells[1] for cells in answers.find().values()} == {"Unknown"}
    assert asked() == ["GET deployments"]
