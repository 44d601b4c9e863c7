"""Services in containers of a real engine: what they may, what goes wrong with them, and what is said of it."""

from __future__ import annotations

import os
import re
import signal
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import docker
import pytest

from jupyter_deploy import Environment, InferenceConfig, LocalWebservice, Model, Webservice, Workspace
from jupyter_deploy.engine.events import Event
from jupyter_deploy.errors import OperationCancelled, OperationFailed, UserError
from tests.certificates import CNAME, issued
from tests.engines import BASE_IMAGE
from tests.goldens import assert_golden
from tests.helpers import ECHO, wait_until, write_script

pytestmark = pytest.mark.usefixtures("docker_engine")
NAME = "tiny-service"


class Local:
    """Deploys scripts into containers."""

    def __init__(self, workspace: Workspace, folder: Path) -> None:
        self._workspace = workspace
        self._folder = folder
        self.steps: str | None = None
        self.environment: Environment | None = None
        self.container = f"jupyter-deploy-{workspace.folder.id}-{NAME}"

    def config(self, body: str) -> InferenceConfig:
        script = str(write_script(self._folder, body))
        if self.environment is not None:
            return InferenceConfig(script, environment=self.environment)
        return InferenceConfig(script, base_image=BASE_IMAGE, extra_docker_file_steps=self.steps)

    def begin(self, body: str = ECHO, **options: Any) -> Webservice:
        made = LocalWebservice.deploy_configuration(**options)
        return Model.deploy(self._workspace, NAME, [], self.config(body), made)

    def take_long_to_build(self) -> None:
        """Build for a minute from now on, and say "halfway" in it."""
        path = self._folder / "steps.txt"
        path.write_text("RUN echo halfway && sleep 60\n")
        self.steps = str(path)

    def serve(self, body: str = ECHO, **options: Any) -> Webservice:
        service = self.begin(body, **options)
        service.wait_for_deployment()
        return service

    def failure(self, body: str = ECHO, **options: Any) -> OperationFailed:
        with pytest.raises(OperationFailed) as raised:
            self.serve(body, **options)
        return raised.value


@pytest.fixture
def local(workspace: Workspace, tmp_path: Path) -> Local:
    return Local(workspace, tmp_path)


CONFINED = """
import os
from pathlib import Path

def init():
    global facts
    status = dict(line.split(":\\t", 1) for line in Path("/proc/self/status").read_text().splitlines() if ":\\t" in line)
    facts = {name: status[name] for name in ("CapEff", "NoNewPrivs", "Uid")}
    facts["version"], facts["threads"] = os.environ["SERVICE_VERSION"], os.environ["OMP_NUM_THREADS"]
    facts["writable"] = []
    for folder in ("/", "/opt/jupyter-deploy", "/var/azureml-app", "/run/service", "/tmp", os.environ["HOME"]):
        try:
            Path(folder, "probe").write_text("x")
            facts["writable"].append(folder)
        except OSError:
            pass

def run(data):
    return facts
"""


def test_a_service_has_no_rights_and_writes_to_memory_alone(local: Local, engine: docker.DockerClient) -> None:
    local.environment = Environment.from_docker_image("mine", BASE_IMAGE)
    local.environment.environment_variables = {"OMP_NUM_THREADS": "3"}
    service = local.serve(CONFINED, memory_gb=0.5, cpu_cores=0.5, cpu_cores_limit=1.0)
    assert isinstance(service, LocalWebservice)
    uid = "\t".join(["10001"] * 4)
    assert service.run("") == {
        "CapEff": "0" * 16, "NoNewPrivs": "1", "Uid": uid, "version": "1", "threads": "3",
        "writable": ["/tmp", "/home/service"],  # noqa: S108
    }  # fmt: skip
    container = engine.containers.get(local.container)
    host = container.attrs["HostConfig"]
    assert host["PortBindings"] == {"5001/tcp": [{"HostIp": "127.0.0.1", "HostPort": str(service.port)}]}
    assert (host["Memory"], host["MemorySwap"]) == (2**29, 2**29)
    assert (host["CpuShares"], host["NanoCpus"]) == (512, 10**9)
    assert host["RestartPolicy"]["Name"] == "unless-stopped"
    assert host["LogConfig"]["Config"] == {"max-size": "10m", "max-file": "3"}
    wait_until(lambda: engine.containers.get(local.container).health == "healthy", seconds=20)


