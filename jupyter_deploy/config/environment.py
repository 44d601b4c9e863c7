"""Environment: what a script needs, as an object or as the JSON of the Azure ML SDK v1 (azureml-v1 2.3)."""

from __future__ import annotations

import builtins
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Protocol

from jupyter_deploy.config.conda_dependencies import CondaDependencies
from jupyter_deploy.config.conda_file import CondaFile
from jupyter_deploy.config.environment_keys import flatten, refusal
from jupyter_deploy.config.registry import registry_problems
from jupyter_deploy.config.texts import check_texts, texts_problem
from jupyter_deploy.errors import ConfigError

_FILE = "azureml_environment.json"
_NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9\-._]{0,254}")


class Registry(Protocol):
    """Where environments are registered: ``workspace.folder.environments``."""

    def add(self, name: str, document: Mapping[str, Any]) -> str:
        """Record a document under the next version of a name, unless it is the newest one already; returns the version."""
        ...

    def get(self, name: str, version: str | None = None) -> tuple[str, dict[str, Any]]:
        """Return version and document, of the newest where none is named; NotFound where there is none."""
        ...

    def list(self) -> dict[str, tuple[str, dict[str, Any]]]:
        """Return the newest version and its document, by name."""
        ...


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
    conda_only_packages : names of the conda dependencies that only conda has, which conda itself installs.
    """

    enabled: bool = False
    base_image: str | None = None
    base_dockerfile: str | None = None
    base_image_registry: Mapping[str, str] | None = field(default=None, repr=False)  # it holds a password
    conda_only_packages: Sequence[str] = ()

    def given(self) -> tuple[str, ...]:
        """The names of the settings that were made."""
        return tuple(item.name for item in fields(self) if getattr(self, item.name))

    def problems(self) -> builtins.list[str]:
        """What in it contradicts itself, a line each."""
        found = registry_problems(self.base_image_registry, "environment.docker.base_image_registry")
        if self.base_image and self.base_dockerfile:
            found.append("environment.docker has base_image and base_dockerfile; an image begins with one of them")
        if problem := texts_problem("environment.docker.conda_only_packages", self.conda_only_packages):
            found.append(problem)
        return found


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
    def from_docker_image(
        cls, name: str, image: str, container_registry: Mapping[str, str] | None = None,
        conda_specification: str | Path | None = None, pip_requirements: str | Path | None = None,
    ) -> Environment:  # fmt: skip
        """Make one that begins with an image; for targets that build images, which alone take it."""
        if conda_specification is not None and pip_requirements is not None:
            raise ConfigError(["packages come from conda_specification or from pip_requirements; give one of them"])
        made = cls(name) if pip_requirements is None else cls.from_pip_requirements(name, pip_requirements)
        if conda_specification is not None:
            made = cls.from_conda_specification(name, conda_specification)
        made.docker = DockerSection(base_image=image, base_image_registry=_registry(container_registry))
        return made

    @classmethod
    def from_dockerfile(cls, name: str, dockerfile: str | Path, **packages: Any) -> Environment:
        """Make one that begins with a Dockerfile, by its path or its text; ``packages`` as of :meth:`from_docker_image`."""
        made = cls.from_docker_image(name, "", **packages)
        text = str(dockerfile)
        if "\n" not in text:
            try:
                text = Path(text).expanduser().read_text(encoding="utf-8")
            except (OSError, UnicodeDecodeError) as error:
                raise ConfigError([f"the Dockerfile {dockerfile} cannot be read: {error}"]) from None
        made.docker = DockerSection(base_dockerfile=text, base_image_registry=made.docker.base_image_registry)
        return made

    @classmethod
    def from_existing_conda_environment(cls, name: str, conda_environment_name: str) -> Environment:
        """Refused: nothing here asks conda; ConfigError with the way there is."""
        export = f"conda env export --from-history -n {conda_environment_name} > env.yml"
        raise ConfigError(
            [f"the conda environment {conda_environment_name!r} cannot be read: no conda is asked here"], "",
            f"write it to a file ({export}) and use Environment.from_conda_specification({name!r}, 'env.yml'),"
            " or deploy from a kernel that runs in it",
        )  # fmt: skip

    @classmethod
    def load_from_directory(cls, path: str | Path) -> Environment:
        """Read a folder that :meth:`save_to_directory` or the original has written."""
        file = Path(path).expanduser() / _FILE
        try:
            document = json.loads(file.read_text(encoding="utf-8-sig"))
        except (OSError, ValueError) as error:
            raise ConfigError([f"{file} cannot be read: {error}"]) from None
        if not isinstance(document, dict):
            raise ConfigError([f"{file} holds no object"])
        return cls.from_json(document, file.parent, str(file))

    def save_to_directory(self, path: str | Path, overwrite: bool = False) -> None:
        """Write ``azureml_environment.json`` into a folder, which is made where it is missing."""
        file = Path(path).expanduser() / _FILE
        if file.exists() and not overwrite:
            raise ConfigError([f"{file} exists already"], "", "name another folder, or give overwrite=True")
        file.parent.mkdir(parents=True, exist_ok=True)
        if self.docker.base_image_registry:  # with its password
            file.touch(mode=0o600)
            file.chmod(0o600)
        file.write_text(json.dumps(self.to_json(), indent=2, ensure_ascii=False) + "\n", encoding="utf-8")

    def register(self, workspace: Any) -> Environment:
        """Keep it in a workspace under the next version of its name; the same content again is the same version.

        Returns
        -------
        A copy with its version.

        Raises
        ------
        ConfigError : it contradicts itself, has the password of a registry, or a name that begins with "Microsoft" or "AzureML",
            which are the original's own.
        """
        problems = self.problems()
        if not _NAME.fullmatch(self.name) or self.name.lower().startswith(("microsoft", "azureml")):
            problems.append(
                f"{self.name!r} is no name for an environment: letters, digits, '-', '.', '_'; it begins with none of Microsoft, AzureML"
            )
        if "password" in (self.docker.base_image_registry or {}):
            problems.append(
                "docker.base_image_registry has a password, which no record may hold; name a variable that holds it (credentials)"
            )
        if problems:
            raise ConfigError(problems)
        registry: Registry = workspace.folder.environments
        document = {key: value for key, value in self.to_json().items() if key != "version"}
        return Environment.from_json({**document, "version": registry.add(self.name, document)}, Path(), "")

    @classmethod
    def get(cls, workspace: Any, name: str, version: str | int | None = None) -> Environment:
        """Return a registered environment, the newest where no version is given; NotFound where there is none."""
        registry: Registry = workspace.folder.environments
        found, document = registry.get(name, None if version is None else str(version))
        return cls.from_json({**document, "version": found}, Path(), "")

    @classmethod
    def list(cls, workspace: Any) -> dict[str, Environment]:
        """Return the newest version of every registered environment, by name."""
        registry: Registry = workspace.folder.environments
        return {
            name: cls.from_json({**document, "version": version}, Path(), "")
            for name, (version, document) in registry.list().items()
        }

    def to_json(self) -> dict[str, Any]:
        """Return it in the original's JSON, without what is not set; the text of a requirements file has a key of ours."""
        dependencies = self.python.conda_dependencies
        python = {
            "userManagedDependencies": self.python.user_managed_dependencies,
            "condaDependencies": None if dependencies is None else dependencies.file.to_document(),
            "pipRequirements": self.python.pip_requirements,
        }
        docker = {
            "enabled": self.docker.enabled,
            "baseImage": self.docker.base_image,
            "baseDockerfile": self.docker.base_dockerfile,
            "baseImageRegistry": self.docker.base_image_registry and dict(self.docker.base_image_registry),
            "condaOnlyPackages": list(self.docker.conda_only_packages),
        }
        whole = {
            "name": self.name,
            "version": self.version,
            "environmentVariables": dict(self.environment_variables),
            "python": {key: value for key, value in python.items() if value},
            "docker": {key: value for key, value in docker.items() if value},
        }
        return {key: value for key, value in whole.items() if value}

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
        flat, problems = flatten(document)
        problems += [problem for key, value in flat.items() if (problem := refusal(key, value))]
        if not isinstance(flat.get("name", ""), str):
            problems.append(f"name is {flat['name']!r}; it takes a text")
        if problems:
            raise ConfigError(problems, f"{where}: environment" if where else "environment")
        docker = DockerSection(
            bool(flat.get("docker.enabled")), flat.get("docker.baseImage"), flat.get("docker.baseDockerfile"),
            _registry(flat.get("docker.baseImageRegistry")), flat.get("docker.condaOnlyPackages", ()),
        )  # fmt: skip
        python = PythonSection(
            _conda(flat, root, where),
            flat.get("python.pipRequirements"),
            bool(flat.get("python.userManagedDependencies")),
        )
        variables = check_texts("environmentVariables", flat.get("environmentVariables"))
        return cls(flat.get("name") or "environment", variables, python, docker, flat.get("version"))

    def problems(self) -> builtins.list[str]:
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
        replaced = [
            f"environment.{name} is {getattr(self, name)!r}; change the settings in it instead of itself"
            for name, kind in kinds.items()
            if not isinstance(getattr(self, name), kind)
        ]
        if isinstance(self.docker, DockerSection):
            both += self.docker.problems()
            if self.docker.conda_only_packages and self.python.conda_dependencies is None:
                both.append("environment.docker.conda_only_packages names conda dependencies, and python has none")
        return both + replaced


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
    if not isinstance(found, Mapping):
        return found  # which is refused where it is looked at
    return found if any(found.values()) else None
