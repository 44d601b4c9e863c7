"""Data collection: what is asked and answered is kept in the background, by day, and never at a request's cost."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import signal
import time
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest

from jupyter_deploy.scoring import collect
from jupyter_deploy.scoring.storage import Folder, open_storage
from jupyter_deploy.scoring.tables import COLUMNS, writer_of

from .fronts import Front, is_alive, make_bundle, wait_for
from .test_metrics import value

SCRIPT = """
def init():
    pass

def run(text):
    if text == "raise":
        raise ValueError("no")
    return {"length": len(text)}
"""


def front_that_keeps(tmp_path: Path, script: str = SCRIPT, **settings: Any) -> Front:
    bundle = make_bundle(tmp_path, script, collectModelData=True, **settings)
    return Front(bundle, options=("--collected", str(tmp_path / "collected")))


def calls(tmp_path: Path) -> list[dict[str, str]]:
    files = sorted((tmp_path / "collected" / "test-service" / "calls").rglob("*.csv"))
    return [row for file in files for row in rows_of(file)]


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_calls_are_kept_by_day_as_csv(tmp_path: Path) -> None:
    with front_that_keeps(tmp_path, version="7").serve() as front:
        front.post('{"a": 1,\n"b": "ä"}'.encode(), {"x-request-id": "id-1", "content-type": "application/json"})
        front.post("raise")
        front.ask("GET", "/score?a=1&b=2")
        front.ask("GET", "/ready")
        rows = wait_for(lambda: len(calls(tmp_path)) == 2 and calls(tmp_path))
        first, second = rows
        assert list(first) == list(COLUMNS)
        assert (first["request_id"], first["version"], first["input_type"]) == ("id-1", "7", "application/json")
        assert first["input"] == '{"a": 1,\n"b": "ä"}'
        assert first["output"] == '{"length":18}'
        assert (second["input_type"], second["input"]) == ("application/x-www-form-urlencoded", "a=1&b=2")
        moment = datetime.fromisoformat(first["time"].replace("Z", "+00:00"))
        assert abs(time.time() - moment.timestamp()) < 60
        folder = next((tmp_path / "collected").rglob("*.csv")).parent
        assert folder.relative_to(tmp_path / "collected" / "test-service" / "calls").as_posix() == f"{moment:%Y/%m/%d}"
        assert (tmp_path / "collected").stat().st_mode & 0o777 == 0o700


def test_what_is_waiting_is_kept_when_the_service_ends(tmp_path: Path) -> None:
    pd = pytest.importorskip("pandas")
    with front_that_keeps(tmp_path, collectFormat="parquet").serve() as front:
        for number in range(5):
            front.post(str(number))
        front.order("drain", grace=0)
        front.expect("drained")
    (file,) = (tmp_path / "collected").rglob("*.parquet")
    table = pd.read_parquet(file)
    assert list(table.columns) == list(COLUMNS)
    assert list(table["input"]) == ["0", "1", "2", "3", "4"]
    assert str(table["time"].dt.tz) == "UTC"


def test_a_url_of_fsspec_is_written_to_in_whole_files(tmp_path: Path) -> None:
    with front_that_keeps(tmp_path, collectUrl=f"local://{tmp_path}/bucket").serve() as front:
        front.post("a")
        front.order("drain", grace=0)
        front.expect("drained")
    (file,) = (tmp_path / "bucket" / "test-service" / "calls").rglob("*.csv")
    assert [row["input"] for row in rows_of(file)] == ["a"]


@pytest.mark.parametrize("url", ["nosuchscheme://bucket", "/proc/nowhere"])
def test_a_place_that_cannot_be_had_is_why_the_service_does_not_start(tmp_path: Path, url: str) -> None:
    with front_that_keeps(tmp_path, collectUrl=url) as front:
        failed = front.expect("failed")
        assert failed["message"].startswith(f"data collection: nothing can be kept in {url}: ")
        assert front.process.wait(10) == 3


def test_a_collector_that_is_killed_costs_no_request_and_comes_back(tmp_path: Path) -> None:
    with front_that_keeps(tmp_path).serve() as front:
        pid = child_with(front, "collect")
        os.kill(pid, signal.SIGSTOP)
        assert front.post("a").status == 200
        os.kill(pid, signal.SIGKILL)
        wait_for(lambda: (other := child_with(front, "collect")) and other != pid)
        wait_for(lambda: front.post("b").status == 200 and any(row["input"] == "b" for row in calls(tmp_path)))
        assert "the process for data collection ended: killed by signal 9" in front.log


def child_with(front: Front, role: str) -> int:
    """The process of a role that the front has started; 0 while there is none."""
    for path in Path("/proc").glob("[0-9]*"):
        try:
            words = (path / "cmdline").read_bytes().split(b"\0")
            parent = int((path / "stat").read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
        if parent == front.process.pid and role.encode() in words:
            return int(path.name)
    return 0


def test_what_does_not_fit_is_dropped_and_counted(tmp_path: Path) -> None:
    with front_that_keeps(tmp_path).serve() as front:
        os.kill(child_with(front, "collect"), signal.SIGSTOP)
        body = b"x" * (16 * 1024 * 1024)
        for _ in range(7):
            assert front.post(body).status == 200
        assert value(front, "scoring_dropped_total", kind="data collection") >= 1


def test_the_collector_dies_with_its_front(tmp_path: Path) -> None:
    with front_that_keeps(tmp_path).serve() as front:
        pid = child_with(front, "collect")
        front.process.kill()
        wait_for(lambda: not is_alive(pid))


def test_nothing_is_started_or_kept_where_it_is_off(tmp_path: Path) -> None:
    bundle = make_bundle(tmp_path, SCRIPT)
    with Front(bundle, options=("--collected", str(tmp_path / "collected"))).serve() as front:
        assert front.post("a").status == 200
        assert child_with(front, "collect") == 0
        assert not (tmp_path / "collected").exists()


DATA = """
import json
import numpy as np
import pandas as pd
from azureml.monitoring import ModelDataCollector

