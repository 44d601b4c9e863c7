"""Locks a pip requirements file: uv resolves it once, with hashes, for one interpreter."""

from __future__ import annotations

import tempfile
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

from jupyter_deploy.environments.building import with_wheels
from jupyter_deploy.environments.interpreter import inspect
from jupyter_deploy.environments.lock import Lock, LockedPackage, parse_pins
from jupyter_deploy.environments.requirement_lines import RequirementLine, read_requirements
from jupyter_deploy.environments.serving import (
    FASTER_PACKAGE,
    FASTER_WHERE,
    REPLACED_PACKAGES,
    SCORING_SERVER,
    SERVER_PACKAGES,
)
from jupyter_deploy.environments.uv import Say, run_uv
from jupyter_deploy.errors import EnvironmentFailed


def lock_requirements(
    text: str,
    python: Path,
    say: Say,
    filename: str = "requirements.txt",
    trusted: Collection[str] = (),
    wheels: Mapping[str, Path] = MappingProxyType({}),
) -> Lock:
    """Resolve a requirements file, together with what the scoring server needs, into a lock with hashes.

    Parameters
    ----------
    text : the file's text.
    python : the interpreter the packages are for.
    say : called with each line of progress.
    filename : the file's name, for messages and for who asked.
    trusted : addresses and folders beside the package index from which packages may come.
    wheels : that were built of the sources that the file names, by source.

    Raises
    ------
    ConfigError : lines that are no requirements, or that are not taken; lists all of them.
    Untrusted : lines that take packages from elsewhere than the package index; lists all of them.
    EnvironmentFailed : no set of packages fits, or they cannot be fetched.
    """
    read = list(with_wheels(read_requirements(text, filename, trusted), wheels, filename))
    entries = [line for line in read if not line.is_option]
    sources = tuple(line.text for line in read if line.is_option)
    left_out = tuple(sorted({entry.name for entry in entries} & REPLACED_PACKAGES))
    if left_out:
        say(f"left out, because the scoring server stands in for it: {', '.join(left_out)}")
    wanted = [entry for entry in entries if entry.name not in REPLACED_PACKAGES]
    askers = {entry.name: filename for entry in wanted}
    resolved = _compile([*sources, *(entry.text for entry in wanted), *_server_requirements()], python, say)
    packages = tuple(_held_to(wanted, _asked(package, askers)) for package in resolved)
    return Lock(inspect(python).version, "pip", packages, left_out=left_out, sources=sources)


def add_hashes(lock: Lock, python: Path, say: Say) -> Lock:
    """Give a lock from the kernel the hashes that an installation elsewhere needs; the versions stay.

    Raises
    ------
    EnvironmentFailed : a package of the lock was installed from a folder, or its index has it no longer.
    """
    if lock.local_installs:
        raise EnvironmentFailed(
            f"{', '.join(lock.local_installs)} was installed from a folder and can be had from no index",
            "Only this interpreter has it.",
            "Deploy with the interpreter that has it, or put its code into the source directory.",
        )
    pins = [f"{package.name}=={package.version}" for package in lock.packages]
    hashes = {package.name: package.hashes for package in _compile(pins, python, say, "--no-deps")}
    return replace(lock, packages=tuple(replace(each, hashes=hashes[each.name]) for each in lock.packages))


def _compile(requirements: Sequence[str], python: Path, say: Say, *options: str) -> tuple[LockedPackage, ...]:
    """Let uv choose a version of every package, wheels only: building a source package would run its code."""
    with tempfile.TemporaryDirectory() as folder:
        # A requirement that never applies takes a package out, also where another package asks for it.
        overrides = Path(folder, "overrides.txt")
        overrides.write_text("".join(f"{name}; python_version < '0'\n" for name in sorted(REPLACED_PACKAGES)))
        settings = ["--generate-hashes", "--only-binary=:all:", "--no-header", f"--overrides={overrides}", *options]
        output = run_uv(
            ["pip", "compile", "-", f"--python={python}", *settings],
            say,
            remedy="Change the requirements, or look whether the network is there.",
            stdin="\n".join(requirements) + "\n",
        )
    return tuple(sorted(parse_pins(output.splitlines(), "# via"), key=lambda package: package.name))


def _server_requirements() -> list[str]:
    markers = {"uvloop": "; sys_platform != 'win32'", FASTER_PACKAGE: f"; {FASTER_WHERE}"}
    return [name + markers.get(name, "") for name in (*SERVER_PACKAGES, FASTER_PACKAGE)]


def _asked(package: LockedPackage, askers: Mapping[str, str]) -> LockedPackage:
    """The package with those who asked for it directly before those who require it."""
    direct = [askers[package.name]] if package.name in askers else []
    if package.name in (*SERVER_PACKAGES, FASTER_PACKAGE):
        direct.append(SCORING_SERVER)
    return replace(package, asked_by=(*direct, *package.asked_by))


def _held_to(entries: Iterable[RequirementLine], package: LockedPackage) -> LockedPackage:
    """The package with the hashes that the file gives for it; uv itself does not look at them here."""
    given: frozenset[str] = frozenset().union(*(entry.hashes for entry in entries if entry.name == package.name))
    kept = tuple(each for each in package.hashes if each in given)
    if given and not kept:
        raise EnvironmentFailed(
            f"no file of {package.name} {package.version} has a hash that the requirements give",
            "Either the hash is for another version, or the file was replaced.",
            "Pin the version that the hash belongs to.",
        )
    return replace(package, hashes=kept) if given else package
