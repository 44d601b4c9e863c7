"""Requests and log records as Azure Monitor takes them: envelopes of RequestData, MessageData, ExceptionData and EventData."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping
from typing import Any

from .settings import Settings
from .telemetry import AzureMonitor

_LONGEST = 8192  # characters of one property
_LONGEST_MESSAGE = 32768
_LEVELS = ((10, 0), (20, 1), (30, 2), (40, 3))


class Envelopes:
    """Makes envelopes for one service.

    Parameters
    ----------
    destination : where they go. settings : the service's.
    """

    def __init__(self, destination: AzureMonitor, settings: Settings) -> None:
        self._destination = destination
        self._tags = {
            "ai.cloud.role": settings.name, "ai.cloud.roleInstance": os.environ.get("HOSTNAME", "Unknown"),
            "ai.internal.sdkVersion": "jupyter_deploy:1",
        }  # fmt: skip
        self._facts = {
            "Container Id": os.environ.get("HOSTNAME", "Unknown"), "Workspace Name": settings.workspace, "Service Name": settings.name,
        }  # fmt: skip
        self._models = ",".join(settings.models)

    def of_request(self, request: Mapping[str, Any], sent: str, answered: str) -> Iterator[dict[str, Any]]:
        """Make the envelopes of one request; ``sent`` and ``answered`` are its bodies as far as they are known."""
        ids = {"Request Id": request["request_id"], "Client Request Id": request["client_id"]}
        response = {"Response Value": answered} if self._destination.responses else {}
        data = {
            "ver": 2, "id": request["span"], "name": f"{request['method']} {request['path']}", "url": request["path"],
            "duration": duration(request["seconds"]), "responseCode": str(request["status"]), "success": request["status"] < 400,
            "properties": self._properties({**ids, "HTTP Method": request["method"], **response}),
        }  # fmt: skip
        yield self._envelope("Request", "RequestData", data, request, parent=request["parent"])
        if self._destination.inputs and request["path"] == "/score" and request["status"] == 200:
            collected = {**ids, "Models": self._models, "Input": sent, "Prediction": answered}
            event = {"ver": 2, "name": "model_data_collection", "properties": self._properties(collected)}
            yield self._envelope("Event", "EventData", event, request, parent=request["span"])

    def of_log(self, record: Mapping[str, Any]) -> dict[str, Any]:
        """Make the envelope of a log record."""
        facts = {"Request Id": record["request_id"], "Logger": record["logger"]}
        level = next((level for most, level in _LEVELS if record["number"] <= most), 4)
        properties = self._properties(facts)
        message = record["message"][:_LONGEST_MESSAGE]
        if record["raised"]:
            raised = {"typeName": record["raised"], "message": message, "hasFullStack": True, "stack": message}
            data = {"ver": 2, "exceptions": [raised], "severityLevel": level, "properties": properties}
            return self._envelope("Exception", "ExceptionData", data, record, parent=record["span"])
        data = {"ver": 2, "message": message, "severityLevel": level, "properties": properties}
        return self._envelope("Message", "MessageData", data, record, parent=record["span"])

    def _envelope(
        self, name: str, kind: str, data: Mapping[str, Any], record: Mapping[str, Any], *, parent: str
    ) -> dict[str, Any]:
        tags = dict(self._tags)
        if record["trace"]:
            tags["ai.operation.id"] = record["trace"]
        if parent:
            tags["ai.operation.parentId"] = parent
        if name == "Request":
            tags["ai.operation.name"] = data["name"]
        return {
            "ver": 1, "name": f"Microsoft.ApplicationInsights.{name}", "time": moment(record["time"]), "sampleRate": 100.0,
            "iKey": self._destination.key, "tags": tags, "data": {"baseType": kind, "baseData": dict(data)},
        }  # fmt: skip

    def _properties(self, facts: Mapping[str, str]) -> dict[str, str]:
        return {key: value[:_LONGEST] for key, value in {**self._facts, **facts}.items() if value}


def duration(seconds: float) -> str:
    """Return a time as days, hours, minutes and seconds.

    >>> duration(3723.0042)
    '00.01:02:03.004200'
    """
    whole, parts = divmod(round(seconds * 1_000_000), 1_000_000)
    minutes, second = divmod(whole, 60)
    hours, minute = divmod(minutes, 60)
    days, hour = divmod(hours, 24)
    return f"{days:02d}.{hour:02d}:{minute:02d}:{second:02d}.{parts:06d}"


def moment(seconds: float) -> str:
    """Return a moment in ISO 8601, in UTC."""
    whole, parts = divmod(int(seconds * 1_000_000), 1_000_000)
    return f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(whole))}.{parts:06d}Z"
