from __future__ import annotations

import pytest

from jupyter_deploy.script.merge import merge
from tests.script.notebook import RUN, Session, refused, taken


def test_a_function_comes_with_what_it_needs_and_imports_come_first() -> None:
    cells = ["SCALE = 10", "import math\nimport json, os as system", "def f(x):\n    return math.floor(x) * SCALE"]
    assert taken(cells) == ["import math", "SCALE = 10", "def f(x):\n    return math.floor(x) * SCALE"]


def test_nothing_is_taken_that_the_cell_defines_itself() -> None:
    assert (
        Session("def f(x): ...", "y = 1")
        .take("y = 2\ndef run(data):\n    def f(x): return y\n    return f(data)")
        .pieces
        == ()
    )


def test_a_helper_that_leans_on_what_the_cell_defines_finds_the_cells_own() -> None:
    session = Session("model = object()", "def f(x): return model.predict(x)")
    cut = session.take("def init():\n    global model\n    model = 1\ndef run(data): return f(data)")
    assert [piece.text for piece in cut.pieces] == ["def f(x): return model.predict(x)"]
    assert not cut.refusals


def test_what_a_definition_needs_at_once_is_taken_although_the_cell_defines_it_too() -> None:
    cut = Session("SIZE = 2", "def f(x, size=SIZE): return x * size").take("SIZE = 3\ndef run(data): return f(data)")
    assert [piece.text for piece in cut.pieces] == ["SIZE = 2", "def f(x, size=SIZE): return x * size"]


def test_the_newest_definition_counts() -> None:
    assert taken(["def f(x): return 1", "def f(x): return 2"]) == ["def f(x): return 2"]


def test_a_cell_that_failed_before_its_definition_does_not_count() -> None:
    assert taken(["def f(x): return 1", "1 / 0\ndef f(x): return 2"]) == ["def f(x): return 1"]


def test_a_cell_run_again_comes_before_what_needs_it_at_once() -> None:
    cells = ["A = 1", "B = A + 1", "A = 1"]
    assert taken(cells, "A + B") == ["A = 1", "B = A + 1"]


@pytest.mark.parametrize(
    ("cells", "expression", "expected"),
    [
        (["import numpy as np"], "np.zeros(1)", ["import numpy as np"]),
        (["from math import pi as circle, e"], "circle", ["from math import pi as circle"]),
        (["from math import *"], "sqrt(data)", ["from math import sqrt"]),
        (["import os, os.path"], "os.path.sep", ["import os, os.path"]),
        (["import xml.dom", "import xml.sax"], "xml.dom", ["import xml.dom", "import xml.sax"]),
        (["try:\n    import ujson as js\nexcept ImportError:\n    import json as js"], "js", None),
        (["import sys", "if sys.version_info > (3,):\n    import json as js\nelse:\n    js = None"], "js", None),
        (["x, (y, *z) = 1, (2, 3, 4)"], "x + y", ["x, (y, *z) = 1, (2, 3, 4)"]),
        (["a = b = 3"], "a", ["a = b = 3"]),
        (["limit: float = 0.5"], "limit", ["limit: float = 0.5"]),
        (["a = 1; b = 2"], "b", ["b = 2"]),
        (["LIMITS = {'low': -1.5, 'high': 60 * 60}  # seconds"], "LIMITS", ["LIMITS = {'low': -1.5, 'high': 60 * 60}  # seconds"]),
        (["import re", "WORD = re.compile(r'\\w+')"], "WORD", ["import re", "WORD = re.compile(r'\\w+')"]),
        (["import logging", "log = logging.getLogger(__name__)"], "log", None),
        (["from pathlib import Path", "HERE = Path('data')"], "HERE", None),
        (["import numpy as np", "SAMPLE = np.array([[1.0, 2.0]])"], "SAMPLE", None),
        (["import pandas as pd", "SAMPLE = pd.DataFrame({'a': [1.0]})"], "SAMPLE", None),
        (["f = lambda x: x + 1"], "f(data)", ["f = lambda x: x + 1"]),
        (["Vector = list[float]", "def f(x: Vector) -> Vector: return x"], "f(data)", None),
        (["import math", "TURN = 2 * math.pi"], "TURN", None),
        (["def g(x): return x", "f = g"], "f(data)", ["def g(x): return x", "f = g"]),
        (["def g(x): return x", "STEPS = {'first': g}"], "STEPS", None),
        (["def _helper(x): return x"], "_helper(data)", ["def _helper(x): return x"]),
        (["def sum(x): return 0"], "sum(data)", ["def sum(x): return 0"]),
        (["from collections import namedtuple", "Pair = namedtuple('Pair', 'left right')"], "Pair(1, 2)", None),
        (["import functools", "f = functools.partial(int, base=2)"], "f(data)", None),
        (["from typing import Generic, TypeVar", "T = TypeVar('T')", "class Box(Generic[T]): size = 1"], "Box()", None),
        (["import abc", "class Base(abc.ABC):\n    @abc.abstractmethod\n    def f(self): ..."], "Base", None),
        (["class Meta(type): ...", "class Made(metaclass=Meta):\n    size = 1"], "Made()", None),
        (["async def f(x): return x"], "f(data)", None),
        (["if True:\n    def f(x): return x"], "f(data)", None),
        (["NAME = 'a'", "LABEL = f'{NAME}-{1:02d}'"], "LABEL", None),
    ],
)  # fmt: skip
def test_each_kind_of_definition(cells: list[str], expression: str, expected: list[str] | None) -> None:
    assert taken(cells, expression) == (cells if expected is None else expected)


