"""What a browser's panel sees of a Jupyter server: its lists, its stream of events, and what these make together."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Mapping
from typing import Any

from jupyter_server.serverapp import ServerApp

from jupyter_deploy.server.lists import KEYS

Rows = dict[str, dict[str, Any]]
"""Rows of a list by their keys."""


class Panel:
    """A browser that listens: it keeps what it is told, as the panel does.

    Attributes
    ----------
    headers : of the answer. rows : by list and key. problems : as told last. workspace : as told last. last : id of the last event.
    names : of the events so far. document : of the last one. heard : when that came, in seconds since the epoch.
    """

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, headers: Mapping[str, str]) -> None:
        self.headers = headers
        self.rows: dict[str, Rows] = {name: {} for name in KEYS}
        self.problems: list[dict[str, str]] = []
        self.workspace = self.last = ""
        self.names: list[str] = []
        self.document: dict[str, Any] = {}
        self.heard = 0.0
        self._reader, self._writer = reader, writer

    async def until(self, condition: Callable[[Panel], Any], seconds: float = 20) -> Any:
        """Listen until something holds, and return it."""
        deadline = asyncio.get_running_loop().time() + seconds
        while not (found := condition(self)):
            left = deadline - asyncio.get_running_loop().time()
            assert left > 0, f"not within {seconds} s: {self.rows} {self.problems}"
            try:
                await asyncio.wait_for(self.event(), left)
            except asyncio.TimeoutError:
                continue
        return found

    async def event(self) -> None:
        """Take one event, or one sign of life."""
        fields: dict[str, str] = {}
        while line := (await self._line()).rstrip("\n"):
            name, _, value = line.partition(":")
            fields[name] = value.removeprefix(" ")
        if "data" not in fields:
            self.names += [] if "retry" in fields else ["sign"]
            return
        self.last, self.heard = fields["id"], time.time()
        self.names.append(fields["event"])
        self.document = json.loads(fields["data"])
        {"snapshot": self._replace, "changes": self._change}[fields["event"]](self.document)
        self.problems = self.document["problems"]

    async def is_over(self) -> bool:
        """Whether the server ends the stream."""
        while not self._reader.at_eof():
            await self._reader.read(65536)
        return True

    async def close(self) -> None:
        """Go."""
        self._writer.close()
        await self._writer.wait_closed()

    async def _line(self) -> str:
        line = await self._reader.readline()
        assert line, "the stream has ended"
        return line.decode()

    def _replace(self, snapshot: Mapping[str, Any]) -> None:
        self.workspace = snapshot["workspace"]
        self.rows = {name: {row[key]: row for row in snapshot["rows"][name]} for name, key in KEYS.items()}

    def _change(self, changes: Mapping[str, Any]) -> None:
        for name, key in KEYS.items():
            self.rows[name].update({row[key]: row for row in changes["changed"][name]})
            for gone in changes["gone"][name]:
                del self.rows[name][gone]


async def connect(app: ServerApp, port: int, headers: Mapping[str, str], path: str = "events") -> Panel:
    """Open the stream of a server as a browser does."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1 << 26)
    lines = [
        f"GET {app.base_url}jupyter-deploy/{path} HTTP/1.0",
        "Host: localhost",
        *(f"{k}: {v}" for k, v in headers.items()),
    ]
    writer.write("\r\n".join([*lines, "", ""]).encode())
    status = (await reader.readline()).decode().split(" ")[1]
    found = {"status": status}
    while line := (await reader.readline()).decode().strip():
        name, _, value = line.partition(": ")
        found[name.lower()] = value
    return Panel(reader, writer, found)
