"""What a container asks of its server, and how it is told things that others tell over the control socket."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.certificates import issued
from tests.ports import free_port

from .fronts import ECHO, Front, make_bundle, wait_for
from .test_front import alone, status


def health(settings: Path, *options: str) -> tuple[int, str]:
    server = settings.parent / "server" / "jupyter_deploy_scoring"
    command = [sys.executable, str(server), "health", "--settings", str(settings), *options]
    answer = subprocess.run(command, capture_output=True, text=True, timeout=20)
    return answer.returncode, answer.stdout


def test_health_is_whether_the_service_can_answer(tmp_path: Path) -> None:
    settings = make_bundle(tmp_path, port=free_port())
    code, said = health(settings)
    assert (code, said.startswith("it does not answer: ")) == (1, True)
    with alone(settings):
        wait_for(lambda: health(settings) == (0, "HTTP/1.1 200 OK\n"))


def test_a_service_whose_script_is_being_loaded_is_not_healthy(tmp_path: Path) -> None:
    port = free_port()
    settings = make_bundle(
        tmp_path, "import time\n\ndef init():\n    time.sleep(30)\n" + ECHO.partition("pass")[2], port=port
    )
    with alone(settings):
        wait_for(lambda: status(port, "/live") == 200)
        assert health(settings) == (1, "HTTP/1.1 503 Service Unavailable\n")


def test_whoever_started_a_service_may_have_it_asked_until_it_is_ready(tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    waits = f"import time\nfrom pathlib import Path\n\ndef init():\n    while not Path({str(gate)!r}).exists():\n        time.sleep(0.01)\n"
    settings = make_bundle(tmp_path, waits + ECHO.partition("pass")[2], port=free_port())
    with alone(settings), ThreadPoolExecutor() as pool:
        assert health(settings, "--within", "0.5")[0] == 1
        asked = pool.submit(health, settings, "--within", "20")
        gate.touch()
        assert asked.result() == (0, "HTTP/1.1 200 OK\n")


def test_health_over_tls_asks_for_no_name(tmp_path: Path) -> None:
    pair = issued(tmp_path)
    held = tmp_path / "certificate.json"
    held.write_text(
        json.dumps({"certificate": pair.certificate.read_text(), "key": pair.key.read_text(), "names": ["a.example"]})
    )
    settings = make_bundle(tmp_path, sslEnabled=True)
    with Front(settings, options=("--certificate", str(held))) as front:
        settings.write_text(json.dumps({**json.loads(settings.read_text()), "port": front.port}))
        front.serve()
        assert health(settings) == (0, "HTTP/1.1 200 OK\n")


def test_keys_are_read_again_on_a_signal_and_the_log_says_so(tmp_path: Path) -> None:
    keys = tmp_path / "keys.json"
    keys.write_text(json.dumps({"primaryKey": "one", "secondaryKey": "two"}))
    with Front(make_bundle(tmp_path, authEnabled=True), options=("--keys", str(keys))).serve() as front:
        keys.write_text(json.dumps({"primaryKey": "three", "secondaryKey": "two"}))
        front.process.send_signal(signal.SIGHUP)
        wait_for(lambda: "keys and certificate were read again" in front.log)
        assert front.post("[1]", {"Authorization": "Bearer three", "Content-Type": "application/json"}).status == 200
        assert front.post("[1]", {"Authorization": "Bearer one", "Content-Type": "application/json"}).status == 401


def test_who_asks_whether_a_service_is_ready_hears_which_version_is(tmp_path: Path) -> None:
    with Front(make_bundle(tmp_path, version="7")).serve() as front:
        assert front.ask("GET", "/ready").headers["service-version"] == "7"
        assert "service-version" not in front.ask("GET", "/").headers  # which is as the original answers it


@pytest.mark.parametrize("preload", [False, True])
def test_the_end_of_the_standard_input_can_be_the_owners(tmp_path: Path, preload: bool) -> None:
    port = free_port()
    settings = make_bundle(tmp_path, port=port, workerPreload=preload)
    server = settings.parent / "server" / "jupyter_deploy_scoring"
    command = [sys.executable, str(server), "front", "--settings", str(settings), "--life-fd", "0"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        wait_for(lambda: status(port, "/ready") == 200)
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait(10) == 1
