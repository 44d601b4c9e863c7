"""A lock: the packages a service runs with, each in one version; a record and its text form.

The text is a requirements file that pip and uv read. What they have no word for stands in comments, so that the text
gives back the whole record.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal, cast
from urllib.parse import unquote

from jupyter_deploy.errors import IntegrityError

LockSource = Literal["kernel", "pip"]

_HEAD = re.compile(r"# Python (\S+), source: (kernel|pip)")
_PIN = re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]*)(?:==(\S+)|\s*@\s*(\S+/[^/-]+-([^/-]+)-[^/]+\.whl))")
_SOURCES = ("--index-url ", "--extra-index-url ", "--find-links ")


@dataclass(frozen=True)
class LockedPackage:
    """One package in one version.

    Parameters
    ----------
    name : the distribution's name in its normal form (``scikit-learn``).
    version : the version, exactly.
    hashes : of the files that may be installed, as ``sha256:…``; empty in a lock from the kernel.
    asked_by : who needs it: names of packages, of a file, or "the scoring server".
    address : of its wheel, where that comes from no index.
    """

    name: str
    version: str
    hashes: tuple[str, ...] = ()
    asked_by: tuple[str, ...] = ()
    address: str = ""

    @property
    def pin(self) -> str:
        """What pip and uv read for it."""
        return f"{self.name} @ {self.address}" if self.address else f"{self.name}=={self.version}"


@dataclass(frozen=True)
class Lock:
    """All packages of a service.

    Parameters
    ----------
    python : the version of the interpreter it was made for ("3.11.7").
    source : "kernel" (what is installed beside the notebook) or "pip" (resolved from requirements).
    packages : sorted by name.
    left_out : packages that were asked for and that the scoring server replaces.
    missing : modules that were asked for and that are not installed; only in a lock from the kernel.
    local_installs : packages of the lock that were installed from a folder or file and exist on this machine alone.
    sources : the options that name where packages come from beside the package index; never with credentials.
    """

    python: str
    source: LockSource
    packages: tuple[LockedPackage, ...]
    left_out: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    local_installs: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()

    @property
    def digest(self) -> str:
        """SHA-256, in hexadecimal, of what is installed: equal for locks that differ only in who asked."""
        pins = [(package.name, package.version, sorted(package.hashes)) for package in self.packages]
        return hashlib.sha256(json.dumps([self.python, pins]).encode()).hexdigest()

    @property
    def has_hashes(self) -> bool:
        """Whether every package names the files that may be installed."""
        return all(package.hashes for package in self.packages)

    def text(self) -> str:
        """The lock as a requirements file with hashes and comments."""
        return "\n".join(_lines(self)) + "\n"

    def requirements(self) -> str:
        """What installs it, without who asked for what: the same text for the same packages."""
        pins = (" \\\n    ".join([each.pin, *(f"--hash={one}" for one in each.hashes)]) for each in self.packages)
        return "".join(f"{line}\n" for line in (*self.sources, *pins))

    @classmethod
    def parse(cls, text: str) -> Lock:
        """Read back what ``text`` wrote.

        Raises
        ------
        IntegrityError : the text is not a lock of this package.
        """
        lines = text.splitlines()
        head = _HEAD.fullmatch(lines[0]) if lines else None
        if head is None:
            raise IntegrityError(
                "this is not a lock: its first line does not name a Python version",
                f"It begins with: {lines[0] if lines else '(nothing)'}",
                "Deploy again to make a new one.",
            )
        remarks = {label: _remark(lines, label) for label in ("left out", "not installed", "installed from a folder")}
        return cls(
            python=head[1],
            source=cast(LockSource, head[2]),
            packages=tuple(parse_pins(lines, "# asked for by")),
            left_out=remarks["left out"],
            missing=remarks["not installed"],
            local_installs=remarks["installed from a folder"],
            sources=tuple(line for line in lines if line.startswith(_SOURCES)),
        )


def parse_pins(lines: Iterable[str], via: str) -> Iterator[LockedPackage]:
    """Read ``name==version`` with the hashes and comments that follow it.

    Parameters
    ----------
    lines : of a requirements file in which every package has one version.
    via : how a comment begins that says who asked; more names may follow in comments of their own lines.
    """
    name, version, address = "", "", ""
    hashes: list[str] = []
    asked_by: list[str] = []
    for line in lines:
        entry = line.strip().removesuffix("\\").strip()
        if pin := _PIN.fullmatch(entry):
            if name:
                yield LockedPackage(name, version, tuple(hashes), tuple(asked_by), address)
            name, version, hashes, asked_by = normal(pin[1]), pin[2] or unquote(pin[4]), [], []
            address = pin[3] or ""
        elif entry.startswith("--hash="):
            hashes.append(entry.removeprefix("--hash="))
        elif name and entry.startswith("#"):
            names = entry.removeprefix(via).removeprefix("#").split(",")
            asked_by += [asker.strip() for asker in names if asker.strip()]
    if name:
        yield LockedPackage(name, version, tuple(hashes), tuple(asked_by), address)


def normal(name: str) -> str:
    """A distribution's name in its normal form: small letters, words joined with one hyphen."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _lines(lock: Lock) -> Iterator[str]:
    yield f"# Python {lock.python}, source: {lock.source}"
    for label, names in (
        ("left out", lock.left_out),
        ("not installed", lock.missing),
        ("installed from a folder", lock.local_installs),
    ):
        if names:
            yield f"# {label}: {', '.join(names)}"
    yield from lock.sources
    for package in lock.packages:
        yield " \\\n    ".join([package.pin, *(f"--hash={each}" for each in package.hashes)])
        if package.asked_by:
            yield f"    # asked for by {', '.join(package.asked_by)}"


def _remark(lines: Iterable[str], label: str) -> tuple[str, ...]:
    begin = f"# {label}: "
    return next((tuple(line.removeprefix(begin).split(", ")) for line in lines if line.startswith(begin)), ())
