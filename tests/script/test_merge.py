from __future__ import annotations

from jupyter_deploy.script import describe
from jupyter_deploy.script.merge import diff, merge
from jupyter_deploy.script.slice import Slice
from tests.script.notebook import RUN, Session


def test_the_cell_stands_verbatim_below_what_it_took_in() -> None:
    session = Session("import math\nLIMIT = 5", "def f(x):\n    return math.floor(x) > LIMIT")
    cell = RUN + "f(data)  # {ü}\n"
    merged = merge(cell, session.take(cell))
    assert merged.text == (
        "# ---- taken in from the notebook ----\n# cell 1\nimport math\nLIMIT = 5\n"
        "# cell 2\ndef f(x):\n    return math.floor(x) > LIMIT\n# ---- the cell itself ----\n" + cell
    )
    assert merged.places() == "lines 9-11 are the cell's"
    assert describe(merged.text, notebook_names=session.variables).findings == ()


def test_without_need_the_cell_is_the_script() -> None:
    assert merge("x = 1", Slice()).text == "x = 1"
    assert diff("x = 1", merge("x = 1", Slice()), "score.py") == ""


def test_the_diff_shows_what_was_added_and_little_else() -> None:
    cell = RUN + "LIMIT"
    assert diff(cell, merge(cell, Session("LIMIT = 5").take(cell)), "score.py").splitlines() == [
        "--- cell",
        "+++ score.py",
        "@@ -1 +1,5 @@",
        "+# ---- taken in from the notebook ----",
        "+# cell 1",
        "+LIMIT = 5",
        "+# ---- the cell itself ----",
        " def init(): ...",
    ]


def test_a_name_that_cannot_be_taken_in_is_an_error_with_its_reason_and_its_line() -> None:
    session = Session("connection = object()", "def f(x):\n    return connection")
    cell = RUN + "f(data)"
    taken = session.take(cell)
    (error,) = describe(merge(cell, taken).text, "score.py", session.variables, taken.refusals).findings
    assert str(error) == (
        "score.py:4: error: `connection` exists only in the notebook: an object that comes from cell 1, `connection = object()`, "
        "or from a later change. Make it in init(), or register it as a model (%register_model … --name connection) and load it there."
    )


def test_a_builtin_that_the_notebook_has_hidden_is_named_too() -> None:
    session = Session("filter = object()")
    cell = RUN + "filter(data)"
    (error,) = describe(cell, "score.py", session.variables, session.take(cell).refusals).errors
    assert "`filter` exists only in the notebook" in error.message


def test_what_is_needed_before_the_cell_defines_it_is_named() -> None:
    session = Session("model = object()", "def f(x, by=model): return by")
    cell = "def init():\n    global model\n    model = 1\ndef run(data): return f(data)\n"
    taken = session.take(cell)
    (error,) = describe(merge(cell, taken).text, "score.py", session.variables, taken.refusals).errors
    assert str(error).startswith(
        "score.py:3: error: `model` exists only in the notebook: an object that comes from cell 1"
    )
