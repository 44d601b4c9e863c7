from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest
from IPython.core.interactiveshell import InteractiveShell

from jupyter_deploy.magics import MAGICS, load, unload

LOAD = """
import sys, time
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance()
before, began = set(sys.modules), time.process_time()
shell.run_line_magic("load_ext", "jupyter_deploy")
print(time.process_time() - began)
print(*{"pandas", "numpy", "sqlalchemy", "sklearn", "ipywidgets", "requests", "docker"} & (set(sys.modules) - before))
"""


def test_loading_is_quick_and_imports_nothing_heavy() -> None:
    best = 10.0
    for _ in range(3):  # on a machine that does other things as well
        done = subprocess.run([sys.executable, "-c", LOAD], capture_output=True, text=True, check=True)
        seconds, heavy = done.stdout.splitlines()[:2]
        assert not heavy
        best = min(best, float(seconds))
        if best < 0.3:
            return
    pytest.fail(f"%load_ext took {best} s")


def test_loading_twice_changes_nothing(shell: InteractiveShell) -> None:
    magic, matchers = shell.find_line_magic("deploy"), len(shell.Completer.custom_matchers)
    load(shell)
    assert shell.find_line_magic("deploy") is magic
    assert len(shell.Completer.custom_matchers) == matchers


def test_unloading_takes_everything_away(shell: InteractiveShell) -> None:
    unload(shell)
    assert not any(magic.name in shell.magics_manager.magics[magic.kind] for magic in MAGICS)
    assert not shell.Completer.custom_matchers
    assert "cell_ended" not in str(shell.events.callbacks["post_run_cell"])
    assert not [
        key for key in shell.display_formatter.ipython_display_formatter.deferred_printers if "jupyter" in key[0]
    ]
    unload(shell)  # a second time changes nothing
    load(shell)
    assert shell.find_line_magic("deploy")


def test_help_has_usage_arguments_and_an_example(run: Callable[[str], Any], capsys: pytest.CaptureFixture[str]) -> None:
    for magic in MAGICS:
        run(f"{magic.typed}?")
        shown = capsys.readouterr().out
        assert magic.typed in shown.splitlines()[1].split()
        assert "Example" in shown
        names = {name for argument in magic.all_arguments() for name in argument.flags or (argument.shown,)}
        assert all(name in shown for name in names)


def test_options_of_the_target_are_explained_with_unit_default_and_alias(
    run: Callable[[str], Any], capsys: pytest.CaptureFixture[str]
) -> None:
    run("%deploy?")
    shown = " ".join(capsys.readouterr().out.split())
    assert "--max-request-wait-time, --mr ms How long a request may wait" in shown
    assert "(ms, default 500, at least 1)" in shown
