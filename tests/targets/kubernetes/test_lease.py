"""One operation on a service at a time, wherever it runs."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import uuid
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from jupyter_deploy.errors import TargetError
from jupyter_deploy.targets.base import Place
from jupyter_deploy.targets.kubernetes import lease
from jupyter_deploy.targets.kubernetes.cluster import Cluster
from jupyter_deploy.targets.kubernetes.compute import Compute
from tests.clusters import NAMESPACE, kubeconfig, kubectl
from tests.helpers import wait_until
from tests.targets.kubernetes.way import way_to

HOLD = """
import json, sys
from pathlib import Path
from jupyter_deploy.targets.base import Place
from jupyter_deploy.targets.kubernetes import lease
from jupyter_deploy.targets.kubernetes.cluster import Cluster
from jupyter_deploy.targets.kubernetes.compute import Compute

compute, workspace, namespace = json.loads(sys.argv[1]), *sys.argv[2:]
with lease.held(Cluster(Compute.from_json(compute)), Place(workspace, "tiny", Path(), None), namespace):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """The place of a service that no other test has."""
    return Place(uuid.uuid4().hex[:8], "tiny", tmp_path, None)


@pytest.fixture
def lab(cluster: None) -> Iterator[Cluster]:
    with Cluster(Compute("lab", str(kubeconfig()), "", NAMESPACE)) as connected:
        yield connected


def leases(place: Place) -> list[dict[str, dict[str, str]]]:
    shown = kubectl("get", "leases", "-l", f"jupyter-deploy/workspace={place.workspace}", "-o", "json")
    found: list[dict[str, dict[str, str]]] = json.loads(shown)["items"]
    return found


def held_elsewhere(place: Place, renewed: timedelta) -> None:
    """Have somebody of another machine hold it, who renewed it so long ago."""
    moment = datetime.now(timezone.utc) - renewed
    times = dict.fromkeys(("acquireTime", "renewTime"), moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ"))
    about = {
        "name": f"tiny-{place.workspace}",
        "labels": {"jupyter-deploy/workspace": place.workspace, "jupyter-deploy/service": "tiny"},
    }
    spec = {"holderIdentity": "ann on laptop (process 12)", "leaseDurationSeconds": 60, **times}
    thing = {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": about, "spec": spec}
    kubectl("create", "-f", "-", stdin=json.dumps(thing))


def test_the_second_who_comes_is_told_who_was_first_and_since_when(lab: Cluster, place: Place) -> None:
    today = datetime.now(timezone.utc).strftime("%Y-%m-%d")
    with lease.held(lab, place, NAMESPACE) as first:
        with (
            pytest.raises(
                TargetError,
                match=rf"another operation on 'tiny' is under way .*: of \w+ on .* \(process {os.getpid()}\), since {today}",
            ),
            lease.held(lab, place, NAMESPACE),
        ):
            pass
        first.require()
    assert leases(place) == []
    with lease.held(lab, place, NAMESPACE):
        assert len(leases(place)) == 1


def test_a_holder_of_this_machine_that_was_killed_is_taken_over_at_once(lab: Cluster, place: Place) -> None:
    command = [sys.executable, "-c", HOLD, json.dumps(lab.compute.to_json()), place.workspace, NAMESPACE]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(TargetError, match=rf"\(process {holder.pid}\)"), lease.held(lab, place, NAMESPACE):
            pass
        holder.send_signal(signal.SIGKILL)
        holder.wait()
    with lease.held(lab, place, NAMESPACE):
        assert f"(process {os.getpid()})" in leases(place)[0]["spec"]["holderIdentity"]
    assert leases(place) == []


def test_a_holder_of_another_machine_is_taken_over_when_its_time_is_over(lab: Cluster, place: Place) -> None:
    held_elsewhere(place, timedelta(seconds=50))
    with pytest.raises(TargetError, match="of ann on laptop"), lease.held(lab, place, NAMESPACE):
        pass
    kubectl("delete", "lease", f"tiny-{place.workspace}")
    held_elsewhere(place, timedelta(seconds=61))
    with lease.held(lab, place, NAMESPACE):
        assert "ann" not in leases(place)[0]["spec"]["holderIdentity"]


def test_it_is_renewed_while_it_is_held_also_after_the_cluster_was_away(
    cluster: None, place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lease, "_RENEW_EVERY", 0.1)
    way, path = way_to(kubeconfig(), tmp_path)
    with (
        Cluster(Compute("lab", str(path), "", NAMESPACE)) as connected,
        lease.held(connected, place, NAMESPACE) as held,
    ):
        begun = leases(place)[0]["spec"]["renewTime"]
        wait_until(lambda: leases(place)[0]["spec"]["renewTime"] > begun)
        way.cut()
        last = leases(place)[0]["spec"]["renewTime"]
        way.mend()
        wait_until(lambda: leases(place)[0]["spec"]["renewTime"] > last)
        held.require()
    way.cut()
    assert leases(place) == []


def test_who_has_lost_it_goes_no_further_and_leaves_it_to_who_has_it(
    lab: Cluster, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lease, "_RENEW_EVERY", 0.1)

    def is_lost(held: lease.Lease) -> bool:
        try:
            held.require()
        except TargetError as error:
            return "another operation has taken over" in error.what
        return False

    with lease.held(lab, place, NAMESPACE) as held:
        kubectl("delete", "lease", f"tiny-{place.workspace}")
        held_elsewhere(place, timedelta())
        wait_until(lambda: is_lost(held))
    assert leases(place)[0]["spec"]["holderIdentity"].startswith("ann")


def test_somebody_elses_lease_of_the_same_name_is_left_alone(lab: Cluster, place: Place) -> None:
    name = f"tiny-{place.workspace}"
    thing = {
        "apiVersion": "coordination.k8s.io/v1",
        "kind": "Lease",
        "metadata": {"name": name},
        "spec": {"leaseDurationSeconds": 5},
    }
    kubectl("create", "-f", "-", stdin=json.dumps(thing))
    with (
        pytest.raises(TargetError, match=rf"the name '{name}' is taken by a Lease .* left alone\n.*kubectl"),
        lease.held(lab, place, NAMESPACE),
    ):
        pass
    assert kubectl("get", "lease", name)
