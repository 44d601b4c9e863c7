"""Micro-batches: what is put together, what is not, and that everybody gets the answer he would have got alone."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from inference_schema.parameter_types.numpy_parameter_type import NumpyParameterType
from inference_schema.schema_decorators import input_schema

from jupyter_deploy.scoring.batches import Batches, _split
from jupyter_deploy.scoring.outputs import Answer
from jupyter_deploy.scoring.request import Request
from jupyter_deploy.scoring.script import describe

from .fronts import Front, Reply, make_bundle, wait_for
from .test_metrics import value

# run() notes how many rows each call of it gets, and lets "go" decide when the first one ends.
HEAD = """
import os, time
import numpy as np
import pandas as pd
from inference_schema.schema_decorators import input_schema, output_schema
from inference_schema.parameter_types.numpy_parameter_type import NumpyParameterType
from inference_schema.parameter_types.pandas_parameter_type import PandasParameterType
from inference_schema.parameter_types.standard_py_parameter_type import StandardPythonParameterType

def init():
    pass

def note(rows):
    with open("calls", "a") as file:
        file.write(f"{rows}\\n")
    while not os.path.exists("go"):
        time.sleep(0.005)
"""
SUMS = (
    HEAD
    + """
@input_schema("data", NumpyParameterType(np.zeros((1, 3))))
@input_schema("factor", StandardPythonParameterType(1.0))
def run(data, factor=1.0):
    note(len(data))
    if (data < 0).any():
        raise ValueError("negative")
    return data.sum(axis=1) * factor
"""
)


def calls(folder: Path) -> list[int]:
    file = folder / "app" / "calls"
    return [int(line) for line in file.read_text().split()] if file.exists() else []


def queue_up(front: Front, folder: Path, bodies: Sequence[Any]) -> list[Reply]:
    """Send the first body, wait until run() is busy with it, send the others, then let it go on."""
    with ThreadPoolExecutor(len(bodies)) as pool:
        first = pool.submit(front.post, bodies[0])
        wait_for(lambda: calls(folder))
        others = [pool.submit(front.post, body) for body in bodies[1:]]
        wait_for(lambda: value(front, "scoring_queue_length") == len(others))
        (folder / "app" / "go").touch()
        return [reply.result() for reply in (first, *others)]


def rows(*values: float) -> dict[str, Any]:
    return {"data": [[value, 1, 2] for value in values]}


def test_what_waits_goes_through_run_together(tmp_path: Path) -> None:
    with Front(make_bundle(tmp_path, SUMS, maxBatchRows=64, maxQueueWaitMs=20_000)).serve() as front:
        replies = queue_up(front, tmp_path, [rows(0), rows(1), rows(2, 3), rows(4)])
        assert [reply.json for reply in replies] == [[3.0], [4.0], [5.0, 6.0], [7.0]]
        assert calls(tmp_path) == [1, 4]


def test_rows_are_counted(tmp_path: Path) -> None:
    with Front(make_bundle(tmp_path, SUMS, maxBatchRows=3, maxQueueWaitMs=20_000)).serve() as front:
        replies = queue_up(front, tmp_path, [rows(0), rows(1, 2), rows(3, 4), rows(5, 6, 7, 8)])
        assert [len(reply.json) for reply in replies] == [1, 2, 2, 4]
        assert sorted(calls(tmp_path)[1:]) == [2, 2, 4]  # more than the limit only where one request has more


def test_one_bad_request_fails_alone(tmp_path: Path) -> None:
    with Front(make_bundle(tmp_path, SUMS, maxBatchRows=64, maxQueueWaitMs=20_000)).serve() as front:
        wrong_shape, missing = {"data": [[1, 2]]}, {"nothing": 1}
        replies = queue_up(front, tmp_path, [rows(0), rows(1), rows(-9), wrong_shape, missing, rows(2)])
        assert [reply.status for reply in replies] == [200, 200, 500, 400, 400, 200]
        assert (replies[1].json, replies[5].json) == ([4.0], [5.0])


def test_other_arguments_are_never_mixed(tmp_path: Path) -> None:
    with Front(make_bundle(tmp_path, SUMS, maxBatchRows=64, maxQueueWaitMs=20_000)).serve() as front:
        twice = {**rows(1), "factor": 2.0}
        replies = queue_up(front, tmp_path, [rows(0), rows(1), twice, rows(2), {**rows(3), "factor": 2.0}])
        assert [reply.json for reply in replies] == [[3.0], [4.0], [8.0], [5.0], [12.0]]
        assert sorted(calls(tmp_path)[1:]) == [2, 2]


def test_tables_are_put_together_by_their_columns(tmp_path: Path) -> None:
    script = (
        HEAD
        + """
