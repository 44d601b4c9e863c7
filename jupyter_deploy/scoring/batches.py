"""Micro-batches: what waited while ``run()`` was busy goes through it together, and each gets the answer that it would have got alone.

Only rows of one kind are put together: arrays of one type and shape, or tables with the same columns, where every other argument is the
same. When ``run()`` raises, or returns something that has not a row for every row, each request is run alone.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from . import bodies, logs, scorer
from .outputs import Answer
from .request import Request
from .script import RunFunction
from .streams import Stream

Numbered = tuple[int, Request]
_MOST = 256


@dataclass
class Batch:
    """Calls that are run together.

    Attributes
    ----------
    calls : number and request of each. arguments : of each, for ``run``. refused : the answer to a single call that does not fit.
    """

    calls: list[Numbered]
    arguments: list[dict[str, Any]] = field(default_factory=list)
    refused: Answer | None = None


class Batches:
    """Puts calls together for one ``run``.

    Parameters
    ----------
    run : takes its rows in the parameter ``run.rows``. most_rows : rows that one call of it may take.
    """

    def __init__(self, run: RunFunction, most_rows: int) -> None:
        assert run.rows is not None  # checked when the script was loaded
        self._run = run
        self._name = run.rows
        self._decoded: dict[int, tuple[Request, dict[str, Any] | Answer]] = {}
        self._most_rows = most_rows
        self._splits = True
        self.most = min(most_rows, _MOST)

    def first(self, calls: Sequence[Numbered]) -> tuple[Batch, set[int]]:
        """Take the first call and those after it that fit to it.

        Returns
        -------
        Batch, set : what is to be run now, and the numbers of the calls that are not in it.
        """
        first, request = calls[0]
        request, arguments = self._read(first, request)
        if isinstance(arguments, Answer):
            return Batch([(first, request)], refused=arguments), {number for number, _ in calls[1:]}
        batch, rows = Batch([(first, request)], [arguments]), self._rows(arguments)
        kind = self._kind(arguments) if self._splits and rows else None
        for number, arrived in calls[1:] if kind is not None else ():
            request, others = self._read(number, arrived)
            if isinstance(others, Answer) or self._kind(others) != kind:
                continue
            count = self._rows(others)
            if not count or rows + count > self._most_rows:
                continue
            rows += count
            batch.calls.append((number, request))
            batch.arguments.append(others)
        taken = {number for number, _ in batch.calls}
        return batch, {number for number, _ in calls if number not in taken}

    def run(self, batch: Batch) -> Iterator[tuple[int, Answer | Stream]]:
        """Run a batch; yields the answer to each of its calls."""
        for number, _ in batch.calls:
            self._decoded.pop(number, None)
        if batch.refused is not None:
            yield batch.calls[0][0], batch.refused
            return
        parts = self._together(batch) if len(batch.calls) > 1 else None
        if parts is not None:
            yield from zip((number for number, _ in batch.calls), parts, strict=True)
            return
        for (number, request), arguments in zip(batch.calls, batch.arguments, strict=True):
            yield number, scorer.call(self._run, arguments, request)

    def _together(self, batch: Batch) -> list[Answer] | None:
        values = [arguments[self._name] for arguments in batch.arguments]
        joined = {**batch.arguments[0], self._name: _joined(values)}
        began = time.perf_counter()
        try:
            result = self._run.call(**joined)
        except BaseException:  # of one of them, perhaps; alone each gets its own
            return None
        took = (time.perf_counter() - began) * 1000
        counts = [self._rows(arguments) for arguments in batch.arguments]
        parts = _split(result, counts)
        if parts is None:
            self._splits = False
            logs.server.warning(
                "max_batch_rows has no effect: run() returned %s, which has not one row for each of %d rows",
                type(result).__name__, sum(counts),
            )  # fmt: skip
            return None
        return [bodies.of_result(part, request, took) for part, (_, request) in zip(parts, batch.calls, strict=True)]

    def _read(self, number: int, request: Request) -> tuple[Request, dict[str, Any] | Answer]:
        """Read a request, once: the arguments of a call that has to wait are kept until its turn."""
        if number not in self._decoded:
            if len(self._decoded) > _MOST * 4:  # some were of calls that were taken back
                self._decoded.clear()
            self._decoded[number] = request, scorer.read(self._run, request)
        return self._decoded[number]

    def _rows(self, arguments: dict[str, Any]) -> int:
        value = arguments[self._name]
        return len(value) if hasattr(value, "shape") and len(value.shape) else 0

    def _kind(self, arguments: dict[str, Any]) -> Any:
        """What has to be equal for rows to be put together; None for what can only be run alone."""
        value = arguments[self._name]
        if not hasattr(value, "shape"):
            return None  # no array: the decorator has to say why
        others = {name: item for name, item in arguments.items() if name != self._name}
        try:
            rest = orjson.dumps(others, option=orjson.OPT_SORT_KEYS | orjson.OPT_SERIALIZE_NUMPY) if others else b""
        except TypeError:
            return None
        return type(value), _columns(value), rest


def _columns(value: Any) -> Any:
    if hasattr(value, "columns"):
        return tuple(value.columns), tuple(map(str, value.dtypes))
    return str(value.dtype), value.shape[1:]


def _joined(values: list[Any]) -> Any:
    if hasattr(values[0], "columns"):
        import pandas as pd

        return pd.concat(values, ignore_index=True)
    import numpy as np

    return np.concatenate(values)


def _split(result: Any, counts: Sequence[int]) -> list[Any] | None:
    """Cut a result into pieces of so many rows; None where it has not as many rows."""
    if isinstance(result, dict):
        columns = {name: _split(value, counts) for name, value in result.items()}
        if not columns or any(pieces is None for pieces in columns.values()):
            return None
        return [{name: pieces[index] for name, pieces in columns.items() if pieces} for index in range(len(counts))]
    by_rows = getattr(result, "iloc", result)
    is_rows = isinstance(result, list | tuple) or (hasattr(result, "shape") and len(result.shape) > 0)
    if not is_rows or len(result) != sum(counts):
        return None
    pieces, start = [], 0
    for count in counts:
        pieces.append(by_rows[start : start + count])
        start += count
    return pieces
