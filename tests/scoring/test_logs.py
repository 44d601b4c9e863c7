"""What a service's log looks like."""

from __future__ import annotations

import json
import logging
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jupyter_deploy.scoring.logs import AccessLog, Formatter, server

from .fronts import Front, make_bundle, wait_for

SCRIPT = """
import logging, sys, threading

def init():
    print("from init")
    logging.getLogger().addHandler(logging.StreamHandler(sys.stdout))

def run(text):
    print("one", text, end="")
    print("!\\ntwo")
    thread = threading.Thread(target=print, args=("from a thread",))
    thread.start()
    thread.join()
    logging.getLogger("mine").warning("careful")
    print("no line end", end="")
    return text
"""
LINE = re.compile(r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} [A-Z] \[\d+\] \S+ - ")


def test_prints_and_loggers_are_records_with_the_requests_id(tmp_path: Path) -> None:
    with Front(make_bundle(tmp_path, SCRIPT)).serve() as front:
        front.post("x", {"x-request-id": "id-1"})
        records = [LINE.sub("", line) for line in front.log.splitlines() if "azmlinfsrv.print" in line]
        assert records[:4] == ["from init", "one x! (request id-1)", "two (request id-1)", "from a thread"]
        assert records[-1] == "no line end (request id-1)"
        assert " W [" + str(front.worker) + "] mine - careful (request id-1)" in front.log
        access = re.compile(r"I \[\d+\] azmlinfsrv - POST /score 200 \d+\.\d{3}ms 3$", re.MULTILINE)
        wait_for(lambda: access.search(front.log))  # written after the answer


def test_who_asks_for_the_health_or_the_counts_leaves_no_line(tmp_path: Path) -> None:
    with Front(make_bundle(tmp_path, SCRIPT)).serve() as front:
        for path in ("/", "/live", "/ready", "/metrics", "/v2/health/live", "/v2/health/ready"):
            assert front.ask("GET", path).status == 200
        front.post("x")
        wait_for(lambda: "POST /score 200" in front.log)
        assert not re.search(r"azmlinfsrv - (GET|HEAD) ", front.log)


def test_what_a_client_sends_never_begins_a_line(tmp_path: Path) -> None:
    script = "def init():\n    pass\ndef run(text):\n    raise ValueError(text)\n"
    with Front(make_bundle(tmp_path, script)).serve() as front:
        front.post("x\n2026-01-01 00:00:00,000 I [1] azmlinfsrv - forged\x1b[31m\rend")
        assert "azmlinfsrv - forged\\x1b[31m\\x0dend" in front.log
        started = [line for line in front.log.splitlines() if line.startswith("2026-01-01")]
        assert started == []


def test_the_level_is_that_of_the_environment(tmp_path: Path) -> None:
    with Front(make_bundle(tmp_path, SCRIPT), environment={"AZUREML_LOG_LEVEL": "warning"}).serve() as front:
        front.post("x")
        assert "azmlinfsrv" not in front.log
        assert "mine - careful" in front.log
    with Front(make_bundle(tmp_path, SCRIPT), environment={"AZUREML_LOG_LEVEL": "loud"}).serve() as front:
        assert "AZUREML_LOG_LEVEL is 'LOUD', which is no level; INFO is used" in front.log


def test_a_logging_json_that_starts_from_the_originals(tmp_path: Path) -> None:
    config = {
        "version": 1,
        "formatters": {"own": {"class": "azureml_inference_server_http.log_config.AMLLogFormatter", "format": "OWN %(message)s"}},
        "filters": {"RootAccessFilter": {"()": "azureml_inference_server_http.log_config.RootAccessFilter"}},
        "handlers": {"out": {"class": "logging.StreamHandler", "stream": "ext://sys.stdout", "formatter": "own"}},
        "loggers": {"azmlinfsrv": {"level": "INFO", "handlers": ["out"], "propagate": False}},
    }  # fmt: skip
    with Front(make_bundle(tmp_path, SCRIPT, files={"logging.json": json.dumps(config)})).serve() as front:
        front.ask("POST", "/score?a=%0Aforged", "x")
        wait_for(lambda: re.search(r"^OWN POST /score\?a=%0Aforged 200 ", front.log, re.MULTILINE))
        assert re.search(r"^OWN one x! \(request ", front.log, re.MULTILINE)
        assert "OWN from init" in front.log


