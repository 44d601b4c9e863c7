"""Ten times more than the service can do, on a clock of its own: what is still served, and how soon the others are told no."""

from __future__ import annotations

import asyncio
import statistics
import time
from pathlib import Path
from urllib.parse import urlsplit

from bench.serving import running

SECONDS = 8
QUEUE_MS = 500
WANTED = {
    "overload: answers 200 / what one client at a time gets": ("×", "at least 0.9"),
    "overload: slowest 503, beyond maxQueueWaitMs": ("ms", "at most 100"),
    "overload: requests without an answer": ("", "0"),
}


def measure(folder: Path, model: Path) -> dict[str, float]:
    """Ask a service whose run() burns 20 ms of processor time, in a closed loop and then ten times as often as that went."""
    with running.ours(model, folder, "score_busy.py", maxQueueWaitMs=QUEUE_MS) as server:
        capacity = asyncio.run(_closed(server.uri, SECONDS))
        outcomes = asyncio.run(_open(server.uri, capacity * 10, SECONDS))
    served = sum(status == 200 for status, _ in outcomes)
    refused = [seconds * 1000 - QUEUE_MS for status, seconds in outcomes if status == 503]
    lost = sum(status not in (200, 503) for status, _ in outcomes)
    figures = (served / SECONDS / capacity, max(refused, default=0.0), float(lost))
    late = statistics.median(refused) if refused else 0.0
    print(
        f"overload: capacity {capacity:.0f}/s; of {len(outcomes)} asked {served} served; the median 503 {late:.0f} ms late"
    )
    return dict(zip(WANTED, figures, strict=True))


async def _closed(uri: str, seconds: float) -> float:
    began, count = time.perf_counter(), 0
    connection = await _connect(uri)
    while time.perf_counter() - began < seconds:
        assert await _exchange(uri, connection) == 200
        count += 1
    connection[1].close()
    return count / (time.perf_counter() - began)


async def _open(uri: str, rate: float, seconds: float) -> list[tuple[int, float]]:
    """Send so many requests a second when their time has come, on kept connections while some are free."""
    idle: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []
    began, sent = time.perf_counter(), []
    for number in range(int(rate * seconds)):
        await asyncio.sleep(max(0.0, began + number / rate - time.perf_counter()))
        sent.append(asyncio.create_task(_send(uri, idle)))
    outcomes = await asyncio.gather(*sent)
    for _, writer in idle:
        writer.close()
    return outcomes


async def _send(uri: str, idle: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]]) -> tuple[int, float]:
    began = time.perf_counter()
    try:
        connection = idle.pop() if idle else await _connect(uri)
        status = await _exchange(uri, connection)
        idle.append(connection)
    except (OSError, asyncio.IncompleteReadError):
        return 0, time.perf_counter() - began
    return status, time.perf_counter() - began


async def _connect(uri: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    address = urlsplit(uri)
    return await asyncio.open_connection(address.hostname, address.port)


async def _exchange(uri: str, connection: tuple[asyncio.StreamReader, asyncio.StreamWriter]) -> int:
    reader, writer = connection
    key = f"Authorization: Bearer {running.KEY}\r\n"
    writer.write(f"POST /score HTTP/1.1\r\nHost: {urlsplit(uri).netloc}\r\n{key}Content-Length: 2\r\n\r\n{{}}".encode())
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
    length = next(int(line.partition(":")[2]) for line in head.split("\r\n") if line.startswith("content-length"))
    await reader.readexactly(length)
    return int(head.split()[1])
