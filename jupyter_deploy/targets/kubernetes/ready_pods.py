"""The pods that take a service's requests, and the way to each through the cluster's API."""

from __future__ import annotations

import asyncio
import contextlib
import math
import time
from collections import Counter
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, NamedTuple

from jupyter_deploy.errors import TargetError
from jupyter_deploy.targets.kubernetes.cluster import Cluster
from jupyter_deploy.targets.kubernetes.compute import Compute
from jupyter_deploy.targets.kubernetes.kinds import path_of

if TYPE_CHECKING:
    from websockets.asyncio.client import ClientConnection

PROTOCOL = "v4.channel.k8s.io"
"""Messages that begin with the number of their channel: 0 for the bytes of the port, 1 for what went wrong."""
_FRESH = 1.0
"""Seconds for which an answer holds: fewer than a pod goes on accepting when it is to end."""


class ReadyPod(NamedTuple):
    """A pod that takes requests, and at which of its ports."""

    name: str
    port: int


class ReadyPods:
    """A service's pods that are ready, as the cluster itself would choose among them.

    Asked for when somebody connects, and at no other time.

    Parameters
    ----------
    compute : the cluster. namespace, name : of the Service.
    """

    def __init__(self, compute: Compute, namespace: str, name: str) -> None:
        self._compute = compute
        self._namespace = namespace
        self._name = name
        self._cluster: Cluster | None = None
        self._turns: list[ReadyPod] = []
        self._carried: Counter[ReadyPod] = Counter()
        self._asked = -math.inf
        self._asking = asyncio.Lock()

    async def next(self) -> ReadyPod | None:
        """The pod with the fewest connections, of those the one that had none for longest; None where no pod is ready.

        Raises
        ------
        TargetError : the cluster cannot be asked.
        """
        async with self._asking:
            if time.monotonic() - self._asked > _FRESH:
                found = await asyncio.to_thread(self._ask)
                self._turns = [pod for pod in found if pod not in self._turns] + [
                    pod for pod in self._turns if pod in found
                ]
                self._asked = time.monotonic()
        if not self._turns:
            return None
        chosen = min(self._turns, key=self._carried.__getitem__)
        self._turns.remove(chosen)
        self._turns.append(chosen)
        return chosen

    def doubt(self) -> None:
        """Ask before the next answer: this one did not hold."""
        self._asked = -math.inf

    @contextlib.asynccontextmanager
    async def connected(self, pod: ReadyPod) -> AsyncIterator[ClientConnection]:
        """A connection to a pod's port."""
        path = path_of("Pod", self._namespace, pod.name) + "/portforward"
        way = await asyncio.to_thread(self._connection().websocket, path, PROTOCOL, ports=str(pod.port))
        self._carried[pod] += 1
        try:
            async with way as stream:
                yield stream
        finally:
            self._carried[pod] -= 1

    def _ask(self) -> set[ReadyPod]:
        try:
            found = self._connection().get(path_of("Endpoints", self._namespace, self._name))
        except TargetError:
            self._cluster = None  # its credentials may have been replaced in their file
            raise
        return {
            ReadyPod(address["targetRef"]["name"], subset["ports"][0]["port"])
            for subset in found.get("subsets") or ()
            for address in subset.get("addresses") or ()
        }

    def _connection(self) -> Cluster:
        if self._cluster is None:
            self._cluster = Cluster(self._compute)
        return self._cluster
