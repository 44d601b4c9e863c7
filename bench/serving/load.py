"""The load: wrk, as closed loops on loopback."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.serving.running import KEY

_UNITS = {"us": 1e-3, "ms": 1.0, "s": 1e3}


@dataclass(frozen=True)
class Taken:
    """What one slice of load gave.

    Attributes
    ----------
    rate : answers a second. p50, p99 : milliseconds. bad : answers that were not 200.
    """

    rate: float
    p50: float
    p99: float
    bad: int


def require_wrk() -> None:
    """End the program with what to do where wrk is missing."""
    if shutil.which("wrk") is None:
        raise SystemExit("wrk is not installed; it is Debian's and Homebrew's package of that name")


def body(folder: Path, name: str, content: Any, media_type: str = "application/json") -> Path:
    """Write the script that makes wrk send a body and take an answer of its kind; bytes are sent as they are, all else as JSON."""
    data = content if isinstance(content, bytes) else json.dumps(content).encode()
    payload = folder / f"{name}.body"
    payload.write_bytes(data)
    headers = {"Content-Type": media_type, "Authorization": f"Bearer {KEY}"}
    if media_type != "application/json":
        headers["Accept"] = media_type
    lines = [f'wrk.headers["{header}"] = "{value}"' for header, value in headers.items()]
    lines += [f'local file = io.open("{payload}", "rb")', 'wrk.body = file:read("*a")', "file:close()"]
    script = folder / f"{name}.lua"
    script.write_text("\n".join(('wrk.method = "POST"', *lines)) + "\n", encoding="utf-8")
    return script


def load(uri: str, script: Path, connections: int, seconds: int = 3) -> Taken:
    """Keep so many connections busy for some seconds."""
    command = [
        "wrk",
        "-t1",
        f"-c{connections}",
        f"-d{seconds}s",
        "--timeout",
        "20s",
        "--latency",
        "-s",
        str(script),
        uri,
    ]
    text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    rate = re.search(r"Requests/sec:\s+([\d.]+)", text)
    refused = re.search(r"Non-2xx or 3xx responses: (\d+)", text)
    assert rate, text
    return Taken(float(rate[1]), _latency(text, 50), _latency(text, 99), int(refused[1]) if refused else 0)


def _latency(text: str, percent: int) -> float:
    found = re.search(rf"^\s+{percent}%\s+([\d.]+)(us|ms|s)$", text, re.MULTILINE)
    assert found, text
    return float(found[1]) * _UNITS[found[2]]
