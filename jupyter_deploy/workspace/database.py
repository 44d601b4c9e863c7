"""The database of a workspace: opened when it is first needed, brought up to date, shared by processes and threads."""

from __future__ import annotations

import contextlib
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, ClassVar

import sqlalchemy as sa

WAIT_S = 30
"""Seconds for which a transaction waits for others, or for a server's answer."""


_PART = 500
"""Names that a statement takes at once; SQLite of old allows 999 parameters."""


def parts(names: Sequence[str]) -> Iterator[Sequence[str]]:
    """Names in parts, each of which a statement can take."""
    for begin in range(0, len(names), _PART):
        yield names[begin : begin + _PART]


class Database(ABC):
    """Transactions on the records; made by ``WorkspaceFolder.database``."""

    _reading: ClassVar[Mapping[str, Any]] = {}
    _writing: ClassVar[Mapping[str, Any]] = {}

    def __init__(self) -> None:
        self._engine: sa.Engine | None = None
        self._opening = threading.Lock()

    @property
    @abstractmethod
    def description(self) -> str:
        """What and where it is, in a few words for people."""

    @contextlib.contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """A transaction that sees one state of all records."""
        with self._explained(), contextlib.ExitStack() as stack:
            yield self._begin_reading(stack)

    @contextlib.contextmanager
    def writing(self) -> Iterator[sa.Connection]:
        """A transaction that may write; others that want to write the same wait up to 30 s. An exception undoes all of it."""
        with self._explained(), self._opened().execution_options(**self._writing).begin() as connection:
            yield connection

    @abstractmethod
    def mark(self) -> Hashable:
        """Something that is another one as soon as anything was recorded, by whomever; cheap to ask for many times a second."""

    @contextlib.contextmanager
    def files_locked(self, alone: bool) -> Iterator[Callable[[], bool] | None]:  # noqa: ARG002 - for those that need it
        """Hold the lock between those who add files and those who remove them, on all machines that have these records.

        Where one folder has them, its own lock on its files is enough.

        Parameters
        ----------
        alone : hold it alone, to remove files; else together with others who add.

        Yields
        ------
        A function that says whether it is still held, or None if it was wanted alone and others have it.
        """
        yield lambda: True

    def _begin_reading(self, stack: contextlib.ExitStack) -> sa.Connection:
        """Begin a transaction that ends with the stack."""
        return stack.enter_context(self._opened().execution_options(**self._reading).begin())

    def _opened(self) -> sa.Engine:
        with self._opening:
            if self._engine is None:
                engine = self._make_engine()
                self._bring_up_to_date(engine)
                self._engine = engine
            return self._engine

    @abstractmethod
    def _make_engine(self) -> sa.Engine: ...

    @abstractmethod
    def _bring_up_to_date(self, engine: sa.Engine) -> None:
        """Apply the migrations that are missing, under a lock."""

    @abstractmethod
    def _explained(self) -> AbstractContextManager[None]:
        """Turn what the database says into what happened, why and what to do."""
