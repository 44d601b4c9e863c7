"""Devices that the lab's node says it has, as a device plug-in would."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping

from jupyter_deploy.targets.kubernetes.cluster import Cluster
from jupyter_deploy.targets.kubernetes.compute import Compute
from tests.clusters import kubeconfig, kubectl
from tests.helpers import wait_until


@contextlib.contextmanager
def advertised(devices: Mapping[str, int]) -> Iterator[None]:
    """The first node has so many of these devices."""
    name = kubectl("get", "nodes", "-o", "jsonpath={.items[0].metadata.name}")
    node = {"apiVersion": "v1", "kind": "Node", "metadata": {"name": name}}

    def say(counts: Mapping[str, str | None]) -> None:
        with Cluster(Compute("lab", str(kubeconfig()), "", "")) as cluster:
            cluster.patch(node, {"status": {"capacity": counts, "allocatable": counts}}, subresource="status")

    def is_said() -> bool:
        shown = kubectl("get", "node", name, "-o", "jsonpath={.status.allocatable}")
        return all(device in shown for device in devices)

    say({device: str(count) for device, count in devices.items()})
    try:
        wait_until(is_said, 15)
        yield
    finally:
        say(dict.fromkeys(devices))
