"""Rows of collected calls as CSV or Parquet."""

from __future__ import annotations

import csv
import io
import time
from collections.abc import Sequence
from importlib import import_module
from typing import Any, Protocol

COLUMNS = ("time", "request_id", "version", "input_type", "input", "output_type", "output")

Row = tuple[Any, ...]


class Writer(Protocol):
    """A format of files.

    Attributes
    ----------
    suffix : of the files' names. appends : whether rows can be added to a file. head : what a file begins with.
    """

    suffix: str
    appends: bool
    head: bytes

    def rows(self, rows: Sequence[Row]) -> bytes:
        """Return rows as bytes of a file."""
        ...


class _Csv:
    suffix = "csv"
    appends = True
    head = (",".join(COLUMNS) + "\r\n").encode()

    def rows(self, rows: Sequence[Row]) -> bytes:
        text = io.StringIO()
        csv.writer(text).writerows((_stamp(row[0]), *row[1:]) for row in rows)
        return text.getvalue().encode("utf-8", "replace")


class _Parquet:
    suffix = "parquet"
    appends = False
    head = b""

    def __init__(self) -> None:
        arrow: Any = import_module("pyarrow")
        self._arrow, self._parquet = arrow, import_module("pyarrow.parquet")
        others = [(name, arrow.string()) for name in COLUMNS[1:]]
        self._schema = arrow.schema([("time", arrow.timestamp("us", tz="UTC")), *others])

    def rows(self, rows: Sequence[Row]) -> bytes:
        columns = {name: [row[index] for row in rows] for index, name in enumerate(COLUMNS)}
        columns["time"] = [int(seconds * 1_000_000) for seconds in columns["time"]]
        output = io.BytesIO()
        self._parquet.write_table(self._arrow.Table.from_pydict(columns, schema=self._schema), output)
        return output.getvalue()


def writer_of(name: str) -> Writer:
    """Return the writer of a format, "csv" or "parquet"."""
    return _Parquet() if name == "parquet" else _Csv()


def _stamp(seconds: float) -> str:
    whole, parts = divmod(int(seconds * 1_000_000), 1_000_000)
    return f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(whole))}.{parts:06d}Z"
