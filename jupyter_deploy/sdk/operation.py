"""Operation: one deploy, update, rollback or delete, with its events, from start to end."""

from __future__ import annotations

from collections.abc import Iterator

from jupyter_deploy.engine.events import Event
from jupyter_deploy.engine.operations import OperationHandle, OperationState


class Operation:
    """A handle on an operation; the operation itself goes on whatever becomes of the handle, the kernel or the browser.

    Parameters
    ----------
    handle : the engine's handle.
    """

    def __init__(self, handle: OperationHandle) -> None:
        self._handle = handle

    @property
    def id(self) -> str:
        """Its id in the workspace."""
        return self._handle.record.id

    @property
    def kind(self) -> str:
        """deploy, update, rollback, traffic, start, restart, stop or delete."""
        return self._handle.record.kind

    @property
    def service(self) -> str:
        """The service's name."""
        return self._handle.record.service

    @property
    def state(self) -> OperationState:
        """NotStarted, Running, Succeeded, Failed or Cancelled."""
        return self._handle.state

    @property
    def error(self) -> str:
        """The cause, in one line, where it did not succeed."""
        return self._handle.error

    def events(self, follow: bool = False, timeout: float | None = None) -> Iterator[Event]:
        """Every event from the first; with ``follow``, until the operation ends or so many seconds have passed."""
        return self._handle.events(follow, timeout)

    def wait(self, timeout: float | None = None) -> Operation:
        """Wait for the end; interrupting the wait leaves the operation alone.

        Parameters
        ----------
        timeout : seconds; None waits as long as it takes.

        Raises
        ------
        OperationFailed, OperationCancelled : with the cause first. TimeoutError : it goes on.
        """
        self._handle.wait(timeout)
        return self

    def cancel(self) -> bool:
        """Stop it: what served goes on serving, what was begun is taken away. False where it has ended already."""
        return self._handle.cancel()

    def row(self) -> dict[str, object]:
        """The operation as one row of a table."""
        record = self._handle.record
        return {
            "id": self.id,
            "kind": self.kind,
            "service": self.service,
            "state": self.state,
            "begun": record.created_time,
        }

    def __repr__(self) -> str:
        return f"Operation(kind={self.kind!r}, service={self.service!r}, state={self.state!r}, id={self.id!r})"
