"""What buildx writes while it builds (``--progress rawjson``): the state of vertices, their output, warnings; and text where it fails."""

from __future__ import annotations

import json
import re
from base64 import b64decode
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from jupyter_deploy.images.dockerfile import instructions
from jupyter_deploy.images.progress import Progress
from jupyter_deploy.images.steps import Failure, lines_of, report_step

_NUMBERED = re.compile(r"\[(?:(?P<stage>\S+) )? *(?P<at>\d+)/(?P<of>\d+)\] (?P<text>.*)", re.DOTALL)
_VERTICES = ("FROM", "RUN", "COPY", "ADD", "WORKDIR")
"""The instructions that are vertices; the others only say something of the image."""
_CANCELLED = "context canceled"
_ERROR = "ERROR: "


class Build:
    """A build that is under way.

    Parameters
    ----------
    dockerfile : its text, whose words are shown where buildx has others. progress : is told of its steps, output and warnings.
    """

    def __init__(self, dockerfile: str, progress: Progress) -> None:
        self.has_begun = False
        self.said: list[str] = []
        self._open: list[str] = []
        self._stages = _stages(dockerfile)
        self._progress = progress
        self._steps: dict[str, _Step] = {}
        self._failed: _Step | None = None

    def take(self, line: str) -> None:
        """Read one line; a record has one, or several of which the last is its closing brace alone."""
        if not self._open and not line.startswith("{"):
            self.said += lines_of(line)
            return
        self._open.append(line)
        if line.startswith("}") or (len(self._open) == 1 and line.rstrip().endswith("}")):
            record = json.loads("".join(self._open))
            self._open.clear()
            self._take_record(record)

    def failure(self) -> Failure:
        """Why it failed: the error of a step, else what was said at the end."""
        if self._failed:
            return Failure(self._failed.error, self._failed.text, self._failed.output)
        errors = [line.removeprefix(_ERROR) for line in self.said if line.startswith(_ERROR)]
        return Failure("\n".join(errors or self.said) or "buildx gave no reason")

    def _take_record(self, record: Mapping[str, Any]) -> None:
        for vertex in record.get("vertexes") or ():
            self.has_begun = True
            step = self._steps.setdefault(vertex["digest"], _Step(self._text(vertex["name"])))
            if vertex.get("completed") and not step.is_done:
                step.end(vertex, self._progress)
                if step.error and _CANCELLED not in step.error:
                    self._failed = self._failed or step
        for log in record.get("logs") or ():
            if log["vertex"] in self._steps:
                self._steps[log["vertex"]].take(log.get("stream", 0), b64decode(log["data"]), self._progress)
        for warning in record.get("warnings") or ():
            self._progress.say(f"warning: {b64decode(warning['short']).decode(errors='replace')}")

    def _text(self, name: str) -> str:
        """The instruction that a vertex stands for, as it is written; empty where it stands for none."""
        numbered = _NUMBERED.match(name)
        if numbered is None:
            return ""
        stage = self._stages.get(numbered["stage"] or "", ())
        written = len(stage) == int(numbered["of"])  # a base image may add steps of its own (ONBUILD)
        return stage[int(numbered["at"]) - 1] if written else numbered["text"]


class _Step:
    """A vertex: its instruction, and what it has said."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.output: list[str] = []
        self.error = ""
        self.is_done = False
        self._rests: dict[int, bytes] = {}

    def take(self, stream: int, data: bytes, progress: Progress) -> None:
        """Take output, which may end in the middle of a line."""
        whole, newline, rest = (self._rests.get(stream, b"") + data).rpartition(b"\n")
        self._rests[stream] = rest
        for line in lines_of((whole + newline).decode(errors="replace")):
            self.output.append(line)
            progress.say(line)

    def end(self, vertex: Mapping[str, Any], progress: Progress) -> None:
        """Note that it has ended, and report it where it is an instruction that is done."""
        for stream in [stream for stream, rest in self._rests.items() if rest]:
            self.take(stream, b"\n", progress)
        self.is_done, self.error = True, str(vertex.get("error", ""))
        if self.text and not self.error:
            seconds = _seconds(vertex["completed"]) - _seconds(vertex["started"]) if vertex.get("started") else 0.0
            report_step(progress, self.text, max(seconds, 0.0), cached=bool(vertex.get("cached")))


def _stages(dockerfile: str) -> Mapping[str, Sequence[str]]:
    """The instructions that are vertices, by what buildx calls their stage; the last one's by no name too, as where it is the only one."""
    found: dict[str, list[str]] = {}
    count = 0
    for instruction in instructions(dockerfile):
        first, *words = instruction.split()
        if first.upper() == "FROM":
            has_name = len(words) > 1 and words[-2].upper() == "AS"
            found[""] = []
            found[words[-1].lower() if has_name else f"stage-{count}"] = found[""]
            count += 1
        if first.upper() in _VERTICES and found:
            found[""].append(instruction)
    return found


def _seconds(moment: str) -> float:
    """A time of Go's, whose fraction has up to nine digits."""
    whole, _, fraction = moment.removesuffix("Z").partition(".")
    return datetime.fromisoformat(f"{whole}+00:00").timestamp() + float(f"0.{fraction or 0}")
