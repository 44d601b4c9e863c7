"""Reads a requirements file line by line: what is asked for, and what would come from elsewhere than the package index.

Whatever a line fetches from an address of its own needs the person's word, by that address; so does what is built from its source,
since building runs its code here.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

from jupyter_deploy.config.texts import without_credentials
from jupyter_deploy.environments.lock import normal
from jupyter_deploy.errors import ConfigError, Untrusted

_COMMENT = re.compile(r"(^|\s)#.*")
_HASH = re.compile(r"\s--hash[=\s]\s*(\S+)")
_FRAGMENT = re.compile(r"#(?:sha256=([0-9a-f]{64}))?\S*")
_PLACE = re.compile(r"(-i|--index-url|--extra-index-url|-f|--find-links)(?:\s*=\s*|\s+)(\S+)")
_DIRECT = re.compile(r"(?:(?P<asked>[\w.-]+(?:\[[^\]]*\])?)\s*@\s*)?(?P<address>[A-Za-z+]+://\S+)(?P<marker>\s*;.*)?")
_ELSEWHERE = re.compile(r".*://|[\w.-]+(\[[^\]]*\])?\s*@|[^;@]*[/\\]|[.~]|[^;@\s]+\.(whl|zip|tar\.gz|tgz)$")
_EDITABLE = re.compile(r"(?:-e(?:\s+|(?=[./~]))|--editable(?:\s*=\s*|\s+))(\S.*)")
_SOURCE = re.compile(
    r"(?:(?P<asked>[\w.-]+)(?P<wanted>\[[^\]]*\])?\s*@\s*)?(?P<place>[^\s@](?:.*?[^\s])?)(?P<extras>\[[^\]]*\])?(?P<marker>(?:\s+;|;\s).*)?"
)
_PATH = re.compile(r"[.~]|.*[/\\]|.*\.(zip|tar\.gz|tgz)$")
_ARCHIVES = (".tar.gz", ".tgz", ".zip")
_KNOWN_HASH = re.compile(r"sha(256|384|512):[0-9a-f]+")
_REPOSITORY = re.compile(r"(git|hg|svn|bzr)\+")
_RUNS = " (a wheel is built of it, which runs its code here, as you)"
_LONG = {"-i": "--index-url", "-f": "--find-links"}


@dataclass(frozen=True)
class RequirementLine:
    """What a line of a requirements file says.

    Parameters
    ----------
    text : as uv gets it, without hashes. name : of the package, in its normal form; empty for an option.
    hashes : that the package is held to.
    source : the address or folder that it takes packages from, beside the index; empty where it names none.
    is_built : the package is built from ``source``, a folder or a source archive; its name may be known only then.
    extras, marker : of what is built: the parts of its package that are wanted, and where it is wanted.
    """

    text: str
    name: str = ""
    hashes: frozenset[str] = frozenset()
    source: str = ""
    is_built: bool = False
    extras: str = ""
    marker: str = ""

    @property
    def is_option(self) -> bool:
        """Whether it says where packages come from, not which are wanted."""
        return not (self.name or self.is_built)


def read_requirements(text: str, filename: str, trusted: Collection[str] = ()) -> list[RequirementLine]:
    """Read a requirements file.

    Parameters
    ----------
    trusted : addresses and folders from which packages may come.

    Raises
    ------
    ConfigError : lines that are no requirements, or that are not taken; lists all of them.
    Untrusted : lines that take packages from elsewhere than the index; lists all of them.
    """
    read: list[RequirementLine] = []
    problems: list[str] = []
    for number, line in _logical_lines(text):
        try:
            read.append(read_requirement(line))
        except ValueError as error:
            problems.append(f"line {number}: {error}: {without_credentials(line)}")
    if problems:
        raise ConfigError(problems, filename, "Take these lines out, or write them as plain requirements (name==1.2).")
    require_trust(read, filename, trusted)
    return read


def read_requirement(line: str) -> RequirementLine:
    """Read one line, without comment.

    Raises
    ------
    ValueError : it is not taken; the text says why.

    Examples
    --------
    >>> read_requirement("Six>=1.16").name
    'six'
    """
    from packaging.requirements import InvalidRequirement, Requirement

    if place := _PLACE.fullmatch(line):
        option = _LONG.get(place[1], place[1])
        source = _checked(place[2], folders=option == "--find-links")
        return RequirementLine(f"{option} {source}", source=source)
    if editable := _EDITABLE.fullmatch(line):
        return _of_source(editable[1], line, frozenset(_HASH.findall(line)))
    if line.startswith("-"):
        raise ValueError("this option is not taken")
    hashes, bare = frozenset(_HASH.findall(line)), _HASH.sub("", line).strip()
    direct = _DIRECT.fullmatch(bare)
    if direct and urlsplit(_FRAGMENT.sub("", direct["address"])).path.endswith(".whl"):
        return _of_wheel(direct, hashes)
    if direct or _ELSEWHERE.match(bare):
        return _of_source(bare, line, hashes)
    try:
        requirement = Requirement(bare)
    except InvalidRequirement as error:
        raise ValueError(f"this is no requirement ({str(error).splitlines()[0]})") from None
    return RequirementLine(str(requirement), normal(requirement.name), hashes)


def require_trust(lines: Iterable[RequirementLine], filename: str, trusted: Collection[str]) -> None:
    """Refuse lines that take packages from elsewhere than the index, unless their sources are trusted; Untrusted lists them."""
    known = {each.rstrip("/") or each for each in trusted}
    asked = {line.source: line for line in lines if line.source and line.source not in known}
    if asked:
        raise Untrusted(
            f"{filename} takes packages from elsewhere than the package index: {', '.join(asked)}",
            "Whoever owns these can put any code into the service:\n"
            + "\n".join(f"  - {line.text}{_RUNS if line.is_built else ''}" for line in asked.values()),
            "If you know and trust them, deploy with "
            + " ".join(f"--trust {source}" for source in asked)
            + f" (in Python: InferenceConfig(…, trust={list(asked)})); otherwise take the lines out.",
        )


def is_archive(source: str) -> bool:
    """Whether a package's source is an archive of it, by its name."""
    return urlsplit(source).path.endswith(_ARCHIVES)


