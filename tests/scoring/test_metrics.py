"""``/metrics``: what Prometheus reads of a service, right whatever happens to its workers."""

from __future__ import annotations

import json
import os
import signal
import time
from collections import Counter
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from jupyter_deploy.scoring.metrics import Histogram, Metrics

from .fronts import Front, make_bundle, wait_for

SCRIPT = """
import os, time

def init():
    time.sleep(0.01)

def run(text):
    if text == "raise":
        raise ValueError("no")
    while text.startswith("wait") and not os.path.exists("go"):
        time.sleep(0.005)
    if text == "slow":
        time.sleep(60)
    return text
"""


def metrics(
    front: Front, headers: Mapping[str, str] | None = None
) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    """Every sample of the page by name and labels, as Prometheus' own reader takes it."""
    reply = front.ask("GET", "/metrics", headers=headers)
    assert reply.status == 200
    assert reply.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    found = {}
    for family in text_string_to_metric_families(reply.body.decode()):
        for sample in family.samples:
            key = (sample.name, frozenset(sample.labels.items()))
            assert key not in found, f"{key} stands there twice"
            found[key] = sample.value
    return found


def value(front: Front, name: str, **labels: str) -> float:
    return metrics(front)[name, frozenset(labels.items())]


def test_answers_are_counted_by_path_method_and_status(tmp_path: Path) -> None:
    with Front(make_bundle(tmp_path, SCRIPT)).serve() as front:
        for text in ("a", "b", "raise"):
            front.post(text)
        front.ask("DELETE", "/score")
        front.ask("BREW", "/score")
        front.ask("GET", "/no/such/path")
        front.ask("GET", "/ready")
        front.ask("GET", "/metrics")
        found = {dict(labels)["path"] + dict(labels)["method"] + dict(labels)["status"]: number
                 for (name, labels), number in metrics(front).items() if name == "scoring_requests_total"}  # fmt: skip
        assert found == {
            "/scorePOST200": 2, "/scorePOST500": 1, "/scoreDELETE405": 1, "otherGET404": 1, "/readyGET200": 1, "otherother400": 1,
        }  # fmt: skip
        assert value(front, "scoring_request_duration_seconds_count", path="/score") == 4
        assert value(front, "scoring_queue_seconds_count") == 3
        assert value(front, "scoring_run_failures_total") == 1


def test_the_counts_are_the_clients_own_after_a_worker_was_killed_under_load(tmp_path: Path) -> None:
    with Front(make_bundle(tmp_path, SCRIPT, workerCount=2, maxQueueWaitMs=10_000)).serve() as front:
        pids = [event["worker"] for event in front.events if event["event"] == "starting"]
        connections = 8

        def ask(_: int) -> Counter[int]:
            connection = front.connect()
            seen: Counter[int] = Counter()
            for number in range(60):
                connection.request("POST", "/score", str(number))
                response = connection.getresponse()
                response.read()
                seen[response.status] += 1
            connection.close()
            return seen

        with ThreadPoolExecutor(connections) as pool:
            asked = [pool.submit(ask, index) for index in range(connections)]
            wait_for(lambda: value(front, "scoring_in_flight") > 0)
            os.kill(pids[0], signal.SIGKILL)
            counted: Counter[int] = sum((each.result() for each in asked), Counter())
        assert sum(counted.values()) == 480
        found = metrics(front)
        told = {
            int(dict(labels)["status"]): number
            for (name, labels), number in found.items()
            if name == "scoring_requests_total"
        }
        assert told == dict(counted)
        front.expect("ready")
        assert value(front, "scoring_worker_restarts_total") == 1
        wait_for(lambda: value(front, "scoring_slots") == 2)


def test_queue_slots_and_refusals_as_they_are_now(tmp_path: Path) -> None:
    with Front(make_bundle(tmp_path, SCRIPT, maxQueueWaitMs=3000)).serve() as front:
        assert (value(front, "scoring_slots"), value(front, "scoring_slots_in_use")) == (1, 0)
        with ThreadPoolExecutor(4) as pool:
            asked = [pool.submit(front.post, f"wait{number}") for number in range(4)]
            page = wait_for(lambda: page if (page := metrics(front))["scoring_in_flight", frozenset()] == 4 else None)
            assert page["scoring_queue_length", frozenset()] == 3
            assert page["scoring_slots_in_use", frozenset()] == 1
            wait_for(lambda: value(front, "scoring_refused_total", reason="queue_wait") == 3)
            (tmp_path / "app" / "go").touch()
            assert sorted(each.result().status for each in asked) == [200, 503, 503, 503]
        assert value(front, "scoring_in_flight") == 0


