"""Where requests and logs are sent, as OpenTelemetry's standard variables and the service's own settings say.

Everything is OTLP over HTTP in JSON, or Azure Monitor's own form. Neither needs a package: the SDKs would have to be in the environment of
every service, beside packages of the user's that want other versions of the same.
"""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote, urlsplit

from .settings import Settings

AZURE = "APPLICATIONINSIGHTS_CONNECTION_STRING"
SECRET = "appInsightsConnectionString"  # noqa: S105 - the name under which the file of secrets has it
_AZURE_ENDPOINT = "https://dc.services.visualstudio.com"
_SECONDS = 10.0
_PAIR = re.compile(r"([^=]+)=(.*)")


@dataclass(frozen=True)
class Otlp:
    """A collector that speaks OTLP.

    Attributes
    ----------
    traces, logs : address for each; empty where that is not wanted. trace_headers, log_headers : sent with them.
    seconds : that one try may take. resource : what is said of the service.
    """

    traces: str
    logs: str
    trace_headers: Mapping[str, str]
    log_headers: Mapping[str, str]
    seconds: float
    resource: Mapping[str, str]


@dataclass(frozen=True)
class AzureMonitor:
    """A resource of Application Insights.

    Attributes
    ----------
    key : its instrumentation key. endpoint : where it takes data. responses, inputs : whether answers and requests' bodies are sent.
    """

    key: str
    endpoint: str
    responses: bool
    inputs: bool


@dataclass(frozen=True)
class Destinations:
    """Where this service sends what it tells of itself; ``problems`` says what was asked for and cannot be done."""

    otlp: Otlp | None = None
    azure: AzureMonitor | None = None
    problems: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return self.otlp is not None or self.azure is not None


@dataclass
class _Reading:
    variables: Mapping[str, str]
    problems: list[str] = field(default_factory=list)

    def get(self, name: str) -> str:
        return self.variables.get(name, "").strip()

    def is_true(self, name: str, default: str = "false") -> bool:
        return (self.get(name) or default).lower() == "true"


def is_on(settings: Settings) -> bool:
    """Whether anything may be sent at all."""
    reading = _Reading(settings.variables)
    return settings.app_insights_enabled or bool(_address(reading, "TRACES") or _address(reading, "LOGS"))


def read(settings: Settings, secrets: Path | None) -> Destinations:
    """Read where to send.

    Parameters
    ----------
    settings : the service's. secrets : the file of the service's secrets, where it has one.
    """
    reading = _Reading(settings.variables)
    otlp, azure = _otlp(reading, settings), _azure(reading, settings, secrets)
    return Destinations(otlp, azure, tuple(reading.problems))


def _address(reading: _Reading, signal: str) -> str:
    """Return where one kind of data goes; empty where it is not sent (the rules are those of the OTLP exporter's specification)."""
    if reading.is_true("OTEL_SDK_DISABLED") or reading.get(f"OTEL_{signal}_EXPORTER") == "none":
        return ""
    own = reading.get(f"OTEL_EXPORTER_OTLP_{signal}_ENDPOINT")
    common = reading.get("OTEL_EXPORTER_OTLP_ENDPOINT")
    return own or (f"{common.rstrip('/')}/v1/{signal.lower()}" if common else "")


def _otlp(reading: _Reading, settings: Settings) -> Otlp | None:
    addresses = {}
    for signal in ("TRACES", "LOGS"):
        address = _address(reading, signal)
        names = (f"OTEL_EXPORTER_OTLP_{signal}_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL")
        protocol = next((reading.get(name) for name in names if reading.get(name)), "http/json")
        if address and protocol != "http/json":
            reading.problems.append(
                f"{signal.lower()} are not sent: OTEL_EXPORTER_OTLP_PROTOCOL is {protocol!r}, and this server speaks http/json;"
                " set it to http/json, which every collector takes on its HTTP port (4318)"
            )
            address = ""
        elif address and urlsplit(address).scheme not in ("http", "https"):
            reading.problems.append(f"{signal.lower()} are not sent: {address!r} is no address of HTTP")
            address = ""
        addresses[signal] = address
    if not any(addresses.values()):
        return None
    return Otlp(
        addresses["TRACES"], addresses["LOGS"], _headers(reading, "TRACES"), _headers(reading, "LOGS"),
        _timeout(reading), _resource(reading, settings),
    )  # fmt: skip


def _headers(reading: _Reading, signal: str) -> dict[str, str]:
    text = reading.get(f"OTEL_EXPORTER_OTLP_{signal}_HEADERS") or reading.get("OTEL_EXPORTER_OTLP_HEADERS")
    return {name.lower(): value for name, value in _pairs(text).items()}


def _pairs(text: str) -> dict[str, str]:
    found = (_PAIR.fullmatch(part.strip()) for part in text.split(","))
    return {unquote(pair[1].strip()): unquote(pair[2].strip()) for pair in found if pair}


def _timeout(reading: _Reading) -> float:
    given = reading.get("OTEL_EXPORTER_OTLP_TIMEOUT")
    if given and not given.isdigit():
        reading.problems.append(
            f"OTEL_EXPORTER_OTLP_TIMEOUT is {given!r}, which is no number of milliseconds; 10 s it is"
        )
    return int(given) / 1000 if given.isdigit() and int(given) else _SECONDS


def _resource(reading: _Reading, settings: Settings) -> dict[str, str]:
    given = _pairs(reading.get("OTEL_RESOURCE_ATTRIBUTES"))
    name = reading.get("OTEL_SERVICE_NAME") or given.get("service.name") or settings.name
    return {
        "service.version": settings.version, "service.namespace": settings.workspace, **given, "service.name": name,
        "telemetry.sdk.name": "jupyter_deploy", "telemetry.sdk.language": "python",
    }  # fmt: skip


def _azure(reading: _Reading, settings: Settings, secrets: Path | None) -> AzureMonitor | None:
    if not settings.app_insights_enabled:
        return None
    text = _secret(reading, secrets) or reading.get(AZURE)
    parts = {name.lower(): value for name, value in (part.split("=", 1) for part in text.split(";") if "=" in part)}
    key = parts.get("instrumentationkey", "") or reading.get("AML_APP_INSIGHTS_KEY")
    if not _is_uuid(key):
        what = "no instrumentation key (a UUID) was given" if not key else "the instrumentation key is no UUID"
        reading.problems.append(f"nothing is sent to Azure Monitor: {what}; set {AZURE}, or AML_APP_INSIGHTS_KEY")
        return None
    endpoint = parts.get("ingestionendpoint", _AZURE_ENDPOINT).rstrip("/")
    if "endpointsuffix" in parts and "ingestionendpoint" not in parts:
        endpoint = f"https://dc.{parts['endpointsuffix']}"
    return AzureMonitor(
        key, f"{endpoint}/v2.1/track", reading.is_true("APP_INSIGHTS_LOG_RESPONSE_ENABLED", "true"),
        reading.is_true("AML_MODEL_DC_STORAGE_ENABLED"),
    )  # fmt: skip


def _secret(reading: _Reading, secrets: Path | None) -> str:
    if secrets is None:
        return ""
    try:
        return str(json.loads(secrets.read_text(encoding="utf-8")).get(SECRET, ""))
    except (OSError, ValueError, AttributeError) as error:
        reading.problems.append(f"the file of secrets {secrets.name} cannot be read ({type(error).__name__})")
        return ""


def _is_uuid(text: str) -> bool:
    try:
        return bool(uuid.UUID(text))
    except ValueError:
        return False
