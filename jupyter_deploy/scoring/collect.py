"""The process that keeps what a service was asked and answered, in files partitioned by day.

<place>/<service>/calls/2026/11/24/101530-4711.csv        every request that was scored
<place>/modeldata/<workspace>/<service>/<model>/<version>/<designation>/2026/11/24/data.csv    what the script collects itself
"""

from __future__ import annotations

import base64
import csv
import io
import os
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from . import logs
from .feed import Feed, open_feed
from .storage import Storage, open_storage
from .tables import Writer, writer_of

_MOST_ROWS = 10_000
_MOST_BYTES = 16 * 1024 * 1024


def main(argv: Sequence[str]) -> int:
    """Keep data until the front closes the link; returns the exit code."""
    feed, service, given = open_feed(argv, "collected")
    place = service.collect_url or given.get("collected", "")
    try:
        storage = open_storage(place)
        keeper = Keeper(storage, service.name, writer_of(service.collect_format))
    except Exception as error:  # a filesystem's package may raise anything
        feed.tell("failed", message=f"nothing can be kept in {place or 'no place'}: {type(error).__name__}: {error}")
        return 1
    feed.tell("ready")
    _serve(feed, keeper)
    return 0


def _serve(feed: Feed, keeper: Keeper) -> None:
    while (items := feed.take(keeper.due - time.monotonic())) is not None:
        for record, body in items:
            keeper.add(record, bytes(body))
        if keeper.is_due:
            _flush(feed, keeper)
    _flush(feed, keeper)


def _flush(feed: Feed, keeper: Keeper) -> None:
    lost = keeper.flush()
    if lost:
        feed.tell("dropped", count=lost)


class Keeper:
    """Gathers rows and writes them, some at a time.

    Parameters
    ----------
    storage : where to. service : its name. writer : how.
    """

    def __init__(self, storage: Storage, service: str, writer: Writer) -> None:
        self._storage = storage
        self._service = service
        self._writer = writer
        self._every = 1.0 if storage.appends and writer.appends else 10.0
        self._rows: dict[str, list[tuple[Any, ...]]] = {}  # by day
        self._data: list[tuple[dict[str, Any], bytes]] = []
        self._count = self._bytes = 0
        self._serial = 0
        self._began = time.strftime("%H%M%S", time.gmtime())
        self.due = time.monotonic() + self._every

    @property
    def is_due(self) -> bool:
        """Whether it is time to write."""
        return self._count >= _MOST_ROWS or self._bytes >= _MOST_BYTES or time.monotonic() >= self.due

    def add(self, record: dict[str, Any], body: bytes) -> None:
        """Take a call, or data of the script's own."""
        self._count += 1
        self._bytes += len(body)
        if record["type"] == "collect":
            self._data.append((record, body))
            return
        cut = record["input_bytes"]
        row = (
            record["time"], record["request_id"], record["version"], record["input_type"], written(body[:cut]),
            record["output_type"], written(body[cut:]),
        )  # fmt: skip
        self._rows.setdefault(_day(record["time"]), []).append(row)

    def flush(self) -> int:
        """Write what was gathered; returns how many rows were lost."""
        rows, data = self._rows, self._data
        self._rows, self._data, self._count, self._bytes = {}, [], 0, 0
        self.due = time.monotonic() + self._every
        lost = 0
        for day, calls in rows.items():
            lost += self._try(partial(self._write_calls, day, calls), len(calls))
        for record, body in data:
            lost += self._try(partial(self._write_data, record, body), 1)
        return lost

    def _try(self, write: Callable[[], None], count: int) -> int:
        try:
            write()
        except Exception as error:  # whatever the storage has: the service goes on, and the loss is counted
            logs.server.warning("%d collected rows were lost: %s: %s", count, type(error).__name__, error)
            return count
        return 0

    def _write_calls(self, day: str, calls: Sequence[tuple[Any, ...]]) -> None:
        folder = f"{self._service}/calls/{day}"
        if self._storage.appends and self._writer.appends:
            name = f"{self._began}-{os.getpid()}.{self._writer.suffix}"
            self._storage.append(f"{folder}/{name}", self._writer.head, self._writer.rows(calls))
        else:
            self._storage.write(
                f"{folder}/{self._part()}.{self._writer.suffix}", self._writer.head + self._writer.rows(calls)
            )

    def _write_data(self, record: dict[str, Any], rows: bytes) -> None:
        folder = "/".join(("modeldata", *record["path"], _day(record["time"])))
        head = line_of(record["header"])
        if self._storage.appends:
            self._storage.append(f"{folder}/{record['name']}.csv", head, rows)
        else:
            self._storage.write(f"{folder}/{record['name']}-{self._part()}.csv", head + rows)

    def _part(self) -> str:
        self._serial += 1
        return f"{time.strftime('%H%M%S', time.gmtime())}-{os.getpid()}-{self._serial}"


def written(body: bytes) -> str:
    """Return a body as a text: itself where it is one, else a ``data:`` URL."""
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        text = "data:"
    if text.startswith("data:") or "\x00" in text:
        return "data:;base64," + base64.b64encode(body).decode("ascii")
    return text


def line_of(values: Sequence[Any]) -> bytes:
    """Return one line of CSV."""
    text = io.StringIO()
    csv.writer(text).writerow(values)
    return text.getvalue().encode()


def _day(seconds: float) -> str:
    return time.strftime("%Y/%m/%d", time.gmtime(seconds))
