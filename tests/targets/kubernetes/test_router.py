"""What shares requests between versions, as it is written: nginx's configuration, the router's objects, a Gateway's route."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import kubernetes_validate
import pytest

from jupyter_deploy.errors import TargetError
from jupyter_deploy.targets.kubernetes.gateway import shared_route
from jupyter_deploy.targets.kubernetes.kinds import Object
from jupyter_deploy.targets.kubernetes.manifests import route
from jupyter_deploy.targets.kubernetes.options import KubernetesOptions
from jupyter_deploy.targets.kubernetes.router import nginx_conf, router
from jupyter_deploy.targets.kubernetes.running import TRAFFIC
from jupyter_deploy.targets.shares import Traffic
from tests.goldens import assert_golden
from tests.targets.kubernetes.plans import plan
from tests.targets.kubernetes.pod_security import violations
from tests.targets.kubernetes.test_manifests import VERSIONS

ADDRESSES = {1: "10.96.0.1:80", 2: "10.96.0.2:80", 3: "10.96.0.3:80"}
BACKENDS = {number: f"diabetes-service-1a2b3c4d-v{number}" for number in (1, 2, 3)}
GATEWAY = KubernetesOptions(ingress_host="models.example.com", ingress_gateway="ingress/shared", num_replicas=1)
CRDS = Path(__file__).parents[2] / "data" / "crds"


def block(text: str, beginning: str) -> list[str]:
    """The lines of one block of a configuration."""
    lines = [line.strip() for line in text.partition(beginning)[2].splitlines()]
    return lines[1 : lines.index("}")]


def test_shares_and_the_header_are_as_they_were_given() -> None:
    text = nginx_conf(Traffic({1: 90, 2: 10, 3: 0}), ADDRESSES)
    assert block(text, "split_clients $request_id $shared") == ['90% "10.96.0.1:80";', '* "10.96.0.2:80";']
    assert block(text, "map $http_x_jupyter_deploy_version $version") == [
        'default "";', '"" $shared;', '"1" "10.96.0.1:80";', '"2" "10.96.0.2:80";', '"3" "10.96.0.3:80";',
    ]  # fmt: skip
    assert "keepalive_timeout 75s;" in text
    assert "mirror" not in text


def test_one_share_needs_no_drawing() -> None:
    text = nginx_conf(Traffic({1: 100, 2: 0}), ADDRESSES)
    assert block(text, "split_clients $request_id $shared") == ['* "10.96.0.1:80";']


def test_copies_are_drawn_of_what_is_shared_and_keep_no_client_waiting() -> None:
    text = nginx_conf(Traffic({1: 100}, {2: 20, 3: 100}), ADDRESSES)
    assert block(text, 'split_clients "2 $request_id" $drawn_2') == ['20% "10.96.0.2:80";', '* "";']
    assert block(text, 'split_clients "3 $request_id" $drawn_3') == ['* "10.96.0.3:80";']
    assert block(text, "map $http_x_jupyter_deploy_version $mirror_2") == ['default "";', '"" $drawn_2;']
    assert text.count("mirror /.mirror-2;") == text.count("mirror /.mirror-3;") == 2  # also while it ends
    assert "keepalive_timeout 0s;" in text


def test_a_part_of_nothing_is_no_copy() -> None:
    assert "mirror" not in nginx_conf(Traffic({1: 100}, {2: 0}), ADDRESSES)


def objects(traffic: Traffic, options: KubernetesOptions) -> list[Object]:
    return router(plan(options), traffic, ADDRESSES)


@pytest.mark.parametrize("version", [VERSIONS[0], VERSIONS[-1]])
def test_its_objects_are_valid(version: str) -> None:
    for thing in objects(Traffic({1: 90, 2: 10}), KubernetesOptions(num_replicas=1)):
        assert kubernetes_validate.validate(thing, version, strict=True) == version.rpartition(".")[0]


def test_its_pod_is_restricted_and_has_the_image_that_was_named() -> None:
    _, deployment = objects(Traffic({1: 90, 2: 10}), KubernetesOptions(num_replicas=3, router_image="proxies/nginx:1"))
    pod = deployment["spec"]["template"]["spec"]
    assert violations(pod) == []
    assert pod["containers"][0]["securityContext"]["readOnlyRootFilesystem"]
    assert pod["containers"][0]["image"] == "proxies/nginx:1"
    assert deployment["spec"]["replicas"] == 2  # one alone would be what all requests depend on
    assert json.loads(deployment["metadata"]["annotations"][TRAFFIC])["shares"] == {"1": 90, "2": 10}


def test_its_pods_are_no_pods_of_the_service() -> None:
    _, deployment = objects(Traffic({1: 90, 2: 10}), KubernetesOptions(num_replicas=1))
    labels = deployment["spec"]["template"]["metadata"]["labels"]
    assert "jupyter-deploy/service" not in labels
    assert deployment["spec"]["selector"]["matchLabels"].items() <= labels.items()
    assert deployment["metadata"]["labels"]["jupyter-deploy/service"] == "diabetes-service"


def test_other_shares_are_other_settings_and_other_pods() -> None:
    options = KubernetesOptions(num_replicas=1)
    names = {objects(Traffic({1: each, 2: 100 - each}), options)[0]["metadata"]["name"] for each in (90, 90, 50)}
    assert len(names) == 2


def test_its_configuration_can_be_read() -> None:
    traffic = Traffic({1: 90, 2: 10}, {3: 20})
    assert_golden("kubernetes/nginx.conf", nginx_conf(traffic, ADDRESSES).rstrip())


def http_route(traffic: Traffic) -> Object:
    made = shared_route(route(plan(GATEWAY)), traffic, BACKENDS)
    schema = json.loads((CRDS / "httproute.json").read_text(encoding="utf-8"))
    jsonschema.Draft7Validator(schema).validate(made)
    return made


def test_a_gateway_shares_by_weights_and_knows_the_header() -> None:
    rules = http_route(Traffic({1: 90, 2: 10, 3: 0}))["spec"]["rules"]
    named = [(rule["matches"][0]["headers"][0]["value"], rule["backendRefs"][0]["name"]) for rule in rules[:-1]]
    assert named == [(str(number), BACKENDS[number]) for number in (1, 2, 3)]
    assert {rule["matches"][0]["headers"][0]["name"] for rule in rules[:-1]} == {"x-jupyter-deploy-version"}
    assert rules[-1]["backendRefs"] == [
        {"name": BACKENDS[1], "port": 80, "weight": 90},
        {"name": BACKENDS[2], "port": 80, "weight": 10},
    ]
    assert rules[-1]["matches"] == [{"path": {"type": "PathPrefix", "value": "/"}}]


def test_a_gateway_sends_copies_of_what_is_shared() -> None:
    made = http_route(Traffic({1: 100}, {2: 100}))
    filters = [rule.get("filters") for rule in made["spec"]["rules"]]
    mirror = {"type": "RequestMirror", "requestMirror": {"backendRef": {"name": BACKENDS[2], "port": 80}}}
    assert filters == [None, None, [mirror]]
    assert json.loads(made["metadata"]["annotations"][TRAFFIC]) == {"shares": {"1": 100}, "mirror": {"2": 100}}


def test_a_gateway_sends_copies_of_all_or_of_none() -> None:
    with pytest.raises(TargetError, match="and version 2 is to get 20 %"):
        http_route(Traffic({1: 100}, {2: 20}))
