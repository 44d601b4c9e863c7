"""A service's log in its folder, copied from where its containers run: each line once, records of several containers by their time."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from jupyter_deploy.targets.base import Place
from jupyter_deploy.targets.log_records import Line, merged
from jupyter_deploy.targets.logfile import RotatingLog, log_files
from jupyter_deploy.workspace.locks import acquire

Read = Callable[[str], "Iterable[Line] | None"]
"""The lines of one container from a second of UTC on, in its own order; an empty text stands for all.
None where it cannot be asked now."""

_POSITIONS = "positions.json"
_KEPT = 1000
"""Containers whose positions are remembered: each version's, and each restart, is another one."""
_AT_ONCE = 8
"""Containers that are asked at the same time."""


@dataclass(frozen=True)
class Source:
    """A container whose output is copied.

    Parameters
    ----------
    read : gives its lines. has_ended : whether it prints nothing more, so that it need not be asked again.
    mark : what its records are marked with, where several containers print; empty where one does.
    """

    read: Read
    has_ended: bool = False
    mark: str = ""


@dataclass(frozen=True)
class _Position:
    """Up to where a container's lines were copied.

    Parameters
    ----------
    last : time of the last line. count : lines of that very time up to it. is_whole : whether nothing can come after it.
    is_lost : whether that line was not there any more at the last look.
    """

    last: str = ""
    count: int = 0
    is_whole: bool = False
    is_lost: bool = False

    @property
    def second(self) -> str:
        """The second that it is in."""
        return self.last[:19]

    def after(self, lines: Sequence[Line]) -> Sequence[Line] | None:
        """Of the lines from its second on those that come after it; None where its own line is missing for the first time.

        Then they may be another container's, which has just taken the place of this one; else the output was rotated.
        """
        same = [number for number, (stamp, _) in enumerate(lines) if stamp == self.last]
        if self.last and len(same) >= self.count:
            return lines[same[self.count - 1] + 1 :]
        return [line for line in lines if line[0] > self.last] if self.is_lost or not self.last else None

    def moved(self, lines: Sequence[Line], *, has_ended: bool) -> _Position:
        """The position after some more lines."""
        last = lines[-1][0] if lines else self.last
        count = sum(stamp == last for stamp, _ in lines) + (self.count if last == self.last else 0)
        return _Position(last, count, has_ended)


def files(place: Place) -> tuple[Path, ...]:
    """The log's files, oldest first."""
    return log_files(place.folder / "log" / "service.log")


def copy(place: Place, sources: Mapping[str, Source]) -> None:
    """Append what some containers have printed since the last copy; processes that copy at once wait for each other.

    Parameters
    ----------
    sources : the containers, by their ids.
    """
    folder = place.folder / "log"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with acquire(folder / "copy.lock", wait=True, kind="copy the log"):
        before = _read(folder / _POSITIONS)
        positions, found = dict(before), {}
        for name, lines in _asked(sources, before).items():
            position, has_ended = before.get(name, _Position()), sources[name].has_ended
            if (new := position.after(lines)) is None:
                positions[name] = replace(position, is_lost=True)
                continue
            found[name] = _finished(new, has_ended=has_ended)
            positions[name] = position.moved(found[name], has_ended=has_ended)
        if positions != before:
            _append(folder, merged((lines, sources[name].mark) for name, lines in found.items()))
            _write(folder / _POSITIONS, positions)


def remove(place: Place) -> None:
    """Take the log away."""
    folder = place.folder / "log"
    for path in (*files(place), folder / _POSITIONS, folder / "copy.lock"):
        path.unlink(missing_ok=True)
    with contextlib.suppress(FileNotFoundError):
        folder.rmdir()


def _asked(sources: Mapping[str, Source], positions: Mapping[str, _Position]) -> dict[str, list[Line]]:
    """What those say that may have something to say, asked together, so that only the slowest is waited for."""
    before = {name: positions.get(name, _Position()) for name in sources}
    asked = [name for name in sources if not before[name].is_whole]

    def answer(name: str) -> list[Line] | None:
        lines = sources[name].read(before[name].second)
        return None if lines is None else list(lines)

    with ThreadPoolExecutor(_AT_ONCE) as pool:  # which starts a thread only where one is needed
        answers = dict(zip(asked, pool.map(answer, asked), strict=True))
    return {name: lines for name, lines in answers.items() if lines is not None}


def _finished(lines: Sequence[Line], *, has_ended: bool) -> Sequence[Line]:
    """The lines without one that is still being written, or with an end to it where nobody writes any more."""
    if not lines or lines[-1][1].endswith(b"\n"):
        return lines
    return [*lines[:-1], *([(lines[-1][0], lines[-1][1] + b"\n")] if has_ended else ())]


def _append(folder: Path, text: bytes) -> None:
    if not text:
        return
    log = RotatingLog(folder / "service.log")
    try:
        log.write(text)
    finally:
        log.close()


def _read(path: Path) -> dict[str, _Position]:
    with contextlib.suppress(OSError, ValueError, TypeError, AttributeError):
        return {name: _Position(**fields) for name, fields in json.loads(path.read_text(encoding="utf-8")).items()}
    return {}


def _write(path: Path, positions: Mapping[str, _Position]) -> None:
    newest = sorted(positions.items(), key=lambda each: each[1].last)[-_KEPT:]
    unfinished = path.with_name(path.name + ".new")
    unfinished.write_text(json.dumps({name: asdict(position) for name, position in newest}), encoding="utf-8")
    unfinished.replace(path)
