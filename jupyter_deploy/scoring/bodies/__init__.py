"""Bodies beside JSON: one module for each kind, and the table from media type to what reads and writes it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from .. import outputs
from ..outputs import Answer
from ..request import Request
from ..script import RunFunction
from . import arrow, npy, tensor_results, tensors

READERS: Mapping[str, Callable[[RunFunction, Request], dict[str, Any]]] = {
    npy.MEDIA_TYPE: npy.read,
    arrow.MEDIA_TYPE: arrow.read,
}
WRITERS: Mapping[str, Callable[[Any], bytes]] = {npy.MEDIA_TYPE: npy.write, arrow.MEDIA_TYPE: arrow.write}
_JSON = ("application/json", "application/*", "*/*")


def of_result(result: Any, request: Request, run_ms: float) -> Answer:
    """Turn what ``run()`` returned into the answer that its client takes best, JSON where it does not say."""
    if tensors.is_inference(request.path):
        return tensor_results.of_result(result, request, run_ms)
    accept = request.header("accept").lower()
    wanted = () if accept in ("", "*/*") else _wanted(accept)
    if not wanted or wanted[0] in _JSON or outputs.is_response(result):
        return outputs.of_result(result, run_ms)
    try:
        return Answer(200, WRITERS[wanted[0]](result), (("content-type", wanted[0]),), run_ms=run_ms)
    except Exception as error:  # of numpy, pyarrow or what the script returned: JSON may still do
        if set(_JSON).intersection(wanted):
            return outputs.of_result(result, run_ms)
        text = f"what run() returned cannot be written as {wanted[0]} ({error}); accept application/json too"
        refused = outputs.message(406, text)
        return Answer(refused.status, refused.body, refused.headers, run_ms=run_ms)


@lru_cache(maxsize=64)
def _wanted(accept: str) -> tuple[str, ...]:
    """The media types that can be written and that a client takes, the best one first."""
    found: list[tuple[float, str]] = []
    for item in accept.split(","):
        media_type, *parameters = (part.strip() for part in item.split(";"))
        weight = next((part[2:] for part in parameters if part.startswith("q=")), "1")
        if media_type in WRITERS or media_type in _JSON:
            found.append((_number(weight), media_type))
    return tuple(media_type for weight, media_type in sorted(found, key=lambda pair: -pair[0]) if weight > 0)


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0
