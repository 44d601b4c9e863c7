"""CondaDependencies: a conda file put together in Python, in the names of the Azure ML SDK v1 (azureml-v1 2.3)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from jupyter_deploy.config.conda_file import CondaFile
from jupyter_deploy.config.texts import texts_problem
from jupyter_deploy.errors import ConfigError

_PYTHON = re.compile(r"python(?=$|[\s=<>!~])")


class CondaDependencies:
    """The packages of an environment, as a conda file names them.

    Parameters
    ----------
    conda_dependencies_file_path : a conda file to begin with; None begins with nothing.

    Raises
    ------
    ConfigError : it is no conda file.

    Examples
    --------
    >>> needs = CondaDependencies.create(conda_packages=["scikit-learn=1.5"], python_version="3.11")
    >>> list(needs.conda_packages)
    ['python=3.11', 'scikit-learn=1.5']
    """

    def __init__(self, conda_dependencies_file_path: str | Path | None = None) -> None:
        self.file = (
            CondaFile() if conda_dependencies_file_path is None else CondaFile.from_file(conda_dependencies_file_path)
        )

    @classmethod
    def create(
        cls,
        *,
        conda_packages: Sequence[str] = (),
        pip_packages: Sequence[str] = (),
        python_version: str | None = None,
    ) -> CondaDependencies:
        """Make them from lists.

        Parameters
        ----------
        conda_packages : as in a conda file ("numpy=1.26"). pip_packages : as in a requirements file.
        python_version : "3.11"; None means the kernel's own, where the original meant 3.6.2.

        Raises
        ------
        ConfigError : no lists of texts.
        """
        made = cls()
        for name, packages in (("conda_packages", conda_packages), ("pip_packages", pip_packages)):
            if problem := texts_problem(name, packages):
                raise ConfigError([problem])
        made.file = CondaFile(conda=tuple(conda_packages), pip=tuple(pip_packages))
        if python_version is not None:
            made.set_python_version(python_version)
        return made

    @property
    def conda_packages(self) -> tuple[str, ...]:
        """The entries for conda, ``python`` among them."""
        return self.file.conda

    @property
    def pip_packages(self) -> tuple[str, ...]:
        """The entries for pip."""
        return self.file.pip

    @property
    def conda_channels(self) -> tuple[str, ...]:
        """The channels; they are named in the log and not asked."""
        return self.file.channels

    def add_conda_package(self, conda_package: str) -> None:
        """Add an entry for conda."""
        self.file = replace(self.file, conda=(*self.file.conda, conda_package))

    def add_pip_package(self, pip_package: str) -> None:
        """Add an entry for pip."""
        self.file = replace(self.file, pip=(*self.file.pip, pip_package))

    def set_python_version(self, version: str) -> None:
        """Ask for a version of Python ("3.11") instead of what was asked for before."""
        others = (entry for entry in self.file.conda if not _PYTHON.match(entry))
        self.file = replace(self.file, conda=(f"python={version}", *others))

    def serialize_to_string(self) -> str:
        """The text of the conda file."""
        import yaml

        text: str = yaml.safe_dump(self.file.to_document(), sort_keys=False, allow_unicode=True)
        return text

    def __repr__(self) -> str:
        return f"CondaDependencies({self.file.to_document()})"
