from __future__ import annotations

import re

import pytest

from jupyter_deploy.engine.readings import Point
from jupyter_deploy.widgets.chart_picture import number, picture, step

EVIL = "<script>alert(1)</script>\"'"


def points(*requests: float, p50: float | None = 0.01) -> list[Point]:
    return [
        Point(1000 + 2.0 * index, 2, value, 0, 0, p50, p50, p50, 0, 0, 0.1, 5e7) for index, value in enumerate(requests)
    ]


def paths(drawn: str) -> list[str]:
    return re.findall(r'<path d="([^"]*)"', drawn)


def test_lines_go_through_all_values_between_marks_that_can_be_read() -> None:
    drawn = picture(points(0, 20, 10), "Charts of 'x'")
    assert drawn.count("<path ") == 10
    assert paths(drawn)[0] == "M322.3 132.0h0L332.1 36.0L342.0 84.0"
    assert re.findall(r'text-anchor="end">([\d.]+)</text>', drawn)[:3] == ["0", "10", "20"]
    assert "60 s before" in drawn
    assert ">requests 10</text>" in drawn


def test_what_is_not_known_is_a_gap_and_what_stands_alone_a_dot() -> None:
    seen = [*points(1, p50=None), *points(1)]
    drawn = paths(
        picture([seen[0], *points(1, 1)[1:], Point(1100, 2, 3, 0, 0, None, None, None, 0, 0, None, None)], "x")
    )
    assert drawn[1].count("M") == drawn[1].count("h0") == 1
    assert drawn[0].count("M") == 2
    assert drawn[8].count("M") == 1


def test_it_can_be_read_without_being_seen_and_is_escaped() -> None:
    drawn = picture(points(5), EVIL)
    assert "<script>" not in drawn
    assert (
        'role="img" aria-label="Requests (per second): requests 5; Latency (milliseconds): p50 10, p95 10, p99 10;'
        in drawn
    )
    assert picture([], EVIL).startswith("<em>&lt;script&gt;")
    for variable in drawn.split("var(")[1:]:
        assert "," in variable.split(")")[0]


@pytest.mark.parametrize(
    ("value", "text"), [(None, "–"), (0, "0"), (0.012345, "0.0123"), (12.0, "12"), (123456.0, "123,000")]
)
def test_numbers_have_three_digits(value: float | None, text: str) -> None:
    assert number(value) == text


@pytest.mark.parametrize("most", [1e-4, 0.3, 1, 7, 12, 999, 1e9])
def test_an_axis_has_two_to_six_marks(most: float) -> None:
    assert 1 <= most / step(most) <= 5
