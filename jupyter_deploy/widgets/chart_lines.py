"""What charts show: which lines of a service's points stand in which chart, in which unit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from jupyter_deploy.engine.readings import Point


@dataclass(frozen=True)
class Line:
    """One line of a chart.

    Parameters
    ----------
    label : its name. field : what it shows of a :class:`Point`.
    """

    label: str
    field: str


@dataclass(frozen=True)
class Chart:
    """One chart.

    Parameters
    ----------
    title, unit : what it shows. lines : in it, three at most. factor : what values are multiplied with to be in that unit.
    """

    title: str
    unit: str
    lines: tuple[Line, ...]
    factor: float = 1.0


CHARTS = (
    Chart("Requests", "per second", (Line("requests", "requests"),)),
    Chart("Latency", "milliseconds", (Line("p50", "p50"), Line("p95", "p95"), Line("p99", "p99")), 1000.0),
    Chart("Errors", "per second", (Line("4xx", "client_errors"), Line("5xx", "server_errors"))),
    Chart("Queue", "requests", (Line("waiting", "waiting"), Line("running", "running"))),
    Chart("CPU", "cores", (Line("used", "cpu"),)),
    Chart("Memory", "MB", (Line("held", "memory"),), 1e-6),
)


def described() -> list[dict[str, Any]]:
    """The charts as plain data."""
    return [
        {"title": chart.title, "unit": chart.unit, "lines": [line.label for line in chart.lines]} for chart in CHARTS
    ]


def row(point: Point) -> list[float | None]:
    """The time of a point, and its value for every line of every chart in the chart's unit, to six digits."""
    values = (_shown(getattr(point, line.field), chart.factor) for chart in CHARTS for line in chart.lines)
    return [round(point.time, 3), *values]


def split(values: Sequence[float | None]) -> list[list[float | None]]:
    """The values of a row without its time, chart by chart."""
    rest = iter(values)
    return [[next(rest) for _ in chart.lines] for chart in CHARTS]


def _shown(value: float | None, factor: float) -> float | None:
    return None if value is None else float(f"{value * factor:.6g}")
