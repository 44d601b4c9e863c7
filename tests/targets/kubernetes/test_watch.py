"""What a deployment says on its way, and how soon it says what is wrong; with real faults on a real cluster."""

from __future__ import annotations

import re
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from docker import DockerClient

from jupyter_deploy.errors import OperationFailed
from tests.clusters import kubectl
from tests.helpers import wait_until
from tests.registries import ImageRegistry
from tests.targets.kubernetes.watched import CRASHES, FILLS, HAS_A_CHILD_FILL, IS_WELL, Watched, condition

SOON = 5.0
"""Seconds within which a person is told what the cluster knows."""


def test_a_deployment_says_in_few_words_how_far_it_is(watched: Watched) -> None:
    operation = watched.service.operation
    assert operation is not None
    said = [event.text for event in operation.events() if event.step == "start" and event.kind == "moved"]
    ways = {re.sub(r"pods? (1|2|1, 2) of 2: ", "", text) for text in said}
    assert ways >= {"starting on the node lab", "ready", "every pod serves it"}
    assert len(said) == len(set(said))
    assert not any(pod["metadata"]["name"] in text for pod in watched.pods() for text in said)


def test_a_script_that_fails_is_said_with_its_traceback(watched: Watched) -> None:
    with ThreadPoolExecutor(1) as aside:

        def let_go(text: str) -> None:
            if text == "pod 1 of 2: running imports and init()":
                aside.submit(watched.let_go, CRASHES)

        told = watched.bring_up(CRASHES, said=let_go, memory_gb=0.3)
    assert told.error is not None
    assert told.at("pod 1 of 2: running imports and init()") < told.at("no such column")
    assert told.error.what == "init() raised ValueError: no such column"
    assert 'File "score.py", line' in told.error.why
    assert told.error.why.endswith("ValueError: no such column")
    assert told.error.remedy.startswith("mend init()")
    assert told.at("no such column") - told.ended_at() < SOON


@pytest.mark.parametrize("version", [FILLS, pytest.param(HAS_A_CHILD_FILL, marks=pytest.mark.soak)])
def test_a_script_that_takes_too_much_memory_is_said_with_the_limit(watched: Watched, version: int) -> None:
    told = watched.bring_up(version, memory_gb=0.25)
    assert told.error is not None
    assert told.error.what == "memory limit of 0.25 GB (memory_gb) exceeded"
    assert "SIGKILL" in told.error.why
    assert told.error.remedy.startswith("deploy again with a higher memory_gb")
    assert told.at("memory limit") - told.ended_at() < SOON


def test_an_image_that_is_not_there_is_named(watched: Watched) -> None:
    told = watched.bring_up(20, image="registry.invalid/none:1")
    assert told.error is not None
    assert re.match(r"the image registry\.invalid/none:1 cannot be pulled: .*no such host", told.error.what)
    assert "image_registry" in told.error.remedy
    assert told.at("cannot be pulled") - told.noted_at("Failed", "Failed to pull image") < SOON


@pytest.mark.soak
def test_a_pull_is_said_with_the_time_that_it_takes(
    watched: Watched, engine: DockerClient, open_registry: ImageRegistry
) -> None:
    image = f"{open_registry.address}/watched:1"
    engine.images.get(watched.image).tag(image)
    engine.images.push(image)
    engine.images.remove(image)
    try:
        told = watched.bring_up(IS_WELL, until="pulled the image", image=image)
    finally:
        engine.images.remove(image)
    said = [text for _, text in told.texts if "image" in text]
    assert re.fullmatch(rf"pod 1 of 2: pulled the image {re.escape(image)} in \d+(\.\d)?m?s", said[-1])


def test_what_the_nodes_lack_is_said_at_once(watched: Watched) -> None:
    told = watched.bring_up(IS_WELL, until="no node has room", cpu_cores=1000.0)
    assert "pod 1 of 2: no node has room: 1 of 1 has too little cpu" in [text for _, text in told.texts]
    assert told.at("no node has room") - condition(told.pods[0], "PodScheduled") < SOON


