"""Kubeconfigs of the tests' own, for the cluster that tests use or for none, with credentials that do or do not do."""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from tests.clusters import NAMESPACE, kubeconfig, kubectl

EXEC_API = "client.authentication.k8s.io/v1"


def written(
    path: Path, user: Mapping[str, Any], cluster: Mapping[str, Any] | None = None, **context: Any
) -> dict[str, Any]:
    """Write a kubeconfig with one context, "own", and return what it holds."""
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "there", "cluster": dict(cluster or {"server": "https://127.0.0.1:1"})}],
        "users": [{"name": "somebody", "user": dict(user)}],
        "contexts": [{"name": "own", "context": {"cluster": "there", "user": "somebody", **context}}],
        "current-context": "own",
    }
    path.write_text(yaml.safe_dump(document), encoding="utf-8")
    return document


def usual() -> tuple[dict[str, Any], dict[str, Any]]:
    """The user and the cluster of the tests' own kubeconfig."""
    document = yaml.safe_load(kubeconfig().read_text(encoding="utf-8"))
    return document["users"][0]["user"], document["clusters"][0]["cluster"]


def for_account(path: Path, name: str) -> Path:
    """A kubeconfig for a new ServiceAccount, which has no rights yet."""
    kubectl("create", "serviceaccount", name)
    request = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {}}
    where = f"/api/v1/namespaces/{NAMESPACE}/serviceaccounts/{name}/token"
    token = json.loads(kubectl("create", "--raw", where, "-f", "-", stdin=json.dumps(request)))["status"]["token"]
    written(path, {"token": token}, usual()[1], namespace=NAMESPACE)
    return path


def plug_in(folder: Path, status: Mapping[str, Any], *, also: str = "") -> tuple[dict[str, Any], Path]:
    """The entry of a command that gives a status, and the file to which it adds a line at each run; ``also`` is Python that it runs."""
    script, runs = folder / "gives credentials.py", folder / "runs"
    answer = {"apiVersion": EXEC_API, "kind": "ExecCredential", "status": status}
    script.write_text(
        f"import json\nopen({str(runs)!r}, 'a').write('run\\n')\n{also}\nprint(json.dumps({answer!r}))\n", encoding="utf-8"
    )  # fmt: skip
    about = {"apiVersion": EXEC_API, "command": sys.executable, "args": [str(script), "--for", "lab"]}
    return about, runs


def line_of(about: Mapping[str, Any]) -> str:
    """A command as it is shown."""
    return shlex.join([about["command"], *about["args"]])
