"""Locks the environment of the running interpreter: what is installed, followed from the modules that are imported.

Nothing is resolved and nothing is fetched: what runs in the notebook is what the service gets.
"""

from __future__ import annotations

import platform
import re
import sys
from collections.abc import Collection, Iterable, Iterator, Mapping

from jupyter_deploy.environments.installed import Installed, find, find_providers
from jupyter_deploy.environments.interpreter import same_series
from jupyter_deploy.environments.lock import Lock, LockedPackage, normal
from jupyter_deploy.environments.serving import (
    FASTER_MODULE,
    REPLACED_MODULES,
    REPLACED_PACKAGES,
    SCORING_SERVER,
    SERVER_PACKAGES,
)


def lock_kernel(imports: Mapping[str, str], local: Collection[str] = ()) -> Lock:
    """Lock the installed packages that provide some modules, with all they need and what the scoring server needs.

    Parameters
    ----------
    imports : who asks for it, by top-level module name: ``{"sklearn": "score.py"}``.
    local : modules that lie beside the script and belong to no package.

    Returns
    -------
    A lock without hashes. What is asked for and not installed is listed in its ``missing``.

    Example
    -------
    >>> [package.name for package in lock_kernel({"numpy": "score.py"}).packages if "score.py" in package.asked_by]
    ['numpy']
    """
    known = sys.stdlib_module_names | {"__main__"} | set(local)
    wanted = {module: asker for module, asker in imports.items() if module not in known}
    wanted |= dict.fromkeys((*SERVER_PACKAGES, FASTER_MODULE), SCORING_SERVER)
    providers = find_providers(wanted)
    closure = _Closure()
    for module, packages in providers.items():
        for package in packages:
            # Of the original's namespace only what the scoring server stands in for is spoken of, as left out.
            if module not in REPLACED_MODULES or normal(package.name) in REPLACED_PACKAGES:
                closure.add(package, wanted[module])
    dispensable = {*REPLACED_MODULES, FASTER_MODULE}
    missing = (module for module, packages in providers.items() if not packages and module not in dispensable)
    return Lock(
        python=platform.python_version(),
        source="kernel",
        packages=tuple(closure.locked()),
        left_out=tuple(sorted(closure.left_out)),
        missing=tuple(sorted(missing)),
        local_installs=tuple(sorted(name for name, package in closure.packages.items() if package.folder)),
    )


def lacking(lock: Lock) -> tuple[str, ...]:
    """Say what the running interpreter lacks of a lock, a line for each package; empty when it satisfies the lock."""
    running = platform.python_version()
    problems = []
    if not same_series(lock.python, running):
        problems.append(f"Python {lock.python} is wanted, {running} is running")
    for package in lock.packages:
        installed = find(package.name)
        if installed is None:
            problems.append(f"{package.name} {package.version} is not installed")
        elif installed.version != package.version:
            problems.append(f"{package.name} {package.version} is wanted, {installed.version} is installed")
    return tuple(problems)


class _Closure:
    """Packages with all that they require, each with those who asked for it."""

    def __init__(self) -> None:
        self.packages: dict[str, Installed] = {}
        self.left_out: set[str] = set()
        self._askers: dict[str, set[str]] = {}
        self._followed: set[tuple[str, str]] = set()

    def add(self, package: Installed, asker: str, extras: Iterable[str] = ()) -> None:
        """Take a package in, and all it requires for itself and for some of its extras."""
        name = normal(package.name)
        if name in REPLACED_PACKAGES:
            self.left_out.add(name)
            return
        self.packages.setdefault(name, package)  # of two copies the first on the path is the one that is imported
        self._askers.setdefault(name, set()).add(asker)
        for extra in ("", *extras):
            if (name, extra) not in self._followed:
                self._followed.add((name, extra))
                for required, wanted_extras in _required(package, extra):
                    self.add(required, name, wanted_extras)

    def locked(self) -> Iterator[LockedPackage]:
        """The packages, sorted by name."""
        for name, package in sorted(self.packages.items()):
            yield LockedPackage(name, package.version, asked_by=tuple(sorted(self._askers[name])))


def _required(package: Installed, extra: str) -> Iterator[tuple[Installed, set[str]]]:
    """The installed packages that a package requires, with the extras it wants of them."""
    for name, extras in _requirements(package, extra):
        required = find(name)
        if required is not None:  # what is not there is not needed for what runs in the notebook
            yield required, extras


def _requirements(package: Installed, extra: str) -> Iterator[tuple[str, set[str]]]:
    from packaging.requirements import InvalidRequirement, Requirement

    for text in package.requires:
        try:
            requirement = Requirement(text)
        except InvalidRequirement:  # of a time when anything went; the name is all that can be had from it
            yield re.split(r"[^\w.-]", text, maxsplit=1)[0], set()
            continue
        if requirement.marker is None or requirement.marker.evaluate({"extra": extra}):
            yield requirement.name, requirement.extras
