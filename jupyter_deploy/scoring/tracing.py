"""The trace that a request belongs to: taken from its ``traceparent`` or begun here, and handed on."""

from __future__ import annotations

import random
import re
from collections.abc import Mapping
from dataclasses import dataclass

from .request import Request

_PARENT = re.compile(r"(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(-.*)?")


@dataclass(frozen=True, slots=True)
class Span:
    """A request as a part of a trace: 16 and 8 bytes in hexadecimal digits, and whether it is to be sent."""

    trace: str
    id: str
    parent: str
    sampled: bool

    @property
    def traceparent(self) -> str:
        """What tells others of this span (W3C Trace Context)."""
        return f"00-{self.trace}-{self.id}-{'01' if self.sampled else '00'}"


class Sampler:
    """Decides which requests are sent, as ``OTEL_TRACES_SAMPLER`` says.

    Parameters
    ----------
    variables : of the environment.

    Attributes
    ----------
    problem : what is wrong with them; empty where nothing is.
    """

    def __init__(self, variables: Mapping[str, str]) -> None:
        name = variables.get("OTEL_TRACES_SAMPLER", "").strip() or "parentbased_always_on"
        argument = variables.get("OTEL_TRACES_SAMPLER_ARG", "").strip()
        self._by_parent = name.startswith("parentbased_")
        self._share = 1.0
        self.problem = ""
        kind = name.removeprefix("parentbased_")
        if kind == "always_off":
            self._share = 0.0
        elif kind == "traceidratio":
            self._share = self._ratio(argument)
        elif kind != "always_on":
            self.problem = f"OTEL_TRACES_SAMPLER is {name!r}, which this server does not have; every request is sent"

    def _ratio(self, text: str) -> float:
        try:
            share = float(text or 1)
        except ValueError:
            share = -1.0
        if 0 <= share <= 1:
            return share
        self.problem = f"OTEL_TRACES_SAMPLER_ARG is {text!r}; it takes a number from 0 to 1, and every request is sent"
        return 1.0

    def begin(self, request: Request) -> Span:
        """Begin the span of a request."""
        found = _PARENT.fullmatch(request.header("traceparent"))
        span = f"{random.getrandbits(64) or 1:016x}"
        if found is None:
            trace = f"{random.getrandbits(128) or 1:032x}"
            return Span(trace, span, "", self._takes(trace))
        trace, parent, flags = found[1], found[2], found[3]
        return Span(trace, span, parent, bool(int(flags, 16) & 1) if self._by_parent else self._takes(trace))

    def _takes(self, trace: str) -> bool:
        """Whether a trace is among the share that is sent: the same answer for every service that sees it."""
        return int(trace[16:], 16) < self._share * 2**64


def with_parent(headers: tuple[tuple[str, str], ...], span: Span) -> tuple[tuple[str, str], ...]:
    """Return headers in which a span is the parent of whatever the reader does."""
    others = tuple(pair for pair in headers if pair[0] != "traceparent")
    return (*others, ("traceparent", span.traceparent))
