"""The time of a client that was answered before all of its request was there: closing at once would take the answer from it."""

from __future__ import annotations

from dataclasses import dataclass

SILENT_SECONDS = 2.0
MOST_SECONDS = 30.0


@dataclass(frozen=True)
class Lingering:
    """A connection that is only read on, so that its client comes to the answer.

    Parameters
    ----------
    since : when it began, in seconds of the monotonic clock.
    """

    since: float

    def is_over(self, now: float, heard: float) -> bool:
        """Whether the client has stopped to send, or will not; ``heard`` is when its last piece came."""
        return now - max(self.since, heard) > SILENT_SECONDS or now - self.since > MOST_SECONDS

    def may_end(self, now: float) -> bool:
        """Whether a server that ends has waited long enough for a client that goes on sending."""
        return now - self.since > SILENT_SECONDS
