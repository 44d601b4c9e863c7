"""Finds the interpreter that an environment asks for, among those that are on this machine: none is downloaded."""

from __future__ import annotations

import json
import os
import platform
import sys
from collections.abc import Iterator
from pathlib import Path

from jupyter_deploy.environments.serving import OLDEST_PYTHON
from jupyter_deploy.environments.uv import run_uv
from jupyter_deploy.errors import EnvironmentFailed


def find_python(specifier: str, asked: str) -> Path:
    """Find an interpreter: the running one where it fits, else the newest that does.

    Parameters
    ----------
    specifier : its version in pip's words (">=3.10,<3.12"); empty for any. asked : the wish as the person knows it, for the error.

    Raises
    ------
    EnvironmentFailed : there is none, or one that is too old for the scoring server; names the versions at hand.

    Examples
    --------
    >>> find_python("", "env.yml") == Path(sys.executable)
    True
    """
    from packaging.specifiers import SpecifierSet

    wanted = SpecifierSet(specifier)
    if wanted.contains(platform.python_version(), prereleases=True):
        return Path(sys.executable)
    found = {version: python for version, python in pythons_at_hand().items() if _is_served(version)}
    for version, python in found.items():
        if wanted.contains(version):
            return python
    at_hand = ", ".join(dict.fromkeys([platform.python_version(), *found]))
    raise EnvironmentFailed(
        f"{asked} cannot be had: this machine has no such Python with which a service can run",
        f"A service needs Python {OLDEST_PYTHON} or newer; at hand are {at_hand}.",
        "Ask for one of these, or install another that is new enough, with 'uv python install' for example.",
    )


def python_of(version: str) -> Path:
    """Find an interpreter of a lock's version, else one of its series, for which the same packages are built."""
    if version == platform.python_version():
        return Path(sys.executable)
    return pythons_at_hand().get(version) or find_python(f"=={'.'.join(version.split('.')[:2])}.*", f"Python {version}")


def pythons_at_hand() -> dict[str, Path]:
    """The interpreters that uv finds on this machine, and those of pyenv: paths by version, the newest first."""
    from packaging.version import Version

    output = run_uv(
        ["python", "list", "--only-installed", "--output-format=json"],
        lambda _: None,  # uv complains about interpreters that it cannot start; those are not at hand
        remedy="Leave the Python version out, so that the kernel's own is taken.",
        variables={"PATH": os.pathsep.join(_search_path())},
    )
    found: dict[str, Path] = {}
    for item in json.loads(output):
        if item["implementation"] == "cpython" and item["variant"] == "default":
            found.setdefault(item["version"], Path(item["path"]))
    return {version: found[version] for version in sorted(found, key=Version, reverse=True)}


def _search_path() -> Iterator[str]:
    """The search path with pyenv's interpreters instead of its shims, of which only those switched on can be started."""
    root = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    yield from (str(folder) for folder in sorted(root.glob("versions/*/bin")))
    yield from (folder for folder in os.environ.get("PATH", "").split(os.pathsep) if folder != str(root / "shims"))


def _is_served(version: str) -> bool:
    from packaging.version import Version

    return Version(version) >= Version(OLDEST_PYTHON)
