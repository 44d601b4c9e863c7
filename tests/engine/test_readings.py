from __future__ import annotations

from collections.abc import Mapping

import pytest

from jupyter_deploy.engine.readings import Reading, between, quantile, read


def page(**counts: float) -> str:
    """A page as the scoring server writes it, with the given counts."""
    held: Mapping[str, float] = {
        "ok": 0,
        "refused": 0,
        "failed": 0,
        "probes": 0,
        "fast": 0,
        "slow": 0,
        "cpu": 1.0,
        "worker": 2.0,
        **counts,
    }
    return "\n".join((
        "# TYPE scoring_requests_total counter",
        f'scoring_requests_total{{path="/score",method="POST",status="200"}} {held["ok"]}',
        f'scoring_requests_total{{path="other",method="GET",status="404"}} {held["refused"]}',
        f'scoring_requests_total{{path="/score",method="POST",status="502"}} {held["failed"]}',
        f'scoring_requests_total{{path="/ready",method="GET",status="200"}} {held["probes"]}',
        "# TYPE scoring_request_duration_seconds histogram",
        f'scoring_request_duration_seconds_bucket{{path="/score",le="0.1"}} {held["fast"]}',
        f'scoring_request_duration_seconds_bucket{{path="/score",le="0.5"}} {held["fast"] + held["slow"]}',
        f'scoring_request_duration_seconds_bucket{{path="/score",le="+Inf"}} {held["fast"] + held["slow"]}',
        f'scoring_request_duration_seconds_bucket{{path="/ready",le="0.1"}} {held["probes"]}',
        f'scoring_request_duration_seconds_bucket{{path="/ready",le="+Inf"}} {held["probes"]}',
        "# TYPE scoring_queue_length gauge",
        "scoring_queue_length 3",
        "# TYPE scoring_slots_in_use gauge",
        "scoring_slots_in_use 2",
        "# TYPE scoring_slots gauge",
        "scoring_slots 2",
        "# TYPE process_cpu_seconds_total counter",
        f'process_cpu_seconds_total{{process="front"}} {held["cpu"]}',
        f'process_cpu_seconds_total{{process="worker-1"}} {held["worker"]}',
        "# TYPE process_resident_memory_bytes gauge",
        'process_resident_memory_bytes{process="front"} 1000',
        'process_resident_memory_bytes{process="worker-1"} 2000',
        "",
    ))  # fmt: skip


def at(second: float, **counts: float) -> Reading:
    return read(page(**counts), 1000 + second, second)


def test_what_happened_between_two_pages_a_second() -> None:
    older = at(10, ok=5, refused=1, fast=6, cpu=1.0, worker=2.0)
    newer = at(14, ok=95, refused=9, failed=2, fast=96, slow=10, probes=50, cpu=1.2, worker=5.0)
    point = between(older, newer)
    assert (point.time, point.seconds) == (1014, 4)
    assert (point.requests, point.client_errors, point.server_errors) == (25, 2, 0.5)
    assert point.p50 == pytest.approx(0.1 * 50 / 90)
    assert point.p95 == pytest.approx(0.1 + 0.4 * 5 / 10)
    assert (point.waiting, point.running, point.memory) == (3, 2, 3000)
    assert point.cpu == pytest.approx(0.8)


def test_probes_are_no_requests_and_without_requests_there_is_no_latency() -> None:
    point = between(at(0), at(2, probes=100))
    assert (point.requests, point.p50, point.p99) == (0, None, None)


@pytest.mark.parametrize(
    "before",
    [{"ok": 100, "fast": 100, "cpu": 9.0}, {"ok": 1, "fast": 1, "cpu": 9.0}, {"refused": 1, "ok": 3, "fast": 4}],
)
def test_a_service_that_was_started_anew_has_counted_from_zero(before: dict[str, float]) -> None:
    point = between(at(0, **before), at(2, ok=8, fast=8, cpu=0.5))
    assert point.requests == 4
    assert point.p50 == pytest.approx(0.05)
    assert point.client_errors >= 0


def test_a_worker_that_is_new_counts_from_the_next_reading_on() -> None:
    assert between(at(0, cpu=1.0, worker=50.0), at(2, cpu=1.5, worker=3.0)).cpu == pytest.approx(0.25)


def test_of_a_system_that_tells_nothing_of_processes_cpu_and_memory_are_not_known() -> None:
    silent = "\n".join(line for line in page().splitlines() if "process_" not in line) + "\n"
    point = between(read(silent, 0, 0), read(silent, 2, 2))
    assert (point.cpu, point.memory) == (None, None)


def test_quantiles_as_prometheus_tells_them() -> None:
    assert quantile(0.5, []) is None
    assert quantile(0.5, [(0.1, 0), (float("inf"), 0)]) is None
    assert quantile(0.99, [(0.1, 1), (0.2, 1), (float("inf"), 9)]) == 0.2
    assert quantile(1.0, [(0.1, 0), (0.2, 4), (float("inf"), 4)]) == pytest.approx(0.2)
    assert quantile(0.25, [(float("inf"), 4), (0.2, 4), (0.1, 0)]) == pytest.approx(0.125)


def test_another_page_is_none_of_a_service() -> None:
    assert at(0).is_of_a_service
    assert not read("# TYPE python_info gauge\npython_info 1\n", 0, 0).is_of_a_service
