"""A service on the cluster for the tests that watch it: two pods of one image, whose script does by its version what goes wrong."""

from __future__ import annotations

import contextlib
import json
import re
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest

from jupyter_deploy import InferenceConfig, Model, Webservice, Workspace
from jupyter_deploy.engine.places import bundle_folder
from jupyter_deploy.engine.services import where
from jupyter_deploy.errors import TargetError
from jupyter_deploy.targets import find_target
from jupyter_deploy.targets.base import Release
from jupyter_deploy.targets.kubernetes.cluster import Cluster
from jupyter_deploy.targets.kubernetes.names import VERSION
from tests.clusters import COMPUTE, attached, clear, kubectl
from tests.engines import BASE_IMAGE
from tests.helpers import post, wait_until, write_script

SCRIPT = """
import logging
import os
import subprocess
import sys
import time
from pathlib import Path

VERSION = os.environ["SERVICE_VERSION"]
FILL = "held = []\\nwhile True:\\n    held.append(bytearray(b'1' * (16 << 20)))"

def init():
    print("version", VERSION, "of the script")
    if VERSION == "12":
        while not Path("/tmp/go").exists():
            time.sleep(0.05)
        raise ValueError("no such column")
    if VERSION == "13":
        exec(FILL)
    if VERSION == "14":
        subprocess.run([sys.executable, "-c", FILL], check=True)
    if Path("/tmp/fail").exists():
        raise ValueError("the store is gone")

def run(data):
    logging.warning("asked for %s", data)
    if "fail" in data:
        raise ValueError(data)
    return VERSION
"""
CRASHES, FILLS, HAS_A_CHILD_FILL, IS_WELL = 12, 13, 14, 15
"""Versions of the service, and what init() does in them; the first does it once the test has called :meth:`Watched.let_go`."""

_GOES_WELL = re.compile(r"^applied|^the version|starting on the node|running imports")
"""Texts after which nobody asks what the cluster knows of the pods, as that would hold up what is said next."""


class Enough(Exception):
    """The test has seen what it waits for; what was begun is taken back."""


@dataclass
class Told:
    """What a release said on its way.

    Parameters
    ----------
    texts : each with when it was said. pods, notices : what the cluster had of it then. error : how it ended.
    """

    texts: list[tuple[float, str]] = field(default_factory=list)
    pods: list[dict[str, Any]] = field(default_factory=list)
    notices: list[dict[str, Any]] = field(default_factory=list)
    error: TargetError | None = None

    def at(self, part: str) -> float:
        """When a text was said first that has this in it."""
        return next(moment for moment, text in self.texts if part in text)

    def ended_at(self) -> float:
        """When its container ended, as the cluster has it, to the second before."""
        status = self.pods[0]["status"]["containerStatuses"][0]
        ends = [
            status[state]["terminated"]["finishedAt"]
            for state in ("lastState", "state")
            if "terminated" in status[state]
        ]
        return seconds(ends[0])

    def noted_at(self, reason: str, part: str = "") -> float:
        """When the cluster noted something of it first."""
        times = [
            each["firstTimestamp"] for each in self.notices if each["reason"] == reason and part in each["message"]
        ]
        return seconds(times[0])


