"""Traces and logs on the wire: what a collector of OTLP and Azure Monitor are sent, and that nobody waits for them."""

from __future__ import annotations

import json
import re
import time
from base64 import b64encode
from pathlib import Path
from typing import Any

import pytest
from google.protobuf.json_format import ParseDict
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from jupyter_deploy.scoring import azure_monitor, settings, telemetry

from .fronts import Front, make_bundle, wait_for
from .sinks import Sink
from .test_metrics import value

SCRIPT = """
import logging

def init():
    logging.getLogger("mine").warning("from init")

def run(text, request_headers):
    logging.getLogger("mine").warning("from run %s", text)
    if text == "raise":
        raise ValueError("no")
    return request_headers.get("Traceparent", request_headers.get("traceparent", "none"))
"""
TRACE, PARENT = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
KEY = "11111111-2222-3333-4444-555555555555"


def with_base64(document: Any) -> Any:
    """OTLP writes ids in hexadecimal digits where protobuf's own JSON has base64."""
    if isinstance(document, dict):
        ids = ("traceId", "spanId", "parentSpanId")
        return {
            key: b64encode(bytes.fromhex(item)).decode() if key in ids else with_base64(item)
            for key, item in document.items()
        }
    return [with_base64(item) for item in document] if isinstance(document, list) else document


def spans(sink: Sink) -> list[Any]:
    """The spans that came, each document checked against the protocol's own definition."""
    found: list[Any] = []
    for document in sink.sent_to("/v1/traces"):
        request = ParseDict(with_base64(document), ExportTraceServiceRequest())
        (resource,) = request.resource_spans
        assert facts(resource.resource)["service.name"] == "test-service"
        found += resource.scope_spans[0].spans
    return found


def records(sink: Sink) -> list[Any]:
    found: list[Any] = []
    for document in sink.sent_to("/v1/logs"):
        request = ParseDict(with_base64(document), ExportLogsServiceRequest())
        found += request.resource_logs[0].scope_logs[0].log_records
    return found


def facts(holder: Any) -> dict[str, Any]:
    return {each.key: getattr(each.value, each.value.WhichOneof("value")) for each in holder.attributes}


def test_requests_and_logs_reach_a_collector_as_one_trace(tmp_path: Path) -> None:
    with Sink() as sink:
        environment = {"OTEL_EXPORTER_OTLP_ENDPOINT": sink.url, "OTEL_EXPORTER_OTLP_HEADERS": "Api-Key=a%20b,x=1"}
        with Front(make_bundle(tmp_path, SCRIPT), environment=environment).serve() as front:
            began = time.time()
            reply = front.post("hello", {"traceparent": f"00-{TRACE}-{PARENT}-01", "x-request-id": "id-1"})
            front.post("raise")
            front.ask("GET", "/ready")
            wait_for(lambda: len(spans(sink)) == 2 and len(records(sink)) >= 4)
            assert {delivery.headers["api-key"] for delivery in sink.deliveries} == {"a b"}
            first, second = spans(sink)
            assert (first.trace_id.hex(), first.parent_span_id.hex()) == (TRACE, PARENT)
            own = f"00-{TRACE}-{first.span_id.hex()}-01"
            assert reply.headers["traceparent"] == own
            assert reply.json == own  # the script's own calls belong to the same trace
            assert (first.name, first.kind, first.status.code) == ("POST /score", first.SPAN_KIND_SERVER, 0)
            told = facts(first)
            assert told["http.response.status_code"] == 200
            assert told["scoring.request_id"] == "id-1"
            assert began - 1 < first.start_time_unix_nano / 1e9 < first.end_time_unix_nano / 1e9 < time.time() + 1
            assert second.trace_id != first.trace_id
            assert second.parent_span_id == b""
            assert second.status.code == second.status.STATUS_CODE_ERROR
            by_text = {record.body.string_value.splitlines()[0]: record for record in records(sink)}
            assert by_text["from init"].trace_id == b""
            assert by_text["from run hello"].span_id == first.span_id
            assert by_text["from run raise"].trace_id == second.trace_id
            assert by_text["run() raised ValueError"].severity_text == "ERROR"
            assert "ValueError: no" in by_text["run() raised ValueError"].body.string_value