def test_a_timeout_and_a_client_that_went_away_are_counted(tmp_path: Path) -> None:
    with Front(make_bundle(tmp_path, SCRIPT, scoringTimeoutMs=3000)).serve() as front:
        connection = front.connect()
        connection.request("POST", "/score", "wait")
        wait_for(lambda: value(front, "scoring_slots_in_use") == 1)
        connection.close()
        wait_for(lambda: value(front, "scoring_abandoned_total") == 1)
        wait_for(lambda: value(front, "scoring_timeouts_total") == 1)


@pytest.mark.parametrize("preload", [False, True])
def test_each_process_is_seen_with_its_use(tmp_path: Path, preload: bool) -> None:
    with Front(make_bundle(tmp_path, SCRIPT, workerCount=2, workerPreload=preload)).serve() as front:
        found = metrics(front)
        for process in ("front", "worker-0", "worker-1", *(["template"] if preload else [])):
            label = frozenset({("process", process)})
            used = found["process_cpu_seconds_total", label]
            assert used > 0 or (preload and process.startswith("worker"))  # which has done nothing yet but to be forked
            assert 5e6 < found["process_resident_memory_bytes", label] < 500e6
        for process in ("worker-0", "worker-1"):
            assert 0.01 <= found["scoring_load_seconds", frozenset({("process", process)})] < 60


def test_batches_are_counted_by_their_size(tmp_path: Path) -> None:
    script = """
        import os, time
        import numpy as np
        from inference_schema.parameter_types.numpy_parameter_type import NumpyParameterType
        from inference_schema.schema_decorators import input_schema

        def init():
            pass

        @input_schema("data", NumpyParameterType(np.array([[1.0]])))
        def run(data):
            while not os.path.exists("go"):
                time.sleep(0.005)
            return data.tolist()
    """
    with Front(make_bundle(tmp_path, script, maxBatchRows=16, maxQueueWaitMs=10_000)).serve() as front:
        with ThreadPoolExecutor(5) as pool:
            first = pool.submit(front.post, {"data": [[0.0]]})
            wait_for(lambda: value(front, "scoring_slots_in_use") == 1)
            others = [pool.submit(front.post, {"data": [[float(number)]]}) for number in range(4)]
            wait_for(lambda: value(front, "scoring_queue_length") == 4)
            (tmp_path / "app" / "go").touch()
            assert {each.result().status for each in (first, *others)} == {200}
        assert value(front, "scoring_batch_requests_bucket", le="1") == 1
        assert value(front, "scoring_batch_requests_bucket", le="4") == 2
        assert value(front, "scoring_batch_requests_sum") == 5


def test_the_page_needs_the_key_where_keys_are_on(tmp_path: Path) -> None:
    keys = tmp_path / "keys.json"
    keys.write_text(json.dumps({"primaryKey": "one", "secondaryKey": "two"}))
    bundle = make_bundle(tmp_path, SCRIPT, authEnabled=True)
    with Front(bundle, options=("--keys", str(keys))).serve() as front:
        assert front.ask("GET", "/metrics").status == 401
        found = metrics(front, {"Authorization": "Bearer one"})
        assert not [key for key in found if key[0] == "scoring_requests_total"]


def test_a_value_at_a_bound_falls_into_its_bucket() -> None:
    histogram = Histogram((1.0, 2.0))
    for number in (0.5, 1.0, 1.5, 2.0, 9.0):
        histogram.observe(number)
    assert (histogram.counts, histogram.total) == ([2, 2, 1], 14.0)


def test_counting_a_request_costs_less_than_three_microseconds() -> None:
    counts = Metrics(("/score",))
    best = float("inf")
    for _ in range(20):
        began = time.process_time()
        for _ in range(2000):
            counts.answered("/score", "POST", 200, 0.004)
            counts.queue_waits.observe(0.002)
        best = min(best, (time.process_time() - began) / 2000)
    assert best < 3e-6
