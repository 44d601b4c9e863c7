"""From a request to the arguments of ``run()``: what each kind of run is given, and what is refused with 400 or 415."""

from __future__ import annotations

import codecs
import inspect
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

import orjson

from . import parameters
from .bodies import READERS, compressed, tensors
from .compat.aml_request import AMLRequest
from .compat.values import title
from .request import BadInput, Request
from .script import HEADERS_PARAMETER, RunFunction

_AS_SENT = "jupyter_deploy.as_sent"


def _percent(error: UnicodeError) -> tuple[str, int]:
    """Leave bytes of a query that are not UTF-8 as they were sent: ``%FF``."""
    assert isinstance(error, UnicodeDecodeError)
    return "".join(f"%{byte:02X}" for byte in error.object[error.start : error.end]), error.end


codecs.register_error(_AS_SENT, _percent)


def arguments(run: RunFunction, request: Request) -> dict[str, Any]:
    """Return the keyword arguments for one call of ``run``.

    Raises
    ------
    BadInput : the body or the query arguments do not fit.
    """
    if run.kind != "raw":
        compressed.inflate(request, run.most_body_bytes)
    is_inference = tensors.is_inference(request.path)
    if run.kind == "raw" and not is_inference:
        found: dict[str, Any] = {
            run.input_name: AMLRequest(request.method, request.path, request.query, request.headers, request.body)
        }
    elif run.kind == "schema" or is_inference:
        found = _named(run.defaults, _given(run, request, is_inference=is_inference))
        if run.hints is not None:
            from .kinds import Misfit  # there already

            try:
                found = run.hints.read(found, run.defaults)
            except Misfit as misfit:
                raise BadInput(400, f"the input does not fit run(): {misfit}") from misfit
    elif request.method == "GET":
        found = {run.input_name: json.dumps(query_arguments(request.query))}
    else:
        found = {run.input_name: _text(request.body)}
    if run.wants_headers:
        found[HEADERS_PARAMETER] = {title(name): value for name, value in request.headers}
    return found


def query_arguments(query: str) -> dict[str, Any]:
    """Return query arguments by name, each read as JSON where it is JSON; a repeated name holds a list."""
    values: dict[str, list[Any]] = {}
    for name, text in parse_qsl(query, keep_blank_values=True, errors=_AS_SENT):
        values.setdefault(name, []).append(_json_or_text(text))
    return {name: items[0] if len(items) == 1 else items for name, items in values.items()}


def _json_or_text(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def _given(run: RunFunction, request: Request, *, is_inference: bool) -> dict[str, Any]:
    if is_inference:
        return tensors.read(run, request)
    return query_arguments(request.query) if request.method == "GET" else _by_media_type(run, request)


def _by_media_type(run: RunFunction, request: Request) -> dict[str, Any]:
    media_type = request.header("content-type").partition(";")[0].strip().lower()
    if media_type == "application/json" or (media_type.startswith("application/") and media_type.endswith("+json")):
        return _json_object(run, request)
    if media_type in READERS:
        return READERS[media_type](run, request)
    others = ", ".join(READERS)
    raise BadInput(415, f"Content-Type is {media_type or 'missing'!r}, but must be application/json ({others})")


def _json_object(run: RunFunction, request: Request) -> dict[str, Any]:
    if run.rows is not None:
        array = parameters.read_rows(request.body, run.rows, run.sampled[run.rows])
        if array is not None:
            return {run.rows: array}
    value = _json(request.body)
    if not isinstance(value, dict):
        raise BadInput(400, f"the body must be a JSON object with run()'s parameters, but is {_json_name(value)}")
    for name, parameter in run.sampled.items():
        if name in value:
            value[name] = parameter.from_list(value[name])
    return value


def _json(body: bytes) -> Any:
    if not body:
        raise BadInput(400, "the body is empty, but must be a JSON object with run()'s parameters")
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        pass
    # The slow reader also takes NaN, integers beyond 64 bits, a byte order mark and UTF-16, and has the message that people know.
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:
        raise BadInput(400, f"the body is not valid JSON: {error}") from error


def _text(body: bytes) -> str:
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise BadInput(400, f"the body is not UTF-8 text: {error.reason} at byte {error.start}") from error


def _named(defaults: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    # The decorators convert defaults too, and fail where a decorated parameter is not passed at all.
    named = {name: given.get(name, default) for name, default in defaults.items()}
    missing = [name for name, value in named.items() if value is inspect.Parameter.empty]
    if missing:
        names = ", ".join(repr(name) for name in missing)
        raise BadInput(400, f"the input has no {names}; run() takes {', '.join(map(repr, defaults))} (case matters)")
    return named


def _json_name(value: Any) -> str:
    names = {list: "an array", str: "a string", bool: "a boolean", type(None): "null"}
    return names.get(type(value), "a number")
