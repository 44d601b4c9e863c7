"""The lab's Kubernetes for tests: started by the first that asks, ended by the last of those that use it, if tests started it."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from jupyter_deploy import ComputeTarget, KubernetesCompute, Workspace
from tests.engines import shared
from tests.helpers import processes_of

COMPUTE = "lab"
"""The name under which tests attach it."""
NAMESPACE = f"test-{uuid.uuid4().hex[:8]}"
"""The namespace of this process's tests."""
_PORT = 16443
"""Where the lab's API server listens."""
_OF_THE_LAB = {"cluster", "docker_engine", "engine_of_kind"}
"""Fixtures that bring something of the lab up."""
_COMPILING = 3000
"""Seconds that its first start may take."""
_kubeconfig = ""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Where the lab was never up, the first tests that need it wait until it was compiled, which is longer than a test may take."""
    home = Path(os.environ.get("LAB_HOME") or Path.home() / ".cache" / "jupyter-deploy-lab")
    if any(home.glob("kube-v*")):
        return
    for item in items:
        if _OF_THE_LAB & set(getattr(item, "fixturenames", ())) and not item.get_closest_marker("timeout"):
            item.add_marker(pytest.mark.timeout(_COMPILING))


@pytest.fixture(scope="session")
def cluster(docker_engine: None, _plain_client: None) -> Iterator[None]:
    """A running cluster with a namespace of this process's own: that of KUBECONFIG, or the lab's."""
    given = os.environ.get("KUBECONFIG", "")
    with contextlib.nullcontext(given) if given else shared("cluster", _runs, "cluster-up", "cluster-down") as path:
        _use(path)
        kubectl("create", "namespace", NAMESPACE, namespace="default")
        yield
        kubectl("delete", "namespace", NAMESPACE, "--wait=false", namespace="default")


@pytest.fixture(scope="session")
def _plain_client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Operations load the client that users have: where kubernetes-validate is installed, as for tests, it takes 1.4 s more to load it.

    They look for modules where this process does.
    """
    folder = tmp_path_factory.mktemp("plain")
    (folder / "kubernetes_validate.py").write_text("raise ImportError\n", encoding="utf-8")
    sys.path.insert(0, str(folder))
    yield
    sys.path.remove(str(folder))


def _use(path: str) -> None:
    global _kubeconfig
    _kubeconfig = path


def _runs() -> bool:
    """Whether the lab's API server answers."""
    with socket.socket() as connection:
        return connection.connect_ex(("127.0.0.1", _PORT)) == 0


def kubeconfig() -> Path:
    """The file with the cluster's address and credentials."""
    return Path(_kubeconfig)


def kubectl(*words: str, namespace: str = "", stdin: str | None = None) -> str:
    """What a command of kubectl's prints; CalledProcessError where it fails."""
    command = ["kubectl", "--kubeconfig", _kubeconfig, "--namespace", namespace or NAMESPACE, *words]
    done = subprocess.run(command, check=False, capture_output=True, text=True, input=stdin, timeout=120)
    if done.returncode:
        raise AssertionError(f"{' '.join(words)}: {done.stderr}")
    return done.stdout


def attached(workspace: Workspace, image_registry: str | None = None) -> ComputeTarget:
    """The cluster, attached to a workspace under the name that tests use."""
    configuration = KubernetesCompute.attach_configuration(
        kubeconfig=_kubeconfig, namespace=NAMESPACE, image_registry=image_registry
    )
    return ComputeTarget.attach(workspace, COMPUTE, configuration)


def clear(workspace: Workspace) -> None:
    """Have the cluster, if there is one, end all that a workspace has on it, which is not waited for; deletions take ten times as long."""
    for process in processes_of(workspace):
        process.kill()
    if not _kubeconfig:
        return
    chosen = ("-l", f"jupyter-deploy/workspace={workspace.folder.id}", "--wait=false")
    kubectl("delete", "deployments,services", *chosen)
    kubectl("delete", "pods", *chosen, "--grace-period=1")