def init():
    global inputs, predictions, tables
    inputs = ModelDataCollector("ridge", designation="inputs", feature_names=["a", "b"])
    predictions = ModelDataCollector("ridge", identifier="predictions", feature_names=["p", "q"])
    tables = ModelDataCollector("../x", "general", None, "s/r/w", "other", "3", "mine")

def run(text):
    data = np.array(json.loads(text))
    correlations = inputs.collect(data, "user-1")
    predictions.collect(predictions.add_correlations(data.sum(axis=1), correlations))
    tables.collect(pd.DataFrame({"n": [1, 2], "s": ["x", "y,z"]}))
    inputs.collect(object())
    return "ok"
"""


@pytest.mark.parametrize("preload", [False, True])
def test_the_originals_collector_keeps_what_a_script_gives_it(tmp_path: Path, preload: bool) -> None:
    models = [{"name": "ridge", "version": 4, "path": "azureml-models/ridge/4"}]
    with front_that_keeps(tmp_path, DATA, models=models, workspace="w", workerPreload=preload).serve() as front:
        assert front.post("[[1, 2], [3, 4]]", {"x-request-id": "id-1"}).json == "ok"
        folder = tmp_path / "collected" / "modeldata"
        day = f"{datetime.now(timezone.utc):%Y/%m/%d}"
        inputs = folder / "default/default/w/test-service/ridge/4/inputs" / day / "data.csv"
        outputs = folder / "default/default/w/test-service/ridge/4/predictions" / day / "data.csv"
        tables = folder / "s/r/w/other/__x/3/general" / day / "mine.csv"
        wait_for(lambda: all(path.exists() and rows_of(path) for path in (inputs, outputs, tables)))
        rows = rows_of(inputs)
        assert [(row["a"], row["b"]) for row in rows] == [("1", "2"), ("3", "4")]
        assert {row["$aml_dc_user_correlation_id"] for row in rows} == {"user-1"}
        assert {row["$aml_dc_request_id"] for row in rows} == {"id-1"}
        told = rows_of(outputs)
        assert [(row["p"], row["q"]) for row in told] == [("3", "7")]
        assert told[0]["$aml_dc_correlation_id"] == rows[0]["$aml_dc_correlation_id"]
        assert [row["s"] for row in rows_of(tables)] == ["x", "y,z"]
        assert "inputs of ridge not collected: object is neither" in front.log


def test_a_collector_in_a_service_that_keeps_nothing_says_so_once(tmp_path: Path) -> None:
    with Front(make_bundle(tmp_path, DATA)).serve() as front:
        assert {front.post("[[1, 2]]").json for _ in range(2)} == {"ok"}
        assert front.log.count("data collection is off in this service") == 1


def test_bodies_that_are_no_texts_can_be_told_from_texts() -> None:
    assert collect.written("ä,\n".encode()) == "ä,\n"
    assert collect.written(b"\xff\x00") == "data:;base64,/wA="
    assert collect.written(b"data:;base64,AAAA") == "data:;base64,ZGF0YTo7YmFzZTY0LEFBQUE="


def test_another_head_begins_another_file(tmp_path: Path) -> None:
    for head in (b"a,b\n", b"a,c\n", b"a,b\n"):
        Folder(tmp_path / "kept").append("x/data.csv", head, b"1,2\n")
    assert (tmp_path / "kept/x/data.csv").read_bytes() == b"a,b\n1,2\n1,2\n"
    assert (tmp_path / "kept/x/data-2.csv").read_bytes() == b"a,c\n1,2\n"


def test_rows_that_cannot_be_written_are_counted_as_lost(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    keeper = collect.Keeper(open_storage(str(tmp_path)), "service", writer_of("csv"))
    (tmp_path / "service").write_text("in the way")
    record = {
        "type": "call",
        "time": 0.0,
        "request_id": "1",
        "version": "1",
        "input_type": "",
        "input_bytes": 1,
        "output_type": "",
    }
    keeper.add(record, b"ab")
    keeper.add(record, b"cd")
    assert keeper.flush() == 2
    assert re.search("2 collected rows were lost: NotADirectoryError|FileExistsError", caplog.text)


def test_csv_and_its_reader_agree_on_awkward_texts() -> None:
    row = (1.5, 'i"d', "1", "", "a,\r\nb", "", json.dumps({"c": "\u2028"}))
    writer = writer_of("csv")
    (back,) = csv.DictReader(io.StringIO((writer.head + writer.rows([row])).decode(), newline=""))
    assert (back["time"], back["request_id"], back["input"]) == ("1970-01-01T00:00:01.500000Z", 'i"d', "a,\r\nb")
