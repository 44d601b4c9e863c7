"""Conda files of the real world, line by line, and what comes of them."""

from __future__ import annotations

import platform
import sys
from pathlib import Path

import pytest

from jupyter_deploy.config.conda_file import CondaFile
from jupyter_deploy.environments import Lock, interpreter_for, lock_conda, plan_conda
from jupyter_deploy.environments.installed import find
from jupyter_deploy.errors import ConfigError, EnvironmentFailed

FILES = sorted((Path(__file__).parents[1] / "data" / "conda").glob("*.yml"))
PYTHON = Path(sys.executable)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_line_has_its_result(path: Path) -> None:
    lines = plan_conda(CondaFile.from_file(path), path.name).lines
    told = [f"REFUSED {line}" if line.is_refused else str(line) for line in lines]
    assert told == path.with_suffix(".txt").read_text(encoding="utf-8").splitlines()


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_no_entry_of_a_file_is_passed_over(path: Path) -> None:
    file = CondaFile.from_file(path)
    told = [line.entry for line in plan_conda(file, path.name).lines]
    assert [entry for entry in file.conda if entry not in told] == []
    assert len([entry for entry in told if entry.startswith("pip: ")]) == len(file.pip)


def test_there_are_twenty_of_them() -> None:
    assert len(FILES) == 20


def test_the_file_of_the_document_is_told_what_is_wrong_with_it_today() -> None:
    path = next(path for path in FILES if path.stem == "document")
    plan = plan_conda(CondaFile.from_file(path), path.name)
    plan.require()
    with pytest.raises(EnvironmentFailed) as failed:
        interpreter_for(plan)
    what, needed, pins, remedy, other = str(failed.value).splitlines()
    assert what == (
        "document.yml: python=3.6.2 cannot be had: this machine has no such Python with which a service can run"
    )
    assert needed.startswith(f"A service needs Python 3.10 or newer; at hand are {platform.python_version()}")
    installed = find("scikit-learn")
    assert installed is not None
    assert (
        pins == f"Of its other pins this kernel has another version: scikit-learn==0.20.0 ({installed.version} here)."
    )
    assert (
        remedy == "Ask for one of these, or install another that is new enough, with 'uv python install' for example."
    )
    assert other == "Or leave document.yml out: the service then gets the packages of this kernel."


def test_a_conda_file_becomes_a_lock_with_who_asked() -> None:
    said: list[str] = []
    file = CondaFile(
        conda=(f"python={platform.python_version()}", "pip", "six=1.16"),
        pip=("azureml-defaults", "python-dateutil>=2"),
        channels=("conda-forge",),
    )
    plan = plan_conda(file, "env.yml")
    lock = lock_conda(plan, interpreter_for(plan), said.append)
    packages = {package.name: package for package in lock.packages}
    assert packages["six"].version == "1.16.0"
    assert packages["six"].asked_by[0] == "env.yml"
    assert packages["python-dateutil"].asked_by == ("env.yml",)
    assert lock.left_out == ("azureml-defaults",)
    assert lock.has_hashes
    assert Lock.parse(lock.text()) == lock
    assert said[: len(plan.lines)] == [str(line) for line in plan.lines]


def test_what_cannot_be_had_is_told_all_at_once_and_nothing_is_resolved() -> None:
    plan = plan_conda(CondaFile(conda=("mkl", "six", "left-pad"), pip=("--pre",)), "env.yml")
    with pytest.raises(ConfigError) as refused:
        lock_conda(plan, PYTHON, lambda line: pytest.fail(line))
    assert refused.value.what == "env.yml: 3 problems"
    assert [problem.split(":")[0] for problem in refused.value.problems] == ["mkl", "left-pad", "pip"]
    assert refused.value.remedy


def test_what_only_conda_has_is_left_to_conda_where_it_is_asked_for_by_name() -> None:
    file = CondaFile(conda=("r-base=4.1", "conda-forge::nodejs  >=18", "six", "left-pad"), channels=("conda-forge",))
    refused = plan_conda(file, "env.yml")
    with pytest.raises(ConfigError) as error:
        refused.require()
    assert error.value.remedy.endswith("name in conda_only_packages what conda is to install there.")
    plan = plan_conda(file, "env.yml", ["R-base", "nodejs", "left-pad"])
    plan.require()
    assert plan.conda == ("r-base=4.1", "conda-forge::nodejs >=18", "left-pad")
    assert plan.requirements == ("six",)
    assert [str(line) for line in plan.lines[:2]] == [
        "channels conda-forge: asked for conda_only_packages; every other package comes from PyPI",
        "r-base=4.1: installed by conda, into the image",
    ]


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("numpy", "numpy=1: conda_only_packages is for what only conda has; take the name out there"),
        ("python", "python=3.11: conda_only_packages is for what only conda has; take the name out there"),
        ("mkl", "conda_only_packages mkl: the file has no line for it"),
        (
            "nodejs",
            "channels https://***@example.org: one needs credentials, which the image would show; name one without",
        ),
    ],
)
def test_what_conda_is_asked_for_in_vain_is_refused(name: str, problem: str) -> None:
    channel = "https://***@example.org" if name == "nodejs" else "conda-forge"
    file = CondaFile(conda=("numpy=1", "python=3.11", "nodejs"), channels=(channel,))
    refused = [str(line) for line in plan_conda(file, "env.yml", ["nodejs", name]).lines if line.is_refused]
    assert refused == [problem]


def test_secrets_in_entries_for_pip_are_not_shown() -> None:
    plan = plan_conda(CondaFile(pip=("https://ana:s3cret@example.org/x.whl", "-i https://s3cret@host/")), "env.yml")
    assert all(line.is_refused for line in plan.lines if line.entry.startswith("pip"))
    assert not [line for line in plan.lines if "s3cret" in str(line)]