@input_schema("table", PandasParameterType(pd.DataFrame([{"a": 1, "b": "x"}])))
def run(table):
    note(len(table))
    return pd.DataFrame({"a2": table["a"] * 2, "b": table["b"]})
"""
    )
    with Front(make_bundle(tmp_path, script, maxBatchRows=64, maxQueueWaitMs=20_000)).serve() as front:
        bodies = [{"table": [{"a": number, "b": f"t{number}"}]} for number in range(4)]
        replies = queue_up(front, tmp_path, bodies)
        assert [reply.json for reply in replies] == [[{"a2": number * 2, "b": f"t{number}"}] for number in range(4)]
        assert calls(tmp_path) == [1, 3]


def test_an_answer_without_a_row_for_each_row_ends_the_batching_and_says_so(tmp_path: Path) -> None:
    script = SUMS.replace("return data.sum(axis=1) * factor", "return float(data.sum())")
    with Front(make_bundle(tmp_path, script, maxBatchRows=64, maxQueueWaitMs=20_000)).serve() as front:
        replies = queue_up(front, tmp_path, [rows(0), rows(1), rows(2), rows(3)])
        assert [reply.json for reply in replies] == [3.0, 4.0, 5.0, 6.0]
        assert "max_batch_rows has no effect: run() returned float" in front.log


def test_a_script_whose_rows_are_not_described_cannot_be_batched(tmp_path: Path) -> None:
    with Front(make_bundle(tmp_path, maxBatchRows=8)) as front:
        failed = front.expect("failed")
        assert failed["stage"] == "signature"
        assert (
            "max_batch_rows needs a run() with one array or table that @input_schema or a type hint describes"
            in failed["message"]
        )


def test_a_killed_worker_takes_only_the_batch_it_had_begun(tmp_path: Path) -> None:
    with (
        Front(make_bundle(tmp_path, SUMS, maxBatchRows=2, maxQueueWaitMs=20_000)).serve() as front,
        ThreadPoolExecutor(6) as pool,
    ):
        first = pool.submit(front.post, rows(0))
        wait_for(lambda: calls(tmp_path))
        others = [pool.submit(front.post, rows(number)) for number in range(1, 6)]
        front.kill_worker()
        (tmp_path / "app" / "go").touch()
        assert first.result().status == 502
        assert [reply.result().json for reply in others] == [[3.0 + number] for number in range(1, 6)]


def compare_with_single_runs(folder: Path, count: int) -> None:
    """Send requests, some wrong, some of other shapes, to a script with and without batches, and compare every answer."""
    chance = random.Random(4)
    bodies: list[Any] = []
    for number in range(count):
        kind = chance.random()
        if kind < 0.75:
            bodies.append(rows(*(chance.random() for _ in range(chance.randint(1, 5)))))
        elif kind < 0.85:
            bodies.append({**rows(number), "factor": chance.choice([2.0, 3.0])})
        else:
            bodies.append(chance.choice([rows(-1), {"data": [[1]]}, {"data": "x"}, {}, [1], {"data": []}]))
    answers = {}
    for most in (0, 16):
        bundle = folder / str(most)
        bundle.mkdir()
        settings = make_bundle(bundle, SUMS, files={"go": ""}, maxBatchRows=most, maxQueueWaitMs=60_000)
        with Front(settings).serve() as front, ThreadPoolExecutor(8) as pool:
            answers[most] = [(reply.status, reply.json) for reply in pool.map(front.post, bodies)]
            if most:
                assert len(calls(bundle)) < count * 0.92
    for body, alone, batched in zip(bodies, answers[0], answers[16], strict=True):
        assert batched[0] == alone[0], json.dumps(body)
        if alone[0] != 500:  # whose message holds the request's id
            assert batched[1] == alone[1]


def test_many_mixed_requests_are_answered_as_without_batches(tmp_path: Path) -> None:
    compare_with_single_runs(tmp_path, 600)


@pytest.mark.parametrize(
    ("result", "pieces"),
    [
        ([1, 2, 3], [[1], [2, 3]]),
        (np.array([1, 2, 3]), [[1], [2, 3]]),
        (pd.Series([1, 2, 3]), [[1], [2, 3]]),
        ({"a": [1, 2, 3], "b": (4, 5, 6)}, [{"a": [1], "b": (4,)}, {"a": [2, 3], "b": (5, 6)}]),
        ([1, 2], None),
        ("abc", None),
        (3.0, None),
        (np.float64(3), None),
        ({"a": [1, 2, 3], "model": "ridge"}, None),
        ({}, None),
        (None, None),
    ],
)
def test_results_are_cut_into_rows_or_not_at_all(result: Any, pieces: Any) -> None:
    found = _split(result, [1, 2])
    if pieces is None:
        assert found is None
    else:
        assert found is not None
        assert [piece if isinstance(piece, dict) else list(piece) for piece in found] == pieces


def of_two_classes(data: Any, options: Any = None) -> Any:
    return [0.25, 0.75]


def sums(data: Any, options: Any = None) -> Any:
    if options and options.pop("fail", False) and len(data) > 1:
        raise ValueError("not together")
    return [float(row.sum()) for row in data] if options is None else [repr(options)] * len(data)


class Unit:
    """Batches without a server: what is asked together comes out as number and body."""

    def __init__(self, function: Any) -> None:
        described = input_schema("data", NumpyParameterType(np.zeros((1, 3))))(function)
        self.batches = Batches(describe(described), 64)
        self.sizes: list[int] = []
        self.begun: list[list[int]] = []
        self.number = 0

    def ask(self, *bodies: str) -> list[Any]:
        calls = []
        for body in bodies:
            self.number += 1
            calls.append((self.number, request(body)))
        found: dict[int, Any] = {}
        while calls:
            batch, others = self.batches.first(calls)
            self.sizes.append(len(batch.calls))
            for number, answer in self.batches.run(batch, self.begun.append):
                assert isinstance(answer, Answer)
                found[number] = json.loads(answer.body)
            calls = [call for call in calls if call[0] in others]
        return [found[number] for number in sorted(found)]


def request(body: str) -> Request:
    return Request("", "POST", "/score", "", (("content-type", "application/json"),), body.encode())


ROW = '{"data": [[1, 2, 3]]'


def test_a_result_of_as_many_entries_as_there_are_rows_is_not_taken_for_rows() -> None:
    unit = Unit(of_two_classes)
    assert unit.ask(ROW + "}", ROW + "}") == [[0.25, 0.75]] * 2
    assert unit.ask('{"data": [[1, 2, 3], [4, 5, 6]]}', ROW + "}", ROW + "}") == [[0.25, 0.75]] * 3


def test_a_result_that_a_lucky_number_of_rows_gave_first_is_not_taken_for_rows_either() -> None:
    unit = Unit(of_two_classes)
    assert unit.ask('{"data": [[1, 2, 3], [4, 5, 6]]}') == [[0.25, 0.75]]
    assert unit.ask(ROW + "}", ROW + "}", ROW + "}") == [[0.25, 0.75]] * 3


@pytest.mark.parametrize(
    ("one", "other"),
    [("NaN", "null"), ("NaN", "Infinity"), ("[NaN]", "[null]"), ("1", "1.0"), ("true", "1"), ("0.0", "-0.0")],
)
def test_other_arguments_that_look_alike_are_not_mixed(one: str, other: str) -> None:
    alone, together = Unit(sums), Unit(sums)
    bodies = [f'{ROW}, "options": {{"a": {text}}}}}' for text in (one, other, one, other)]
    assert together.ask(*bodies) == [alone.ask(body)[0] for body in bodies]
    assert together.sizes == [1, 2, 1]


def test_the_order_of_names_is_kept() -> None:
    alone, together = Unit(sums), Unit(sums)
    bodies = [f'{ROW}, "options": {text}}}' for text in ('{"a": 1, "b": 2}', '{"b": 2, "a": 1}') * 2]
    assert together.ask(*bodies) == [alone.ask(body)[0] for body in bodies]


def test_what_run_did_to_its_arguments_before_it_failed_does_not_show() -> None:
    unit = Unit(sums)
    assert unit.ask(ROW + "}") == [[6.0]]
    fails = ROW + ', "options": {"fail": true, "a": 1}}'
    assert unit.ask(fails, fails, fails) == [["{'a': 1}"]] * 3
    assert unit.begun == [[2, 3, 4], [3, 4], [4]]  # alone, each has its whole time


def test_nothing_is_kept_of_calls_that_were_taken_back() -> None:
    batches = Unit(sums).batches
    for number in range(0, 100, 10):
        batches.first([(number + place, request(ROW + "}")) for place in range(10)])
    assert len(batches._decoded) <= 10
