"""What a service's log looks like."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

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
