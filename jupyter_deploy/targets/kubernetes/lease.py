"""One operation on a service at a time, whichever machine it runs on: a Lease on the cluster, held and renewed while one is under way."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import threading
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone

from jupyter_deploy.errors import TargetError
from jupyter_deploy.models.provenance import user_name
from jupyter_deploy.targets.base import Place
from jupyter_deploy.targets.kubernetes.cluster import Cluster
from jupyter_deploy.targets.kubernetes.kinds import Object, api_of, path_of
from jupyter_deploy.targets.kubernetes.names import all_labels, object_name
from jupyter_deploy.targets.kubernetes.ownership import require_own
from jupyter_deploy.targets.kubernetes.refusals import AlreadyThere, Missing
from jupyter_deploy.workspace.identity import ProcessIdentity

_PROCESS = "jupyter-deploy/process"
"""The annotation that says which process holds it: on its own machine it can be seen whether that lives."""
_SECONDS = 60
"""That a lease lasts when it is not renewed: longer than a cluster is usually away."""
_RENEW_EVERY = 10.0
_ATTEMPTS = 5


class Lease:
    """A lease that is held.

    Parameters
    ----------
    cluster : where. thing : as the cluster has it.
    """

    def __init__(self, cluster: Cluster, thing: Object) -> None:
        self._cluster = cluster
        self._thing = thing
        self._is_lost = False
        self._ending = threading.Event()
        self._renewing = threading.Thread(target=self._renew, name="lease", daemon=True)
        self._renewing.start()

    def require(self) -> None:
        """See that it is still held.

        Raises
        ------
        TargetError : it could not be renewed in time, and somebody else has taken it.
        """
        if self._is_lost:
            raise TargetError(
                "another operation has taken over, as the cluster had not heard of this one for too long",
                remedy="look at the service, then do the same again",
            )

    def _renew(self) -> None:
        while not self._ending.wait(_RENEW_EVERY) and not self._is_lost:
            with contextlib.suppress(TargetError):  # the cluster is away, and may be back before the lease has run out
                self._renew_once()

    def _renew_once(self) -> None:
        spec = {**self._thing["spec"], "renewTime": _written(_now())}
        try:
            self._thing = self._cluster.replace({**self._thing, "spec": spec})
        except (AlreadyThere, Missing):
            about = self._thing["metadata"]
            there = _there(self._cluster, about["namespace"], about["name"])
            if there is None or _holder(there) != _holder(self._thing):
                self._is_lost = True
            else:
                self._thing = there  # we renewed it, and the cluster went away before it could say so

    def release(self) -> None:
        """Let others have it."""
        self._ending.set()
        self._renewing.join()
        if not self._is_lost:
            with contextlib.suppress(TargetError):  # it runs out by itself
                self._cluster.delete(self._thing)


@contextlib.contextmanager
def held(cluster: Cluster, place: Place, namespace: str) -> Iterator[Lease]:
    """Hold the lease on a service's objects.

    Raises
    ------
    TargetError : another operation holds it; who and since when is named.
    """
    lease = Lease(cluster, _taken(cluster, place, namespace))
    try:
        yield lease
    finally:
        lease.release()


def _taken(cluster: Cluster, place: Place, namespace: str) -> Object:
    ours = _ours(place, namespace)
    for _ in range(_ATTEMPTS):
        with contextlib.suppress(AlreadyThere, Missing):  # somebody else was faster, or has just let go
            there = _there(cluster, namespace, object_name(place))
            if there is None:
                return _typed(cluster.create(ours))
            require_own(place, there)
            if not _is_over(there):
                raise _busy(place, there)
            version = there["metadata"]["resourceVersion"]
            return _typed(cluster.replace({**ours, "metadata": {**ours["metadata"], "resourceVersion": version}}))
    raise TargetError(f"several operations on '{place.service}' begin at once", remedy="do the same again")


def _there(cluster: Cluster, namespace: str, name: str) -> Object | None:
    with contextlib.suppress(Missing):
        return _typed(cluster.get(path_of("Lease", namespace, name)))
    return None


def _ours(place: Place, namespace: str) -> Object:
    process, now = ProcessIdentity.of(os.getpid()), _written(_now())
    about = {
        "name": object_name(place), "namespace": namespace, "labels": all_labels(place),
        "annotations": {_PROCESS: json.dumps(process.to_json())},
    }  # fmt: skip
    holder = f"{user_name()} on {socket.gethostname()} (process {process.pid})"
    spec = {"holderIdentity": holder, "leaseDurationSeconds": _SECONDS, "acquireTime": now, "renewTime": now}
    return _typed({"metadata": about, "spec": spec})


def _holder(thing: Object) -> tuple[str, str]:
    return thing["spec"].get("holderIdentity", ""), thing["spec"].get("acquireTime", "")


def _is_over(thing: Object) -> bool:
    """Whether its holder has ended without a word: seen at once where it is of this machine, else by the time."""
    spec, noted = thing["spec"], thing["metadata"].get("annotations", {}).get(_PROCESS)
    whereabouts = ProcessIdentity.from_json(json.loads(noted)).whereabouts() if noted else "elsewhere"
    if whereabouts in ("dead", "restarted"):
        return True
    return _read(spec["renewTime"]) + timedelta(seconds=spec["leaseDurationSeconds"]) < _now()


def _busy(place: Place, thing: Object) -> TargetError:
    spec = thing["spec"]
    since = _read(spec["acquireTime"]).strftime("%Y-%m-%d %H:%M:%S UTC")
    return TargetError(
        f"another operation on '{place.service}' is under way on the cluster: of {spec['holderIdentity']}, since {since}",
        remedy=f"wait until it has ended; one that was killed is taken over {_SECONDS} s later",
    )


def _typed(thing: Object) -> Object:
    return {**thing, "apiVersion": api_of("Lease"), "kind": "Lease"}


def _now() -> datetime:
    return datetime.now(timezone.utc)


def _written(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _read(text: str) -> datetime:
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=timezone.utc)
