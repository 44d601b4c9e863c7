"""Every key of the document's AKS table does what it says, as it is seen from outside: an answer, a pod, a probe."""

from __future__ import annotations

import contextlib
import json
import re
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timezone
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

import docker
import pytest

from jupyter_deploy import AksWebservice, CondaDependencies, Environment, InferenceConfig, Model, Workspace
from jupyter_deploy.errors import OperationFailed
from tests.clusters import NAMESPACE, attached, clear, kubectl
from tests.engines import BASE_IMAGE
from tests.helpers import Answer, post, wait_until, write_script
from tests.scoring.sinks import Sink
from tests.servers import S3
from tests.targets.kubernetes.custom_metrics import alone_on_cluster
from tests.targets.kubernetes.devices import advertised

SCRIPT = """
import json
import os
import time

def init():
    time.sleep({begin})

def run(data):
    time.sleep(json.loads(data)["data"] or 0)
    return os.uname().nodename
"""
OTHER = f"{NAMESPACE}-other"
"""A namespace that is not the one that the cluster was attached with."""
FPGA = f"example.com/fpga-{NAMESPACE}"
FIRST, SECOND = "first-key", "second-key"
DELAY, PERIOD, TIMEOUT_MS, WAIT_MS = 10, 2, 5000, 600


@dataclass
class Effects:
    """A service with almost every key set, and where it sends what it is told to send.

    Parameters
    ----------
    service : it. sink : a collector of the kind of Azure Monitor. s3 : a store. bucket : in it.
    """

    service: AksWebservice
    sink: Sink
    s3: S3
    bucket: str

    def ask(self, seconds: float = 0, key: str | None = FIRST) -> Answer:
        return post(self.service.scoring_uri or "", seconds, key)

    def metric(self, name: str) -> int:
        """The sum of a metric over all its labels that begin as given."""
        uri = (self.service.scoring_uri or "").removesuffix("/score") + "/metrics"
        with urlopen(Request(uri, headers={"Authorization": f"Bearer {FIRST}"}), timeout=10) as answer:
            return sum(
                int(float(number))
                for number in re.findall(rf"^{re.escape(name)}.* (\S+)$", answer.read().decode(), re.M)
            )

    def pods(self) -> list[dict[str, Any]]:
        """The pods that are not on their way out."""
        found = json.loads(kubectl("get", "pods", "-l", self.labels, "-o", "json", namespace=OTHER))["items"]
        return [pod for pod in found if "deletionTimestamp" not in pod["metadata"]]

    @property
    def pod(self) -> dict[str, Any]:
        """The one that there is of them."""
        (pod,) = self.pods()
        return pod

    @property
    def labels(self) -> str:
        return f"jupyter-deploy/service=effects,jupyter-deploy/workspace={self.service.workspace.folder.id}"


def config(folder: Path, begin: float = 0) -> InferenceConfig:
    return InferenceConfig(str(write_script(folder, SCRIPT.format(begin=begin))), base_image=BASE_IMAGE)


def collecting(folder: Path, s3: S3) -> InferenceConfig:
    """The same, with what collecting into a store needs."""
    environment = Environment.from_docker_image("collecting", BASE_IMAGE)
    environment.python.conda_dependencies = CondaDependencies.create(pip_packages=["s3fs"])
    environment.environment_variables = {
        "AWS_ENDPOINT_URL": s3.options["endpoint_url"], "AWS_ACCESS_KEY_ID": s3.options["key"],
        "AWS_SECRET_ACCESS_KEY": s3.options["secret"], "AWS_EC2_METADATA_DISABLED": "true",
    }  # fmt: skip
    return InferenceConfig(str(write_script(folder, SCRIPT.format(begin=0))), environment=environment)


