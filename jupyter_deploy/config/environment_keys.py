"""The keys of an environment's JSON: what is taken, what the original writes into every file without asking for anything, what is not."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jupyter_deploy.config.options import unknown_key

_TAKEN = frozenset({
    "name", "version", "environmentVariables", "python.userManagedDependencies", "python.condaDependencies",
    "python.condaDependenciesFile", "python.pipRequirements", "docker.enabled", "docker.baseImage",
    "docker.baseDockerfile", "docker.baseImageRegistry", "docker.condaOnlyPackages",
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


def flatten(document: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
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


def refusal(key: str, value: Any) -> str:
    """Why a value cannot be taken; empty where it can, or asks for nothing."""
    if key in _TAKEN:
        return ""
    if key not in _UNSET:
        return unknown_key(key, [*_TAKEN, *_UNSET], "it")
    asks_for_nothing = value in (*_UNSET[key], [], {}, "")
    return "" if asks_for_nothing else f"{key} is {value!r}, which nothing here can honour; take it out"
