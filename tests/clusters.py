"""The lab's Kubernetes for tests: started by the first that asks, ended with the lab's Docker Engine, if tests started that."""

from __future__ import annotations

import os
import subprocess
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from jupyter_deploy import ComputeTarget, KubernetesCompute, Workspace
from tests.engines import LAB, alone

COMPUTE = "lab"
"""The name under which tests attach it."""
NAMESPACE = f"test-{uuid.uuid4().hex[:8]}"
"""The namespace of this process's tests."""
_LONGEST = 3000
"""Seconds that it takes to compile it, where it never was."""
_kubeconfig = ""


@pytest.fixture(scope="session")
def cluster(docker_engine: None) -> Iterator[None]:
    """A running cluster with a namespace of this process's own: that of KUBECONFIG, or the lab's."""
    global _kubeconfig
    _kubeconfig = os.environ.get("KUBECONFIG", "")
    if not _kubeconfig:
        with alone():
            up = subprocess.run([LAB / "cluster-up"], check=True, capture_output=True, text=True, timeout=_LONGEST)
        _kubeconfig = up.stdout.splitlines()[-1]
    kubectl("create", "namespace", NAMESPACE, namespace="default")
    yield
    kubectl("delete", "namespace", NAMESPACE, "--wait=false", namespace="default")


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


def attached(workspace: Workspace) -> ComputeTarget:
    """The cluster, attached to a workspace under the name that tests use."""
    configuration = KubernetesCompute.attach_configuration(kubeconfig=_kubeconfig, namespace=NAMESPACE)
    return ComputeTarget.attach(workspace, COMPUTE, configuration)
