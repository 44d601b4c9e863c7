from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import tests.skips

ROOT = Path(__file__).parents[1]
TESTS = """
import pytest

def test_that_runs():
    pass

@pytest.mark.skip(reason="no engine here")
def test_that_does_not():
    pass

def test_that_stops_itself():
    pytest.skip("no network")

@pytest.mark.xfail(reason="known")
def test_that_is_known_to_fail():
    assert False
"""
MODULE = 'import pytest\npytest.skip("no Docker", allow_module_level=True)\n'
RUN = """
import sys, pathlib, pytest, tests.skips
tests.skips.ALLOWED = pathlib.Path("allowed_skips.txt").absolute()
sys.exit(pytest.main(["-p", "tests.skips", "-q", "-o", "addopts=", "--rootdir=."]))
"""


def run(folder: Path, allowed: str, *, ci: bool) -> subprocess.CompletedProcess[str]:
    """Run the tests above in a process of its own."""
    (folder / "test_some.py").write_text(TESTS)
    (folder / "test_module.py").write_text(MODULE)
    (folder / "allowed_skips.txt").write_text(allowed)
    (folder / "pytest.ini").write_text("[pytest]\n")
    environment = {name: value for name, value in os.environ.items() if name != "CI" and not name.startswith("PYTEST")}
    environment |= {"PYTHONPATH": str(ROOT), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", **({"CI": "1"} if ci else {})}
    return subprocess.run(
        [sys.executable, "-c", RUN], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


def test_a_run_ends_with_what_was_skipped_and_why(tmp_path: Path) -> None:
    result = run(tmp_path, "", ci=False)
    assert result.returncode == 0, result.stdout + result.stderr
    _, told = result.stdout.split("skipped, and why")
    assert sorted(line for line in told.splitlines() if ".py" in line) == [
        "test_module.py: no Docker",
        "test_some.py::test_that_does_not: no engine here",
        "test_some.py::test_that_stops_itself: no network",
    ]


@pytest.mark.parametrize(
    ("allowed", "code", "told"),
    [
        ("", 1, "3 of these reasons are not in allowed_skips.txt"),
        ("# comment\n\nno engine here\nno network\n", 1, "1 of these reasons are not in allowed_skips.txt"),
        ("no engine here\nno network\nno Docker\n", 0, "no Docker"),
    ],
)
def test_under_ci_every_reason_has_to_be_allowed(tmp_path: Path, allowed: str, code: int, told: str) -> None:
    result = run(tmp_path, allowed, ci=True)
    assert result.returncode == code, result.stdout + result.stderr
    assert told in result.stdout


def test_the_list_of_this_project_can_be_read() -> None:
    assert all(reason == reason.strip() for reason in tests.skips.allowed_reasons())
