"""The log of a service whose pods are several, come and go: each line once, in order, and nobody waits for a cluster that is away."""

from __future__ import annotations

import contextlib
import json
import re
import socket
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from itertools import count, takewhile
from pathlib import Path
from typing import Any

import pytest

from jupyter_deploy.targets.kubernetes import logs
from jupyter_deploy.targets.kubernetes.cluster import Cluster
from tests.helpers import post, wait_until
from tests.targets.kubernetes.watched import Watched

_RECORD = re.compile(r"(?P<time>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3}) [A-Z] \[(?P<pod>\w{5})/\d+\] ")
_TRACEBACK = [
    r".* E \[\w{5}/\d+\] azmlinfsrv - run\(\) raised ValueError \(request \S+\)",
    r"    Traceback \(most recent call last\):",
    r'      File "/var/azureml-app/score.py", line \d+, in run',
    r"        raise ValueError\(data\)",
    r"    ValueError: .*",
]


def log_of(watched: Watched) -> list[str]:
    return watched.service.get_logs(num_lines=1_000_000).splitlines()


def ask(watched: Watched, name: str, times: int) -> None:
    """Send requests at once, each on a connection of its own, so that both pods get some."""
    with ThreadPoolExecutor(16) as pool:
        list(pool.map(lambda number: post(watched.service.scoring_uri or "", f"{name}-{number}."), range(times)))


def asked(lines: list[str], name: str) -> list[int]:
    """The numbers of requests of a name that the log tells of."""
    return [int(found[1]) for line in lines if (found := re.search(rf"asked for .*{name}-(\d+)\.", line))]


def test_records_of_all_pods_come_once_and_tell_their_pod(watched: Watched) -> None:
    ask(watched, "count", 20)
    lines = wait_until(lambda: lines if len(asked(lines := log_of(watched), "count")) >= 20 else None)
    assert sorted(asked(lines, "count")) == list(range(20))
    own = [_RECORD.match(line) for line in lines if "count-" in line]
    assert {found["pod"] for found in own if found} == {
        pod["metadata"]["name"].rpartition("-")[2] for pod in watched.pods()
    }
    assert all(own)
    assert not any("GET /ready" in line for line in lines)  # which the cluster asks every second


def test_tracebacks_of_two_pods_at_once_stay_in_one_piece(watched: Watched) -> None:
    ask(watched, "fail", 20)
    wait_until(lambda: sum("ValueError: " in line for line in log_of(watched)) >= 20)
    lines = log_of(watched)
    begins = [number for number, line in enumerate(lines) if "run() raised ValueError" in line]
    assert len(begins) == 20
    for begin in begins:
        for pattern, line in zip(_TRACEBACK, lines[begin:], strict=False):
            assert re.fullmatch(pattern, line), line


def test_a_look_asks_once_for_the_pods_and_once_for_each_log(watched: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    log_of(watched)
    monkeypatch.setattr(logs, "PATIENCE", 30)
    sent: list[tuple[str, Any]] = []
    send = Cluster._send

    def counting(cluster: Cluster, method: str, path: str, query: Any, *more: Any, **others: Any) -> Any:
        sent.append((path.rpartition("/")[2], query.get("sinceTime")))
        return send(cluster, method, path, query, *more, **others)

    monkeypatch.setattr(Cluster, "_send", counting)
    watched.target.logs(watched.place)
    assert [name for name, _ in sent] == ["pods", "log", "log"]
    assert all(since for name, since in sent if name == "log")


def test_a_cluster_that_does_not_answer_holds_up_no_look_at_the_log(
    watched: Watched, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = log_of(watched)
    assert logs.PATIENCE <= 2
    monkeypatch.setattr(logs, "PATIENCE", 0.5)
    assert watched.place.compute is not None
    with socket.create_server(("127.0.0.1", 0)) as silent:
        kubeconfig = written_kubeconfig(tmp_path, f"http://127.0.0.1:{silent.getsockname()[1]}")
        place = replace(watched.place, compute={**watched.place.compute, "kubeconfig": str(kubeconfig), "context": "x"})
        began = time.monotonic()
        files = watched.target.logs(place)
        assert time.monotonic() - began < 2.5
    assert before
    assert "".join(path.read_text() for path in files).splitlines()[: len(before)] == before


def written_kubeconfig(folder: Path, server: str) -> Path:
    document = {
        "clusters": [{"name": "x", "cluster": {"server": server}}],
        "users": [{"name": "x", "user": {}}],
        "contexts": [{"name": "x", "context": {"cluster": "x", "user": "x"}}],
    }
    path = folder / "kubeconfig"
    path.write_text(json.dumps(document))
    return path


@pytest.mark.soak
def test_lines_are_followed_across_a_rollout_each_once(watched: Watched) -> None:
    lines: list[str] = []

    def follow() -> None:
        for line in watched.service.logs(follow=True, num_lines=1):
            lines.append(line)
            if "over-0." in line:
                return

    follower = threading.Thread(target=follow, daemon=True)
    follower.start()
    wait_until(lambda: lines)
    with sending(watched, "roll") as sent:
        wait_until(lambda: asked(lines, "roll"))
        watched.service.update(memory_gb=0.4)
        watched.service.wait_for_deployment()
    ask(watched, "over", 1)
    follower.join(60)
    assert not follower.is_alive()
    told = Counter(asked(lines, "roll"))
    assert len(told) == len(sent)
    assert set(told.values()) == {1}
    assert (
        len({found["pod"] for line in lines if (found := _RECORD.match(line))}) == 4
    )  # two that went, and two that came


@contextlib.contextmanager
def sending(watched: Watched, name: str) -> Iterator[list[int]]:
    """Send requests, ten a second, each on a connection of its own; what was answered is in the list."""
    ended = threading.Event()
    sent: list[int] = []
    with ThreadPoolExecutor(16) as pool:

        def send(number: int) -> None:
            assert post(watched.service.scoring_uri or "", f"{name}-{number}.").status == 200
            sent.append(number)

        def keep_sending() -> list[Future[None]]:
            return [pool.submit(send, number) for number in takewhile(lambda _: not ended.wait(0.1), count())]

        sender = pool.submit(keep_sending)
        try:
            yield sent
        finally:
            ended.set()
            for future in sender.result():
                future.result()
