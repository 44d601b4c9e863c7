from __future__ import annotations

import threading

import pytest

from jupyter_deploy import Webservice
from jupyter_deploy.errors import UserError
from jupyter_deploy.widgets.bodies import Body
from jupyter_deploy.widgets.repetition import Repetition, summary


def test_every_request_is_counted_once(raw: Webservice) -> None:
    said: list[int] = []
    found = Repetition(raw, Body(b"1"), 50, 4).run(said.append)
    assert (found["count"], found["failures"], found["wanted"]) == (50, {}, 50)
    assert sum(count for _, _, count in found["bars"]) == 50
    assert 0 < found["least"] <= found["p50"] <= found["p95"] <= found["p99"] <= found["most"]
    failed = Repetition(raw, Body(b"fail"), 3, 8).run(said.append)
    assert (failed["count"], failed["failures"]) == (0, {"418": 3})


def test_it_is_cancelled_between_two_requests(raw: Webservice) -> None:
    repetition = Repetition(raw, Body(b"1"), 1000, 2)
    timer = threading.Timer(0.1, repetition.cancel)
    timer.start()
    assert repetition.run(lambda _: None)["count"] < 1000
    timer.join()


@pytest.mark.parametrize(("count", "at_once"), [(0, 1), (1001, 1), (1, 0), (1, 9)])
def test_numbers_out_of_range_are_refused(raw: Webservice, count: int, at_once: int) -> None:
    with pytest.raises(UserError, match="1 to 1000 times, 1 to 8 at once"):
        Repetition(raw, Body(b"1"), count, at_once)


def test_percentiles_and_bars() -> None:
    found = summary([number / 1000 for number in range(1, 201)], {}, 1)
    assert {key: round(found[key], 6) for key in ("least", "p50", "p95", "p99", "most")} == {
        "least": 1, "p50": 100, "p95": 190, "p99": 198, "most": 200,
    }  # fmt: skip
    assert sum(count for _, _, count in found["bars"]) == 200
    assert found["bars"][-1][2] == 2  # beyond the 99th percentile
    assert summary([0.01], {}, 1)["bars"][0][2] == 1
    assert "bars" not in summary([], {"503": 1}, 1)
