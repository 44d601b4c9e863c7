"""What is installed beside the running interpreter: packages, what they require, which module comes from which.

``importlib.metadata`` parses a package's whole description to tell its name, and every file list to tell its modules;
here only the lines that matter are read, which is ten times faster.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection
from dataclasses import dataclass
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from importlib.metadata import Distribution


@dataclass(frozen=True)
class Installed:
    """One installed package.

    Parameters
    ----------
    name : the distribution's name as it writes it.
    version : its version.
    requires : its requirements, unparsed.
    folder : the URL of the folder or file it was installed from; empty when it came from an index.
    """

    name: str
    version: str
    requires: tuple[str, ...]
    folder: str


def find(name: str) -> Installed | None:
    """The installed package of this name, or None."""
    from importlib.metadata import PackageNotFoundError, distribution

    try:
        return _read(distribution(name))
    except PackageNotFoundError:
        return None


def find_providers(modules: Collection[str]) -> dict[str, list[Installed]]:
    """The packages that provide each of these top-level modules; several for a namespace package, none for unknown ones."""
    from importlib.metadata import PackageNotFoundError, distribution, distributions

    found: dict[str, list[Installed]] = {}
    for module in modules:
        try:
            namesake = distribution(module)
        except PackageNotFoundError:
            continue
        if module in _provided(namesake, [module], whole=True):
            found[module] = [_read(namesake)]
    others = [module for module in modules if module not in found]
    if others:
        found |= {module: [] for module in others}
        for candidate in distributions():
            for module in _provided(candidate, others):
                found[module].append(_read(candidate))
    return found


def _provided(distribution: Distribution, modules: Collection[str], *, whole: bool = False) -> set[str]:
    """Which of some modules a distribution provides.

    Parameters
    ----------
    whole : only modules that no other distribution can have a share in, which a folder without ``__init__.py`` is not.
    """
    record = distribution.read_text("RECORD")
    if record is None:  # other installers than pip write no list of files
        return set((distribution.read_text("top_level.txt") or "").split()).intersection(modules)
    provided = _listed(f"\n{record}", modules, whole=whole)
    if not provided and "/direct_url.json," in record and _folder(distribution):
        provided = _used_in_place(distribution, modules)
    return provided


def _listed(record: str, modules: Collection[str], *, whole: bool) -> set[str]:
    """Which modules a list of files has, each file on a line that a new line begins."""
    # Most lists have nothing of them, which a plain search tells sooner than a pattern.
    begun = [module for module in modules if f"\n{module}" in record]
    if not begun:
        return set()
    begin = r"/__init__\.py," if whole else "/"
    suffixes = "|".join(re.escape(suffix) for suffix in (".py", *EXTENSION_SUFFIXES))
    names = "|".join(map(re.escape, begun))
    return set(re.findall(rf"\n({names})(?:{begin}|(?:{suffixes}),)", record))


def _used_in_place(distribution: Distribution, modules: Collection[str]) -> set[str]:
    """Which modules are imported from the folder that an editable install points to."""
    source, installed = _folder(distribution).rstrip("/") + "/", Path(str(distribution.locate_file(""))).as_uri()
    origins = {module: _origin(module) for module in modules}
    # The folder may hold the virtual environment as well, with all that is installed there.
    return {module for module, uri in origins.items() if uri.startswith(source) and not uri.startswith(installed)}


def _origin(module: str) -> str:
    """The file a module is imported from, as a URL; empty for a module that has none."""
    from importlib.util import find_spec

    try:
        spec = find_spec(module)
    except ValueError:  # made by hand, without a word on where it comes from
        return ""
    return Path(spec.origin).absolute().as_uri() if spec and spec.has_location and spec.origin else ""


def _folder(distribution: Distribution) -> str:
    text = distribution.read_text("direct_url.json")
    url: str = json.loads(text)["url"] if text else ""
    return url if url.startswith("file:") else ""


def _read(distribution: Distribution) -> Installed:
    metadata = distribution.read_text("METADATA")
    if metadata is None:  # an egg, which keeps its requirements in another file
        return Installed(distribution.name, distribution.version, tuple(distribution.requires or ()), "")
    fields: dict[str, list[str]] = {"Name": [], "Version": [], "Requires-Dist": []}
    for line in metadata.partition("\n\n")[0].splitlines():
        label, _, value = line.partition(": ")
        if label in fields:
            fields[label].append(value.strip())
    (name, *_), (version, *_), requires = fields.values()
    return Installed(name, version, tuple(requires), _folder(distribution))
