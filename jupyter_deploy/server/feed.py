"""One feed of events for all browsers: what the lists hold, and then what changes in them, while somebody listens."""

from __future__ import annotations

import contextlib
import json
import secrets
import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, cast

from jupyter_deploy.engine.errands import Errand
from jupyter_deploy.server.documents import Changes, Keys, Rows, Snapshot
from jupyter_deploy.server.lists import KEYS, Lists, no_rows
from jupyter_deploy.server.problems import problem_of, slow

TICK = 0.25
"""Seconds between two looks."""
PATIENCE = 2.0
"""Seconds that the workspace may take for its answer before that is said."""
KEPT = 8_000_000
"""Characters of events that are kept for those who come back."""

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Event:
    """One thing that is told.

    Parameters
    ----------
    id : by which what came after it is asked for. name : which document it carries. data : that, as JSON.
    """

    id: str
    name: Literal["snapshot", "changes"]
    data: str


class Feed:
    """Looks at the lists as long as somebody listens, and keeps the last events.

    Parameters
    ----------
    lists : what is looked at.
    """

    def __init__(self, lists: Lists) -> None:
        self._lists = lists
        self._own = secrets.token_hex(4)  # so that ids of a server before this one are not taken for its own
        self._count = 0
        self._kept: deque[Event] = deque()
        self._shown: Snapshot | None = None
        self._is_current = False
        self._listeners: list[Callable[[], None]] = []
        self._telling = threading.Lock()
        self._thread: threading.Thread | None = None
        self._ended = threading.Event()

    @property
    def is_closed(self) -> bool:
        """Whether nothing will be told any more."""
        return self._ended.is_set()

    @property
    def is_heard(self) -> bool:
        """Whether anybody listens."""
        return bool(self._listeners)

    def close(self) -> None:
        """Tell nothing any more, and wake all who listen."""
        self._ended.set()
        self._wake()

    @contextlib.contextmanager
    def listening(self, wake: Callable[[], None]) -> Iterator[None]:
        """Listen: ``wake`` is called, in any thread, when there is something new, or never will be."""
        with self._telling:
            self._listeners.append(wake)
            if self._thread is None:
                self._is_current = False  # nobody has looked for a while
                self._thread = threading.Thread(target=self._run, name="feed of the lists", daemon=True)
                self._thread.start()
        try:
            yield
        finally:
            with self._telling:
                self._listeners.remove(wake)

    def after(self, last: str) -> Sequence[Event]:
        """What came after an event, or a snapshot where that is not known any more; nothing before the first look.

        Parameters
        ----------
        last : the id of the event; empty for who has none yet.
        """
        with self._telling:
            if not self._is_current:
                return ()
            ids = [self._id(missed) for missed in range(len(self._kept) + 1)]
            if last in ids:
                return list(self._kept)[len(self._kept) - ids.index(last) :]
            shown, newest = self._shown, ids[0]
        return (Event(newest, "snapshot", json.dumps(shown)),)

    def _id(self, missed: int = 0) -> str:
        """The id of the newest event, or of the one so many before it."""
        return f"{self._own}-{self._count - missed}"

    def _run(self) -> None:
        look: Errand[Snapshot] | None = None
        while self._goes_on():
            look = look or Errand(self._lists.look, "look at the workspace")
            if look.wait(PATIENCE):
                self._take(_result(look, self._shown))
                look = None
                self._ended.wait(TICK)
            else:
                self._take(_with_problem(self._shown, slow()))

    def _goes_on(self) -> bool:
        with self._telling:  # so that who listens now is seen by this thread, or begins another
            if not self._listeners or self.is_closed:
                self._thread = None
            return self._thread is not None

    def _take(self, found: Snapshot) -> None:
        """Keep what was found, and tell what is new in it."""
        changes = _changes(self._shown, found) if self._shown else None
        data = json.dumps(changes) if changes else ""
        with self._telling:
            is_other = self._shown is None or self._shown["workspace"] != found["workspace"]
            is_news = bool(data) or is_other or not self._is_current
            if is_other:
                self._count += 1
                self._kept.clear()  # everybody gets a snapshot
            elif data:
                self._count += 1
                self._keep(Event(self._id(), "changes", data))
            self._shown, self._is_current = found, True
        if is_news:
            self._wake()

    def _keep(self, event: Event) -> None:
        self._kept.append(event)
        while sum(len(each.data) for each in self._kept) > KEPT:
            self._kept.popleft()

    def _wake(self) -> None:
        with self._telling:
            listeners = list(self._listeners)
        for wake in listeners:
            wake()


def _result(look: Errand[Snapshot], shown: Snapshot | None) -> Snapshot:
    try:
        return look.result.result()
    except Exception as error:  # it is shown, and the next look may find everything well
        return _with_problem(shown, error)


def _with_problem(shown: Snapshot | None, error: Exception) -> Snapshot:
    """What was shown last, and what stands in the way of newer."""
    held: Snapshot = shown or {"workspace": "", "rows": no_rows(), "problems": []}
    return {**held, "problems": [problem_of(error)]}


def _changes(before: Snapshot, now: Snapshot) -> Changes | None:
    """What has changed between two looks; None where nothing has."""
    lists = {name: _difference(before["rows"][name], now["rows"][name], key) for name, key in KEYS.items()}  # type: ignore[literal-required]
    if before["problems"] == now["problems"] and not any(changed or gone for changed, gone in lists.values()):
        return None
    changed, gone = ({name: found[part] for name, found in lists.items()} for part in (0, 1))
    return {"changed": cast(Rows, changed), "gone": cast(Keys, gone), "problems": now["problems"]}


def _difference(before: Sequence[Row], now: Sequence[Row], key: str) -> tuple[list[Row], list[str]]:
    """The rows that are new or not what they were, and the keys of those that are gone."""
    if before is now:
        return [], []
    held = {row[key]: row for row in before}
    changed = [row for row in now if held.pop(row[key], None) != row]
    return changed, list(held)
