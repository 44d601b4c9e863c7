"""The image that a service's begins with where the user names none, and what Debian's or Ubuntu's packages have to add to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from jupyter_deploy.environments import Lock
from jupyter_deploy.errors import ConfigError
from jupyter_deploy.images.recipe import Recipe

CUDA: Mapping[str, tuple[str, str]] = {
    "12.6": ("nvidia/cuda:12.6.3-runtime-ubuntu24.04", "3.12"),
    "12.8": ("nvidia/cuda:12.8.1-runtime-ubuntu24.04", "3.12"),
}
"""NVIDIA's images by the version of CUDA, with the Python of their distribution, which they come without."""
_PYTHON = ("python3", "python3-pip", "python3-venv")
_JAVA = ("default-jre-headless",)


def series_of(lock: Lock) -> str:
    """The Python of a lock, without its last number: "3.11"."""
    return ".".join(lock.python.split(".")[:2])


def base_of(recipe: Recipe, lock: Lock) -> str:
    """The image to begin with.

    Raises
    ------
    ConfigError : there is none with the lock's Python for the CUDA that is asked for, or the lock lacks what the runtime needs.
    """
    series = series_of(lock)
    if recipe.runtime == "spark-py" and not any(package.name == "pyspark" for package in lock.packages):
        remedy = "name pyspark in the conda or requirements file, or take the runtime python"
        raise ConfigError(["the runtime spark-py needs pyspark, which is not among the packages"], "", remedy)
    if not recipe.cuda:
        return recipe.base or f"python:{series}-slim-bookworm"
    image, its = CUDA.get(recipe.cuda, ("", ""))
    if series != its:
        why = f"its image has Python {its}" if its else "its images are older than any Python that is served"
        raise ConfigError(
            [f"cuda_version {recipe.cuda} cannot be had with Python {series}, which the packages are for: {why}"], "",
            "leave cuda_version out, since most packages for GPUs bring CUDA's libraries along;"
            f" or give base_image one with CUDA and Python {series}",
        )  # fmt: skip
    return image


def system_packages(recipe: Recipe) -> Sequence[str]:
    """The packages that apt-get installs in the image."""
    return (*(_PYTHON if recipe.cuda else ()), *(_JAVA if recipe.runtime == "spark-py" else ()))