class Watched:
    """The service, and ways to bring releases of it up that fail."""

    def __init__(self, service: Webservice) -> None:
        self.service = service
        workspace = service.workspace.folder
        self.target, self.place = where(workspace, service.view)
        current = service.view.current
        assert current is not None
        self.bundle = bundle_folder(workspace, service.name, current.bundle)
        self.options = self.target.options.from_json(dict(service.view.options), "recorded options")
        self.name = f"{service.name}-{self.place.workspace}"
        image = "jsonpath={.spec.template.spec.containers[0].image}"
        self.image = kubectl("get", "deployment", self.name, "-o", image)

    def pods(self, version: int | None = None) -> list[dict[str, Any]]:
        """The pods that are to stay, of one version or all."""
        labels = f"jupyter-deploy/workspace={self.place.workspace}" + (f",{VERSION}={version}" if version else "")
        found = json.loads(kubectl("get", "pods", "-l", labels, "-o", "json"))["items"]
        return [pod for pod in found if "deletionTimestamp" not in pod["metadata"]]

    def bring_up(
        self,
        version: int,
        until: str = "",
        image: str = "",
        port: int = 0,
        said: Callable[[str], object] = lambda _: None,
        **options: Any,
    ) -> Told:
        """Bring a release up until it fails, or a text is said; what served has to answer all the time.

        Parameters
        ----------
        image : that it runs, where it is not the service's. port : that its server listens at. said : called with each text.
        """
        told = Told()

        def report(text: str, **_: Any) -> None:
            told.texts.append((time.time(), text))
            if not _GOES_WELL.search(text):
                told.pods = self.pods(version) or told.pods
                told.notices = json.loads(kubectl("get", "events", "-o", "json"))["items"]
                uids = {pod["metadata"]["uid"] for pod in told.pods}
                told.notices = [each for each in told.notices if each["involvedObject"].get("uid") in uids]
            said(text)
            if until and until in text:
                raise Enough

        serving = self.service.version
        release = Release(version, self._bundle(port), self.options.replaced(options), image or self.image)
        with answering(self.service):
            try:
                with self.target.bring_up(self.place, release, report):
                    raise AssertionError("it came up")
            except Enough:
                pass
            except TargetError as error:
                told.error = error
            wait_until(lambda: not self.pods(version))
        self.wait_until_well()
        assert self.service.version == serving
        return told

    def let_go(self, version: int) -> None:
        """Let the init() of a version's pods go on that waits for it."""
        for pod in self.pods(version):
            kubectl("exec", pod["metadata"]["name"], "--", "touch", "/tmp/go")  # noqa: S108  (the pod's own)

    def container(self, pod: dict[str, Any]) -> str:
        """The id that the engine has for a pod's container."""
        name: str = pod["status"]["containerStatuses"][0]["containerID"]
        return name.rpartition("/")[2]

    def scale_by_hand(self, count: int, cpu: str) -> None:
        """Have another number of pods, which ask for so much, as somebody does who does not ask us."""
        container = {"name": "service", "resources": {"requests": {"cpu": cpu}}}
        spec = {"replicas": count, "template": {"spec": {"containers": [container]}}}
        kubectl("patch", "deployment", self.name, "--patch", json.dumps({"spec": spec}))

    def wait_until_well(self) -> None:
        """Wait until both pods serve."""
        wait_until(lambda: (self.service.state, self.service.error) == ("Healthy", ""), 60)

    @contextlib.contextmanager
    def without_settings(self) -> Iterator[None]:
        """Every ConfigMap goes as soon as it is there, before anything that needs it."""
        apply = Cluster.apply

        def lost(cluster: Cluster, thing: dict[str, Any], *, dry_run: bool = False, **more: Any) -> Any:
            made = apply(cluster, thing, dry_run=dry_run, **more)
            if thing["kind"] == "ConfigMap" and not dry_run:
                cluster.delete(thing)
            return made

        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(Cluster, "apply", lost)
            yield

    def _bundle(self, port: int) -> Path:
        """The service's bundle, or its settings with another port."""
        if not port:
            return self.bundle
        settings = json.loads((self.bundle / "service.json").read_text())
        folder = self.place.folder / "other"
        shutil.copytree(self.bundle, folder, dirs_exist_ok=True)
        (folder / "service.json").unlink()  # which may be read-only
        (folder / "service.json").write_text(json.dumps({**settings, "port": port}))
        return folder


@contextlib.contextmanager
def answering(service: Webservice) -> Iterator[None]:
    """Enclose what a service has to answer all the time in, as the version that it serves."""
    ended, answers, uri = Event(), [], service.scoring_uri or ""

    def ask() -> None:
        while not ended.wait(0.05):
            try:
                answers.append(post(uri, "how").json)
            except Exception as error:
                answers.append(error)

    thread = Thread(target=ask)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
    assert set(answers) == {str(service.version)}


def condition(pod: dict[str, Any], name: str) -> float:
    """Since when a condition of a pod is as it is, to the second before."""
    return next(seconds(each["lastTransitionTime"]) for each in pod["status"]["conditions"] if each["type"] == name)


def seconds(stamp: str) -> float:
    """A time of the cluster's, which has whole seconds."""
    return datetime.fromisoformat(stamp.rstrip("Z")).replace(tzinfo=timezone.utc).timestamp()


@pytest.fixture(scope="session")
def watched(cluster: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    """The service "watched"; each test leaves it serving with two pods."""
    folder = tmp_path_factory.mktemp("watched")
    workspace = Workspace(folder / "workspace")
    attached(workspace)
    config = InferenceConfig(str(write_script(folder, SCRIPT)), base_image=BASE_IMAGE)
    options = find_target("kubernetes").options(
        compute_target_name=COMPUTE, num_replicas=2, auth_enabled=False, max_request_wait_time=20_000
    )
    service = Model.deploy(workspace, "watched", [], config, options)
    service.wait_for_deployment()
    yield Watched(service)
    clear(workspace)
