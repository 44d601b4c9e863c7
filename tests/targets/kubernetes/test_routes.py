"""Services behind a host name: an Ingress or a Gateway leads to them, is made and goes with them, and the event says how far it is."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from jupyter_deploy import AksWebservice, InferenceConfig, Model, Webservice, Workspace
from jupyter_deploy.errors import ConfigError, OperationFailed, TargetError
from jupyter_deploy.targets.kubernetes import routes
from jupyter_deploy.targets.kubernetes.cluster import Cluster
from jupyter_deploy.targets.kubernetes.kinds import Object
from jupyter_deploy.targets.kubernetes.manifests import route
from jupyter_deploy.targets.kubernetes.options import KubernetesOptions
from jupyter_deploy.targets.kubernetes.refusals import Away
from tests.clusters import attached, kubectl
from tests.engines import BASE_IMAGE
from tests.helpers import ECHO, write_script
from tests.targets.kubernetes.custom_resources import problems
from tests.targets.kubernetes.plans import every_choice, objects, plan

HOST = "models.example.test"
ASK = """
import json, sys, urllib.request
request = urllib.request.Request("http://127.0.0.1:5001/score", b'{"data": 7}', {"Host": sys.argv[1], "Content-Type": "application/json"})
print(json.load(urllib.request.urlopen(request)))
"""


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Controllers have a moment, which passes by nothing but the looks at them."""
    now = count(step=0.1)
    monkeypatch.setattr(routes, "_PATIENCE", 0.45)
    monkeypatch.setattr(routes, "time", SimpleNamespace(monotonic=lambda: next(now), sleep=lambda _: None))


class Answering:
    """A cluster whose route gets from look to look further."""

    def __init__(self, *statuses: Object | Exception) -> None:
        self._statuses = list(statuses)

    def get(self, path: str) -> Object:
        status = self._statuses.pop(0) if len(self._statuses) > 1 else self._statuses[0]
        if isinstance(status, Exception):
            raise status
        return {"kind": "HTTPRoute" if "httproutes" in path else "Ingress", "status": status}


def told(cluster: Answering, **options: Any) -> str:
    """What the event says of a route."""
    texts: list[str] = []
    given = KubernetesOptions(ingress_host=HOST, **options)
    routes.see_taken_up(cast(Cluster, cluster), route(plan(given)), given, texts.append)
    (text,) = texts
    return text


TAKEN = {"loadBalancer": {"ingress": [{"ip": "192.0.2.10"}]}}


def parents(accepted: str, **facts: str) -> Object:
    return {
        "parents": [
            {
                "parentRef": {"namespace": "ingress", "name": "shared"},
                "conditions": [
                    {"type": "ResolvedRefs", "status": "True"},
                    {"type": "Accepted", "status": accepted, **facts},
                ],
            }
        ]
    }


def test_an_ingress_that_nobody_takes_up_is_said(quick: None) -> None:
    assert (
        told(Answering({"loadBalancer": {}}))
        == f"no controller took up the Ingress within 0 s; {HOST} answers as soon as one does"
    )


def test_an_ingress_that_is_taken_up_and_answers(quick: None, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []
    monkeypatch.setattr(routes, "answers", lambda host, port, tls: asked.append((host, port, tls)) or len(asked) > 1)
    away = Away("https://cluster", OSError("refused"))
    text = told(Answering({}, away, TAKEN), ingress_tls_secret="models-tls")
    assert text == f"an ingress controller has taken it up at 192.0.2.10; {HOST} answers"
    assert asked == [(HOST, 443, True)] * 2


def test_a_name_that_does_not_lead_there_is_said(quick: None) -> None:
    assert told(Answering(TAKEN)).endswith(
        f"at 192.0.2.10, but {HOST} does not answer from here; its name has to lead there"
    )


def test_a_gateway_accepts_or_refuses(quick: None) -> None:
    gateway = {"ingress_gateway": "ingress/shared"}
    assert told(Answering({}, parents("True")), **gateway).startswith("the Gateway ingress/shared has taken it up, but")
    assert told(Answering({}), **gateway).startswith("no controller took up the HTTPRoute within")
    with pytest.raises(
        TargetError, match="the Gateway ingress/shared does not accept the route: NotAllowedByListeners"
    ):
        told(Answering(parents("False", reason="NotAllowedByListeners", message="no listener for it")), **gateway)


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({"ingress_class": "nginx"}, "ingress_class is given, and ingress_host is missing"),
        ({"ingress_host": "Models_1"}, "ingress_host is 'Models_1'; it takes a host name in lower case"),
        ({"ingress_host": HOST, "reach": "node-port"}, "reach is 'node-port', and ingress_host is given"),
        (
            {"ingress_host": HOST, "ingress_tls": False, "ingress_tls_secret": "t"},
            "ingress_tls is false, and ingress_tls_secret",
        ),
        ({"ingress_host": HOST, "ingress_gateway": "shared"}, "ingress_gateway is 'shared'; it takes NAMESPACE/NAME"),
        (
            {"ingress_host": HOST, "ingress_gateway": "a/b", "ingress_class": "nginx"},
            "ingress_class is for an Ingress, and ingress_gateway is given",
        ),
    ],
)
def test_what_does_not_go_together_is_refused(given: dict[str, Any], problem: str) -> None:
    with pytest.raises(ConfigError, match=problem):
        AksWebservice.deploy_configuration(num_replicas=1, **given)


