"""The paths of the Open Inference Protocol V2, beside the original's: health, what there is, and inference, which the workers do.

A service is one model of the protocol, under its own name and version.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any

import orjson

from . import outputs
from .outputs import Answer
from .request import Request
from .settings import Settings

PREFIX = "/v2"
HEALTH = ("/v2/health/live", "/v2/health/ready")
_SERVER = {"name": "jupyter-deploy-scoring", "version": "1", "extensions": ["binary_tensor_data"]}


class OpenInference:
    """The protocol's side of one service.

    Parameters
    ----------
    settings : the service's. is_ready : tells whether a worker can answer.
    tensors : tells what ``run`` takes and gives; None where those are no tensors.
    """

    def __init__(
        self, settings: Settings, is_ready: Callable[[], bool], tensors: Callable[[], Mapping[str, Any] | None]
    ) -> None:
        self._name = settings.name
        self._version = settings.version
        self._is_ready = is_ready
        self._tensors = tensors

    def methods(self, path: str) -> tuple[str, ...] | None:
        """Return the methods that a path takes; None where there is no such path, or no such model."""
        return {"infer": ("POST",), None: None}.get(self._action(path), ("GET", "HEAD"))

    def is_inference(self, path: str) -> bool:
        """Whether a request is for ``run``."""
        return path.startswith(PREFIX) and self._action(path) == "infer"

    def answer(self, request: Request) -> Answer:
        """Answer what is asked of the service rather than of its model."""
        action = self._action(request.path)
        if action == "live":
            return Answer(200, b"")
        if action == "ready":
            return Answer(200 if self._is_ready() else 503, b"")
        return Answer(200, orjson.dumps(_SERVER if action == "server" else self._model()))

    def _model(self) -> dict[str, Any]:
        tensors = self._tensors() or {"inputs": [], "outputs": []}
        return {"name": self._name, "versions": [self._version], "platform": "python", **tensors}

    def _action(self, path: str) -> str | None:
        """What a path asks for: server, live, ready, model or infer."""
        if path in HEALTH:
            return path.rpartition("/")[2]
        parts = path.split("/")[2:]
        if not parts or parts == [""]:
            return "server"
        if parts[:2] != ["models", self._name]:
            return None
        rest = parts[4:] if parts[2:4] == ["versions", self._version] else parts[2:]
        return {"": "model", "ready": "ready", "infer": "infer"}.get("/".join(rest))


def worded(answer: Answer) -> Answer:
    """Return an error in the protocol's form, ``{"error": text}``."""
    try:
        text = orjson.loads(answer.body)["message"]
    except (ValueError, KeyError, TypeError):  # a script's own response
        text = HTTPStatus(answer.status).phrase
    body = outputs.encode({"error": text})
    return Answer(answer.status, body, answer.headers, answer.run_failed, answer.run_ms, answer.error)
