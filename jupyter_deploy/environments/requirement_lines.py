"""Reads a requirements file line by line: what is asked for, and what would come from elsewhere than the package index.

Whatever a line fetches from an address of its own needs the person's word, by that address; what would be built from its source
is refused, because building runs its code.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from jupyter_deploy.config.texts import without_credentials
from jupyter_deploy.environments.lock import normal
from jupyter_deploy.errors import ConfigError, Untrusted

_COMMENT = re.compile(r"(^|\s)#.*")
_HASH = re.compile(r"\s--hash[=\s]\s*(\S+)")
_FRAGMENT = re.compile(r"#(?:sha256=([0-9a-f]{64}))?\S*")
_PLACE = re.compile(r"(-i|--index-url|--extra-index-url|-f|--find-links)(?:\s*=\s*|\s+)(\S+)")
_DIRECT = re.compile(r"(?:(?P<asked>[\w.-]+(?:\[[^\]]*\])?)\s*@\s*)?(?P<address>[A-Za-z+]+://\S+)(?P<marker>\s*;.*)?")
_ELSEWHERE = re.compile(r".*(://|@)|[./~]|[A-Za-z]:\\|\S+\.(whl|zip|tar\.gz)$")
_LONG = {"-i": "--index-url", "-f": "--find-links"}
_BUILT = (
    "it would be built from its source, which runs its code here; build a wheel of it ('uv build --wheel FOLDER') and name"
    " the folder of the wheel with --find-links"
)


@dataclass(frozen=True)
class RequirementLine:
    """What a line of a requirements file says.

    Parameters
    ----------
    text : as uv gets it, without hashes. name : of the package, in its normal form; empty for an option.
    hashes : that the package is held to.
    source : the address or folder that it takes packages from, beside the index; empty where it names none.
    """

    text: str
    name: str = ""
    hashes: frozenset[str] = frozenset()
    source: str = ""


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
    if line.startswith(("-e", "--editable")):
        raise ValueError(_BUILT)
    if line.startswith("-"):
        raise ValueError("this option is not taken")
    hashes = frozenset(_HASH.findall(line))
    if direct := _DIRECT.fullmatch(_HASH.sub("", line)):
        return _of_address(direct, hashes)
    if _ELSEWHERE.match(line):
        raise ValueError(_BUILT if not line.endswith(".whl") else "name the wheel's folder with --find-links instead")
    try:
        requirement = Requirement(_HASH.sub("", line))
    except InvalidRequirement as error:
        raise ValueError(f"this is no requirement ({str(error).splitlines()[0]})") from None
    return RequirementLine(str(requirement), normal(requirement.name), hashes)


def require_trust(lines: Iterable[RequirementLine], filename: str, trusted: Collection[str]) -> None:
    """Refuse lines that take packages from elsewhere than the index, unless their sources are trusted; Untrusted lists them."""
    asked = {line.source: line.text for line in lines if line.source and line.source not in trusted}
    if asked:
        raise Untrusted(
            f"{filename} takes packages from elsewhere than the package index: {', '.join(asked)}",
            "Whoever owns these can put any code into the service:\n"
            + "\n".join(f"  - {text}" for text in asked.values()),
            "If you know and trust them, deploy with "
            + " ".join(f"--trust {source}" for source in asked)
            + f" (in Python: InferenceConfig(…, trust={list(asked)})); otherwise take the lines out.",
        )


def _of_address(direct: re.Match[str], hashes: frozenset[str]) -> RequirementLine:
    """A wheel by its address, with or without its package's name."""
    from packaging.utils import InvalidWheelFilename, parse_wheel_filename

    fragment = _FRAGMENT.search(direct["address"])
    plain = _FRAGMENT.sub("", direct["address"])
    if not urlsplit(plain).path.endswith(".whl"):
        raise ValueError(_BUILT)
    address = _checked(plain, folders=False)
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
