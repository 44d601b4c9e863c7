from __future__ import annotations

import platform
import sys
import sysconfig
from pathlib import Path

import pytest

from jupyter_deploy.environments.interpreter import Interpreter, inspect, same_series
from jupyter_deploy.errors import EnvironmentFailed

HERE = Interpreter(platform.python_version(), sysconfig.get_platform())


def test_an_interpreter_says_what_it_is_in_a_process_of_its_own_or_not() -> None:
    assert inspect(Path(sys.executable)) == HERE
    assert inspect(Path(sys.executable).resolve()) == HERE


def test_what_is_no_interpreter_is_refused_with_the_cause(tmp_path: Path) -> None:
    with pytest.raises(EnvironmentFailed, match=r"python does not run\n.*No such file"):
        inspect(tmp_path / "python")
    broken = tmp_path / "broken"
    broken.write_text("#!/bin/sh\necho out of order >&2\nexit 1\n")
    broken.chmod(0o700)
    with pytest.raises(EnvironmentFailed, match=r"broken does not run\nout of order"):
        inspect(broken)


def test_a_series_is_the_first_two_numbers() -> None:
    assert same_series("3.11.7", "3.11.10")
    assert not same_series("3.1.1", "3.11.1")
