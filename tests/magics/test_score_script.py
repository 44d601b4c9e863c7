from __future__ import annotations

from pathlib import Path

import pytest
from IPython.core.error import UsageError
from IPython.core.interactiveshell import InteractiveShell

from jupyter_deploy import Workspace
from jupyter_deploy.errors import ConfigError, ScriptError, UserError
from tests.helpers import READS_ITS_MODEL, register_text
from tests.magics.conftest import Run

ECHO = "def init():\n    print('ready')\n\ndef run(data):\n    return data\n"


def test_the_cell_is_written_verbatim_and_not_run(run: Run, here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = ECHO + "  # {braces} $dollars 'ü'\nnever_run = 1\n"
    run(f"%%score_script\n{text}")
    assert capsys.readouterr().out == "Writing score.py\n"
    assert (here / "score.py").read_text(encoding="utf-8") == text
    run(f"%%score_script score.py\n{ECHO}")
    assert capsys.readouterr().out == "Overwriting score.py\n"
    with pytest.raises(NameError):
        run("never_run")


def test_warnings_are_shown_with_the_lines_of_the_cell(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    run("%%score_script other.py\nimport json\ndef init(): ...\ndef run(data):\n    return json.dumps(data)\n")
    assert "other.py:4: warning: " in capsys.readouterr().out


def test_errors_fail_the_cell_and_the_text_is_kept(run: Run, here: Path, shell: InteractiveShell) -> None:
    shell.user_ns["fitted"] = 1
    cell = "def init(): ...\ndef run(data):\n    return fitted\n"
    with pytest.raises(ScriptError) as caught:
        run(f"%%score_script\n{cell}")
    assert caught.value.what.startswith("score.py:3: error: `fitted` exists only in the notebook")
    assert "score.py was written all the same" in caught.value.remedy
    assert (here / "score.py").read_text() == cell


def test_the_imports_of_ipython_itself_are_no_names_of_the_notebook(run: Run) -> None:
    run("%%score_script\ndef init(): ...\ndef run(data):\n    return exit if data else data\n")


@pytest.mark.parametrize(
    ("name", "error", "cause"),
    [
        ("data.csv", UsageError, "data.csv is no .py file"),
        ("missing/score.py", UserError, "cannot be written: No such file"),
        ("my-score.py", ConfigError, "its name is no Python name"),
    ],
)
def test_a_file_that_could_be_no_script_is_refused(run: Run, name: str, error: type[Exception], cause: str) -> None:
    with pytest.raises(error, match=cause):
        run(f"%%score_script {name}\n{ECHO}")


def test_a_trial_shows_answer_and_times(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    run('%%score_script score.py --try {"data": [1, "ü"]}\n' + ECHO.replace("return data", "return [data]"))
    shown = capsys.readouterr().out
    assert shown.startswith("Writing score.py\nready\ninit() took 0.")
    assert "answered 200:\n" in shown
    assert "ü" in shown


def test_models_alone_try_init(run: Run, workspace: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    register_text(workspace)
    run(f"%%score_script --models tiny\n{READS_ITS_MODEL}")
    assert "init() took" in capsys.readouterr().out


def test_what_a_trial_raises_stands_on_the_lines_of_the_cell(run: Run, shell: InteractiveShell) -> None:
    shell.user_ns["rows"] = {"data": []}
    with pytest.raises(ScriptError) as caught:
        run(
            "%%score_script --try rows\nimport json\ndef init(): ...\ndef run(data):\n    return json.loads(data)['data'][0]\n"
        )
    assert caught.value.what == "score.py:4: run() raised IndexError: list index out of range"
    assert 'File "score.py", line 4, in run' in caught.value.why
    assert "jupyter_deploy" not in caught.value.why


def test_bad_input_fails_after_the_file_is_written(run: Run, here: Path) -> None:
    with pytest.raises(UserError, match="no variable 'rows'"):
        run(f"%%score_script --try rows\n{ECHO}")
    assert (here / "score.py").exists()


def test_what_the_cell_needs_of_other_cells_is_taken_in_and_shown(
    shell: InteractiveShell, run: Run, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shell.run_cell("%%time\nimport json\n", store_history=True)
    shell.run_cell("def rows(text):\n    return json.loads(text)['data']", store_history=True)
    capsys.readouterr()
    cell = "def init(): ...\ndef run(data):\n    return len(rows(data))\n"
    run(f"%%score_script\n{cell}")
    assert capsys.readouterr().out == (
        "Writing score.py\n--- cell\n+++ score.py\n@@ -1 +1,8 @@\n"
        "+# ---- taken in from the notebook ----\n+# cell 1\n+import json\n+# cell 2\n"
        "+def rows(text):\n+    return json.loads(text)['data']\n+# ---- the cell itself ----\n"
        " def init(): ...\nscore.py: lines 8-10 are the cell's\n"
    )
    assert (here / "score.py").read_text().endswith(cell)


def test_a_trial_is_held_against_the_notebook(
    shell: InteractiveShell, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    shell.run_cell("state = {'factor': 2}\nfactor = lambda: 2", store_history=True)
    shell.run_cell("def twice(wrapped):\n    return lambda x: x * state['factor']", store_history=True)
    cell = "def init(): ...\ndef run(data):\n    return factor() * int(data)\n"
    run(f"%%score_script --try 4\n{cell}")
    assert capsys.readouterr().out.endswith("answered 200:\n8\nthe notebook answers the same\n")
    run(f"%%score_script --try 4\n{cell.replace('factor()', '2')}")
    assert "notebook" not in capsys.readouterr().out


def test_an_answer_that_the_notebook_would_not_give_is_an_error(shell: InteractiveShell, run: Run) -> None:
    shell.run_cell("def bound(f):\n    return lambda x: f(x) + hidden.get('more', 0)\nhidden = {}", store_history=True)
    shell.run_cell("@bound\ndef plus(x): return x", store_history=True)
    shell.user_ns["plus"] = lambda x: x + 1  # by code that no cell shows
    with pytest.raises(ScriptError) as caught:
        run("%%score_script --try 4\ndef init(): ...\ndef run(data):\n    return plus(int(data))\n")
    assert caught.value.what == "answer is 4 from the script, and 5 in the notebook"
