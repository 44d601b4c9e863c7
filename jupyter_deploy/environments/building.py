"""Builds a wheel of a folder or a source archive, which runs its code; only for sources that the person has said to trust."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from jupyter_deploy.environments.lock import normal
from jupyter_deploy.environments.requirement_lines import RequirementLine, is_archive
from jupyter_deploy.environments.uv import Say, run_uv
from jupyter_deploy.errors import ConfigError, EnvironmentFailed

_WITHIN_S = 60
"""Seconds within which the host of an archive has to go on answering."""
_OLDEST = "315532800"
"""1980-01-01, the oldest time that an archive can hold: with it in every file, the same folder gives the same wheel again."""
_FAILED = re.compile(r"\s*error: Failed to build ")


def build_wheel(line: RequirementLine, root: Path, python: Path, place: Path, say: Say) -> Path:
    """Build the wheel of what a line of a requirements file names.

    Parameters
    ----------
    line : names a folder or a source archive, by its path or its address. root : the folder to which paths are relative.
    python : the interpreter the wheel is for. place : an empty folder for the wheel.
    say : called with each line of progress.

    Returns
    -------
    The path of the wheel.

    Raises
    ------
    ConfigError : there is no such folder or archive. EnvironmentFailed : it cannot be fetched, is another one, or does not build.
    """
    from packaging.utils import parse_wheel_filename

    source = _fetched(line.source, place, say) if "://" in line.source else _found(line, root)
    _require_hash(line, source)
    say(f"building a wheel of {line.source}, which runs its code")
    told: list[str] = []
    try:
        run_uv(
            ["build", "--wheel", f"--python={python}", f"--out-dir={place}", str(source)],
            told.append,
            remedy="Mend it, or build it yourself to see more: uv build --wheel",
            variables={"SOURCE_DATE_EPOCH": _OLDEST},
        )
    except EnvironmentFailed as error:
        reason = _reason(told) or error.what
        raise EnvironmentFailed(
            f"{line.source} does not build: {reason}", "\n".join(told).strip(), error.remedy
        ) from None
    (wheel,) = place.glob("*.whl")
    name, version, *_ = parse_wheel_filename(wheel.name)
    if line.name and normal(name) != line.name:
        raise EnvironmentFailed(f"{line.source} is the package {name}, and not {line.name}", "", f"Write: {name} @ …")
    as_it_is = (
        "" if is_archive(line.source) else "; as the folder is now: what changes there later needs another deployment"
    )
    editable = ", installed as any other package" if line.text.startswith("-") else ""
    say(f"{line.text}: built {name} {version}{editable}{as_it_is}")
    return wheel


def with_wheels(
    lines: Iterable[RequirementLine], wheels: Mapping[str, Path], filename: str
) -> Iterator[RequirementLine]:
    """The same lines, with those that are built replaced by the wheels that were; EnvironmentFailed where one is gone.

    Parameters
    ----------
    wheels : by source; each lies in a folder that has its SHA-256 for a name, to which it is held.
    """
    from packaging.utils import parse_wheel_filename

    for line in lines:
        if not line.is_built:
            yield line
            continue
        wheel = wheels.get(line.source)
        if wheel is None or not wheel.is_file():
            raise EnvironmentFailed(
                f"{filename}: the wheel that was built of {line.source} is not there any more",
                f"It should be at {wheel}." if wheel else "",
                "Deploy again: that builds it anew.",
            )
        name = str(parse_wheel_filename(wheel.name)[0])
        text = f"{name}{line.extras} @ {wheel.as_uri()}{line.marker}"
        yield replace(line, text=text, name=name, hashes=frozenset({f"sha256:{wheel.parent.name}"}), is_built=False)


def _reason(told: Sequence[str]) -> str:
    """The last thing that the build itself said before it failed; empty where uv did not come to it."""
    end = next((at for at, text in enumerate(told) if _FAILED.match(text)), 0)
    is_its_own = any("build backend" in text for text in told[end:])
    return next((text.strip() for text in reversed(told[:end]) if text.strip()), "") if is_its_own else ""


def _found(line: RequirementLine, root: Path) -> Path:
    path = root / Path(line.source).expanduser()
    kind = "file" if is_archive(line.source) else "folder"
    if not (path.is_file() if kind == "file" else path.is_dir()):
        raise ConfigError([f"{line.text}: there is no {kind} {path}"])
    if not os.access(path, os.R_OK):
        raise ConfigError([f"{line.text}: the {kind} {path} may not be read"])
    return path


def _fetched(address: str, place: Path, say: Say) -> Path:
    """The archive that is at an address; a password for its host comes from ``~/.netrc``."""
    import requests

    say(f"fetching {address}")
    archive = place / address.rpartition("/")[2]
    try:
        as_it_is = {"Accept-Encoding": "identity"}
        with (
            requests.get(address, headers=as_it_is, stream=True, timeout=_WITHIN_S) as answer,
            archive.open("wb") as file,
        ):
            answer.raise_for_status()
            for chunk in answer.iter_content(1024 * 1024):
                file.write(chunk)
    except requests.RequestException as error:
        raise EnvironmentFailed(
            f"{address} cannot be fetched: {_cause(error)}",
            str(error),
            "Look whether the address is right and the network is there.",
        ) from None
    return archive


def _cause(error: Exception) -> str:
    import requests

    if isinstance(error, requests.HTTPError) and error.response is not None:
        return f"its host answers {error.response.status_code} {error.response.reason}"
    return "its host does not answer"


def _require_hash(line: RequirementLine, archive: Path) -> None:
    """Hold an archive to the hashes that its line gives."""
    content = archive.read_bytes() if line.hashes else b""
    given = (each.split(":") for each in line.hashes)
    if line.hashes and not any(hashlib.new(kind, content).hexdigest() == digest for kind, digest in given):
        raise EnvironmentFailed(
            f"{line.source} does not have the hash that the requirements give",
            "Either the hash is for another version, or the file was replaced.",
            "Name the archive that the hash belongs to.",
        )
