"""Environment: what a script needs, as an object or as the JSON of the Azure ML SDK v1 (azureml-v1 2.3)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from jupyter_deploy.config.conda_dependencies import CondaDependencies
from jupyter_deploy.config.conda_file import CondaFile
from jupyter_deploy.config.options import unknown_key
from jupyter_deploy.config.texts import check_texts
from jupyter_deploy.errors import ConfigError


@dataclass(slots=True)
class PythonSection:
    """The packages: those of a conda file, of a requirements file, or, with neither, of the running kernel.

    Parameters
    ----------
    conda_dependencies : as a conda file names them.
    pip_requirements : the text of a requirements file.
    user_managed_dependencies : say that the kernel's own packages are meant, as when neither is given.
    """

    conda_dependencies: CondaDependencies | None = None
    pip_requirements: str | None = None
    user_managed_dependencies: bool = False


@dataclass(slots=True)
class DockerSection:
    """The image to start from; of use to targets that build images, which alone take it.

    Parameters
    ----------
    enabled : run in a container. base_image, base_dockerfile, base_image_registry : what it begins with.
    """

    enabled: bool = False
    base_image: str | None = None
    base_dockerfile: str | None = None
    base_image_registry: Mapping[str, str] | None = None

    def given(self) -> tuple[str, ...]:
        """The names of the settings that were made."""
        return tuple(item.name for item in fields(self) if getattr(self, item.name))


@dataclass(slots=True)
class Environment:
    """What an entry script needs: packages, a version of Python, environment variables.

    Parameters
    ----------
    name : of the environment; locks and logs name it as the one who asked.
    environment_variables : are set in the service. They are recorded with it: no place for secrets.
    python, docker : the packages, and the image. version : a label of your own.

    Examples
    --------
    >>> environment = Environment("diabetes-env")
    >>> environment.python.conda_dependencies = CondaDependencies.create(conda_packages=["scikit-learn"])
    >>> environment.environment_variables = {"OMP_NUM_THREADS": "1"}
    """

    name: str
    environment_variables: dict[str, str] = field(default_factory=dict)
    python: PythonSection = field(default_factory=PythonSection)
    docker: DockerSection = field(default_factory=DockerSection)
    version: str | None = None

    @classmethod
    def from_conda_specification(cls, name: str, file_path: str | Path) -> Environment:
        """Make one from a conda file; ConfigError where it is none."""
        return cls(name, python=PythonSection(CondaDependencies(file_path)))

    @classmethod
    def from_pip_requirements(cls, name: str, file_path: str | Path) -> Environment:
        """Make one from a requirements file; ConfigError where it cannot be read."""
        try:
            text = Path(file_path).expanduser().read_text(encoding="utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError([f"the requirements file {file_path} cannot be read: {error}"]) from None
        return cls(name, python=PythonSection(pip_requirements=text))

    @classmethod
    def from_json(cls, document: Mapping[str, Any], root: Path, where: str) -> Environment:
        """Read the JSON of an ``azureml_environment.json``, or what stands under ``environment``.

        Parameters
        ----------
        root : the folder to which the path of a conda file in it is relative. where : the file's name, for errors.

        Raises
        ------
        ConfigError : keys or values that mean nothing here; lists all of them.
        """
        flat, problems = _flat(document)
        problems += [problem for key, value in flat.items() if (problem := _refusal(key, value))]
        if not isinstance(flat.get("name", ""), str):
            problems.append(f"name is {flat['name']!r}; it takes a text")
        if problems:
            raise ConfigError(problems, f"{where}: environment" if where else "environment")
        docker = DockerSection(
            bool(flat.get("docker.enabled")), flat.get("docker.baseImage"), flat.get("docker.baseDockerfile"),
            _registry(flat.get("docker.baseImageRegistry")),
        )  # fmt: skip
        python = PythonSection(
            _conda(flat, root, where), user_managed_dependencies=bool(flat.get("python.userManagedDependencies"))
        )
        variables = check_texts("environmentVariables", flat.get("environmentVariables"))
        return cls(flat.get("name") or "environment", variables, python, docker, flat.get("version"))

    def problems(self) -> list[str]:
        """What in it contradicts itself, a line each."""
        named = [
            name
            for name in ("conda_dependencies", "pip_requirements", "user_managed_dependencies")
            if getattr(self.python, name)
        ]
        both = (
            [f"environment.python has {' and '.join(named)}; packages come from one of them"] if len(named) > 1 else []
        )
        kinds = {"python": PythonSection, "docker": DockerSection}
        return both + [
            f"environment.{name} is {getattr(self, name)!r}; change the settings in it instead of itself"
            for name, kind in kinds.items()
            if not isinstance(getattr(self, name), kind)
        ]


_TAKEN = frozenset({
    "name", "version", "environmentVariables", "python.userManagedDependencies", "python.condaDependencies",
    "python.condaDependenciesFile", "docker.enabled", "docker.baseImage", "docker.baseDockerfile", "docker.baseImageRegistry",
})  # fmt: skip
_UNSET: Mapping[
    str, tuple[Any, ...]
] = {  # keys that the original writes into every file, with the values that ask for nothing
    "python.interpreterPath": ("python",),
    "python.baseCondaEnvironment": (),
    "docker.sharedVolumes": (True,),
    "docker.shmSize": ("2g",),
    "docker.arguments": (),
    "docker.gpuSupport": (False,),
    "spark.repositories": (),
    "spark.packages": (),
    "spark.precachePackages": (True, False),
    "databricks.mavenLibraries": (),
    "databricks.pypiLibraries": (),
    "databricks.rcranLibraries": (),
    "databricks.jarLibraries": (),
    "databricks.eggLibraries": (),
    "inferencingStackVersion": (),
}
_SECTIONS = ("python", "docker", "spark", "databricks")


def _flat(document: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """The values by their path ("docker.baseImage"), without those that are null, and what is no section."""
    flat: dict[str, Any] = {}
    problems = []
    for key, value in document.items():
        if key not in _SECTIONS:
            flat[str(key)] = value
        elif isinstance(value or {}, Mapping):
            flat |= {f"{key}.{name}": item for name, item in (value or {}).items()}
        else:
            problems.append(f"{key} is {value!r}; it takes an object")
    return {key: value for key, value in flat.items() if value is not None}, problems


def _refusal(key: str, value: Any) -> str:
    if key in _TAKEN:
        return ""
    if key not in _UNSET:
        return unknown_key(key, [*_TAKEN, *_UNSET], "it")
    asks_for_nothing = value in (*_UNSET[key], [], {}, "")
    return "" if asks_for_nothing else f"{key} is {value!r}, which nothing here can honour; take it out"


def _conda(flat: Mapping[str, Any], root: Path, where: str) -> CondaDependencies | None:
    inline, file = flat.get("python.condaDependencies"), flat.get("python.condaDependenciesFile")
    if inline and file:
        raise ConfigError(["python has condaDependencies and condaDependenciesFile; give one of them"], where)
    if file:
        return CondaDependencies(root / Path(file).expanduser())
    if inline is None:
        return None
    if not isinstance(inline, Mapping):
        raise ConfigError([f"python.condaDependencies is {inline!r}; it takes an object"], where)
    made = CondaDependencies()
    made.file = CondaFile.from_document(inline, where)
    return made


def _registry(found: Mapping[str, str] | None) -> Mapping[str, str] | None:
    """The registry of images; the original writes one without any value where there is none."""
    return found if found and any(found.values()) else None
