"""What a service measures of itself: its page ``/metrics`` at two moments, and what happened between them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

Labels = tuple[tuple[str, str], ...]
Values = Mapping[tuple[str, Labels], float]

PROBES = ("/", "/live", "/ready")
"""Paths that load balancers and engines ask all the time; they are no requests of anybody's, and would make every latency look short."""
_REQUESTS = "scoring_requests_total"
_BUCKETS = "scoring_request_duration_seconds_bucket"
_CPU = "process_cpu_seconds_total"
_MEMORY = "process_resident_memory_bytes"
_COUNTS = ("_total", "_bucket", "_count")
"""How the names end of what only grows."""


@dataclass(frozen=True)
class Reading:
    """The page at one moment.

    Parameters
    ----------
    time : of the clock on the wall, in seconds since the epoch. clock : of one that never jumps, in seconds.
    values : by name and labels.
    """

    time: float
    clock: float
    values: Values

    @property
    def is_of_a_service(self) -> bool:
        """Whether the page is one of a scoring server, and not of something else that answers there."""
        return any(name == "scoring_slots" for name, _ in self.values)

    def total(self, name: str) -> float | None:
        """The sum of all values of a name; None where there is none."""
        found = [value for (held, _), value in self.values.items() if held == name]
        return sum(found) if found else None


@dataclass(frozen=True)
class Point:
    """What happened between two readings; None stands for what was not, or cannot be known.

    Parameters
    ----------
    time : of the later reading. seconds : that lie between them.
    requests : a second, without those of :data:`PROBES`. client_errors, server_errors : answers 4xx and 5xx a second.
    p50, p95, p99 : seconds that so many per cent of the requests took at most, as Prometheus tells them from a histogram.
    waiting, running : requests that waited for a slot, and that were in one, at the later reading.
    cpu : processor cores that were busy for the service. memory : bytes that its processes hold.
    """

    time: float
    seconds: float
    requests: float
    client_errors: float
    server_errors: float
    p50: float | None
    p95: float | None
    p99: float | None
    waiting: float | None
    running: float | None
    cpu: float | None
    memory: float | None


def read(page: str, time: float, clock: float) -> Reading:
    """Read a page in Prometheus' text format."""
    from prometheus_client.parser import text_string_to_metric_families

    samples = (sample for family in text_string_to_metric_families(page) for sample in family.samples)
    return Reading(
        time, clock, {(sample.name, tuple(sorted(sample.labels.items()))): sample.value for sample in samples}
    )


def between(older: Reading, newer: Reading) -> Point:
    """What happened between two readings of one service, whether or not it was started anew meanwhile."""
    seconds = newer.clock - older.clock
    grown = _growth(older, newer)
    answers = {labels: count for (name, labels), count in grown.items() if name == _REQUESTS and not _is_probe(labels)}
    buckets = _buckets(grown)
    return Point(
        time=newer.time,
        seconds=seconds,
        requests=sum(answers.values()) / seconds,
        client_errors=_answers_of("4", answers) / seconds,
        server_errors=_answers_of("5", answers) / seconds,
        p50=quantile(0.5, buckets),
        p95=quantile(0.95, buckets),
        p99=quantile(0.99, buckets),
        waiting=newer.total("scoring_queue_length"),
        running=newer.total("scoring_slots_in_use"),
        cpu=_cpu(older, newer),
        memory=newer.total(_MEMORY),
    )


def quantile(part: float, buckets: Iterable[tuple[float, float]]) -> float | None:
    """The value that a part of all values is at most, spread evenly over the bucket that it lies in, as Prometheus does.

    Parameters
    ----------
    part : between 0 and 1. buckets : the upper bound of each and how many values are at most that; the last bound is infinite.

    Returns
    -------
    None where there are no values; the largest finite bound where it lies above that.

    Example
    -------
    >>> quantile(0.5, [(0.1, 10), (0.2, 30), (float("inf"), 30)])
    0.125
    """
    ordered = sorted(buckets)
    if not ordered or not ordered[-1][1]:
        return None
    rank = part * ordered[-1][1]
    low = below = 0.0
    for bound, count in ordered:
        if count >= rank and count > below:
            return low if bound == float("inf") else low + (bound - low) * (rank - below) / (count - below)
        low, below = (low if bound == float("inf") else bound), count
    return low


def _growth(older: Reading, newer: Reading) -> Values:
    """How much each count of the front has grown.

    A front that was started anew counts from zero: then all that it has counted is new. One count that became smaller tells it
    for all of them, as the others may have overtaken what they were.
    """
    before, now = _counts(older), _counts(newer)
    if any(now.get(key, 0.0) < value for key, value in before.items()):
        return now
    return {key: value - before.get(key, 0.0) for key, value in now.items()}


def _counts(reading: Reading) -> Values:
    """The counts of the front, which begin at zero together; the other processes come and go each for itself."""
    return {
        (name, labels): value
        for (name, labels), value in reading.values.items()
        if name.endswith(_COUNTS) and (name != _CPU or ("process", "front") in labels)
    }


def _buckets(grown: Values) -> list[tuple[float, float]]:
    found: dict[float, float] = {}
    for (name, labels), count in grown.items():
        if name == _BUCKETS and not _is_probe(labels):
            bound = float(dict(labels)["le"])
            found[bound] = found.get(bound, 0.0) + count
    return list(found.items())


def _cpu(older: Reading, newer: Reading) -> float | None:
    """Processor cores in use; a process that is new here worked before it was seen, so it counts from the next reading on."""
    spent = [
        value - older.values[key]
        for key, value in newer.values.items()
        if key[0] == _CPU and value >= older.values.get(key, float("inf"))
    ]
    return sum(spent) / (newer.clock - older.clock) if spent else None


def _answers_of(first: str, answers: Mapping[Labels, float]) -> float:
    return sum(count for labels, count in answers.items() if dict(labels)["status"].startswith(first))


def _is_probe(labels: Labels) -> bool:
    return dict(labels).get("path") in PROBES
