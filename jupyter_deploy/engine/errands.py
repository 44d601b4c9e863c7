"""Work that may take its time, or hang: done in a thread of its own, for which nobody has to wait."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures import wait as wait_for
from typing import Generic, TypeVar

Result = TypeVar("Result")


class Errand(Generic[Result]):
    """A piece of work that was begun; the process may end while it goes on.

    Parameters
    ----------
    work : done once. name : of the thread.

    Attributes
    ----------
    result : of the work, or the error that it ended with. spent : seconds of a processor that it took, once it is done.

    Example
    -------
    >>> errand = Errand(lambda: 6 * 7, "sum")
    >>> errand.wait(10), errand.result.result()
    (True, 42)
    """

    def __init__(self, work: Callable[[], Result], name: str) -> None:
        self._work = work
        self._began = time.monotonic()
        self.spent = 0.0
        self.result: Future[Result] = Future()
        self.result.set_running_or_notify_cancel()  # it cannot be taken back
        threading.Thread(target=self._run, name=name, daemon=True).start()

    @property
    def is_done(self) -> bool:
        """Whether there is a result."""
        return self.result.done()

    @property
    def seconds(self) -> float:
        """Since it was begun."""
        return time.monotonic() - self._began

    def wait(self, seconds: float) -> bool:
        """Wait so long at most; whether it is done."""
        return bool(wait_for([self.result], seconds).done)

    def _run(self) -> None:
        try:
            found = self._work()
        except BaseException as error:
            self.spent = time.thread_time()
            self.result.set_exception(error)
        else:
            self.spent = time.thread_time()
            self.result.set_result(found)