FAILURES = {
    "raises": 'raise ValueError("no such column")',
    "exits": "os._exit(7)",
    "hangs": "time.sleep(60)",
    "takes_too_much": "bytearray(2**30)",
}


@pytest.mark.parametrize("kind", FAILURES)
def test_why_init_does_not_end_well_is_told_apart(
    local: Local, kind: str, monkeypatch: pytest.MonkeyPatch, engine: docker.DockerClient
) -> None:
    if kind == "hangs":
        monkeypatch.setenv("JUPYTER_DEPLOY_START_TIMEOUT", "3")
    script = f"import os\nimport time\n\n\ndef init():\n    {FAILURES[kind]}\n\ndef run(data):\n    return data\n"
    error = local.failure(script, memory_gb=0.2)
    said = re.sub(r' +File "/.*\n', "", str(error))  # the base image's own Python
    assert_golden(f"errors/docker/init_{kind}.txt", re.sub(r"0x\w+", "ADDRESS", said))
    assert engine.containers.list(all=True, filters={"name": local.container}) == []


def test_a_port_that_is_taken_is_named_with_who_has_it(local: Local) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        error = local.failure(port=port)
    said = re.sub(r"\(process .*?\)", "(process PROCESS)", str(error))
    assert_golden("errors/docker/port_taken.txt", said, {str(port): "PORT"})
    assert local.serve(port=port).port == port


def test_somebody_elses_container_of_that_name_is_left_alone(local: Local, engine: docker.DockerClient) -> None:
    foreign = engine.containers.create(BASE_IMAGE, name=local.container)
    try:
        error = local.failure()
        assert_golden("errors/docker/name_taken.txt", str(error), {local.container: "NAME"})
        foreign.reload()
        assert (foreign.name, foreign.status) == (local.container, "created")
    finally:
        foreign.remove()


def test_a_container_that_crashes_comes_back_and_one_that_was_removed_is_started_again(
    local: Local, engine: docker.DockerClient
) -> None:
    service = local.serve()
    uri = service.scoring_uri
    container = engine.containers.get(local.container)
    os.kill(container.attrs["State"]["Pid"], signal.SIGKILL)  # as a crash
    wait_until(lambda: engine.containers.get(local.container).attrs["RestartCount"] == 1)
    wait_until(lambda: service.state == "Healthy")
    assert service.scoring_uri == uri
    container.kill()  # by hand, which the engine takes for meant
    wait_until(lambda: service.state == "Stopped")
    assert "exit code 137; starting the service brings it back" in service.error

    container.remove()
    assert service.state == "Stopped"
    assert_golden("errors/docker/container_removed.txt", service.error)
    service.start()
    assert (service.state, service.scoring_uri) == ("Healthy", uri)
    assert service.run("[1]") == "[1]"


FAILS_ON_THE_PORT = """
from pathlib import Path

def init():
    if b"--life-fd" not in Path("/proc/1/cmdline").read_bytes():
        raise RuntimeError("no twin")

def run(data):
    return "new"
"""


def test_what_served_is_started_again_where_the_new_one_fails_on_the_port(local: Local) -> None:
    service = local.serve()
    uri = service.scoring_uri
    service.update(inference_config=local.config(FAILS_ON_THE_PORT))
    with pytest.raises(OperationFailed, match="RuntimeError: no twin"):
        service.wait_for_deployment()
    wait_until(lambda: service.state == "Healthy")
    assert (service.version, service.scoring_uri) == (1, uri)
    assert service.run("[1]") == "[1]"
    assert "no twin" in (service.history()[-1].error or "")


def test_the_log_holds_every_version_in_order_and_is_followed_live(local: Local) -> None:
    says = 'def init():\n    print("{0} begins")\n\ndef run(data):\n    print("{0} asked")\n    return data\n'
    service = local.serve(says.format("first"))
    service.run("{}")
    service.update(inference_config=local.config(says.format("second")))
    service.wait_for_deployment()
    service.run("{}")
    wait_until(lambda: "second asked" in service.get_logs())
    lines = service.get_logs().splitlines()
    said = [line.rsplit(" - ", 1)[-1].partition(" (")[0] for line in lines if "begins" in line or "asked" in line]
    assert [line for line in said if "first" in line] == ["first begins", "first asked"]
    assert said[-2:] == ["second begins", "second asked"]

    following = service.logs(follow=True, num_lines=1)
    next(following)
    service.run("{}")
    assert any("second asked" in line for line in following)


