"""Requests and log records as OTLP documents, in the JSON form of the protocol (ids in hexadecimal digits, 64-bit numbers as texts)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

_SCOPE = {"name": "jupyter_deploy.scoring"}
_SERVER = 2
_ERROR = 2
_SEVERITIES = ((10, 5, "DEBUG"), (20, 9, "INFO"), (30, 13, "WARN"), (40, 17, "ERROR"), (50, 21, "FATAL"))


def traces(requests: Sequence[Mapping[str, Any]], resource: Mapping[str, str]) -> dict[str, Any]:
    """Return requests as an ExportTraceServiceRequest."""
    scope = {"scope": _SCOPE, "spans": [_span(request) for request in requests]}
    return {"resourceSpans": [{"resource": {"attributes": _attributes(resource)}, "scopeSpans": [scope]}]}


def logs(records: Sequence[Mapping[str, Any]], resource: Mapping[str, str]) -> dict[str, Any]:
    """Return log records as an ExportLogsServiceRequest."""
    scope = {"scope": _SCOPE, "logRecords": [_log(record) for record in records]}
    return {"resourceLogs": [{"resource": {"attributes": _attributes(resource)}, "scopeLogs": [scope]}]}


def _span(request: Mapping[str, Any]) -> dict[str, Any]:
    status: int = request["status"]
    facts = {
        "http.request.method": request["method"], "url.path": request["path"], "url.scheme": "http",
        "http.response.status_code": status, "http.request.body.size": request["bytes_in"],
        "http.response.body.size": request["bytes_out"], "scoring.request_id": request["request_id"],
        "scoring.client_request_id": request["client_id"], "scoring.run_ms": request["run_ms"],
    }  # fmt: skip
    ended = request["time"]
    span = {
        "traceId": request["trace"], "spanId": request["span"], "flags": 1, "name": f"{request['method']} {request['path']}",
        "kind": _SERVER, "startTimeUnixNano": _nanoseconds(ended - request["seconds"]), "endTimeUnixNano": _nanoseconds(ended),
        "attributes": _attributes(facts), "status": {"code": _ERROR} if status >= 500 else {},
    }  # fmt: skip
    return {**span, "parentSpanId": request["parent"]} if request["parent"] else span


def _log(record: Mapping[str, Any]) -> dict[str, Any]:
    number, text = next(
        ((number, text) for most, number, text in _SEVERITIES if record["number"] <= most), (21, "FATAL")
    )
    facts = {
        "logger.name": record["logger"], "scoring.request_id": record["request_id"], "exception.type": record["raised"],
        "process.pid": record["pid"],
    }  # fmt: skip
    moment = _nanoseconds(record["time"])
    log = {
        "timeUnixNano": moment, "observedTimeUnixNano": moment, "severityNumber": number, "severityText": text,
        "body": {"stringValue": record["message"]}, "attributes": _attributes(facts),
    }  # fmt: skip
    return {**log, "traceId": record["trace"], "spanId": record["span"], "flags": 1} if record["trace"] else log


def _attributes(facts: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [{"key": key, "value": _value(value)} for key, value in _given(facts)]


def _given(facts: Mapping[str, Any]) -> Iterable[tuple[str, Any]]:
    return ((key, value) for key, value in facts.items() if value is not None and value != "")


def _value(value: str | float) -> dict[str, Any]:
    if isinstance(value, str):
        return {"stringValue": value}
    return {"intValue": str(value)} if isinstance(value, int) else {"doubleValue": value}


def _nanoseconds(seconds: float) -> str:
    return str(int(seconds * 1_000_000) * 1000)
