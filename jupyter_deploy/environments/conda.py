"""What a conda file means for a service: packages of PyPI in one interpreter, and a word on every line of the file.

Nothing is installed by conda here and no channel is asked. What has no counterpart is refused by name rather than left away,
unless conda itself is to install it, in an image.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType

from jupyter_deploy.config.conda_file import CondaFile
from jupyter_deploy.config.texts import without_credentials
from jupyter_deploy.environments.conda_names import conda_only, pypi_name
from jupyter_deploy.environments.conda_versions import CondaEntry, pip_specifier, read_entry
from jupyter_deploy.environments.installed import find
from jupyter_deploy.environments.lock import Lock
from jupyter_deploy.environments.pythons import find_python
from jupyter_deploy.environments.requirement_lines import RequirementLine, read_requirement, require_trust
from jupyter_deploy.environments.requirements import lock_requirements
from jupyter_deploy.environments.serving import REPLACED_PACKAGES
from jupyter_deploy.environments.uv import Say
from jupyter_deploy.errors import ConfigError, EnvironmentFailed

_KERNELS = "the kernel's own is taken"


@dataclass(frozen=True)
class CondaLine:
    """What becomes of one line of a conda file.

    Parameters
    ----------
    entry : the line as written. text : what becomes of it.
    requirement : what is taken for it, in pip's words. python : the version of Python that it asks for, in pip's words.
    left_out : the package that the scoring server stands in for.
    is_refused : the file cannot be used as long as it has this line.
    conda : what conda itself is asked for, where it is.
    is_conda_only : only conda has the package.
    pip : what a line for pip says, where it is taken.
    """

    entry: str
    text: str
    requirement: str = ""
    python: str = ""
    left_out: str = ""
    is_refused: bool = False
    conda: str = ""
    is_conda_only: bool = False
    pip: RequirementLine | None = None

    def __str__(self) -> str:
        return f"{self.entry}: {self.text}"


@dataclass(frozen=True)
class CondaPlan:
    """What a conda file comes to.

    Parameters
    ----------
    filename : of the file, for errors and for who asked. lines : one for each of the file, in its order.
    """

    filename: str
    lines: tuple[CondaLine, ...]

    @property
    def requirements(self) -> tuple[str, ...]:
        """All packages, in pip's words."""
        return tuple(line.requirement for line in self.lines if line.requirement)

    @property
    def conda(self) -> tuple[str, ...]:
        """What conda itself is asked for, in its words."""
        return tuple(line.conda for line in self.lines if line.conda)

    @property
    def pip(self) -> tuple[RequirementLine, ...]:
        """What the lines for pip say."""
        return tuple(line.pip for line in self.lines if line.pip)

    @property
    def python(self) -> str:
        """The version of Python in pip's words; empty for the kernel's."""
        return ",".join(line.python for line in self.lines if line.python)

    def require(self, trusted: Collection[str] = ()) -> None:
        """Raise ConfigError with all refused lines, and Untrusted with all that take packages from elsewhere, where there are any."""
        refused = [str(line) for line in self.lines if line.is_refused]
        if refused:
            remedy = "Change these lines; 'conda env export --from-history' writes a file that names only what was asked for."
            if any(line.is_conda_only for line in self.lines):
                remedy += "\nOr, for a target that builds images ('local'), name in conda_only_packages what conda is to install there."
            raise ConfigError(refused, self.filename, remedy)
        require_trust(self.pip, self.filename, trusted)


def plan_conda(file: CondaFile, filename: str, by_conda: Collection[str] = ()) -> CondaPlan:
    """Say what each line of a conda file comes to; :meth:`CondaPlan.require` refuses what cannot be had.

    Parameters
    ----------
    by_conda : names of packages that conda itself installs, in an image.

    Examples
    --------
    >>> print(plan_conda(CondaFile(conda=("pytorch=2.1",)), "env.yml").lines[0])
    pytorch=2.1: taken as torch==2.1.*
    """
    return CondaPlan(filename, tuple(_lines(file, [name.lower() for name in by_conda])))


def interpreter_for(plan: CondaPlan) -> Path:
    """Find the interpreter that a conda file asks for.

    Raises
    ------
    EnvironmentFailed : this machine has none; names those it has, and the pins of the file that this kernel meets with other versions.
    """
    entries = ", ".join(line.entry for line in plan.lines if line.python)
    try:
        return find_python(plan.python, f"{plan.filename}: {entries}")
    except EnvironmentFailed as error:
        pins = ", ".join(_pinned_otherwise(plan))
        why = f"{error.why}\nOf its other pins this kernel has another version: {pins}." if pins else error.why
        remedy = f"{error.remedy}\nOr leave {plan.filename} out: the service then gets the packages of this kernel."
        raise EnvironmentFailed(error.what, why, remedy) from None


