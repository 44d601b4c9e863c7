"""The whole way in one notebook, in a real kernel."""

from __future__ import annotations

import json
from pathlib import Path

from jupyter_deploy import Workspace
from tests.magics.notebooks import run_all

REGISTER = """\
%load_ext jupyter_deploy
open("factor.txt", "w").write("2")
%register_model factor.txt --name factor --tag kind=text"""
SCRIPT = """\
%%score_script score.py --models factor --try {"data": [1, 2]}
import json
from jupyter_deploy import Model

def init():
    global factor
    factor = int(open(Model.get_model_path("factor")).read())

def run(raw_data):
    return [factor * number for number in json.loads(raw_data)["data"]]
"""


def test_run_all_takes_a_model_the_whole_way(here: Path, workspace: Workspace) -> None:
    done = run_all(
        [
            REGISTER,
            SCRIPT,
            "%deploy doubler --models factor --script score.py",
            'rows = {"data": [3, 4]}\n%score doubler rows',
            'open("factor.txt", "w").write("5")\n%register_model factor.txt --name factor',
            "service = %update_service doubler --models factor:2 --wait",
            '%score doubler {"data": [3, 4]}',
            "%rollback_service doubler --wait",
            "service.run(rows), service.version",
            "service",
            "%services",
            "%service_logs doubler -n 50",
            "%delete_service doubler",
            "%services",
        ],
        here,
        workspace.path,
    )
    errors = [output for cell in done.cells for output in cell.outputs if output.output_type == "error"]
    assert not errors, errors
    assert "Writing score.py" in done.text(1)
    assert "answered 200:\n[2, 4]" in done.text(1)
    (card,) = done.pictures(2)  # one picture, although the cell's result is the service
    assert "doubler: Healthy (deploy, " in card["text/plain"]
    assert "✓ start of the service" in card["text/plain"]
    assert 'href="http://127.0.0.1:' in card["text/html"]
    assert json.loads(done.pictures(3)[0]["text/plain"]) == [6, 8]
    (updated,) = done.pictures(5)  # also where the result is assigned
    assert "version: 2" in updated["text/plain"]
    assert json.loads(done.pictures(6)[0]["text/plain"]) == [15, 20]
    assert done.pictures(8)[0]["text/plain"] == "([6, 8], 3)"
    assert "rollback" in done.pictures(9)[0]["text/plain"]
    assert "Healthy" in done.pictures(10)[0]["text/plain"]
    assert "POST /score 200" in done.text(11)
    assert done.text(12) == "doubler is deleted\n"
    assert "no services yet" in done.pictures(13)[0]["text/plain"]
    assert (here / "score.py").read_text() == SCRIPT.partition("\n")[2]


def test_a_failing_deployment_stops_run_all_with_its_cause_and_no_traceback(here: Path, workspace: Workspace) -> None:
    broken = SCRIPT.replace(' --models factor --try {"data": [1, 2]}', "").replace('"factor"', '"fctor"')
    done = run_all(
        [
            REGISTER,
            broken,
            "%deploy doubler --models factor --script score.py",
            '%score doubler {"data": [3]}',
            "reached = True",
        ],
        here,
        workspace.path,
    )
    error = done.error(3)
    assert error.ename == "OperationFailed"
    assert "ModelNotFound" in error.evalue
    assert 'score.py", line 6, in init' in "\n".join(error.traceback)
    assert "jupyter_deploy/magics" not in "\n".join(error.traceback)
    (card,) = done.pictures(2)
    assert "doubler: Failed (deploy failed, " in card["text/plain"]
    assert "✗ start of the service" in card["text/plain"]
    assert "ModelNotFound" in card["text/html"]
    assert done.cells[4].execution_count is None
