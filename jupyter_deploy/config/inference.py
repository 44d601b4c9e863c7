"""InferenceConfig: the entry script and what it needs, independent of where it will run."""

from __future__ import annotations

import ast
import keyword
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from jupyter_deploy.config.environment import Environment
from jupyter_deploy.config.files import read_document
from jupyter_deploy.config.options import unknown_key
from jupyter_deploy.config.registry import registry_problems
from jupyter_deploy.config.texts import texts_problem
from jupyter_deploy.errors import ConfigError, ScriptError

RUNTIMES = ("python", "spark-py")
CUDA_VERSIONS = ("9.0", "9.1", "10.0", "12.6", "12.8")
"""The original's, and those that have an image with a Python of today (``images/bases.py``)."""

JSON_KEYS: Mapping[str, str] = {
    "entryScript": "entry_script",
    "runtime": "runtime",
    "condaFile": "conda_file",
    "condaOnlyPackages": "conda_only_packages",
    "pipRequirementsFile": "pip_requirements_file",
    "extraDockerFileSteps": "extra_docker_file_steps",
    "extraDockerfileSteps": "extra_docker_file_steps",  # as users write it (azureml-v1 10 #15)
    "sourceDirectory": "source_directory",
    "enableGpu": "enable_gpu",
    "cudaVersion": "cuda_version",
    "baseImage": "base_image",
    "baseImageRegistry": "base_image_registry",
    "description": "description",
    "environment": "environment",
}

ENVIRONMENT_KEYS = ("condaFile", "pipRequirementsFile", "environment")
"""Where the packages come from; of these a configuration has one, or none for the kernel's."""

_TYPES: Mapping[str, tuple[type, str]] = {
    "enable_gpu": (bool, "true or false"),
    "base_image_registry": (Mapping, "an object with address, username and password"),
    "conda_only_packages": (list, "a list of texts"),
    "environment": (Mapping, "an object"),
}
_PARTS = (
    "conda_file", "conda_only_packages", "pip_requirements_file",
    "extra_docker_file_steps", "enable_gpu", "cuda_version", "base_image", "base_image_registry",
)  # fmt: skip