def test_functions_that_call_each_other() -> None:
    cells = ["def g(x): return f(x)", "def f(x): return x and g(x - 1)"]
    assert taken(cells) == cells


def test_decorators_come_along_with_what_they_call_and_before_what_they_decorate() -> None:
    twice = "def twice(g):\n    @functools.wraps(g)\n    def inner(x): return count(g(x))\n    return inner"
    count, decorated = "def count(x): return x", "@twice\n@functools.lru_cache(maxsize=None)\ndef f(x):\n    return x"
    assert taken(["import functools", twice, decorated, twice, count]) == ["import functools", twice, count, decorated]


def test_classes_with_bases_from_other_cells() -> None:
    cells = [
        "class Base:\n    def size(self): return SIZE",
        "SIZE = 3",
        "class Derived(Base):\n    kind = 'a'\n    @property\n    def double(self): return self.size() * 2",
        "class Base:\n    def size(self): return SIZE",
    ]
    texts = taken(cells, "Derived().double")
    assert texts.index(cells[0]) < texts.index(cells[2])
    assert "SIZE = 3" in texts


def test_dataclasses_named_tuples_and_enumerations() -> None:
    imports = "from dataclasses import dataclass, field\nfrom enum import Enum\nfrom typing import NamedTuple, Any"
    classes = [
        "class Color(Enum):\n    RED = 1",
        "@dataclass(frozen=True)\nclass Row:\n    color: Color = Color.RED\n    marks: list = field(default_factory=list)",
        "class Pair(NamedTuple):\n    left: int\n    right: int = 2\n    def sum(self): return self.left",
    ]
    narrowed = [*imports.splitlines()[:2], "from typing import NamedTuple"]
    assert taken([imports, *classes], "Row, Pair") == [*narrowed, *classes]


def test_transformers_for_scikit_learn() -> None:
    body = "    def fit(self, X, y=None): return self\n    def transform(self, X): return X * 2"
    cells = [
        "from sklearn.base import BaseEstimator, TransformerMixin",
        f"class Times(BaseEstimator, TransformerMixin):\n{body}",
    ]
    assert taken(cells, "Times().transform(data)") == cells


def test_names_of_comprehensions_and_parameters_are_their_own() -> None:
    cells = ["row = 5", "x = 6", "def f(x): return [row for row in x]"]
    assert taken(cells) == [cells[2]]


def test_a_name_that_shadows_a_module_of_the_same_name() -> None:
    cells = ["import json", "json = 5"]
    assert taken(cells, "json") == ["json = 5"]


def test_future_features_come_along_and_stay_first() -> None:
    session = Session("from __future__ import annotations", "def f(x: Unknown): return x")
    session.scope["f"].__annotations__  # noqa: B018
    cell = '"""Scores."""\nfrom __future__ import division\n' + RUN + "f(data)\n"
    cut = session.take(cell)
    merged = merge(cell, cut)
    compile(merged.text, "score.py", "exec", dont_inherit=True)
    assert merged.text.splitlines()[:2] == cell.splitlines()[:2]
    assert "from __future__ import annotations" in merged.text
    assert merged.places() == f"lines 1-2 and {merged.last + 1}-{merged.lines} are the cell's"