def _of_source(text: str, line: str, hashes: frozenset[str]) -> RequirementLine:
    """A folder, or a source archive by its path or address."""
    found = _SOURCE.fullmatch(_HASH.sub("", text).strip())
    if found is None:
        raise ValueError("this names no folder and no address")
    place = _place_of(found["place"])
    if "://" in place:
        fragment = _FRAGMENT.search(place)
        if fragment and fragment[1]:
            hashes |= {f"sha256:{fragment[1]}"}
        if fragment and "subdirectory=" in fragment[0]:
            raise ValueError("a folder inside an archive is not taken; unpack the archive and name the folder")
        place = _checked(_FRAGMENT.sub("", place), folders=False)
        if not is_archive(place):
            raise ValueError(f"the address is that of no wheel (.whl) and no source archive ({', '.join(_ARCHIVES)})")
    elif found["asked"] and not _PATH.match(place):
        raise ValueError("this is no requirement; a version is asked for with name==1.2, a folder with name @ ./FOLDER")
    elif place.endswith(".whl"):
        raise ValueError("name the wheel's folder with --find-links instead")
    elif hashes and not is_archive(place):
        raise ValueError("a folder has no hash that it could be held to; take the hash out")
    if any(not _KNOWN_HASH.fullmatch(each) for each in hashes):
        raise ValueError("a hash is written as sha256:…, in hexadecimal")
    extras, marker = found["wanted"] or found["extras"] or "", found["marker"] or ""
    name = normal(found["asked"]) if found["asked"] else ""
    marker = f" ; {marker.strip('; ')}" if marker else ""
    return RequirementLine(line, name, hashes, place, is_built=True, extras=extras, marker=marker)


def _place_of(written: str) -> str:
    """A path without a slash at its end, or an address; the path where it is written as an address."""
    if _REPOSITORY.match(written):
        raise ValueError(
            "uv builds a wheel of a folder or an archive, not of a repository's address; clone it and name the folder (./NAME),"
            " or name the address of its archive (https://HOST/…/archive/REVISION.tar.gz)"
        )
    place = url2pathname(urlsplit(written).path) if written.lower().startswith("file:") else written
    return place if "://" in place else place.rstrip("/") or "/"


def _of_wheel(direct: re.Match[str], hashes: frozenset[str]) -> RequirementLine:
    """A wheel by its address, with or without its package's name."""
    from packaging.utils import InvalidWheelFilename, parse_wheel_filename

    fragment = _FRAGMENT.search(direct["address"])
    address = _checked(_FRAGMENT.sub("", direct["address"]), folders=False)
    try:
        name = str(parse_wheel_filename(address.rpartition("/")[2])[0])
    except InvalidWheelFilename:
        raise ValueError("the last part of the address is no wheel's name") from None
    if fragment and fragment[1]:
        hashes |= {f"sha256:{fragment[1]}"}
    return RequirementLine(f"{direct['asked'] or name} @ {address}{direct['marker'] or ''}", name, hashes, address)


def _checked(place: str, *, folders: bool) -> str:
    """An address that may be recorded, or a folder on this machine where one may be meant; without a slash at its end."""
    if folders and Path(place).is_absolute():
        if not Path(place).is_dir():
            raise ValueError("there is no such folder")
        return str(Path(place))
    parts = urlsplit(place)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(
            "an address begins with https://, a folder with /"
            if folders
            else "only https:// and http:// addresses are taken"
        )
    if "@" in parts.netloc or parts.query or "$" in place:
        raise ValueError(
            "a user name, password or token in an address would be recorded; take it out and put it into ~/.netrc, where uv looks"
        )
    return place.rstrip("/")


def _logical_lines(text: str) -> Iterator[tuple[int, str]]:
    """Lines with their numbers, without comments, and with those that end in a backslash put together."""
    start, joined = 0, ""
    for number, raw in enumerate(text.splitlines(), start=1):
        start = start if joined else number
        line = _COMMENT.sub("", raw).rstrip()
        if line.endswith("\\"):
            joined += line[:-1] + " "
            continue
        if (joined + line).strip():
            yield start, (joined + line).strip()
        joined = ""
    if joined.strip():
        yield start, joined.strip()
