"""Code as it is shown is run as it is shown.

R with httr2 takes a minute to install and Mono most of another, so those two are run by ``make soak``. Power Query runs in Excel and
Power BI alone: its text is compared, and has not been run.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from jupyter_deploy import Webservice
from jupyter_deploy.widgets.snippets import LANGUAGES, Request, code_of

BODY = """{"text": "it's \\"quoted\\", é and 😀, $HOME `id` ${x} #(lf) %d {0}",
 "path": "C:\\\\new\\tab", "two lines": "a\\nb"}
"""
COMMANDS = {
    "curl": ("request.sh", [["sh", "request.sh"]]),
    "Python": ("request.py", [[sys.executable, "request.py"]]),
    "JavaScript": ("request.mjs", [["node", "request.mjs"]]),
    "R": ("request.R", [["Rscript", "request.R"]]),
    "C#": ("request.cs", [["mcs", "-r:System.Net.Http", "request.cs"], ["mono", "request.exe"]]),
}
PACKAGES = {
    "curl": ["curl"],
    "node": ["nodejs"],
    "Rscript": ["r-base-core", "r-cran-httr2"],
    "mcs": ["mono-mcs", "mono-runtime", "libmono-system-net-http4.0-cil"],
}
SLOW = ("R", "C#")
LANGUAGE = pytest.mark.parametrize(
    "language", [pytest.param(name, marks=pytest.mark.soak if name in SLOW else ()) for name in COMMANDS]
)


def require(commands: Sequence[Sequence[str]]) -> None:
    """Install what a language needs, where that is allowed."""
    for command in commands:
        if shutil.which(command[0]) is None:
            if not (os.environ.get("CI") or os.environ.get("LAB")):
                pytest.skip(f"{command[0]} is installed only under CI or LAB=1")
            install = ["apt-get", "install", "--yes", "--no-install-recommends", *PACKAGES[command[0]]]
            for step in (["apt-get", "update"], install):
                subprocess.run(step, check=True, capture_output=True, timeout=600)


def run(language: str, code: str, folder: Path, key: str) -> str:
    """What a piece of code prints; it is written into a file and run as its first line says."""
    name, commands = COMMANDS[language]
    require(commands)
    (folder / name).write_text(code, encoding="utf-8")
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "LANG": "C.UTF-8", "SERVICE_KEY": key}
    for command in commands:
        done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, timeout=100)
        assert done.returncode == 0, done.stderr.decode()
    return done.stdout.decode()


def request_to(service: Webservice, **given: str) -> Request:
    assert service.scoring_uri
    return Request("POST", service.scoring_uri, {"Content-Type": "text/x-test; charset=utf-8"}, needs_key=True, **given)


@LANGUAGE
@pytest.mark.timeout(900)
def test_the_service_gets_the_very_body(language: str, raw: Webservice, tmp_path: Path) -> None:
    code = code_of(request_to(raw, body=BODY))[language]
    key = raw.get_keys()[0]
    assert key not in code
    assert run(language, code, tmp_path, key).replace("\r\n", "\n").removeprefix("200").strip() == BODY.strip()


@LANGUAGE
@pytest.mark.timeout(900)
def test_a_body_in_a_file_is_sent_byte_for_byte(language: str, raw: Webservice, tmp_path: Path) -> None:
    content = b"hash" + bytes(range(256))
    (tmp_path / "it's.bin").write_bytes(content)
    code = code_of(request_to(raw, file="it's.bin"))[language]
    assert run(language, code, tmp_path, raw.get_keys()[0]).strip().endswith(hashlib.sha256(content).hexdigest())


@LANGUAGE
@pytest.mark.timeout(900)
def test_without_the_key_it_is_refused(language: str, raw: Webservice, tmp_path: Path) -> None:
    code = code_of(request_to(raw, body="{}"))[language]
    printed = run(language, code, tmp_path, "another")
    assert printed.startswith("401") or language == "curl"
    assert "200" not in printed


def test_power_query_is_written_as_m_reads_it() -> None:
    request = Request("POST", "http://127.0.0.1:8000/score", {"Content-Type": "application/json"}, BODY, "", True)
    assert LANGUAGES["Power Query"](request) == (
        "// SERVICE_KEY is a parameter (Manage Parameters); the credentials of the address are anonymous.\n"
        "let\n"
        '    Answer = Web.Contents("http://127.0.0.1:8000/score", [\n'
        '        Headers = [#"Content-Type" = "application/json", Authorization = "Bearer " & SERVICE_KEY],\n'
        '        Content = Text.ToBinary("{""text"": ""it\'s \\""quoted\\"", é and 😀, $HOME `id` ${x} #(#)(lf) %d {0}"",#(000a)'
        ' ""path"": ""C:\\\\new\\tab"", ""two lines"": ""a\\nb""}#(000a)", TextEncoding.Utf8)\n'
        "    ])\n"
        "in\n"
        "    Json.Document(Answer, TextEncoding.Utf8)\n"
    )


def test_without_a_key_none_is_asked_for() -> None:
    for code in code_of(Request("POST", "http://127.0.0.1/score", {"Content-Type": "application/json"}, "{}")).values():
        assert "SERVICE_KEY" not in code
        assert "Authorization" not in code
