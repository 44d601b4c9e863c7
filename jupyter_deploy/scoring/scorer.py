"""One request scored: arguments made, ``run()`` called by keyword, what came of it turned into an answer."""

from __future__ import annotations

import inspect
import time
import traceback
from collections.abc import Callable
from dataclasses import replace
from types import FrameType
from typing import Any

from . import bodies, coroutines, inputs, outputs, streams
from .outputs import Answer
from .request import BadInput, Request
from .script import RunFunction, one_line
from .streams import Stream


def score(run: RunFunction, request: Request) -> Answer | Stream:
    """Serve one request as every POST or GET of ``/score`` is served; never raises for what the script does."""
    arguments = read(run, request)
    return arguments if isinstance(arguments, Answer) else call(run, arguments, request)


def read(run: RunFunction, request: Request) -> dict[str, Any] | Answer:
    """Return the arguments for ``run``, or the answer to a request that does not fit."""
    try:
        return inputs.arguments(run, request)
    except BadInput as error:
        return outputs.message(error.status, str(error))
    except Exception as error:  # of a library, at a body that nobody thought of: the next request shall find a worker
        text = f"the request could not be read; see the service's log, request id {request.id}"
        return replace(outputs.message(500, text), error=error)


def call(
    run: RunFunction, arguments: dict[str, Any], request: Request, look: Callable[[Any], None] | None = None
) -> Answer | Stream:
    """Call ``run`` and turn what it returns, or raises, into an answer; ``look`` is shown what it returns before."""
    began = time.perf_counter()
    try:
        result = run.call(**arguments)
        if inspect.iscoroutine(result):
            result = coroutines.wait_for(result)
        if look is not None:
            look(result)
        if streams.is_stream(result):
            return streams.of_result(result, request.header("accept"))
    except BaseException as error:  # SystemExit and CancelledError too: whatever is raised, the caller gets an answer
        return _refusal(run, error, request.id)
    return bodies.of_result(result, request, (time.perf_counter() - began) * 1000)


def _refusal(run: RunFunction, error: BaseException, request_id: str) -> Answer:
    conversion = None if run.kind != "schema" else _conversion(run, error)
    if conversion is not None:
        name, text = conversion.f_locals["param_name"], one_line(error).partition(": ")[2] or one_line(error)
        place = _place(conversion.f_locals["param_type"], conversion.f_locals["input_data"])
        return outputs.message(400, f"{name!r} does not fit the sample{place}: {text}")
    text = f"run() raised {type(error).__name__}; see the service's log, request id {request_id}"
    failed = outputs.message(500, text, run_failed=True)
    return Answer(500, failed.body, failed.headers, run_failed=True, error=error)


def _conversion(run: RunFunction, error: BaseException) -> FrameType | None:
    """Return the frame in which the decorator was converting an input; None when ``run``'s own body was reached."""
    found = None
    for frame, _ in traceback.walk_tb(error.__traceback__):
        if frame.f_code is run.body:
            return None
        if frame.f_code.co_name == "_deserialize_input_argument":
            found = frame
    return found


def _place(kind: Any, data: Any) -> str:
    """Say which item of a list is the first that does not convert, and which columns of a table are wrong."""
    if not isinstance(data, list) or not data or _converts(kind, data):
        return ""
    # Halving finds it with a few conversions, where trying item by item would hold the slot for a large input.
    good, bad = 0, len(data)
    while bad - good > 1:
        middle = (good + bad) // 2
        good, bad = (middle, bad) if _converts(kind, data[:middle]) else (good, middle)
    return f" at item {good}" + _columns(kind.sample_input, data[good])


def _converts(kind: Any, data: list[Any]) -> bool:
    try:
        kind.deserialize_input(data)
    except Exception:  # whatever it raises, the answer is "no"; the first error is the one that is reported
        return False
    return True


def _columns(sample: Any, row: Any) -> str:
    names = getattr(sample, "columns", None)
    if names is not None and isinstance(row, dict):
        missing = ", ".join(repr(str(name)) for name in names if name not in row)
        return f" (without column {missing})" if missing else ""
    if hasattr(sample, "dtype") and isinstance(row, list) and sample.shape[-1:] == (len(row),):
        column = next((index for index, cell in enumerate(row) if not _casts(sample.dtype, cell)), None)
        return "" if column is None else f", column {column}"
    return ""


def _casts(dtype: Any, cell: Any) -> bool:
    try:
        dtype.type(cell)
    except (TypeError, ValueError, OverflowError):
        return False
    return True