def test_a_service_with_tls_and_tokens_is_updated_and_its_tokens_are_renewed(local: Local, tmp_path: Path) -> None:
    service = local.serve(token_auth_enabled=True, **issued(tmp_path).options)
    assert str(service.scoring_uri).startswith(f"https://{CNAME}:")
    assert service.run("[1]") == "[1]"
    service.update(max_body_mb=1)
    service.wait_for_deployment()
    assert (service.run("[1]"), service.version) == ("[1]", 2)
    for which in ("Primary", "Secondary"):
        service.regen_key(which)
        assert service.run("[1]") == "[1]"


MOMENTS: dict[str, Callable[[Event], bool]] = {
    "before the build": lambda event: event.kind == "began" and event.step == "environment",
    "in the build": lambda event: event.kind == "log" and event.step == "image" and event.text == "halfway",
    "while it starts": lambda event: event.text == "twin started",
}


def cancel_when(service: Webservice, has_come: Callable[[Event], bool]) -> None:
    operation = service.operation
    assert operation is not None
    wait_until(lambda: any(map(has_come, operation.events())))
    assert operation.cancel()
    with pytest.raises(OperationCancelled):
        service.wait_for_deployment()


def test_an_update_is_cancelled_at_any_moment(local: Local, engine: docker.DockerClient, tmp_path: Path) -> None:
    service = local.serve()
    uri = service.scoring_uri
    for moment, has_come in MOMENTS.items():
        script = f"# {moment} {tmp_path}\nimport time\n\ndef init():\n    time.sleep(60)\n\ndef run(data):\n    pass\n"
        local.steps = None
        if moment == "in the build":
            local.take_long_to_build()
        service.update(inference_config=local.config(script))
        cancel_when(service, has_come)
        assert (service.state, service.version, service.scoring_uri) == ("Healthy", 1, uri)
        assert [each.name for each in engine.containers.list(all=True, filters={"name": local.container})] == [
            local.container
        ]
    assert service.run("[1]") == "[1]"


def test_what_a_container_takes_is_said_with_its_units(local: Local) -> None:
    service = local.serve(
        """
        def init():
            global held
            held = bytearray(b"x" * 30_000_000)

        def run(data):
            return data
    """,
        memory_gb=0.5,
    )
    assert isinstance(service, LocalWebservice)
    before = service.stats()
    assert service.run("x" * 1_000_000) == "x" * 1_000_000
    after = service.stats()
    assert 30_000_000 < after.memory_bytes < after.memory_limit_bytes == 2**29
    assert after.network_received_bytes - before.network_received_bytes > 1_000_000
    assert after.network_sent_bytes - before.network_sent_bytes > 1_000_000
    assert 0 <= after.cpu_cores <= 2
    service.stop()
    with pytest.raises(UserError, match=f"'{NAME}' does not run"):
        service.stats()


def test_reloading_serves_the_script_as_it_is_now_and_installs_nothing(local: Local, workspace: Workspace) -> None:
    service = local.serve()
    assert isinstance(service, LocalWebservice)
    local.config(ECHO.replace("return data", 'return "reloaded"'))  # written to the same file
    service.reload(wait=True)
    assert (service.run("[1]"), service.version) == ("reloaded", 2)
    assert service.operation is not None
    installs = [event for event in service.operation.events() if event.text.startswith("RUN python3 -m pip")]
    assert [event.facts["cached"] for event in installs] == [True]
    (moved,) = [event for event in service.operation.events() if event.text == "the port has changed hands"]
    assert 0 < moved.facts["gap_seconds"] < 60
    found = LocalWebservice(workspace, NAME)
    assert isinstance(found, LocalWebservice)
    with pytest.raises(UserError, match=r"not known to this handle\n.*\n.*service.update\(inference_config"):
        found.reload()
