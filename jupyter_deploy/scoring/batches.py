"""Micro-batches: what waited while ``run()`` was busy goes through it together, and each gets the answer that it would have got alone.

Only rows of one kind are put together: arrays of one type and shape, or tables with the same columns, where every other argument is the
same. When ``run()`` raises, or returns something that has not a row for every row, each request is run alone. That a result has a row for
every row is believed only once a request that was run alone has shown it: two class probabilities are no answers to two requests.
"""

from __future__ import annotations

import inspect
import json
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import orjson

from . import bodies, coroutines, inputs, logs, scorer
from .outputs import Answer
from .request import Request
from .script import RunFunction
from .streams import Stream

Numbered = tuple[int, Request]
_MOST = 256
_ENOUGH = 2


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
        self._shown: set[int] = set()  # numbers of rows for which a result had as many
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
        kind = self._kind(arguments) if len(calls) > 1 and self._splits and rows else None
        for number, arrived in calls[1:] if kind is not None and self._shown else ():
            request, others = self._read(number, arrived)
            if isinstance(others, Answer) or self._kind(others) != kind:
                continue
            count = self._rows(others)
            if not count or rows + count > self._most_rows:
                continue
            rows += count
            batch.calls.append((number, request))
            batch.arguments.append(others)
        if self._shown == {rows}:  # a result that always has so many entries would pass for one with a row for each
            batch = Batch(batch.calls[:1], batch.arguments[:1])
        self._decoded = {number: self._decoded[number] for number, _ in calls if number in self._decoded}
        taken = {number for number, _ in batch.calls}
        return batch, {number for number, _ in calls if number not in taken}

    def alone(self, number: int, request: Request) -> Answer | Stream:
        """Run a call that no other waits beside."""
        request, arguments = self._read(number, request)
        self._decoded.pop(number, None)
        if isinstance(arguments, Answer):
            return arguments
        return scorer.call(self._run, arguments, request, partial(self._learn, self._rows(arguments)))

    def run(self, batch: Batch, begin: Callable[[list[int]], None]) -> Iterator[tuple[int, Answer | Stream]]:
        """Run a batch; yields the answer to each of its calls.

        Parameters
        ----------
        begin : is told of the calls whose time begins again, as they are not run with the others after all.
        """
        for number, _ in batch.calls:
            self._decoded.pop(number, None)
        if batch.refused is not None:
            yield batch.calls[0][0], batch.refused
            return
        parts = self._together(batch) if len(batch.calls) > 1 else None
        if parts is not None:
            yield from zip((number for number, _ in batch.calls), parts, strict=True)
            return
        left = [number for number, _ in batch.calls]
        for (number, request), arguments in zip(batch.calls, batch.arguments, strict=True):
            if len(batch.calls) > 1:
                begin(left)
            yield number, scorer.call(self._run, arguments, request, partial(self._learn, self._rows(arguments)))
            left = left[1:]

    def _together(self, batch: Batch) -> list[Answer] | None:
        values = [arguments[self._name] for arguments in batch.arguments]
        others = {**batch.arguments[0]}
        if len(others) > 1:  # run() may change them
            batch.arguments[0] = inputs.arguments(self._run, batch.calls[0][1])
        began = time.perf_counter()
        try:
            result = self._run.call(**{**others, self._name: _joined(values)})
            if inspect.iscoroutine(result):
                result = coroutines.wait_for(result)
        except BaseException:  # of one of them, perhaps; alone each gets its own
            return None
        took = (time.perf_counter() - began) * 1000
        counts = [self._rows(arguments) for arguments in batch.arguments]
        parts = _split(result, counts)
        if parts is None:
            self._stop(result, sum(counts))
            return None
        return [bodies.of_result(part, request, took) for part, (_, request) in zip(parts, batch.calls, strict=True)]

    def _read(self, number: int, request: Request) -> tuple[Request, dict[str, Any] | Answer]:
        """Read a request, once: the arguments of a call that has to wait are kept until its turn."""
        found = self._decoded.get(number)  # another slot may take it out meanwhile
        if found is None:
            found = self._decoded[number] = request, scorer.read(self._run, request)
        return found

    def _learn(self, rows: int, result: Any) -> None:
        """See in the result for one call whether it has a row for each row."""
        if not self._splits or not rows:
            return
        if _split(result, [rows]) is None:
            self._stop(result, rows)
        elif len(self._shown) < _ENOUGH:
            self._shown.add(rows)

    def _stop(self, result: Any, rows: int) -> None:
        self._splits = False
        logs.server.warning(
            "max_batch_rows has no effect: run() returned %s, which has not one row for each of %d rows",
            type(result).__name__, rows,
        )  # fmt: skip

    def _rows(self, arguments: dict[str, Any]) -> int:
        value = arguments[self._name]
        return len(value) if hasattr(value, "shape") and len(value.shape) else 0

    def _kind(self, arguments: dict[str, Any]) -> Any:
        """What has to be equal for rows to be put together; None for what can only be run alone."""
        value = arguments[self._name]
        if not hasattr(value, "shape") or not _is_numbered(value):
            return None  # no array: the decorator has to say why
        others = {name: item for name, item in arguments.items() if name != self._name}
        try:
            rest = orjson.dumps(others, option=orjson.OPT_SERIALIZE_NUMPY) if others else b""
            if b"null" in rest:  # NaN and Infinity are written so too
                rest = json.dumps(others).encode()
        except TypeError:
            return None
        return type(value), _columns(value), rest


def _is_numbered(value: Any) -> bool:
    """Whether a table's rows are called 0, 1, 2, …, as those of a table that was put together are; so are an array's."""
    index = getattr(value, "index", None)
    return index is None or (type(index).__name__ == "RangeIndex" and index.start == 0 and index.step == 1)


def _columns(value: Any) -> Any:
    if hasattr(value, "columns"):
        return tuple(value.columns), tuple(value.dtypes)
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
