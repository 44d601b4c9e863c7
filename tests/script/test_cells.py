from __future__ import annotations

import ast

from jupyter_deploy.script.cells import Cell, Statement, statements


def only(text: str) -> Statement:
    (statement,) = statements([Cell(3, text)])
    return statement


def test_what_a_function_needs_at_once_and_what_when_it_is_called() -> None:
    found = only(
        "@wrap\ndef f(x: Kind = DEFAULT) -> Kind:\n    global count\n    count = helper(x)\n    return [y for y in x]"
    )
    assert (found.cell, found.binds, found.sets_later) == (3, {"f"}, {"count"})
    assert (found.reads, found.reads_later) == ({"wrap", "Kind", "DEFAULT"}, {"helper"})


def test_a_class_needs_its_body_at_once_and_its_methods_later() -> None:
    found = only(
        "class A(Base, metaclass=Meta):\n    size = SIZE\n    twice = size * 2\n    def f(self): return later(size)"
    )
    assert (found.binds, found.reads - {"__name__"}, found.reads_later) == (
        {"A"},
        {"Base", "Meta", "SIZE"},
        {"later", "size"},
    )


def test_a_lambda_needs_its_defaults_at_once() -> None:
    found = only("f = lambda x, y=DEFAULT: helper(x)")
    assert (found.reads, found.reads_later) == ({"DEFAULT"}, {"helper"})


def test_texts_are_as_written_with_decorators_and_remarks() -> None:
    text = "@wrap  # so\ndef f():\n    # inside\n    return 'ü'  # end\nx = 1; y = 2\nz = 'ü'  # why"
    assert [found.text for found in statements([Cell(1, text)])] == [
        "@wrap  # so\ndef f():\n    # inside\n    return 'ü'  # end", "x = 1", "y = 2", "z = 'ü'  # why"
    ]  # fmt: skip


def test_cells_that_await_are_read_and_cells_that_are_no_python_are_not() -> None:
    cells = [Cell(1, "x = await something()"), Cell(2, "def broken(:"), Cell(3, "return 1"), Cell(4, "y = '\\d'")]
    assert [(found.cell, set(found.binds)) for found in statements(cells)] == [(1, {"x"}), (4, {"y"})]
    assert [found.order for found in statements(cells)] == [0, 1]


def test_reading_leaves_the_tree_as_it_was() -> None:
    assert ast.unparse(only("def f():\n    return 1").node) == "def f():\n    return 1"
