from __future__ import annotations

from IPython.core.interactiveshell import InteractiveShell

from jupyter_deploy.magics.history import cells


def ran(shell: InteractiveShell, *texts: str) -> list[str]:
    for text in texts:
        shell.run_cell(text, store_history=True)
    return [cell.text for cell in cells(shell)][1:]


def test_cells_are_python_and_have_the_numbers_of_the_notebook(shell: InteractiveShell) -> None:
    assert ran(shell, "x = 1", "%pwd\ny = 2") == ["x = 1", "get_ipython().run_line_magic('pwd', '')\ny = 2"]
    assert [cell.number for cell in cells(shell)] == [0, 1, 2]


def test_what_is_timed_or_captured_is_looked_into(shell: InteractiveShell) -> None:
    (text,) = ran(shell, "%%capture\n%%time\n%pwd\nx = 'it''s'")
    assert text == "get_ipython().run_line_magic('pwd', '')\nx = 'it''s'\n"


def test_other_magics_are_left_alone(shell: InteractiveShell) -> None:
    assert ran(shell, "%%writefile helper.py\nx = 1") == [
        "get_ipython().run_cell_magic('writefile', 'helper.py', 'x = 1\\n')"
    ]
