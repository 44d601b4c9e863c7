"""The page ``/metrics``: a front's counts in the text format that Prometheus reads."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from .dispatch import Load
from .metrics import Histogram, Metrics
from .processes import usage

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


@dataclass(frozen=True)
class State:
    """What is known of the service at the moment of asking, beside what was counted.

    Attributes
    ----------
    load : of queue and slots. restarts : of workers. load_seconds : that imports and ``init()`` took, by worker.
    pids : of the service's processes, by name. dropped : what was to be sent or kept and could not be, by kind.
    """

    load: Load
    restarts: int = 0
    load_seconds: Mapping[str, float] = field(default_factory=dict)
    pids: Mapping[str, int] = field(default_factory=dict)
    dropped: Mapping[str, int] = field(default_factory=dict)


def render(metrics: Metrics, state: State) -> bytes:
    """Write the page."""
    return "".join(f"{line}\n" for line in (*_requests(metrics), *_queue(metrics, state), *_service(state))).encode()


def _requests(metrics: Metrics) -> Iterator[str]:
    counts = (
        ({"path": path, "method": method, "status": str(status)}, count)
        for (path, method, status), count in sorted(metrics.requests.items())
    )
    yield from _family("scoring_requests_total", "counter", "Answers, by path, method and status.", counts)
    name = "scoring_request_duration_seconds"
    yield from _head(name, "histogram", "Seconds from a request's head to its answer.")
    for path, histogram in sorted(metrics.durations.items()):
        if any(histogram.counts):
            yield from _histogram(name, histogram, {"path": path})
    yield from _family(
        "scoring_refused_total", "counter", "Requests refused with 503, by reason.",
        (({"reason": reason}, count) for reason, count in metrics.refused.items()),
    )  # fmt: skip
    yield from _single("scoring_run_failures_total", "counter", "Calls of run() that raised.", metrics.run_failures)
    yield from _single("scoring_timeouts_total", "counter", "Calls of run() stopped by the timeout.", metrics.timeouts)
    text = "Requests whose client had gone before the answer."
    yield from _single("scoring_abandoned_total", "counter", text, metrics.abandoned)


def _queue(metrics: Metrics, state: State) -> Iterator[str]:
    load = state.load
    text = "Seconds from the arrival of a request to the begin of its run()."
    yield from _head("scoring_queue_seconds", "histogram", text)
    yield from _histogram("scoring_queue_seconds", metrics.queue_waits, {})
    yield from _head("scoring_batch_requests", "histogram", "Requests that one call of run() took together.")
    yield from _histogram("scoring_batch_requests", metrics.batch_sizes, {})
    yield from _single("scoring_queue_length", "gauge", "Requests that wait for a slot.", load.waiting)
    yield from _single("scoring_in_flight", "gauge", "Requests that wait or run.", load.waiting + load.running)
    yield from _single("scoring_slots_in_use", "gauge", "Calls of run() in progress.", load.running)
    yield from _single("scoring_slots", "gauge", "Calls of run() that may be in progress at once.", load.slots)


def _service(state: State) -> Iterator[str]:
    yield from _single(
        "scoring_worker_restarts_total", "counter", "Workers started in place of another.", state.restarts
    )
    yield from _family(
        "scoring_load_seconds", "gauge", "Seconds that imports and init() took.",
        (({"process": name}, seconds) for name, seconds in state.load_seconds.items()),
    )  # fmt: skip
    yield from _family(
        "scoring_dropped_total", "counter", "What was to be sent or kept in the background and could not be.",
        (({"kind": kind}, count) for kind, count in state.dropped.items()),
    )  # fmt: skip
    used = {name: use for name, pid in state.pids.items() if (use := usage(pid)) is not None}
    yield from _family(
        "process_cpu_seconds_total", "counter", "CPU time used, in seconds.",
        (({"process": name}, use.cpu_seconds) for name, use in used.items()),
    )  # fmt: skip
    yield from _family(
        "process_resident_memory_bytes", "gauge", "Resident memory, in bytes.",
        (({"process": name}, use.resident_bytes) for name, use in used.items()),
    )  # fmt: skip


def _family(name: str, kind: str, text: str, samples: Iterable[tuple[Mapping[str, str], float]]) -> Iterator[str]:
    yield from _head(name, kind, text)
    for labels, value in samples:
        yield _sample(name, labels, value)


def _single(name: str, kind: str, text: str, value: float) -> Iterator[str]:
    return _family(name, kind, text, [({}, value)])


def _head(name: str, kind: str, text: str) -> Iterator[str]:
    yield f"# HELP {name} {text}"
    yield f"# TYPE {name} {kind}"


def _histogram(name: str, histogram: Histogram, labels: Mapping[str, str]) -> Iterator[str]:
    so_far = 0
    for bound, count in zip((*map(_number, histogram.bounds), "+Inf"), histogram.counts, strict=True):
        so_far += count
        yield _sample(f"{name}_bucket", {**labels, "le": bound}, so_far)
    yield _sample(f"{name}_sum", labels, histogram.total)
    yield _sample(f"{name}_count", labels, so_far)


def _sample(name: str, labels: Mapping[str, str], value: float) -> str:
    """Write one value; no label that is given here holds what would have to be escaped."""
    written = ",".join(f'{key}="{text}"' for key, text in labels.items())
    return f"{name}{{{written}}} {_number(value)}" if written else f"{name} {_number(value)}"


def _number(value: float) -> str:
    return repr(value)