def test_what_is_waiting_is_sent_when_the_service_ends(tmp_path: Path) -> None:
    with Sink() as sink, Front(
        make_bundle(tmp_path, SCRIPT), environment={"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": f"{sink.url}/v1/traces"}
    ).serve() as front:  # fmt: skip
        front.post("a")
        front.order("drain", grace=0)
        front.expect("drained")
        assert len(spans(sink)) == 1
        assert sink.sent_to("/v1/logs") == []


@pytest.mark.parametrize(
    ("sampler", "argument", "parent", "sent"),
    [
        ("always_off", "", None, False), ("parentbased_always_on", "", "00", False), ("parentbased_always_off", "", "01", True),
        ("always_on", "", "00", True), ("traceidratio", "0", None, False), ("parentbased_traceidratio", "1", None, True),
    ],
)  # fmt: skip
def test_the_sampler_decides_what_is_sent(sampler: str, argument: str, parent: str | None, sent: bool) -> None:
    from jupyter_deploy.scoring.request import Request
    from jupyter_deploy.scoring.tracing import Sampler

    decides = Sampler({"OTEL_TRACES_SAMPLER": sampler, "OTEL_TRACES_SAMPLER_ARG": argument})
    headers = (("traceparent", f"00-{TRACE}-{PARENT}-{parent}"),) if parent else ()
    span = decides.begin(Request("id", "POST", "/score", "", headers))
    assert (span.sampled, decides.problem) == (sent, "")
    assert span.traceparent.endswith("-01" if sent else "-00")


@pytest.mark.parametrize(
    "header",
    [
        "",
        "nonsense",
        f"00-{'0' * 32}-{PARENT}-01",
        f"00-{TRACE}-{'0' * 16}-01",
        f"ff-{TRACE}-{PARENT}-01",
        f"00-{TRACE}-{PARENT}",
    ],
)
def test_a_traceparent_that_is_none_begins_a_new_trace(header: str) -> None:
    from jupyter_deploy.scoring.request import Request
    from jupyter_deploy.scoring.tracing import Sampler

    span = Sampler({}).begin(Request("id", "POST", "/score", "", (("traceparent", header),)))
    assert (span.parent, span.sampled) == ("", True)
    assert re.fullmatch(r"[0-9a-f]{32}", span.trace)
    assert span.trace != TRACE


def test_a_collector_that_is_gone_costs_no_request_and_is_counted(tmp_path: Path) -> None:
    with Sink(status=400) as sink:
        environment = {"OTEL_EXPORTER_OTLP_ENDPOINT": sink.url, "OTEL_LOGS_EXPORTER": "none"}
        with Front(make_bundle(tmp_path, SCRIPT), environment=environment).serve() as front:
            assert {front.post(str(number)).status for number in range(5)} == {200}
            wait_for(lambda: value(front, "scoring_dropped_total", kind="telemetry") == 5)
            assert "cannot be sent to 127.0.0.1:" in front.log
            assert "it answered 400" in front.log
            assert value(front, "process_resident_memory_bytes", process="telemetry") > 0


def test_a_collector_that_does_not_answer_holds_no_request_up(tmp_path: Path) -> None:
    with Sink() as sink:
        sink.hold.clear()
        with Front(
            make_bundle(tmp_path, SCRIPT), environment={"OTEL_EXPORTER_OTLP_ENDPOINT": sink.url}
        ).serve() as front:
            front.post("a")
            wait_for(lambda: sink.deliveries)
            began = time.monotonic()
            assert {front.post(str(number)).status for number in range(20)} == {200}
            assert time.monotonic() - began < 5  # one try may take 10 s
            sink.hold.set()
            wait_for(lambda: len(spans(sink)) == 21)


