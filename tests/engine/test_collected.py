"""What a service has kept, read back as a table."""

from __future__ import annotations

import time
from datetime import datetime, timezone
from pathlib import Path

import pytest

from jupyter_deploy import Webservice, Workspace
from tests.helpers import wait_until, write_script
from tests.services import NAME, serve

SCRIPT = """
from azureml.monitoring import ModelDataCollector

def init():
    global inputs
    inputs = ModelDataCollector("ridge", designation="inputs", feature_names=["a", "b"])

def run(data):
    inputs.collect([[1, 2]])
    return {"got": data}
"""


RAW = """
from azureml.contrib.services.aml_request import rawhttp

def init():
    pass

@rawhttp
def run(request):
    return len(request.get_data())
"""


def rows_of(service: Webservice, count: int) -> None:
    wait_until(lambda: len(service.collected()) == count)


def test_requests_are_read_back_and_outlive_an_update_and_the_service(workspace: Workspace, tmp_path: Path) -> None:
    service = serve(workspace, write_script(tmp_path, SCRIPT), options={"collect_model_data": True})
    assert service.collected().empty
    assert list(service.collected()[["input", "output"]].columns) == ["input", "output"]
    service.run({"a": [1, 2]})
    service.update(max_request_wait_time=900)
    service.wait_for_deployment()
    service.run("plain")
    rows_of(service, 2)
    wait_until(lambda: len(service.collected("inputs")) == 2)
    table = service.collected()
    assert list(table["input"]) == [{"a": [1, 2]}, "plain"]
    assert table["output"][1] == {"got": "plain"}
    assert list(table["version"]) == ["1", "2"]
    assert abs(table["time"][1].timestamp() - time.time()) < 60
    assert list(service.collected("inputs")["b"]) == [2, 2]
    assert service.collected("labels").empty
    service.delete()
    assert list((workspace.path / "collected" / NAME / "calls").rglob("*.csv"))


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_both_forms_are_read_from_any_place(workspace: Workspace, tmp_path: Path, form: str) -> None:
    options = {"collect_model_data": True, "collect_format": form, "collect_url": f"local://{tmp_path}/bucket"}
    service = serve(workspace, write_script(tmp_path, RAW), options=options)
    service.run("[1, 2]")
    service.run(b"\xff")
    service.stop()  # what is waiting is written at the end
    assert list(service.collected()["input"]) == [[1, 2], b"\xff"]
    assert list(service.collected()["output"]) == [6, 1]
    day = f"{datetime.now(timezone.utc):%Y/%m/%d}"
    assert list((tmp_path / "bucket" / NAME / "calls" / day).glob(f"*.{form}"))