@pytest.mark.parametrize(
    ("cells", "why"),
    [
        (["x = [1]", "x.append(2)"], "or from a later change, not from a constant that could be copied. Write `x = [1, 2]` into this cell"),
        (["x = 1", "x += 1"], "Write `x = 2` into this cell"),
        (["x = 0\nfor i in range(3):\n    x += i"], "Write `x = 3` into this cell"),
        (["def load():\n    global x\n    x = 7", "load()"], "from a function of cell 1"),
        (["x = input", "x = [x, 'a'][1]"], "Write `x = 'a'` into this cell"),
        (["import sqlite3\nx = sqlite3.connect(':memory:')"], "a sqlite3.Connection, which is open in this kernel"),
        (["from sklearn.linear_model import Ridge\nx = Ridge().fit([[1.0]], [1.0])"], "Register it as a model"),
        (["import numpy as np\nx = np.zeros((1000, 1000))"], "a numpy.ndarray of 1000 × 1000, which is data"),
        (["import pandas as pd\nx = pd.DataFrame({'a': range(9)}).query('a > 2')"], "DataFrame of 6 × 1"),
        (["x = object()"], "an object that comes from cell 1, `x = object()`, or from a later change. Make it in init()"),
        (["def x(data): return 1", "x.calls = 1"], "it has changed since its definition in cell 1. Run cell 1 again"),
        (["n = 1\ndef x(data, n=n): return n", "n = 2"], "it has changed since its definition in cell 1"),
        (["class x:\n    size = 1", "x.size = 2"], "it has changed since its definition"),
        (["class x:\n    def f(self): return 1", "def g(self): return 2", "x.f = g"], "it has changed"),
        (["class x:\n    seen = []", "x.seen.append(1)"], "it has changed"),
        (["class B:\n    def f(self): return 1\nclass x(B): ...", "class B:\n    def f(self): return 2"], "it has changed"),
        (["a, x = 1, 2", "a = 3"], "Write `x = 2` into this cell"),
        (["with open(__import__('os').devnull) as x: pass"], "which is open in this kernel"),
        (["x = [f'f{i}' for i in range(2)]"], "Write `x = ['f0', 'f1']` into this cell"),
        (["def make():\n    n = 2\n    def inner(x): return x + n\n    return inner\nx = make()"], "a function that comes from cell 1"),
        (["def x(data, seen=[]): return seen", "x(1).append(2)"], "it has changed since its definition in cell 1"),
        (["import os\nif os.environ.get('UNHEARD'):\n    x = 1\nelse:\n    x = 2"], "Write `x = 2` into this cell"),
        (["x = (1 << 99_999) + len([])"], "an int that comes from cell 1"),
        (["(x := 10)"], "Write `x = 10` into this cell"),
        (["a = 1", "x = a + 1", "a = 5"], "Write `x = 2` into this cell"),
    ],
)  # fmt: skip
def test_hidden_state_is_refused_with_the_remedy(cells: list[str], why: str) -> None:
    assert why in refused(cells)["x"]


def test_what_no_cell_defines_is_refused() -> None:
    session = Session()
    session.scope["x"] = {1: object}
    assert "from no cell as Python, perhaps from a magic as %run" in session.take(RUN + "x").refusals["x"].why


def test_a_reason_deep_down_is_found() -> None:
    assert list(refused(["connection = object()", "def f(): return connection", "def g(): return f()"], "g()")) == [
        "connection"
    ]


def test_deleted_names_are_nobodys() -> None:
    cut = Session("def g(x): return x", "def f(x): return g(x)", "del g").take(RUN + "f(data)")
    assert [piece.text for piece in cut.pieces] == ["def f(x): return g(x)"]
    assert not cut.refusals


def test_cells_and_scripts_that_are_no_python_take_in_nothing() -> None:
    session = Session("y = 1")
    session.cells.append(type(session.cells[0])(2, "def broken(:"))
    assert session.take("%matplotlib inline\ndef run(data): return y").pieces == ()
    assert [piece.text for piece in session.take(RUN + "y").pieces] == ["y = 1"]