def test_workers_that_were_forked_send_their_logs_too(tmp_path: Path) -> None:
    bundle = make_bundle(tmp_path, SCRIPT, workerPreload=True, workerCount=2)
    with Sink() as sink, Front(bundle, environment={"OTEL_EXPORTER_OTLP_ENDPOINT": sink.url}).serve() as front:
        front.post("hello")
        wait_for(lambda: [record for record in records(sink) if record.body.string_value == "from run hello"])


@pytest.mark.parametrize("answer", [{"partialSuccess": {"rejectedSpans": "many"}}, [], {"partialSuccess": 1}])
def test_an_odd_answer_ends_nothing(tmp_path: Path, answer: Any) -> None:
    with Sink(answer=answer) as sink:
        environment = {"OTEL_EXPORTER_OTLP_ENDPOINT": sink.url, "OTEL_LOGS_EXPORTER": "none"}
        with Front(make_bundle(tmp_path, SCRIPT), environment=environment).serve() as front:
            front.post("a")
            wait_for(lambda: len(spans(sink)) == 1)
            front.post("b")
            wait_for(lambda: len(spans(sink)) == 2)
            assert "the process for telemetry ended" not in front.log


def test_a_collector_that_rejects_some_is_counted(tmp_path: Path) -> None:
    with Sink(answer={"partialSuccess": {"rejectedSpans": "1"}}) as sink:
        environment = {"OTEL_EXPORTER_OTLP_ENDPOINT": sink.url, "OTEL_LOGS_EXPORTER": "none"}
        with Front(make_bundle(tmp_path, SCRIPT), environment=environment).serve() as front:
            front.post("a")
            wait_for(lambda: value(front, "scoring_dropped_total", kind="telemetry") == 1)


def test_a_protocol_that_is_not_spoken_is_said_and_nothing_is_started(tmp_path: Path) -> None:
    environment = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1", "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}
    with Front(make_bundle(tmp_path, SCRIPT), environment=environment).serve() as front:
        assert "OTEL_EXPORTER_OTLP_PROTOCOL is 'grpc', and this server speaks http/json" in front.log
        assert front.post("a").status == 200


def envelopes(sink: Sink, kind: str) -> list[dict[str, Any]]:
    """The envelopes of one kind, each checked for what every envelope has."""
    found = []
    for document in sink.sent_to("/v2.1/track"):
        for envelope in document:
            assert envelope["iKey"] == KEY
            assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", envelope["time"])
            assert (
                envelope["name"] == f"Microsoft.ApplicationInsights.{envelope['data']['baseType'].removesuffix('Data')}"
            )
            assert envelope["data"]["baseData"]["ver"] == 2
            if envelope["data"]["baseType"] == kind:
                found.append(envelope)
    return found


def test_azure_monitor_gets_requests_logs_and_the_response(tmp_path: Path) -> None:
    with Sink(answer={"itemsReceived": 1, "itemsAccepted": 10_000, "errors": []}) as sink:
        secrets = tmp_path / "secrets.json"
        connection = f"InstrumentationKey={KEY};IngestionEndpoint={sink.url}/;LiveEndpoint=https://live"
        secrets.write_text(json.dumps({"appInsightsConnectionString": connection}))
        bundle = make_bundle(tmp_path, SCRIPT, appInsightsEnabled=True, workspace="w")
        environment = {"AML_MODEL_DC_STORAGE_ENABLED": "true"}
        with Front(bundle, options=("--secrets", str(secrets)), environment=environment).serve() as front:
            front.post(
                "hello",
                {
                    "x-request-id": "id-1",
                    "x-ms-client-request-id": "client-1",
                    "traceparent": f"00-{TRACE}-{PARENT}-01",
                },
            )
            front.ask("GET", "/nowhere")
            wait_for(lambda: len(envelopes(sink, "RequestData")) == 2 and envelopes(sink, "EventData"))
        first, second = envelopes(sink, "RequestData")
        data = first["data"]["baseData"]
        assert (data["name"], data["responseCode"], data["success"]) == ("POST /score", "200", True)
        assert re.fullmatch(r"00\.00:00:0\d\.\d{6}", data["duration"])
        assert data["properties"]["Request Id"] == "id-1"
        assert data["properties"]["Client Request Id"] == "client-1"
        assert data["properties"]["Service Name"] == "test-service"
        assert TRACE in data["properties"]["Response Value"]
        assert (first["tags"]["ai.operation.id"], first["tags"]["ai.operation.parentId"]) == (TRACE, PARENT)
        assert (second["data"]["baseData"]["responseCode"], second["data"]["baseData"]["success"]) == ("404", False)
        (event,) = envelopes(sink, "EventData")
        assert event["data"]["baseData"]["name"] == "model_data_collection"
        assert event["data"]["baseData"]["properties"]["Input"] == "hello"
        messages = {envelope["data"]["baseData"]["message"]: envelope for envelope in envelopes(sink, "MessageData")}
        assert messages["from run hello"]["tags"]["ai.operation.parentId"] == data["id"]
        assert messages["from run hello"]["data"]["baseData"]["severityLevel"] == 2
        assert KEY not in front.log


