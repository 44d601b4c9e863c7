"""What is counted of a service's requests: plain numbers in the front, which sees every request whichever worker takes it.

Counting is on the way of every request, so nothing here does more than add to a number.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence

SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
SIZES = (1, 2, 4, 8, 16, 32, 64, 128, 256)
METHODS = frozenset(("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"))
OTHER = "other"
"""What stands for every path and method that the service does not have, so that nobody can make the counts grow without end."""


class Histogram:
    """Counts of values by their size.

    Parameters
    ----------
    bounds : the largest value of each bucket, growing; a last bucket holds what is larger.

    Attributes
    ----------
    counts : how many values fell into each bucket. total : their sum.
    """

    __slots__ = ("bounds", "counts", "total")

    def __init__(self, bounds: Sequence[float]) -> None:
        self.bounds = bounds
        self.counts = [0] * (len(bounds) + 1)
        self.total = 0.0

    def observe(self, value: float) -> None:
        """Count a value."""
        self.counts[bisect_left(self.bounds, value)] += 1
        self.total += value


class Metrics:
    """The counts of one front since its start.

    Parameters
    ----------
    paths : of the service; requests for others are counted together.

    Attributes
    ----------
    requests : answers by path, method and status. durations : seconds from a request's head to its answer, by path.
    queue_waits : seconds from the arrival of a request to the begin of its ``run()``. batch_sizes : requests to a ``run()``.
    run_failures : ``run()`` raised, or answered so itself. timeouts : ``run()`` was stopped because it took too long.
    refused : 503s, by reason. abandoned : requests whose client had gone before the answer.
    """

    def __init__(self, paths: Iterable[str] = ()) -> None:
        self.durations = {path: Histogram(SECONDS) for path in (*paths, OTHER)}
        self.requests: dict[tuple[str, str, int], int] = {}
        self.queue_waits = Histogram(SECONDS)
        self.batch_sizes = Histogram(SIZES)
        self.refused = {"queue_full": 0, "queue_wait": 0}
        self.run_failures = 0
        self.timeouts = 0
        self.abandoned = 0

    def answered(self, path: str, method: str, status: int, seconds: float) -> None:
        """Count an answer."""
        duration = self.durations.get(path)
        if duration is None:
            path, duration = OTHER, self.durations[OTHER]
        key = (path, method if method in METHODS else OTHER, status)
        self.requests[key] = self.requests.get(key, 0) + 1
        duration.observe(seconds)
