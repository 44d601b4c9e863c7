"""The charts of a service as a picture without scripts, for notebooks that are read where no kernel is; everything in it is escaped."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Sequence
from html import escape

from jupyter_deploy.engine.readings import Point
from jupyter_deploy.widgets.chart_lines import CHARTS, Chart, row, split
from jupyter_deploy.widgets.sampling import PERIOD, WINDOW

WIDTH, HEIGHT = 350, 150
"""Of one chart, with its title."""
_LEFT, _TOP, _RIGHT, _BOTTOM = 46, 36, 8, 18
_COLUMNS = 2
_COLOURS = (
    "var(--jp-brand-color1, #1565c0)",
    "var(--jp-warn-color0, #a84300)",
    "var(--jp-success-color0, #1b5e20)",
)
_DASHES = ("", "6 3", "2 3")
_TEXT = "var(--jp-ui-font-color1, #212121)"
_GRID = "var(--jp-border-color2, #bdbdbd)"
_SHORTEST = 60.0
"""Seconds that an axis shows at least."""

Value = float | None
Place = Callable[[float, float], tuple[float, float]]


def picture(points: Sequence[Point], title: str) -> str:
    """The charts of the last minutes, with their last values as text for whoever does not see them."""
    if not points:
        return f"<em>{escape(title)}: nothing was measured yet</em>"
    rows = [row(point) for point in points]
    times = [float(values[0] or 0.0) for values in rows]
    of_charts = list(zip(*(split(values[1:]) for values in rows), strict=True))
    height = HEIGHT * math.ceil(len(CHARTS) / _COLUMNS)
    charts = "".join(
        f'<g transform="translate({number % _COLUMNS * WIDTH} {number // _COLUMNS * HEIGHT})">'
        f"{''.join(_chart(chart, times, values))}</g>"
        for number, (chart, values) in enumerate(zip(CHARTS, of_charts, strict=True))
    )
    until = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(times[-1]))
    return (
        f'<figure style="margin:0;max-width:{WIDTH * _COLUMNS}px"><figcaption><b>{escape(title)}</b>, until {until}</figcaption>'
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label="{escape(spoken(points[-1]))}" width="100%" '
        f'viewBox="0 0 {WIDTH * _COLUMNS} {height}" style="font:11px var(--jp-ui-font-family, sans-serif);fill:{_TEXT}">{charts}</svg>'
        f"<small>{escape(spoken(points[-1]))}</small></figure>"
    )


def spoken(point: Point) -> str:
    """A point's values as a sentence."""
    groups = []
    for chart, values in zip(CHARTS, split(row(point)[1:]), strict=True):
        lines = (f"{line.label} {number(value)}" for line, value in zip(chart.lines, values, strict=True))
        groups.append(f"{chart.title} ({chart.unit}): {', '.join(lines)}")
    return "; ".join(groups)


def number(value: Value) -> str:
    """A value to three digits; a dash for none.

    >>> number(1234.5), number(0.01234)
    ('1,230', '0.0123')
    """
    if value is None:
        return "–"
    rounded = float(f"{value:.3g}")
    return f"{rounded:,.0f}" if abs(rounded) >= 100 else f"{rounded:g}"


def step(most: float, count: int = 3) -> float:
    """The distance between the marks of an axis that reaches at least to a value: 1, 2 or 5 of some power of ten.

    >>> step(7.0), step(0.9)
    (5.0, 0.5)
    """
    rough = most / count
    power: float = 10.0 ** math.floor(math.log10(rough))
    return next(power * times for times in (1.0, 2.0, 5.0, 10.0) if power * times >= rough * 0.999)


def _chart(chart: Chart, times: Sequence[float], rows: Sequence[Sequence[Value]]) -> Iterator[str]:
    lines = list(zip(*rows, strict=True))
    most = max((value or 0.0 for line in lines for value in line), default=0.0) or 1.0
    between = step(most)
    top = between * math.ceil(most / between - 1e-9)
    end = times[-1]
    span = min(WINDOW, max(_SHORTEST, end - times[0]))
    width, height = WIDTH - _LEFT - _RIGHT, HEIGHT - _TOP - _BOTTOM

    def place(moment: float, value: float) -> tuple[float, float]:
        return _LEFT + width * (1 - (end - moment) / span), _TOP + height * (1 - value / top)

    yield f'<text x="4" y="13" style="font-weight:600">{escape(chart.title)} ({escape(chart.unit)})</text>'
    for count in range(round(top / between) + 1):
        _, y = place(end, count * between)
        yield f'<line x1="{_LEFT}" x2="{WIDTH - _RIGHT}" y1="{y:.1f}" y2="{y:.1f}" style="stroke:{_GRID};stroke-width:0.5"/>'
        yield f'<text x="{_LEFT - 4}" y="{y + 4:.1f}" text-anchor="end">{number(count * between)}</text>'
    yield f'<text x="{_LEFT}" y="{HEIGHT - 4}">{escape(_before(span))}</text>'
    yield f'<text x="{WIDTH - _RIGHT}" y="{HEIGHT - 4}" text-anchor="end">{time.strftime("%H:%M:%S", time.localtime(end))}</text>'
    for index, (line, values) in enumerate(zip(chart.lines, lines, strict=True)):
        x = _LEFT + index * 100
        style = f"stroke:{_COLOURS[index]};stroke-width:1.5;stroke-dasharray:{_DASHES[index] or 'none'};fill:none"
        yield f'<line x1="{x}" x2="{x + 18}" y1="24" y2="24" style="{style}"/>'
        yield f'<text x="{x + 22}" y="28">{escape(line.label)} {number(values[-1])}</text>'
        yield f'<path d="{_path(times, values, place)}" style="{style};stroke-linecap:round"/>'


def _path(times: Sequence[float], values: Sequence[Value], place: Place) -> str:
    """A line through the values; where one is missing, or looks failed, there is a gap; one that stands alone is a dot."""
    pieces, before = [], -math.inf
    for moment, value in zip(times, values, strict=True):
        if value is None:
            before = -math.inf
            continue
        x, y = place(moment, value)
        pieces.append(f"L{x:.1f} {y:.1f}" if moment - before < 3 * PERIOD else f"M{x:.1f} {y:.1f}h0")
        before = moment
    return "".join(pieces)


def _before(seconds: float) -> str:
    return f"{seconds / 60:.0f} min before" if seconds >= 120 else f"{seconds:.0f} s before"