def test_azure_monitor_may_send_a_resource_to_its_region(tmp_path: Path) -> None:
    with Sink() as region, Sink(status=308, location=f"{region.url}/v2.1/track") as sink:
        connection = f"InstrumentationKey={KEY};IngestionEndpoint={sink.url}"
        environment = {
            "APPLICATIONINSIGHTS_CONNECTION_STRING": connection,
            "APP_INSIGHTS_LOG_RESPONSE_ENABLED": "false",
        }
        with Front(make_bundle(tmp_path, SCRIPT, appInsightsEnabled=True), environment=environment).serve() as front:
            front.post("hello")
            wait_for(lambda: envelopes(region, "RequestData"))
            assert "Response Value" not in envelopes(region, "RequestData")[0]["data"]["baseData"]["properties"]


def destinations(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, **variables: str) -> telemetry.Destinations:
    for name, text in variables.items():
        monkeypatch.setenv(name, text)
    return telemetry.read(settings.load(make_bundle(tmp_path)), None)


def test_the_originals_key_is_taken_and_a_wrong_one_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = destinations(tmp_path, monkeypatch, AML_APP_INSIGHTS_ENABLED="true", AML_APP_INSIGHTS_KEY=KEY)
    assert found.azure is not None
    assert (found.azure.key, found.azure.endpoint) == (KEY, "https://dc.services.visualstudio.com/v2.1/track")
    found = destinations(tmp_path, monkeypatch, AML_APP_INSIGHTS_KEY="no-uuid")
    assert not found
    assert "the instrumentation key is no UUID" in found.problems[0]
    assert "no-uuid" not in found.problems[0]


def test_a_connection_string_alone_switches_nothing_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert not destinations(tmp_path, monkeypatch, APPLICATIONINSIGHTS_CONNECTION_STRING=f"InstrumentationKey={KEY}")


def test_addresses_and_headers_of_one_kind_win_over_the_common_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = destinations(
        tmp_path, monkeypatch, OTEL_EXPORTER_OTLP_ENDPOINT="http://a:4318/", OTEL_EXPORTER_OTLP_LOGS_ENDPOINT="http://b/logs",
        OTEL_EXPORTER_OTLP_HEADERS="a=1", OTEL_EXPORTER_OTLP_LOGS_HEADERS="b=2", OTEL_EXPORTER_OTLP_TIMEOUT="500",
        OTEL_RESOURCE_ATTRIBUTES="deployment.environment=test", OTEL_SERVICE_NAME="mine",
    )  # fmt: skip
    assert found.otlp is not None
    assert (found.otlp.traces, found.otlp.logs) == ("http://a:4318/v1/traces", "http://b/logs")
    assert (found.otlp.trace_headers, found.otlp.log_headers, found.otlp.seconds) == ({"a": "1"}, {"b": "2"}, 0.5)
    assert found.otlp.resource["service.name"] == "mine"
    assert found.otlp.resource["deployment.environment"] == "test"
    assert not destinations(tmp_path, monkeypatch, OTEL_SDK_DISABLED="true")


def test_a_duration_as_azure_writes_it() -> None:
    assert azure_monitor.duration(90_061.5) == "01.01:01:01.500000"