def test_routes_of_every_option_are_valid(tmp_path: Path) -> None:
    found = [
        thing for options in every_choice(tmp_path) for thing in objects(plan(options)) if thing["kind"] == "HTTPRoute"
    ]
    assert len(found) >= 2
    assert [problem for thing in found for problem in problems(thing)] == []
    found[0]["spec"]["host"] = HOST
    assert problems(found[0]) == ["$.spec: Additional properties are not allowed ('host' was unexpected)"]


@pytest.fixture
def folder(cluster: None, workspace: Workspace, tmp_path: Path) -> Iterator[Path]:
    """Where scripts are, of a workspace that the cluster is attached to."""
    attached(workspace)
    return tmp_path


def deployed(workspace: Workspace, folder: Path, **options: Any) -> Webservice:
    config = InferenceConfig(str(write_script(folder, ECHO)), base_image=BASE_IMAGE)
    given = AksWebservice.deploy_configuration(num_replicas=1, auth_enabled=False, compute_target_name="lab", **options)
    service = Model.deploy(workspace, "routed", [], config, given)
    service.wait_for_deployment()
    return service


def events_of(service: Webservice) -> list[str]:
    assert service.operation is not None
    return [event.text for event in service.operation.events() if event.kind == "moved"]


def of_service(service: Webservice, kind: str) -> list[Object]:
    label = f"jupyter-deploy/workspace={service.workspace.folder.id}"
    found: list[Object] = json.loads(kubectl("get", kind, "-l", label, "-o", "json"))["items"]
    return found


def answer_for(service: Webservice, host: str) -> str:
    """What its pod answers to a request for a host, as it comes from an ingress controller."""
    (pod,) = of_service(service, "pods")
    return kubectl("exec", pod["metadata"]["name"], "--", "/opt/venv/bin/python", "-c", ASK, host).strip()


@pytest.mark.soak
def test_a_service_behind_an_ingress_from_its_first_version_to_its_end(workspace: Workspace, folder: Path) -> None:
    service = deployed(workspace, folder, ingress_host=HOST, ingress_tls_secret="models-tls")
    assert service.scoring_uri == f"https://{HOST}/score"
    assert service.view.status.details["reach"] == "ingress"
    assert f"no controller took up the Ingress within 10 s; {HOST} answers as soon as one does" in events_of(service)
    (ingress,) = of_service(service, "ingress")
    assert ingress["spec"]["tls"] == [{"hosts": [HOST], "secretName": "models-tls"}]
    assert ingress["metadata"]["ownerReferences"][0]["kind"] == "Service"
    assert of_service(service, "service")[0]["spec"]["type"] == "ClusterIP"
    assert answer_for(service, HOST) == '{"data": 7}'  # as the script got it
    service.update(ingress_class="nginx")
    service.wait_for_deployment()
    assert not [text for text in events_of(service) if "took up" in text]
    (ingress,) = of_service(service, "ingress")
    assert ingress["spec"]["ingressClassName"] == "nginx"
    service.delete()
    assert of_service(service, "ingress") == []


def test_a_service_behind_a_gateway_needs_the_clusters_gateway_api(workspace: Workspace, folder: Path) -> None:
    with pytest.raises(OperationFailed, match="the cluster 'lab' has no Gateway API, which ingress_gateway needs"):
        deployed(workspace, folder, ingress_host=HOST, ingress_gateway="ingress/shared")
    assert of_service(Webservice(workspace, "routed"), "service") == []
