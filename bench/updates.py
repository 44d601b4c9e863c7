"""Ten updates of a service under an open-loop load: how many requests fail.

50 requests a second are sent when their time has come, whether or not earlier ones were answered; half of them over kept-alive
connections, half over new ones; nothing is sent twice.
"""

from __future__ import annotations

import asyncio
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

from bench.report import Figure
from jupyter_deploy import InferenceConfig, Model, ProcessWebservice, Webservice, Workspace

RATE = 50
UPDATES = 10
ROUNDS = 5
PAUSE = 1.0
SCRIPT = "import time\n\n\ndef init():\n    pass\n\n\ndef run(data):\n    time.sleep(0.2)\n    return {version}\n"

Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class OpenLoop:
    """The client: sends on a clock of its own and counts outcomes."""

    def __init__(self, uri: str) -> None:
        address = urlsplit(uri)
        self._host, self._port, self._path = address.hostname, address.port, address.path
        self._idle: list[Connection] = []
        self.outcomes: Counter[str] = Counter()
        self.latencies: list[float] = []

    async def run(self, enough: threading.Event) -> None:
        """Send until told to stop, then wait for what is under way."""
        began, number, under_way = time.perf_counter(), 0, set()
        while not enough.is_set():
            task = asyncio.create_task(self._send(kept_alive=number % 2 == 0))
            under_way.add(task)
            task.add_done_callback(under_way.discard)
            number += 1
            await asyncio.sleep(max(0.0, began + number / RATE - time.perf_counter()))
        await asyncio.gather(*under_way)
        for _, writer in self._idle:
            writer.close()

    async def _send(self, kept_alive: bool) -> None:
        began = time.perf_counter()
        try:
            connection = await self._connection(kept_alive)
            status, stays = await self._exchange(connection, kept_alive)
            self.outcomes[str(status)] += 1
            self.latencies.append(time.perf_counter() - began)
            if kept_alive and stays:
                self._idle.append(connection)
            else:
                connection[1].close()
        except (OSError, asyncio.IncompleteReadError) as error:
            self.outcomes[type(error).__name__] += 1

    async def _connection(self, kept_alive: bool) -> Connection:
        while kept_alive and self._idle:
            reader, writer = self._idle.pop(0)
            if not reader.at_eof():  # as every client does before it uses a connection again
                return reader, writer
            writer.close()
        return await asyncio.open_connection(self._host, self._port)

    async def _exchange(self, connection: Connection, kept_alive: bool) -> tuple[int, bool]:
        reader, writer = connection
        close = "" if kept_alive else "Connection: close\r\n"
        head = f"POST {self._path} HTTP/1.1\r\nHost: {self._host}:{self._port}\r\n{close}Content-Length: 2\r\n\r\n"
        writer.write(head.encode() + b"{}")
        answer = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        headers = dict(line.split(": ", 1) for line in answer.split("\r\n")[1:] if ": " in line)
        await reader.readexactly(int(headers["content-length"]))
        return int(answer.split()[1]), headers.get("connection") != "close"


def measure() -> list[Figure]:
    """Update ten times while the client runs, in each round with a new service."""
    failed, switches, requests = [], [], 0
    for number in range(ROUNDS):
        client, taken = _round(f"bench-updates-{number}")
        outcomes = client.outcomes
        print(f"round {number}: {dict(outcomes)}, slowest answer {max(client.latencies):.2f} s")
        failed.append(float(sum(outcomes.values()) - outcomes["200"]))
        requests += sum(outcomes.values())
        switches += taken
    return [
        Figure(f"failed requests during {UPDATES} updates ({requests} requests in all)", tuple(failed), "", "0"),
        Figure("one update, from the call to its end", tuple(switches), "s"),
    ]


def _round(name: str) -> tuple[OpenLoop, list[float]]:
    with tempfile.TemporaryDirectory(prefix="jupyter-deploy-bench-") as place:
        folder = Path(place)
        script = folder / "score.py"
        config = _config(script, 0)
        options = ProcessWebservice.deploy_configuration(replica_max_concurrent_requests=16, max_request_wait_time=5000)
        service = Model.deploy(Workspace(folder / "workspace"), name, [], config, options)
        service.wait_for_deployment()
        try:
            return update_under_load(service, lambda version: _config(script, version))
        finally:
            service.delete()


def _config(script: Path, version: int) -> InferenceConfig:
    script.write_text(SCRIPT.format(version=version), encoding="utf-8")
    return InferenceConfig(str(script))


def update_under_load(service: Webservice, config: Callable[[int], InferenceConfig]) -> tuple[OpenLoop, list[float]]:
    """Update a service ten times while the client runs.

    Parameters
    ----------
    config : gives what is to be served next, by its number.

    Returns
    -------
    the client, and the seconds that each update took.
    """
    client, enough = OpenLoop(str(service.scoring_uri)), threading.Event()
    sender = threading.Thread(target=lambda: asyncio.run(client.run(enough)))
    sender.start()
    switches = []
    try:
        for version in range(1, UPDATES + 1):
            time.sleep(PAUSE)
            inference = config(version)
            began = time.perf_counter()
            service.update(inference_config=inference)
            service.wait_for_deployment()
            switches.append(time.perf_counter() - began)
        time.sleep(PAUSE)
    finally:
        enough.set()
        sender.join()
    return client, switches
