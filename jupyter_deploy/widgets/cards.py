"""Keeps the status cards of a notebook up to date: a small thread reads an operation's events and redraws its card in place.

The thread never prints, as its output would land under whatever cell runs; it ends with the operation, which it does not own.
"""

from __future__ import annotations

import contextlib
import threading
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from jupyter_deploy.errors import DeployError, NotFound
from jupyter_deploy.widgets.card import Card, card_of, with_events

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from jupyter_deploy.sdk.operation import Operation
    from jupyter_deploy.sdk.webservice import Webservice

PERIOD = 0.15
"""Seconds between two looks at an operation's events."""
LAST_LOOK = 2.0
"""Seconds a cell may wait at its end for the last state of a card."""


class Cards:
    """The status cards of one shell.

    Parameters
    ----------
    shell : in a kernel cards follow their operation; elsewhere (a terminal cannot redraw) they are shown once.
    """

    def __init__(self, shell: InteractiveShell) -> None:
        self._redraws = getattr(shell, "kernel", None) is not None
        self._shown: set[str] = set()
        self._followers: list[_Follower] = []

    def show(self, service: Webservice) -> None:
        """Show a service's card and, while an operation on it is under way, keep it up to date."""
        card = card_of(service, time.time())
        handle = _displayed(card)
        self._shown.add(service.name)
        operation = service.operation
        if self._redraws and operation and card.outcome == "Running":
            follower = _Follower(handle, card, service, operation)
            self._followers.append(follower)
            follower.start()

    def show_result(self, service: Webservice) -> None:
        """Show a service that is a cell's result, unless its card stands in that cell already."""
        if service.name not in self._shown:
            self.show(service)

    def wait(self, service: Webservice) -> None:
        """Wait for the operation under way and raise its error; a terminal sees its steps as lines."""
        operation = service.operation
        if operation and self._redraws:
            operation.wait()
        elif operation:
            service.wait_for_deployment(show_output=True)

    def cell_ended(self, *_: object) -> None:
        """Let the cards of operations that have ended come to their last state, so that a notebook run to its end keeps it."""
        self._shown.clear()
        for follower in self._followers:
            follower.finish()
        self._followers = [follower for follower in self._followers if follower.is_alive()]


class _Follower(threading.Thread):
    def __init__(self, handle: Any, card: Card, service: Webservice, operation: Operation) -> None:
        super().__init__(name=f"card of {service.name}", daemon=True)
        self._shown, self._card = handle, card
        self._service, self._operation = service, operation

    def run(self) -> None:
        try:
            while not self._is_over():
                self._draw(with_events(self._card, list(self._operation.events()), time.time()))
                time.sleep(PERIOD)
            last = card_of(self._service, time.time())
        except NotFound:
            last = Card(self._service.name, "deleted")
        except DeployError as error:
            last = replace(self._card, state="Unknown", error=error.what, why=error.why, remedy=error.remedy)
        self._draw(last)

    def finish(self) -> None:
        """Wait a moment for the last card, if the operation has ended."""
        with contextlib.suppress(DeployError):  # the thread has met it as well, and shows it
            if self.is_alive() and self._is_over():
                self.join(LAST_LOOK)

    def _is_over(self) -> bool:
        return self._operation.state != "Running"

    def _draw(self, card: Card) -> None:
        if card != self._card:
            self._card = card
            self._shown.update(card)


def _displayed(card: Card) -> Any:
    """Display a card and return IPython's handle, with which it is redrawn."""
    from IPython.display import DisplayHandle

    handle: Any = DisplayHandle()  # type: ignore[no-untyped-call]  # IPython has no types here
    handle.display(card)
    return handle
