from __future__ import annotations

import platform
import shutil
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from jupyter_deploy.environments import Lock, LockedPackage, virtual_environment
from jupyter_deploy.errors import EnvironmentFailed

PYTHON = Path(sys.executable)
SIX = LockedPackage(
    "six",
    "1.17.0",
    (
        "sha256:4721f391ed90541fddacab5acf947aa0d3dc7d27b2e1e8eda2be8970586c3274",
        "sha256:ff70335d468e7eb6ec65b95b99d3a2836546063f63acc5171de367e834932a81",
    ),
)
LOCK = Lock(platform.python_version(), "pip", (SIX,))


def six_of(python: Path) -> str:
    code = "import six, sys; print(six.__version__, sys.prefix != sys.base_prefix)"
    return subprocess.run([python, "-I", "-c", code], capture_output=True, text=True, check=True).stdout.strip()


def test_an_environment_holds_what_the_lock_names_and_is_found_again_at_once(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    python = virtual_environment(LOCK, said.append)
    assert six_of(python) == "1.17.0 True"
    assert " + six==1.17.0" in said
    assert cache in python.parents
    assert cache.stat().st_mode & 0o777 == 0o700
    said.clear()
    monkeypatch.setattr(subprocess, "Popen", None)  # no process is started
    start = time.process_time()
    assert virtual_environment(LOCK, said.append) == python
    assert time.process_time() - start < 0.2
    assert said == []


def test_other_content_is_another_environment(cache: Path) -> None:
    first = virtual_environment(LOCK, lambda _: None)
    empty = virtual_environment(replace(LOCK, packages=()), lambda _: None)
    assert first != empty
    assert six_of(first) == "1.17.0 True"


def test_what_is_broken_is_built_again(cache: Path) -> None:
    python = virtual_environment(LOCK, lambda _: None)
    folder = python.parent.parent
    (site,) = folder.glob("lib/python*/site-packages")

    def broken_off() -> None:
        (folder / ".complete").unlink()
        (site / "six.py").unlink()

    def package_deleted() -> None:
        shutil.rmtree(site / "six-1.17.0.dist-info")
        (site / "six.py").unlink()

    def interpreter_gone() -> None:
        python.unlink()
        python.symlink_to(folder / "nowhere")

    def interpreter_replaced() -> None:
        base = python.resolve()
        python.unlink()
        shutil.copy(base, python)

    for damage in (broken_off, package_deleted, interpreter_gone, interpreter_replaced):
        damage()
        assert virtual_environment(LOCK, lambda _: None) == python
        assert six_of(python) == "1.17.0 True"


def test_a_build_that_fails_leaves_nothing_that_counts(cache: Path) -> None:
    wrong = replace(LOCK, packages=(replace(SIX, hashes=(f"sha256:{'0' * 64}",)),))
    for _ in range(2):
        with pytest.raises(EnvironmentFailed, match=r"Hash mismatch for `six==1\.17\.0`"):
            virtual_environment(wrong, lambda _: None)


def test_two_processes_build_one_environment_once(cache: Path) -> None:
    code = (
        "import sys\nfrom jupyter_deploy.environments import Lock, virtual_environment\n"
        "print(virtual_environment(Lock.parse(sys.argv[1]), print))"
    )
    builders = [
        subprocess.Popen([PYTHON, "-c", code, LOCK.text()], stdout=subprocess.PIPE, text=True) for _ in range(3)
    ]
    outputs = [builder.communicate(timeout=60)[0].splitlines() for builder in builders]
    assert [builder.returncode for builder in builders] == [0, 0, 0]
    assert len({lines[-1] for lines in outputs}) == 1
    assert sum(line.startswith("Creating virtual environment") for lines in outputs for line in lines) == 1


def test_a_lock_of_the_kernel_is_given_its_hashes_first(cache: Path) -> None:
    lock = replace(LOCK, source="kernel", packages=(replace(SIX, hashes=()),))
    assert six_of(virtual_environment(lock, lambda _: None)) == "1.17.0 True"


def test_a_lock_for_another_series_of_python_is_refused(cache: Path) -> None:
    with pytest.raises(EnvironmentFailed, match=r"Python 3\.4\.1 cannot be had"):
        virtual_environment(replace(LOCK, python="3.4.1"), lambda _: None)
    assert not cache.exists()


def test_a_cache_that_cannot_be_written_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    with pytest.raises(EnvironmentFailed, match=r"environments cannot be kept under .*file") as failed:
        virtual_environment(LOCK, lambda _: None)
    assert "XDG_CACHE_HOME" in failed.value.remedy
