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
    assert done.pictures(9)[0]["text/plain"] == "doubler: deleted"  # the newest card goes on
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


LEANING = """\
%%score_script score.py --models factor --try {"data": [1, 2]}
import json
from jupyter_deploy import Model

def init():
    global factor
    factor = int(open(Model.get_model_path("factor")).read())

def run(raw_data):
    rows = clean(json.loads(raw_data)["data"])
    return [Scaled(factor * number).rounded() for number in rows]
"""


def test_a_script_takes_what_it_needs_out_of_a_real_kernel_and_serves(here: Path, workspace: Workspace) -> None:
    done = run_all(
        [
            REGISTER,
            "%%time\nimport math\nfrom dataclasses import dataclass\n%pwd\nOFFSET = -1",
            "from __future__ import annotations\n\n@dataclass\nclass Scaled:\n    value: float\n"
            "    def rounded(self) -> Unheard: return math.floor(self.value)",
            "OFFSET = 1",
            "def clean(rows):  # drops nothing\n    return [row + OFFSET for row in rows]",
            LEANING,
            "%deploy leaning --models factor --script score.py --wait",
            '%score leaning {"data": [3, 4]}',
            "%delete_service leaning",
            "connection = open('factor.txt')\ndef lean(x): return connection",
            "%%score_script other.py\ndef init(): ...\ndef run(data): return lean(data)",
        ],
        here,
        workspace.path,
    )
    assert "the notebook answers the same" in done.text(5)
    assert (here / "score.py").read_text() == (
        "# ---- taken in from the notebook ----\nfrom __future__ import annotations\n"
        "# cell 2\nimport math\nfrom dataclasses import dataclass\n"
        "# cell 3\n@dataclass\nclass Scaled:\n    value: float\n    def rounded(self) -> Unheard: return math.floor(self.value)\n"
        "# cell 4\nOFFSET = 1\n# cell 5\ndef clean(rows):  # drops nothing\n    return [row + OFFSET for row in rows]\n"
        "# ---- the cell itself ----\n" + LEANING.partition("\n")[2]
    )
    assert json.loads(done.pictures(7)[0]["text/plain"]) == [8, 10]
    assert "`connection` exists only in the notebook: a _io.TextIOWrapper, which is open" in done.error(10).evalue
    assert [cell for cell in range(10) if any(o.output_type == "error" for o in done.cells[cell].outputs)] == []


DECORATED = """\
from inference_schema.parameter_types.standard_py_parameter_type import StandardPythonParameterType
from inference_schema.schema_decorators import input_schema, output_schema

def init():
    pass

@input_schema("data", StandardPythonParameterType([1, 2]))
@output_schema(StandardPythonParameterType([1.5]))
def run(data):
    return [factor * number for number in data]
"""


def test_cells_with_decorated_functions_can_be_run_again(here: Path, workspace: Workspace) -> None:
    tried = '%%score_script score.py --try {"data": [1, 2]}\n' + DECORATED
    done = run_all(
        [
            "%load_ext jupyter_deploy\nfactor = 2",
            DECORATED,
            DECORATED.replace("data", "rows"),
            "from inference_schema.schema_util import get_input_schema\nlist(get_input_schema(run)['properties'])",
            tried,
            tried,
        ],
        here,
        workspace.path,
    )
    errors = [output for cell in done.cells for output in cell.outputs if output.output_type == "error"]
    assert not errors, errors
    assert done.pictures(3)[0]["text/plain"] == "['rows']"
    for cell in (4, 5):
        assert "the notebook answers the same" in done.text(cell)