@dataclass(frozen=True)
class InferenceConfig:
    """How to run a model: the entry script and its environment (azureml-v1 2).

    Parameters
    ----------
    entry_script : path of the ``.py`` file with ``init()`` and ``run()``; relative to ``source_directory`` where that is given,
        else to the current folder.
    runtime : "python" (the default); "spark-py" needs a target that builds images, and pyspark among the packages.
    conda_file : a conda environment file, relative as the entry script.
    extra_docker_file_steps : a file with ARG, ENV, EXPOSE, LABEL and RUN of a Dockerfile, for targets that build images.
    source_directory : a folder that is deployed whole and put on the module search path, so that the script can import what lies beside it.
    enable_gpu, cuda_version : GPU support of the image. base_image : the image to start from.
    base_image_registry : where it is: ``address`` with ``username`` and ``password``, or with ``credentials``, the name of an environment
        variable that holds ``user:password``.
    description : free text.
    pip_requirements_file : a pip requirements file; neither this nor ``conda_file`` means the packages of the running kernel.
    environment : an Environment, which says all of that in one object and stands instead of these parts.
    trust : addresses and folders beside the package index from which the packages may come, or of which they may be built here,
        as a refusal names them; has no key in a file, since a file must not speak for itself.
    conda_only_packages : names of packages in ``conda_file`` that only conda has; conda installs them, where a target builds an image.

    Raises
    ------
    ConfigError : a path, name or value does not fit.
    ScriptError : the entry script is no valid Python.

    Examples
    --------
    >>> config = InferenceConfig(entry_script="score.py")  # doctest: +SKIP
    """

    entry_script: str
    runtime: str = "python"
    conda_file: str | None = None
    extra_docker_file_steps: str | None = None
    source_directory: str | None = None
    enable_gpu: bool | None = None
    description: str | None = None
    base_image: str | None = None
    base_image_registry: Mapping[str, str] | None = field(default=None, repr=False)  # it holds a password
    cuda_version: str | None = None
    pip_requirements_file: str | None = None
    environment: Environment | None = None
    trust: Sequence[str] = ()
    conda_only_packages: Sequence[str] = ()
    script_path: Path = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "runtime", str(self.runtime or "python").lower())
        object.__setattr__(self, "script_path", self._check_script())
        self._check_runtime()
        self._check_environment()
        for name in ("conda_file", "pip_requirements_file", "extra_docker_file_steps"):
            self._check_file(name)
        self._check_conda_only()
        if isinstance(self.trust, str):
            raise ConfigError([f"trust is {self.trust!r}; it takes a list"])
        object.__setattr__(self, "trust", tuple(self.trust))
        if self.trust and not (self.conda_file or self.pip_requirements_file or self.environment):
            raise ConfigError(
                [
                    "trust is for the sources of a requirements or conda file; the packages of the kernel are here already"
                ]
            )
        if self.conda_file and self.pip_requirements_file:
            raise ConfigError(
                ["conda_file and pip_requirements_file are both given; an environment comes from one of them"]
            )

    @property
    def root(self) -> Path:
        """The absolute folder to which the paths in this configuration are relative."""
        return Path(self.source_directory).expanduser().resolve() if self.source_directory else Path.cwd()

    def path_of(self, name: str) -> Path | None:
        """The absolute path of one of the file settings ("conda_file"), or None where it is not set."""
        value = getattr(self, name)
        return self.root / Path(value).expanduser() if value else None

    def _check_script(self) -> Path:
        if not self.entry_script:
            raise ConfigError(["entry_script is empty; give the path of the script that has init() and run()"])
        if self.source_directory is not None and not self.root.is_dir():
            raise ConfigError([f"source_directory {self.root} is no folder"])
        script = self.root / Path(self.entry_script).expanduser()
        if not script.is_file():
            base = "source_directory" if self.source_directory else "the current folder"
            raise ConfigError(
                [f"entry_script {script} does not exist"], remedy=f"it was taken relative to {base}, {self.root}"
            )
        if self.source_directory and not script.resolve().is_relative_to(self.root):
            raise ConfigError(
                [f"entry_script {script} lies outside source_directory {self.root}"],
                remedy="give a script inside that folder",
            )
        if script.suffix != ".py":
            raise ConfigError([f"entry_script {script.name} is no .py file"])
        if not script.stem.isidentifier() or keyword.iskeyword(script.stem):
            better = "".join(c if c.isalnum() else "_" for c in script.stem)
            if not better.isidentifier() or keyword.iskeyword(better):
                better = f"score_{better}"
            raise ConfigError(
                [f"entry_script {script.name} cannot be imported: its name is no Python name"],
                remedy=f"rename it, to {better}.py for example",
            )
        _check_syntax(script)
        return script

    def _check_runtime(self) -> None:
        if self.runtime not in (*RUNTIMES, "python-slim"):
            raise ConfigError([f"runtime is {self.runtime!r}; it takes one of {', '.join(RUNTIMES)}"])
        if self.cuda_version is not None and self.cuda_version not in CUDA_VERSIONS:
            raise ConfigError([f"cuda_version is {self.cuda_version!r}; it takes one of {', '.join(CUDA_VERSIONS)}"])
        if problems := registry_problems(self.base_image_registry, "base_image_registry"):
            raise ConfigError(problems)

    def _check_environment(self) -> None:
        if self.environment is None:
            return
        if not isinstance(self.environment, Environment):
            raise ConfigError([f"environment is {self.environment!r}; it takes an Environment"])
        parts = [name for name in _PARTS if getattr(self, name)] + (["runtime"] if self.runtime != "python" else [])
        if parts:
            raise ConfigError(
                [f"environment and {', '.join(parts)} are given; the environment says all of that itself"]
            )
        if problems := self.environment.problems():
            raise ConfigError(problems)

    def _check_conda_only(self) -> None:
        if problem := texts_problem("conda_only_packages", self.conda_only_packages):
            raise ConfigError([problem])
        if self.conda_only_packages and not self.conda_file:
            raise ConfigError(["conda_only_packages names packages of conda_file, which is not given; give both"])
        object.__setattr__(self, "conda_only_packages", tuple(self.conda_only_packages))

    def _check_file(self, name: str) -> None:
        path = self.path_of(name)
        if path is not None and not path.is_file():
            raise ConfigError([f"{name} {path} does not exist"], remedy=f"it was taken relative to {self.root}")

    @classmethod
    def from_json(cls, document: Mapping[str, Any], where: str, trust: Sequence[str] = ()) -> InferenceConfig:
        """Make one from the document of an ``inferenceconfig.json``; ``trust`` is said beside it.

        Raises
        ------
        ConfigError : unknown keys (with the nearest known one), a missing entryScript, values that do not fit.
        """
        problems: list[str] = []
        values: dict[str, Any] = {}
        for key, value in document.items():
            name = JSON_KEYS.get(str(key))
            if name is None:
                problems.append(unknown_key(str(key), JSON_KEYS, "an inference configuration"))
                continue
            wanted, words = _TYPES.get(name, (str, "a text"))
            if name in values:
                problems.append(f"{key} is given twice, in two spellings")
            elif value is not None:  # null means "not given" (azureml-v1 3.4)
                values[name] = value
                if not isinstance(value, wanted):
                    is_secret = name == "base_image_registry"  # whatever was given there
                    problems.append(f"{key} takes {words}" if is_secret else f"{key} is {value!r}; it takes {words}")
        if "entry_script" not in values:
            problems.append("entryScript is missing")
        if problems:
            raise ConfigError(problems, where)
        if "environment" in values:
            root = Path(values.get("source_directory", "")).expanduser()
            values["environment"] = Environment.from_json(values["environment"], root, where)
        return cls(**values, trust=tuple(trust))

    @classmethod
    def from_file(cls, path: str | Path) -> InferenceConfig:
        """Read an inference configuration file, JSON or YAML."""
        return cls.from_json(read_document(path, "inference configuration"), Path(path).name)

    def given(self) -> dict[str, Any]:
        """The settings that differ from their defaults, by Python name."""
        items = (item for item in fields(self) if item.init)
        return {item.name: value for item in items if (value := getattr(self, item.name)) not in (item.default, False)}


def _check_syntax(script: Path) -> None:
    try:
        ast.parse(script.read_bytes(), filename=str(script))
    except SyntaxError as error:
        line = (error.text or "").rstrip()
        raise ScriptError(
            f"{script.name}:{error.lineno}: {error.msg}",
            f"    {line.strip()}" if line else "",
            "mend the script; nothing was deployed",
        ) from None
    except ValueError as error:
        raise ScriptError(f"{script.name} is no Python source: {error}") from None
