"""``try``: ``init()`` and one ``run()`` in a process of their own, to see whether a script works before it is deployed.

What comes of it is written to a file, so that standard output is the script's own.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

from . import options, outputs, places, scorer, script, settings, streams, swagger, tracebacks
from .compat import finder
from .request import Request
from .script import ScriptFailed

_OPTIONS = ("settings", "input", "result", "content-type")


def main(argv: Sequence[str]) -> NoReturn:
    """Try a script, write the result file and end the process; the exit code is 0 whatever the script does."""
    given = options.parse(argv, _OPTIONS, required=("settings", "result"))
    body = Path(given["input"]).read_bytes() if "input" in given else None
    content_type = given.get("content-type", "application/json")
    result_file = Path(given["result"]).absolute()
    try:
        service = settings.load(Path(given["settings"]))
        result = _try(service, body, content_type)
    except settings.SettingsError as error:
        result = {"ok": False, "stage": "start", "message": str(error), **_trace(None)}
    except ScriptFailed as error:
        result = {"ok": False, "stage": error.stage, "message": str(error), **_trace(error.__cause__)}
    result_file.write_text(json.dumps(result), encoding="utf-8")
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)  # threads that the script began must not keep whoever waits


def prepare(service: settings.Settings) -> None:
    """Make this process a service's: variables, current folder, import path, and the names of Azure ML."""
    os.environ.update(places.variables(service))
    places.enter(service)
    finder.install()
    if service.nan_as == "error":
        outputs.refuse_nan()


def ask(loaded: script.Script, body: bytes, content_type: str = "application/json") -> outputs.Answer:
    """Give a loaded script one request."""
    answer = scorer.score(loaded.run, Request("try", "POST", "/score", "", (("content-type", content_type),), body))
    if isinstance(answer, outputs.Answer):
        return answer
    try:
        return streams.joined(answer)
    except BaseException as error:  # the script's own, of any kind, behind its first item
        return outputs.Answer(500, b"", run_failed=True, error=error)


def _try(service: settings.Settings, body: bytes | None, content_type: str) -> dict[str, Any]:
    prepare(service)
    began = time.perf_counter()
    loaded = script.load(service.entry_script)
    swagger.documents(service, loaded.run)
    loaded.call_init()
    result: dict[str, Any] = {"ok": True, "init_seconds": round(time.perf_counter() - began, 3)}
    if body is None:
        return result
    began = time.perf_counter()
    answer = ask(loaded, body, content_type)
    if answer.error is not None:
        message = f"run() raised {script.one_line(answer.error)}"
        return {"ok": False, "stage": "run", "message": message, **_trace(answer.error)}
    seconds = round(time.perf_counter() - began, 3)
    return {**result, "status": answer.status, "answer": answer.body.decode("utf-8", "replace"), "run_seconds": seconds}


def _trace(error: BaseException | None) -> dict[str, Any]:
    if error is None:
        return {"traceback": [], "traceback_text": ""}
    return {"traceback": tracebacks.frames_of_script(error), "traceback_text": tracebacks.of_script(error)}
