"""What a cluster's refusals become: first lines that name the cause. The bodies are those that clusters of 1.20 and newer send."""

from __future__ import annotations

import json
from typing import Any

import pytest
from urllib3.exceptions import NewConnectionError, SSLError

from jupyter_deploy.errors import TargetError
from jupyter_deploy.targets.kubernetes.compute import Compute
from jupyter_deploy.targets.kubernetes.refusals import Away, Missing, refused, unanswered

COMPUTE = Compute("lab", "", "own", "models", server="https://lab:6443")


def error(status: int, message: str = "", method: str = "PATCH", **details: Any) -> TargetError:
    body = {"kind": "Status", "message": message, "details": details} if message else {}
    return refused(COMPUTE, method, "/apis/x", status, json.dumps(body).encode())


@pytest.mark.parametrize(
    ("status", "message", "details", "what", "remedy"),
    [
        (401, "Unauthorized", {},
         "the cluster 'lab' does not accept the credentials of context 'own': they are expired or wrong", "log in"),
        (403, 'services "web" is forbidden: User "ada" cannot patch resource "services" in API group "" in the namespace "models"', {},
         "you may not do this on the cluster 'lab': "
         'User "ada" cannot patch resource "services" in API group "" in the namespace "models"',
         "Role"),
        (403, 'pods "web" is forbidden: exceeded quota: small, requested: memory=1Gi, used: memory=0, limited: memory=512Mi', {},
         "the namespace's quota does not allow it: exceeded quota: small, requested: memory=1Gi, used: memory=0, limited: memory=512Mi",
         "ask for less"),
        (403, 'services "web" is forbidden: unable to create new content in namespace models because it is being terminated', {},
         "the namespace is being deleted: unable to create new content in namespace models because it is being terminated", "wait"),
        (403, 'pods "web" is forbidden: violates PodSecurity "restricted:latest"', {},
         """the cluster 'lab' does not admit it: violates PodSecurity "restricted:latest\"""", ""),
        (404, 'namespaces "models" not found', {"kind": "namespaces", "name": "models"},
         "the cluster 'lab' has no namespace 'models'", "kubectl create namespace models"),
        (422, "x is invalid", {"causes": [{"field": "spec.a", "message": "Invalid value"}, {"field": "spec.b", "message": "Required"}]},
         "the cluster 'lab' refused the object: spec.a: Invalid value", ""),
        (400, "", {}, "the cluster 'lab' refused the object: {}", ""),
    ],
)  # fmt: skip
def test_the_first_line_names_the_cause(
    status: int, message: str, details: dict[str, Any], what: str, remedy: str
) -> None:
    refusal = error(status, message, **details)
    assert refusal.what == what
    assert remedy in refusal.remedy
    assert not isinstance(refusal, (Away, Missing))


def test_what_is_not_there_and_a_cluster_under_pressure_can_be_told() -> None:
    assert isinstance(error(404, 'deployments.apps "web" not found', "GET", kind="deployments", name="web"), Missing)
    busy = error(503, "etcdserver: leader changed")
    assert isinstance(busy, Away)
    assert (busy.what, busy.why) == (
        "the cluster at https://lab:6443 does not answer",
        "etcdserver: leader changed",
    )


def test_a_cluster_that_is_away_and_one_that_is_not_trusted_are_told_apart() -> None:
    closed = NewConnectionError(None, "Failed to establish a new connection: [Errno 111] Connection refused")  # type: ignore[arg-type]
    away = unanswered("https://lab:6443", closed)
    assert isinstance(away, Away)
    assert away.what == "the cluster at https://lab:6443 does not answer"
    assert "Connection refused" in away.why
    doubted = unanswered(
        "https://lab:6443", SSLError("certificate verify failed: unable to get local issuer (_ssl.c:992)")
    )
    assert not isinstance(doubted, Away)
    assert doubted.what == (
        "no trusted connection to the cluster at https://lab:6443 can be made: certificate verify failed: unable to get local issuer"
    )