def lock_conda(
    plan: CondaPlan,
    python: Path,
    say: Say,
    trusted: Collection[str] = (),
    wheels: Mapping[str, Path] = MappingProxyType({}),
) -> Lock:
    """Resolve what a conda file comes to into a lock with hashes; a line is said for each of the file.

    Parameters
    ----------
    trusted : addresses and folders beside the package index from which packages may come.
    wheels : that were built of the sources that the file names, by source.

    Raises
    ------
    ConfigError : lines that cannot be had. Untrusted : lines that take packages from elsewhere.
    EnvironmentFailed : no set of packages fits, or they cannot be fetched.
    """
    plan.require(trusted)
    for line in plan.lines:
        say(str(line))
    lock = lock_requirements("\n".join(plan.requirements), python, say, plan.filename, trusted, wheels)
    return replace(lock, left_out=tuple(sorted({line.left_out for line in plan.lines if line.left_out})))


def _lines(file: CondaFile, by_conda: Collection[str]) -> Iterator[CondaLine]:
    if file.channels:
        yield _channels_line(file.channels, is_asked=bool(by_conda))
    lines = [_conda_line(text, by_conda) for text in file.conda]
    yield from lines
    named = {_name(text) for text in file.conda}
    for name in by_conda:
        if name not in named:
            yield CondaLine(f"conda_only_packages {name}", "the file has no line for it", is_refused=True)
    if not any(line.python or line.text == _KERNELS for line in lines):
        yield CondaLine("no python", _KERNELS)
    yield from (_pip_line(text) for text in file.pip)
    if file.variables:
        yield CondaLine(f"variables {', '.join(file.variables)}", "set in the service")
    if file.prefix:
        yield CondaLine("prefix", "left out; the environment has a place of its own")


def _channels_line(channels: Sequence[str], *, is_asked: bool) -> CondaLine:
    entry = f"channels {', '.join(channels)}"
    if not is_asked:
        return CondaLine(entry, "not asked; every package comes from PyPI")
    if "***" in entry:
        return CondaLine(entry, "one needs credentials, which the image would show; name one without", is_refused=True)
    return CondaLine(entry, "asked for conda_only_packages; every other package comes from PyPI")


def _name(text: str) -> str:
    try:
        return read_entry(text).name
    except ValueError:
        return ""


def _conda_line(text: str, by_conda: Collection[str]) -> CondaLine:
    try:
        entry = read_entry(text)
        alone = conda_only(entry.name)
        if entry.name in by_conda:
            return _by_conda(text, entry, is_conda_only=alone is not None)
        if alone is not None:
            told = f"only in conda: {alone.means}; {alone.remedy}"
            return CondaLine(text, told, is_refused=True, is_conda_only=True)
        return _translated(text, entry)
    except ValueError as error:
        return CondaLine(text, str(error), is_refused=True)


def _by_conda(text: str, entry: CondaEntry, *, is_conda_only: bool) -> CondaLine:
    if entry.name in ("python", "pip") or (not is_conda_only and pypi_name(entry.name)):
        raise ValueError("conda_only_packages is for what only conda has; take the name out there")
    return CondaLine(text, "installed by conda, into the image", conda=" ".join(text.split()))


def _translated(text: str, entry: CondaEntry) -> CondaLine:
    if entry.name == "pip":
        return CondaLine(text, "left out; uv installs the packages")
    specifier, remark = pip_specifier(entry.version), _remark(entry)
    if entry.name == "python":
        taken = f"taken as Python {specifier}" if specifier else _KERNELS
        return CondaLine(text, f"{taken}{remark}", python=specifier)
    name = pypi_name(entry.name)
    if name is None:
        raise ValueError(
            "not in the reviewed table of conda's names; if PyPI has it, give it under pip: by its name there"
        )
    package, semicolon, marker = name.partition(";")
    requirement = f"{package}{specifier}{semicolon}{marker}"
    return CondaLine(text, f"taken as {requirement}{remark}", requirement)


def _remark(entry: CondaEntry) -> str:
    """What of an entry is conda's alone."""
    build = f"; the build {entry.build} is conda's alone" if entry.build else ""
    return build + (f"; from PyPI, not from the channel {entry.channel}" if entry.channel else "")


def _pip_line(text: str) -> CondaLine:
    try:
        line = read_requirement(text)
    except ValueError as error:
        return CondaLine(f"pip: {without_credentials(text)}", str(error), is_refused=True)
    if line.name in REPLACED_PACKAGES:
        return CondaLine(f"pip: {text}", "left out; the scoring server stands in for it", left_out=line.name)
    taken = "taken as written"
    if line.is_built:
        taken = f"the wheel that is built of {line.source}, which has to be trusted"
    elif line.source:
        taken += f"; packages come from {line.source}, which has to be trusted"
    return CondaLine(f"pip: {text}", taken, text, pip=line)


def _pinned_otherwise(plan: CondaPlan) -> Iterator[str]:
    """Packages that the file pins to one version and the kernel has in another."""
    for requirement in plan.requirements:
        name, equals, version = requirement.partition("==")
        installed = find(re.split(r"[^\w.-]", name, maxsplit=1)[0]) if equals else None
        if installed and "*" not in version and installed.version != version.strip():
            yield f"{requirement} ({installed.version} here)"
