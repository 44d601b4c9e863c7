"""The number of pods follows the load, for real: by CPU, and by slots in use where the cluster knows them."""

from __future__ import annotations

import base64
import contextlib
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from jupyter_deploy import AksWebservice, InferenceConfig, Model, Workspace
from tests.clusters import attached, clear, kubectl
from tests.engines import BASE_IMAGE
from tests.helpers import post, wait_until, write_script
from tests.targets.kubernetes.custom_metrics import alone_on_cluster, slots_served

pytestmark = pytest.mark.timeout(300)  # a cluster looks at the load from time to time only

SCRIPT = """
import json
import time

def init():
    pass

def run(data):
    if json.loads(data)["data"] == "wait":
        time.sleep(0.5)
    else:
        end = time.process_time() + 0.05
        while time.process_time() < end:
            pass
    return data
"""


@contextlib.contextmanager
def load(service: AksWebservice, data: str, clients: int, pause: float = 0) -> Iterator[None]:
    """Some clients that ask one after the other, with a pause in between."""
    uri, key, done = service.scoring_uri or "", service.get_keys()[0], threading.Event()

    def ask() -> None:
        while not done.wait(pause):
            try:
                post(uri, data, key)
            except OSError:  # while it is stopped
                done.wait(0.2)

    threads = [threading.Thread(target=ask) for _ in range(clients)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        done.set()
        for thread in threads:
            thread.join()


@pytest.fixture
def workspace_of_lab(cluster: None, tmp_path: Path) -> Iterator[Workspace]:
    workspace = Workspace(tmp_path / "workspace")
    attached(workspace)
    with alone_on_cluster("metrics"):
        yield workspace
        clear(workspace)


def deployed(workspace: Workspace, **options: Any) -> AksWebservice:
    script = write_script(workspace.path.parent, SCRIPT)
    configuration = AksWebservice.deploy_configuration(
        compute_target_name="lab", replica_max_concurrent_requests=2, max_request_wait_time=5000, **options
    )
    service = Model.deploy(workspace, "scaled", [], InferenceConfig(str(script), base_image=BASE_IMAGE), configuration)
    service.wait_for_deployment()
    assert isinstance(service, AksWebservice)
    return service


def replicas(service: AksWebservice) -> int:
    number: int = service.view.status.details["replicas"]
    return number


def updated(service: AksWebservice, **options: Any) -> None:
    service.update(**options)
    service.wait_for_deployment()


def autoscalers() -> list[str]:
    return kubectl("get", "hpa", "-o", "name").split()


def key_in_secret() -> str:
    """The key by itself, as whoever sees to the cluster finds it."""
    found = kubectl(
        "get", "secrets", "-l", "jupyter-deploy/service=scaled", "-o", "jsonpath={.items[0].data.primaryKey}"
    )
    return base64.b64decode(found).decode()


@pytest.mark.soak
def test_pods_follow_the_cpu_or_where_the_cluster_knows_them_the_slots_in_use(workspace_of_lab: Workspace) -> None:
    service = deployed(workspace_of_lab, autoscale_max_replicas=2)
    found = service.autoscaler
    assert (found.autoscale_enabled, found.metric, found.max_replicas) == (True, "cpu", 2)
    assert "70 % of what each pod asks for" in found.text
    assert "no oftener than the cluster's own period" in found.text
    assert service.serialize()["autoScaler"]["metric"] == "cpu"
    with load(
        service, "burn", clients=1, pause=0.1
    ):  # of the tenth of a core that it asks for it uses three times as much
        wait_until(lambda: replicas(service) == 2, 60)
    assert not service.autoscaler.trouble

    updated(service, num_replicas=1)
    assert (replicas(service), autoscalers()) == (1, [])
    assert not service.autoscaler.autoscale_enabled

    with slots_served(key_in_secret()), load(service, "wait", clients=2):
        updated(service, autoscale_enabled=True, autoscale_max_replicas=3)
        assert service.autoscaler.metric == "scoring_slots_in_use"
        assert "1.4 of each pod's slots" in service.autoscaler.text
        wait_until(lambda: replicas(service) == 2, 40)  # of two slots two are in use, which is more than 70 %


@pytest.mark.soak
def test_a_number_that_follows_the_load_outlives_what_is_changed(workspace_of_lab: Workspace) -> None:
    service = deployed(workspace_of_lab, num_replicas=2)
    updated(service, autoscale_enabled=True, autoscale_max_replicas=4)
    assert (replicas(service), len(autoscalers())) == (2, 1)  # as many as there were, though one would do
    with slots_served(key_in_secret()), load(service, "wait", clients=2):
        updated(service, autoscale_min_replicas=1, autoscale_target_utilization=30)
        wait_until(lambda: replicas(service) == 4, 60)
        service.restart()
        assert replicas(service) == 4
        service.stop()
        assert service.state == "Stopped"
        service.start()
        wait_until(lambda: replicas(service) == 4, 60)
    wait_until(lambda: "unable to get metric" in service.autoscaler.trouble, 40)
    updated(service, autoscale_target_utilization=70)
    assert service.autoscaler.metric == "cpu"


@pytest.mark.soak
@pytest.mark.timeout(900)
def test_pods_come_and_go_no_oftener_than_they_may(workspace_of_lab: Workspace) -> None:
    period = 40
    service = deployed(workspace_of_lab, autoscale_max_replicas=2, autoscale_refresh_seconds=period)
    with load(service, "burn", clients=1, pause=0.1):
        began = time.monotonic()
        wait_until(lambda: replicas(service) == 2, 120)
        assert time.monotonic() - began > period - 10  # the cluster looks every five seconds
        calm = time.monotonic()
    wait_until(lambda: replicas(service) == 1, 500)
    assert time.monotonic() - calm > 250
