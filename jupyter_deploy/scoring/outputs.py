"""From what ``run()`` returned to the bytes of the answer: always valid JSON, or a response of the script's own."""

from __future__ import annotations

import base64
import contextlib
import datetime
import json
import re
from dataclasses import dataclass
from typing import Any

import orjson

from . import request_ids

_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9a-z-]+")
_VALUE = re.compile(r"[\t\x20-\x7e\xa0-\xff]*")
_OURS = {"content-length", "transfer-encoding", "connection", "x-ms-run-function-failed", *request_ids.HEADERS}
_OPTIONS = orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_NON_STR_KEYS


@dataclass(frozen=True)
class Answer:
    """What a client gets.

    Attributes
    ----------
    status : the HTTP status code.
    body : the bytes of the body.
    headers : pairs of lower-case name and value, Content-Type among them.
    run_failed : whether ``run()`` is to blame (header ``x-ms-run-function-failed``).
    run_ms : how long ``run()`` took, in milliseconds; None when it did not return.
    error : what ``run()`` raised, for the log.
    """

    status: int
    body: bytes
    headers: tuple[tuple[str, str], ...] = (("content-type", "application/json"),)
    run_failed: bool = False
    run_ms: float | None = None
    error: BaseException | None = None


def message(status: int, text: str, headers: tuple[tuple[str, str], ...] = (), run_failed: bool = False) -> Answer:
    """Return an answer with the body that every error has: ``{"message": text}``."""
    content = (("content-type", "application/json"), *headers)
    return Answer(status, encode({"message": text}), content, run_failed)


def of_result(result: Any, run_ms: float) -> Answer:
    """Turn what ``run()`` returned into an answer; what cannot be turned into one is answered with 500."""
    try:
        if is_response(result):
            return _own_response(result, run_ms)
        return Answer(200, encode({} if result is None else result), run_ms=run_ms)
    except Exception as error:  # objects of the script or of a library may raise anything when they are read
        text = (
            f"run() returned {_type(result)}, which cannot be written as JSON ({error}); return lists, dicts or numbers"
        )
        return message(500, text)


def refuse_nan() -> None:
    """Let NaN and Infinity be an error from now on, in this process, which has one script and one setting."""
    global _nan_is_refused
    _nan_is_refused = True


_nan_is_refused = False


class NotFinite(ValueError):
    """A result has a number that JSON does not know, and the service does not write null for it."""


def is_response(result: Any) -> bool:
    """Whether ``run()`` returned a whole response of its own."""
    return all(hasattr(result, name) for name in ("status_code", "headers", "get_data"))


def encode(value: Any) -> bytes:
    """Return a value as JSON: arrays, tables, times, bytes (base64) and sets too; NaN and Infinity become null.

    Raises
    ------
    TypeError, ValueError : it has no JSON form; NotFinite where ``refuse_nan`` was called.

    >>> encode({"scores": {1.5}, "worst": float("nan")})
    b'{"scores":[1.5],"worst":null}'
    """
    try:
        data = orjson.dumps(value, default=_simplified, option=_OPTIONS)
        if _nan_is_refused and b"null" in data:
            _look_for_nan(value, "the result")
        return data
    except TypeError:
        if _nan_is_refused:
            _look_for_nan(value, "the result")
        # Integers beyond 64 bits and lone surrogates are valid JSON too, but only the slow writer knows them.
        return json.dumps(_plain(value), allow_nan=False).encode()


def _simplified(value: Any) -> Any:
    """Turn what JSON does not know into something nearer to it; called again for what is inside."""
    if isinstance(value, datetime.date | datetime.time):  # pandas' NaT is one too, and not equal to itself
        return value.isoformat() if value == value else None
    if isinstance(value, bytes | bytearray | memoryview):
        return base64.b64encode(value).decode("ascii")
    if isinstance(value, set | frozenset | tuple):
        return list(value)
    if hasattr(value, "to_dict") and hasattr(value, "columns"):
        return value.to_dict(orient="records")
    if hasattr(value, "tolist"):
        return _from_array(value)
    raise TypeError(f"{_type(value)} has no JSON form")


def _from_array(value: Any) -> Any:
    if getattr(getattr(value, "dtype", None), "kind", "") == "M":
        value = value.astype("datetime64[us]")  # nanoseconds would come out as bare integers
    simple = value.tolist()
    if simple is value or type(simple) is type(value):
        raise TypeError(f"{_type(value)} has no JSON form")
    return simple


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, float):
        return value if value - value == 0 else None
    if value is None or isinstance(value, str | int):
        return value
    return _plain(_simplified(value))


def _look_for_nan(value: Any, place: str) -> None:
    if isinstance(value, float):
        if value - value != 0:
            raise NotFinite(f"{place} is {value}, and nan_as is error")
    elif isinstance(value, dict):
        for key, item in value.items():
            _look_for_nan(item, f"{place}[{key!r}]")
    elif isinstance(value, list | tuple):
        for index, item in enumerate(value):
            _look_for_nan(item, f"{place}[{index}]")
    elif value is not None and not isinstance(value, str | int):
        with contextlib.suppress(TypeError):  # what only the fast writer knows, as UUIDs, holds no numbers
            _look_for_nan(_simplified(value), place)


def _own_response(response: Any, run_ms: float) -> Answer:
    status, body = response.status_code, response.get_data()
    pairs = response.headers.items() if hasattr(response.headers, "items") else response.headers
    headers = [(str(name).lower(), str(value)) for name, value in pairs]
    wrong = next((name for name, value in headers if not _NAME.fullmatch(name) or not _VALUE.fullmatch(value)), None)
    if wrong is not None or not isinstance(body, bytes) or status not in range(200, 600):
        what = f"the header {wrong!r}" if wrong is not None else f"the status {status!r} or a body that is not bytes"
        return Answer(500, message(500, f"run() returned a response with {what}, which HTTP does not allow").body)
    kept = tuple(pair for pair in headers if pair[0] not in _OURS)
    failed = status >= 500 or getattr(response, "run_function_failed", False)
    return Answer(status, b"" if status in (204, 304) else body, kept, failed, run_ms)


def _type(value: Any) -> str:
    kind = type(value)
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