@pytest.mark.soak
def test_nobody_waits_for_ever_for_a_node(watched: Watched) -> None:
    watched.service.update(cpu_cores=1000.0, memory_gb=0.5)
    with pytest.raises(OperationFailed) as raised:
        watched.service.wait_for_deployment()
    what, asked, *_, remedy = str(raised.value).splitlines()
    assert what == "no node has room: 1 of 1 has too little cpu"
    assert asked == "Each pod asks for 1000 cores and 0.5 GB."
    assert remedy.startswith("ask for less (cpu_cores, memory_gb, devices)")
    watched.wait_until_well()


def test_settings_that_cannot_be_mounted_are_named(watched: Watched) -> None:
    with watched.without_settings():
        told = watched.bring_up(IS_WELL, until="not found", port=6001)  # before, its node may still wait for it
    said = next(text for _, text in told.texts if "not found" in text)
    assert re.fullmatch(
        r"pod 1 of 2: its volume 'settings' cannot be mounted: configmap \"watched-\S+\" not found", said
    )
    assert told.at("not found") - told.noted_at("FailedMount", "not found") < SOON


@pytest.mark.soak
def test_nobody_waits_for_ever_for_settings(watched: Watched) -> None:
    with watched.without_settings():
        told = watched.bring_up(IS_WELL, port=6001)
    assert told.error is not None
    assert told.error.what.startswith("its volume 'settings' cannot be mounted: configmap")
    assert "writes it anew" in told.error.remedy


@pytest.mark.soak
def test_probes_that_are_not_passed_are_said_before_the_pod_is_started_anew_for_it(watched: Watched) -> None:
    probes = {"initial_delay_seconds": 5, "period_seconds": 1, "timeout_seconds": 1, "failure_threshold": 2}
    told = watched.bring_up(IS_WELL, port=6001, **probes)
    assert told.error is not None
    assert told.error.what == "it does not pass its liveness probe, and is started anew: connection refused"
    assert told.error.why.startswith("It is asked every 1 s, from 5 s after its start on, has 1 s to answer")
    assert "failure_threshold" in told.error.remedy
    assert (
        told.at("readiness probe: connection refused") - told.noted_at("Unhealthy", "Readiness") < SOON + 3
    )  # of which it needs three
    assert told.at("started anew") - told.noted_at("Killing") < SOON


@pytest.mark.soak
def test_a_service_that_hangs_is_unhealthy_with_the_probe_it_does_not_pass(
    watched: Watched, engine: DockerClient
) -> None:
    fronts = [engine.containers.get(watched.container(pod)) for pod in watched.pods()]
    for front in fronts:
        front.kill("SIGSTOP")
    try:
        wait_until(lambda: watched.service.error == "it does not pass its readiness probe: no answer in time")
        assert watched.service.state == "Unhealthy"
        known = [condition(pod, "Ready") for pod in watched.pods()]
        assert time.time() - max(known) < SOON
    finally:
        for front in fronts:
            front.kill("SIGCONT")
    watched.wait_until_well()


@pytest.mark.soak
def test_a_service_that_crashes_says_why_and_how_often(watched: Watched) -> None:
    pod = watched.pods()[0]["metadata"]["name"]
    kubectl("exec", pod, "--", "sh", "-c", "touch /tmp/fail && kill -TERM 1")
    error = "1 of 2 pods serve: init() raised ValueError: the store is gone; started anew "
    looping = re.compile(re.escape(error) + r"(once|\d+ times) \(CrashLoopBackOff\)")
    wait_until(lambda: looping.fullmatch(watched.service.error), 30)
    assert watched.service.state == "Healthy"
    log = watched.service.get_logs(num_lines=1_000_000)
    assert "ValueError: the store is gone" in log
    assert log.index("version 1 of the script") < log.index("the store is gone")  # of the container before
    kubectl("delete", "pod", pod, "--wait=false")


@pytest.mark.soak
def test_a_service_without_room_is_unschedulable(watched: Watched) -> None:
    watched.service.stop()
    watched.scale_by_hand(1, cpu="1000")
    try:
        wait_until(lambda: watched.service.state == "Unschedulable")
        assert watched.service.error == "no node has room: 1 of 1 has too little cpu"
    finally:
        watched.scale_by_hand(0, cpu="100m")
    watched.service.start()
    watched.wait_until_well()
