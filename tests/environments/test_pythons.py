"""Interpreters: the running one first, else what is on this machine; nothing is downloaded."""

from __future__ import annotations

import platform
import sys
from pathlib import Path

import pytest

from jupyter_deploy.environments.interpreter import inspect
from jupyter_deploy.environments.pythons import find_python, python_of, pythons_at_hand
from jupyter_deploy.errors import EnvironmentFailed

SERIES = ".".join(platform.python_version().split(".")[:2])


@pytest.mark.parametrize("specifier", ["", f"=={SERIES}.*", f"=={platform.python_version()}", ">=3.10"])
def test_the_running_interpreter_is_taken_where_it_fits(specifier: str) -> None:
    assert find_python(specifier, "env.yml: python") == Path(sys.executable)


def test_interpreters_at_hand_are_named_by_the_version_that_they_have() -> None:
    found = pythons_at_hand()
    assert SERIES in {".".join(version.split(".")[:2]) for version in found}
    for version, path in list(found.items())[:2]:
        assert inspect(path).version == version


def test_the_interpreters_of_pyenv_are_at_hand_without_its_shims(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    programs = tmp_path / "versions" / platform.python_version() / "bin"
    programs.mkdir(parents=True)
    (programs / "python3").symlink_to(sys.executable)
    (tmp_path / "shims").mkdir()
    (tmp_path / "shims" / "python3").write_text("#!/bin/sh\nexit 127\n")
    (tmp_path / "shims" / "python3").chmod(0o755)
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path / "shims"))
    monkeypatch.setenv("UV_PYTHON_PREFERENCE", "only-system")
    assert pythons_at_hand()[platform.python_version()].is_relative_to(programs)


def test_a_version_that_is_not_there_names_those_that_are() -> None:
    with pytest.raises(EnvironmentFailed) as failed:
        find_python("==3.99.*", "env.yml: python=3.99")
    assert failed.value.what.startswith("env.yml: python=3.99 cannot be had")
    assert platform.python_version() in failed.value.why
    assert "3.10 or newer" in failed.value.why
    assert failed.value.remedy


def test_a_version_too_old_for_the_scoring_server_is_refused_also_where_it_is_there(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("jupyter_deploy.environments.pythons.OLDEST_PYTHON", "3.99")
    with pytest.raises(EnvironmentFailed, match=r"Python 3\.99 or newer"):
        find_python("!=" + platform.python_version(), "env.yml: python")


def test_a_lock_gets_an_interpreter_of_its_version_else_of_its_series() -> None:
    assert python_of(platform.python_version()) == Path(sys.executable)
    assert python_of(f"{SERIES}.99") == Path(sys.executable)
    with pytest.raises(EnvironmentFailed, match=r"^Python 3\.4\.1 cannot be had"):
        python_of("3.4.1")
