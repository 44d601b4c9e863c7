"""The reviewed table: in order, without contradictions, and without the traps of names that mean two things."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement

from jupyter_deploy.environments import conda_names
from jupyter_deploy.environments.conda_names import conda_only, pypi_name
from jupyter_deploy.environments.lock import normal

TABLE = yaml.safe_load(Path(conda_names.__file__).with_suffix(".yml").read_text())
ALONE = [group["names"].split() for group in TABLE["conda_only"]]


def test_every_list_is_in_order_and_names_each_package_once() -> None:
    for names in (TABLE["same"].split(), list(TABLE["renamed"]), *ALONE):
        assert names == sorted(set(names))


def test_no_name_means_two_things() -> None:
    names = [*TABLE["same"].split(), *TABLE["renamed"], *(name for group in ALONE for name in group)]
    assert len(names) == len(set(names))
    assert [name for name in names if conda_only(name) and pypi_name(name)] == []


def test_names_of_pypi_are_requirements() -> None:
    assert all(normal(name) == name for name in TABLE["same"].split())
    for requirement in TABLE["renamed"].values():
        Requirement(requirement)


@pytest.mark.parametrize(
    ("conda", "pypi"),
    [
        ("numpy", "numpy"),
        ("pytorch", "torch"),
        ("python-graphviz", "graphviz"),
        ("huggingface_hub", "huggingface-hub"),
        ("ruamel.yaml", "ruamel-yaml"),
        ("dask", "dask[complete]"),
        ("pywin32", "pywin32; sys_platform == 'win32'"),
        ("no-such-package", None),
    ],
)
def test_names_are_looked_up_in_any_spelling_and_never_guessed(conda: str, pypi: str | None) -> None:
    assert pypi_name(conda) == pypi


@pytest.mark.parametrize(
    "name",
    ["graphviz", "brotli", "redis", "igraph", "tzdata", "pandoc", "lmdb", "xxhash", "r-base", "mkl", "cudatoolkit", "libgcc-ng",
     "nodejs", "openjdk", "cuda-nvcc", "m2w64-gmp"],
)  # fmt: skip
def test_what_is_no_python_package_in_conda_is_never_taken_from_pypi(name: str) -> None:
    alone = conda_only(name)
    assert alone is not None
    assert alone.means
    assert alone.remedy
    assert pypi_name(name) is None
