"""Which image a service's begins with."""

from __future__ import annotations

import pytest

from jupyter_deploy.config.inference import CUDA_VERSIONS
from jupyter_deploy.environments.lock import Lock, LockedPackage
from jupyter_deploy.errors import ConfigError
from jupyter_deploy.images.bases import CUDA, base_of
from jupyter_deploy.images.recipe import Recipe


def lock(python: str = "3.12.4", *names: str) -> Lock:
    return Lock(python, "pip", tuple(LockedPackage(name, "1.0") for name in names))


def refused(recipe: Recipe, lock: Lock) -> ConfigError:
    with pytest.raises(ConfigError) as error:
        base_of(recipe, lock)
    return error.value


def test_it_is_pythons_own_unless_another_is_named() -> None:
    assert base_of(Recipe(), lock("3.10.1")) == "python:3.10-slim-bookworm"
    assert base_of(Recipe(gpu=True), lock()) == "python:3.12-slim-bookworm"
    assert base_of(Recipe("mine", gpu=True), lock()) == "mine"


@pytest.mark.parametrize("version", CUDA_VERSIONS)
def test_cuda_brings_nvidias_image_where_its_python_is_the_locks(version: str) -> None:
    recipe = Recipe(gpu=True, cuda=version)
    if version in CUDA:
        assert base_of(recipe, lock()).startswith(f"nvidia/cuda:{version}.")
        why = "its image has Python 3.12"
    else:
        why = "its images are older than any Python that is served"
    error = refused(recipe, lock("3.11.7"))
    assert error.what.startswith(
        f"cuda_version {version} cannot be had with Python 3.11, which the packages are for: {why}"
    )
    assert "leave cuda_version out" in error.remedy


def test_every_cuda_that_has_an_image_can_be_asked_for() -> None:
    assert set(CUDA) <= set(CUDA_VERSIONS)


def test_spark_needs_pyspark_among_the_packages() -> None:
    recipe = Recipe(runtime="spark-py")
    assert refused(recipe, lock()).what == "the runtime spark-py needs pyspark, which is not among the packages"
    assert base_of(recipe, lock("3.12.4", "py4j", "pyspark")) == "python:3.12-slim-bookworm"