@pytest.fixture(scope="module")
def workspace(cluster: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    workspace = Workspace(tmp_path_factory.mktemp("effects") / "workspace")
    attached(workspace)
    kubectl("create", "namespace", OTHER)
    yield workspace
    clear(workspace)
    kubectl("delete", "namespace", OTHER, "--wait=false")


@pytest.fixture(scope="module")
def effects(workspace: Workspace) -> Iterator[Effects]:
    address = kubectl("get", "nodes", "-o", "jsonpath={.items[0].status.addresses[0].address}")
    s3 = S3(address)
    bucket = s3.new_bucket()
    with (
        Sink(host=address, answer={"itemsReceived": 1, "itemsAccepted": 1, "errors": []}) as sink,
        advertised({FPGA: 40}),
    ):
        options = AksWebservice.deploy_configuration(
            compute_target_name="lab", namespace=OTHER, num_replicas=1, primary_key=FIRST, secondary_key=SECOND,
            cpu_cores=0.2, cpu_cores_limit=1.5, memory_gb=0.5, memory_gb_limit=0.75, accelerators={FPGA: 2},
            scoring_timeout_ms=TIMEOUT_MS, replica_max_concurrent_requests=2, max_request_wait_time=WAIT_MS, max_body_mb=1,
            initial_delay_seconds=DELAY, period_seconds=PERIOD, timeout_seconds=1, failure_threshold=3,
            enable_app_insights=True, collect_model_data=True, collect_url=f"{bucket}/kept",
            app_insights_connection_string=f"InstrumentationKey=00000000-0000-0000-0000-000000000000;IngestionEndpoint={sink.url}",
        )  # fmt: skip
        service = Model.deploy(workspace, "effects", [], collecting(workspace.path.parent, s3), options)
        assert isinstance(service, AksWebservice)
        service.wait_for_deployment()
        yield Effects(service, sink, s3, bucket)
    s3.stop()


def test_its_objects_are_in_the_namespace_that_was_asked_for(effects: Effects) -> None:
    kinds = "deployments,services,secrets,configmaps,networkpolicies,serviceaccounts"
    assert len(kubectl("get", kinds, "-l", effects.labels, "-o", "name", namespace=OTHER).split()) == 6
    assert not kubectl("get", kinds, "-l", effects.labels, "-o", "name").split()
    assert effects.service.namespace == OTHER


def test_it_says_of_itself_what_it_was_told(effects: Effects) -> None:
    service, document = effects.service, effects.service.serialize()
    asked, probes = service.container_resource_requirements, service.liveness_probe_requirements
    assert (asked.cpu, asked.cpu_limit, asked.memory_in_gb, asked.memory_in_gb_limit, asked.gpu) == (
        0.2,
        1.5,
        0.5,
        0.75,
        0,
    )
    assert (probes.period_seconds, probes.initial_delay_seconds, probes.failure_threshold) == (PERIOD, DELAY, 3)
    assert (service.num_replicas, service.compute_name, service.enable_app_insights) == (1, "lab", True)
    assert (service.scoring_timeout_ms, service.max_request_wait_time) == (TIMEOUT_MS, WAIT_MS)
    assert service.max_concurrent_requests_per_container == document["maxConcurrentRequestsPerContainer"] == 2
    assert not document["autoScaler"]["autoscaleEnabled"]
    assert document["accelerators"] == {FPGA: 2}
    assert not {FIRST, SECOND} & set(json.dumps(document).split('"'))


def test_only_the_keys_that_were_given_open_it(effects: Effects) -> None:
    assert effects.service.get_keys() == (FIRST, SECOND)
    assert [effects.ask(key=key).status for key in (FIRST, SECOND, "other", None)] == [200, 200, 401, 401]


def test_as_many_calls_run_at_once_as_may_and_another_waits_as_long_as_it_may(effects: Effects) -> None:
    with ThreadPoolExecutor(2) as pool:
        began = time.monotonic()
        running = [pool.submit(effects.ask, 3) for _ in range(2)]
        wait_until(lambda: effects.metric("scoring_slots_in_use") == 2)
        waited = time.monotonic()
        assert effects.ask().status == 503
        assert WAIT_MS / 1000 <= time.monotonic() - waited < 3
        assert [each.result().status for each in running] == [200, 200]
        assert time.monotonic() - began < 7


def test_a_call_that_takes_too_long_is_answered_so(effects: Effects) -> None:
    began = time.monotonic()
    assert effects.ask(30).status == 504
    assert TIMEOUT_MS / 1000 <= time.monotonic() - began < 10

    def answers() -> bool:
        with contextlib.suppress(OSError):  # its pod may be away as long as its worker is
            return effects.ask().status == 200
        return False

    wait_until(answers)


def test_a_body_that_is_too_large_is_refused(effects: Effects) -> None:
    address = urlsplit(effects.service.scoring_uri or "")
    connection = HTTPConnection(address.hostname or "", address.port, timeout=10)
    connection.putrequest("POST", address.path)
    for name, value in (("Authorization", f"Bearer {FIRST}"), ("Content-Length", "1500000")):
        connection.putheader(name, value)
    connection.endheaders()
    assert connection.getresponse().status == 413
    connection.close()


def test_a_pod_asks_for_what_it_was_to_ask_for_and_goes_no_further(effects: Effects) -> None:
    resources = effects.pod["spec"]["containers"][0]["resources"]
    assert resources["requests"] == {"cpu": "200m", "memory": "512Mi", FPGA: "2"}
    assert resources["limits"] == {"cpu": "1500m", "memory": "768Mi", FPGA: "2"}
    names = "cpu.max,memory.max,cpu/cpu.cfs_quota_us,cpu/cpu.cfs_period_us,memory/memory.limit_in_bytes"  # of either version
    read = f"cat /sys/fs/cgroup/{{{names}}}"
    shown = kubectl(
        "exec", effects.pod["metadata"]["name"], "--", "bash", "-c", f"{read} 2>/dev/null || true", namespace=OTHER
    ).split()
    assert shown == ["150000", "100000", str(768 * 2**20)]


def test_what_is_sent_arrives_at_the_collector(effects: Effects) -> None:
    effects.ask()

    def names() -> list[str]:
        documents = [each for document in effects.sink.sent_to("/v2.1/track") for each in document]
        return [each["data"]["baseData"]["name"] for each in documents if each["data"]["baseType"] == "RequestData"]

    wait_until(lambda: "POST /score" in names(), 15)


def test_inputs_and_outputs_are_kept_where_they_were_to_be_kept(effects: Effects) -> None:
    effects.ask()
    pod = effects.pod["metadata"]["name"]

    def kept() -> bool:
        with contextlib.suppress(FileNotFoundError):  # one that is still under another name
            found = effects.s3.system.cat(effects.s3.system.find(f"{effects.bucket}/kept/effects/calls"))
            return any(pod in text.decode() for text in found.values())
        return False

    wait_until(kept, 30)


def test_a_pod_is_asked_whether_it_is_alive_after_the_delay_and_at_that_period(effects: Effects) -> None:
    def asked() -> int:
        return effects.metric('scoring_requests_total{path="/live"')

    wait_until(lambda: asked() >= 1, DELAY + 10)
    (state,) = effects.pod["status"]["containerStatuses"]
    started = datetime.fromisoformat(state["state"]["running"]["startedAt"].replace("Z", "+00:00"))
    assert (datetime.now(timezone.utc) - started).total_seconds() > DELAY - 1

    def took() -> float:
        before, began = asked(), time.monotonic()
        wait_until(lambda: asked() >= before + 2)
        return time.monotonic() - began

    wait_until(lambda: PERIOD < took() < 3 * PERIOD)  # a busy node asks late once, and soon again


@pytest.mark.soak
def test_a_start_takes_no_longer_than_it_may(effects: Effects, tmp_path: Path) -> None:
    effects.service.update(
        inference_config=config(tmp_path, begin=60), initial_delay_seconds=2, collect_model_data=False, collect_url=None
    )
    with pytest.raises(OperationFailed, match=r"init\(\) did not finish within 2 s"):
        effects.service.wait_for_deployment()
    assert effects.ask().status == 200


@pytest.mark.soak
def test_a_pod_that_does_not_answer_is_started_anew(effects: Effects, engine: docker.DockerClient) -> None:
    (status,) = effects.pod["status"]["containerStatuses"]
    before, container = status["restartCount"], engine.containers.get(status["containerID"].partition("://")[2])
    began = time.monotonic()
    container.kill("STOP")  # from outside: within its pod the first process cannot be stopped

    def restarts() -> int:
        count: int = effects.pod["status"]["containerStatuses"][0]["restartCount"]
        return count - before

    wait_until(lambda: restarts() == 1, 90)
    assert time.monotonic() - began > 2 * PERIOD  # three answers have to be missing
    wait_until(lambda: effects.service.state == "Healthy", 30)
    assert effects.ask().status == 200


@pytest.mark.soak
def test_pods_get_the_devices_they_ask_for_or_it_is_said_that_there_are_none(effects: Effects) -> None:
    with alone_on_cluster("gpu"):
        effects.service.update(gpu_cores=1)
        with pytest.raises(OperationFailed, match=r"Insufficient nvidia.com/gpu") as failed:
            effects.service.wait_for_deployment()
        assert "1 × nvidia.com/gpu" in str(failed.value)
        assert effects.ask().status == 200
        with advertised({"nvidia.com/gpu": 2}):
            effects.service.update(gpu_cores=1)
            effects.service.wait_for_deployment()
            limits = effects.pod["spec"]["containers"][0]["resources"]["limits"]
            assert (limits["nvidia.com/gpu"], limits[FPGA]) == ("1", "2")
            effects.service.update(gpu_cores=0)
            effects.service.wait_for_deployment()


@pytest.mark.soak
def test_tokens_open_it_instead_of_keys_and_so_many_pods_answer(effects: Effects) -> None:
    service = effects.service
    service.update(token_auth_enabled=True, num_replicas=2)
    service.wait_for_deployment()
    token = service.get_access_token()
    assert token.refresh_after < token.expiry_on
    keys = (token.access_token, FIRST, None)  # of which a pod that ends may take the former ones a moment longer
    wait_until(lambda: [effects.ask(key=key).status for key in keys] == [200, 401, 401], 60)
    names = {pod["metadata"]["name"] for pod in effects.pods()}
    assert len(names) == 2
    found: set[str] = set()
    wait_until(lambda: found.add(service.run({"data": 0})) or found == names, 60)
