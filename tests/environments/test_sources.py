"""Packages from elsewhere than the package index: shown, taken on the person's word alone, and found again from the lock."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from jupyter_deploy.config.conda_file import CondaFile
from jupyter_deploy.environments import (
    Lock,
    lock_conda,
    lock_requirements,
    plan_conda,
    read_requirements,
    virtual_environment,
)
from jupyter_deploy.errors import Untrusted
from tests.environments.wheels import build_wheel

PYTHON = Path(sys.executable)


def quiet(line: str) -> None:
    """Say nothing."""


def test_every_source_is_shown_and_its_word_is_asked_for() -> None:
    wheel = "https://example.org/w/other-2.0-py3-none-any.whl"
    text = f"six\n--extra-index-url https://example.org/simple/\nmine @ {wheel} ; python_version > '3'\n"
    with pytest.raises(Untrusted) as refused:
        read_requirements(text, "needs.txt", ["https://example.org/other"])
    what, why, remedy = refused.value.what, refused.value.why, refused.value.remedy
    assert (
        what == f"needs.txt takes packages from elsewhere than the package index: https://example.org/simple, {wheel}"
    )
    assert "  - --extra-index-url https://example.org/simple\n" in why
    assert f"--trust https://example.org/simple --trust {wheel}" in remedy
    assert f"InferenceConfig(…, trust=['https://example.org/simple', '{wheel}'])" in remedy
    read = read_requirements(text, "needs.txt", ["https://example.org/simple", wheel])
    assert [line.name for line in read] == ["six", "", "other"]


def test_wheels_of_a_trusted_folder_are_locked_installed_and_found_again(
    cache: Path, shelf: Path, tmp_path: Path
) -> None:
    own = tmp_path / "own"
    build_wheel(own, "mine", "0.3", requires=["plain"])
    build_wheel(shelf, "plain")
    lock = lock_requirements(f"mine\n-f {own}/\n", PYTHON, quiet, "needs.txt", [str(own)])
    assert lock.sources == (f"--find-links {own}",)
    assert {package.name: package.version for package in lock.packages}["mine"] == "0.3"
    assert lock.has_hashes
    assert Lock.parse(lock.text()) == lock
    python = virtual_environment(Lock.parse(lock.text()), quiet)
    shown = subprocess.run(
        [python, "-Ic", "import mine; print(mine.VERSION)"], capture_output=True, text=True, check=True
    )
    assert shown.stdout == "0.3\n"


def test_a_further_index_and_a_wheel_by_its_address(
    cache: Path, shelf: Path, site: tuple[Path, str], tmp_path: Path
) -> None:
    folder, address = site
    wheel = build_wheel(folder / "files", "direct", "2.1")
    settings = tmp_path / "uv.toml"
    settings.write_text(settings.read_text().replace("no-index = true\n", f'index-url = "{address}/simple"\n'))
    direct = f"{address}/files/{wheel.name}"
    text = f"--extra-index-url {address}/simple\nmine>1\ndirect @ {direct}\n"
    lock = lock_requirements(text, PYTHON, quiet, "needs.txt", [f"{address}/simple", direct])
    found = {package.name: package for package in lock.packages}
    assert (found["mine"].version, found["direct"].version, found["direct"].address) == ("1.4", "2.1", direct)
    assert found["direct"].asked_by == ("needs.txt",)
    assert lock.has_hashes
    assert Lock.parse(lock.text()) == lock
    python = virtual_environment(lock, quiet)
    code = "import mine, direct; print(mine.VERSION, direct.VERSION)"
    assert subprocess.run([python, "-Ic", code], capture_output=True, text=True, check=True).stdout == "1.4 2.1\n"
    assert virtual_environment(lock, quiet) == python


def test_the_pip_part_of_a_conda_file_is_asked_about_too(shelf: Path, tmp_path: Path) -> None:
    own = tmp_path / "own"
    build_wheel(own, "mine", "0.3")
    plan = plan_conda(CondaFile(pip=(f"--find-links {own}", "mine")), "env.yml")
    with pytest.raises(Untrusted, match=rf"env\.yml takes packages from elsewhere than the package index: {own}"):
        lock_conda(plan, PYTHON, quiet)
    lock = lock_conda(plan, PYTHON, quiet, [str(own)])
    assert "mine" in [package.name for package in lock.packages]
