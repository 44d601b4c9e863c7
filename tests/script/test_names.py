from __future__ import annotations

import textwrap

import pytest

from jupyter_deploy.script import describe

NOTEBOOK = frozenset({"scaler", "df", "data", "model", "np", "In", "Out", "x", "row", "error", "display", "Base"})
FRAME = "def init(): pass\ndef run(data): return data\n"


def found(source: str) -> list[tuple[str, int, str]]:
    findings = describe(FRAME + textwrap.dedent(source), notebook_names=NOTEBOOK).findings
    return [(finding.code, finding.line - 2, finding.level) for finding in findings]


def test_a_name_that_only_the_notebook_has_is_an_error_at_its_first_use() -> None:
    assert found("def f(rows):\n    return scaler.transform(rows)\ndef g(): return scaler") == [
        ("notebook-name", 2, "error")
    ]


def test_a_name_that_nobody_has_is_a_warning() -> None:
    assert found("def f(rows):\n\n    return rows + unknown_thing") == [("undefined-name", 3, "warning")]


def test_the_line_is_that_of_the_scope_which_lacks_the_name() -> None:
    assert found("def f(df):\n    return df\nprint(df)") == [("notebook-name", 3, "error")]


def test_a_forgotten_import_is_found_in_each_place_that_runs() -> None:
    assert found("class A:\n    size = np.zeros(3)") == [("notebook-name", 2, "error")]
    assert found("def f(a=np): return a") == [("notebook-name", 1, "error")]
    assert found("@scaler\ndef f(): pass") == [("notebook-name", 1, "error")]
    assert found("class A(Base): pass") == [("notebook-name", 1, "error")]
    assert found("f = lambda: [row for row in df]") == [("notebook-name", 1, "error")]
    assert found("def f(): return f'{scaler}'") == [("notebook-name", 1, "error")]


def test_what_a_kernel_adds_to_the_builtins_is_not_there_in_a_service() -> None:
    assert found("def f(): display(1)") == [("notebook-name", 1, "error")]
    assert found("get_ipython()") == [("undefined-name", 1, "warning")]


@pytest.mark.parametrize(
    "source",
    [
        "def f():\n    global model\n    model = 1\ndef g(): return model",
        "def f():\n    x = 1\n    def g(): return x\n    return g",
        "def f():\n    x = 1\n    def g():\n        nonlocal x\n        x = 2\n    return g",
        "rows = [x for x in range(3)]\npairs = {x: row for x, row in {}.items()}",
        "def f(rows): return any(row for row in rows if (x := row)) and x",
        "def f(value):\n    match value:\n        case {'a': x, **row}: return x, row\n        case [x, *row]: return x, row",
        "try:\n    import numpy as np\nexcept ImportError:\n    np = None",
        "try:\n    pass\nexcept ValueError as error:\n    print(error)",
        "try:\n    display(1)\nexcept NameError:\n    pass",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from numpy import ndarray as np\ndef f(a: 'np') -> 'np': ...",
        "if __name__ == '__main__':\n    print(df, scaler)",
        "if '__main__' == __name__:\n    print(df)",
        "import os\nHERE = os.path.dirname(__file__), __name__, __doc__, __spec__, __builtins__",
        "x = 1\ndel x",
        "class A:\n    x = 1\n    y = x\n    def f(self): return __class__",
        "class A:\n    def f(self): return super().f()",
        "import numpy.linalg as np\nprint(np)",
        "with open('f') as x, open('g') as (row): print(x, row)",
        "for x, (row, *data) in []: print(x, row, data)",
        "def f(*data, **row): return data, row",
        "async def f(rows):\n    async for x in rows: print(x)\n    return [x async for x in rows]",
        "def f(): return g()\ndef g(): return 1",
        "f = lambda x, *row: (x, row)",
        "import functools\n@functools.wraps(print)\ndef f(): pass",
        "print(exit, help)",
        "def f(a: 'Unknown'): ...",
        "def f():\n    import numpy as np\n    return np",
        "def f():\n    x: int = 1\n    return x",
    ],
)
def test_names_that_python_finds_are_no_false_alarm(source: str) -> None:
    assert found(source) == []


@pytest.mark.parametrize(
    "source",
    [
        "from helpers import *\nprint(scaler, unknown_thing)",
        "globals().update(load())\nprint(scaler)",
        "exec(open('names.py').read())\nprint(scaler)",
        "import sys\nsetattr(sys.modules[__name__], 'scaler', 1)\nprint(scaler)",
        "import builtins\nbuiltins.scaler = 1\nprint(scaler)",
    ],
)
def test_scripts_that_bind_names_unseen_are_left_alone(source: str) -> None:
    assert found(source) == []


def test_annotations_that_are_never_evaluated_are_left_alone() -> None:
    source = f"from __future__ import annotations\n{FRAME}def f(a: Base) -> scaler: ...\n"
    assert describe(source, notebook_names=NOTEBOOK).findings == ()