def test_a_logging_json_that_logging_does_not_understand(tmp_path: Path) -> None:
    with Front(
        make_bundle(tmp_path, files={"logging.json": '{"version": 1, "handlers": {"x": {"class": "no.such"}}}'})
    ) as front:
        failed = front.expect("failed")
        assert failed["message"].startswith("logging.json: Unable to configure handler 'x'")


@pytest.mark.parametrize("way", ["setting", "variable"])
def test_with_json_every_line_is_an_object_with_the_requests_id(tmp_path: Path, way: str) -> None:
    settings, environment = ({"logFormat": "json"}, {}) if way == "setting" else ({}, {"AZUREML_LOG_FORMAT": "json"})
    with Front(make_bundle(tmp_path, SCRIPT, **settings), environment=environment).serve() as front:
        front.post("x\x9b31m\n2026 forged".encode(), {"x-request-id": "id-1"})
        wait_for(lambda: '"/score"' in front.log)
        lines = [json.loads(line) for line in front.log.splitlines()]
        assert {"time", "level", "logger", "message", "request_id", "pid"} <= set.intersection(*map(set, lines))
        assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", line["time"]) for line in lines)
        (careful,) = (line for line in lines if line["logger"] == "mine")
        assert (careful["message"], careful["level"], careful["request_id"]) == ("careful", "WARNING", "id-1")
        (printed,) = (line for line in lines if line["message"].startswith("one x"))
        assert (printed["message"], printed["request_id"]) == ("one x\x9b31m", "id-1")
        (access,) = (line for line in lines if line.get("path") == "/score")
        assert (access["method"], access["status"], access["request_id"]) == ("POST", 200, "id-1")
        assert access["ms"] > 0
        assert access["bytes"] > 0
        assert front.log.replace("\n", "").isprintable()


def test_a_layout_that_is_none_is_said(tmp_path: Path) -> None:
    with Front(make_bundle(tmp_path, SCRIPT), environment={"AZUREML_LOG_FORMAT": "xml"}).serve() as front:
        assert "AZUREML_LOG_FORMAT is 'xml'; it is text or json, and text is used" in front.log


@settings(deadline=None, database=None, derandomize=True)
@given(text=st.text(), access=st.text(st.characters(codec="latin-1")))
def test_whatever_is_logged_is_one_record(text: str, access: str) -> None:
    record = logging.LogRecord("mine", logging.INFO, "", 0, "%s", (text,), None)
    first, *others = Formatter("%(asctime)s - %(message)s").format(record).splitlines() or [""]
    assert re.match(r"\d{4}-\d\d-\d\d", first)
    assert all(line.startswith("    ") for line in others)
    server.setLevel(logging.INFO)
    log = AccessLog()
    log.later = lambda: None
    log.write("", "GET", access, 200, 1.0, 1)
    first, *others = log._lines[0].splitlines()
    assert all(line.startswith("    ") for line in others)


def test_neither_keys_nor_bodies_are_logged(tmp_path: Path) -> None:
    script = """
        from inference_schema.schema_decorators import input_schema
        from inference_schema.parameter_types.standard_py_parameter_type import StandardPythonParameterType

        def init():
            pass

        @input_schema("data", StandardPythonParameterType("x"))
        def run(data):
            if data == "fail body-marker":
                raise ValueError("it failed")
            return data
    """
    keys = tmp_path / "keys.json"
    keys.write_text('{"primaryKey": "key-marker-one", "secondaryKey": "key-marker-two"}')
    settings = make_bundle(tmp_path, script, authEnabled=True)
    with Front(settings, options=("--keys", str(keys))).serve() as front:
        for key in ("key-marker-one", "key-marker-two", "key-marker-wrong"):
            sent = {"Authorization": f"Bearer {key}", "X-Other": "header-marker"}
            for body in ({"data": "body-marker"}, {"data": "fail body-marker"}, ["body-marker"]):
                front.post(body, sent)
            front.post('{"data": body-marker', {**sent, "Content-Type": "application/json"})
        keys.write_text('{"primaryKey": "key-marker-three"}')
        front.order("load_keys")
        wait_for(lambda: "the keys stay as they were" in front.log)
        assert "it failed" in front.log
        assert "marker" not in front.log
