"""Starting: on its own, and as cheaply as it should be."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.ports import free_port

from .fronts import Front, is_alive, make_bundle, wait_for


@contextmanager
def alone(settings: Path) -> Iterator[subprocess.Popen[str]]:
    server = settings.parent / "server" / "jupyter_deploy_scoring"
    command = [sys.executable, str(server), "front", "--settings", str(settings)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.send_signal(signal.SIGTERM)
            process.communicate(timeout=10)


def status(port: int, path: str) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", path)
        return connection.getresponse().status
    except ConnectionRefusedError:
        return 0
    finally:
        connection.close()


def test_without_an_owner_it_binds_the_port_of_the_settings(tmp_path: Path) -> None:
    port = free_port()
    with alone(make_bundle(tmp_path, port=port)) as process:
        assert wait_for(lambda: status(port, "/live")) == 200
        wait_for(lambda: status(port, "/ready") == 200)
        assert status(port, "/score?a=1") == 200
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0


def test_a_port_that_is_taken(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with alone(make_bundle(tmp_path, port=port)) as process:
            assert process.wait(10) == 3
            assert process.stderr is not None
            assert f"cannot listen on 127.0.0.1 port {port}" in process.stderr.read()


def test_the_front_imports_neither_the_script_nor_numpy(tmp_path: Path) -> None:
    with Front(
        make_bundle(tmp_path, "import numpy\ndef init():\n    pass\ndef run(x):\n    return x\n")
    ).serve() as front:
        assert front.post("x").status == 200
        mapped = Path(f"/proc/{front.process.pid}/maps").read_text()
        assert "numpy" not in mapped
        assert "numpy" in Path(f"/proc/{front.worker}/maps").read_text()
        resident = int(Path(f"/proc/{front.process.pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
        assert resident < 45 * 1024 * 1024


def test_a_script_finds_its_neighbours_and_its_places(tmp_path: Path) -> None:
    script = """
        import os
        from sibling import name
        from package.inner import inner

        def init():
            pass

        def run(text):
            return [name, inner, os.getcwd(), os.environ["AML_APP_ROOT"], os.environ["AZUREML_MODEL_DIR"], __name__]
    """
    files = {
        "src/deep/sibling.py": "name = 'sibling'\n",
        "src/package/inner.py": "inner = 'inner'\n",
        "src/deep/score.py": "",
    }
    settings = make_bundle(
        tmp_path, files=files, entryScript="src/deep/score.py", sourceDirectory="src", modelDir="azureml-models/m/1"
    )
    (tmp_path / "app/src/deep/score.py").write_text("\n".join(line[8:] for line in script.splitlines()))
    (tmp_path / "app/score.py").unlink()
    root = str(tmp_path / "app")
    with Front(settings).serve() as front:
        expected = ["sibling", "inner", root, root, f"{root}/azureml-models/m/1", "score"]
        assert front.post("x").json == expected


@pytest.mark.parametrize("words", [["--what", "x"], ["--settings"], []])
def test_a_command_line_that_is_not_understood(tmp_path: Path, words: list[str]) -> None:
    make_bundle(tmp_path)
    command = [sys.executable, str(tmp_path / "server" / "jupyter_deploy_scoring"), "front", *words]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 2
    assert "options are --settings, --listen-fd" in done.stderr


def test_orders_that_are_not_understood_are_logged(tmp_path: Path) -> None:
    with Front(make_bundle(tmp_path)).serve() as front:
        front.control.sendall(b'nonsense\n{"do": "dance"}\n{"do": "drain", "grace": "long"}\n')
        wait_for(lambda: front.log.count("not carried out") == 3)
        assert is_alive(front.process.pid)
        assert front.post("x").status == 200
