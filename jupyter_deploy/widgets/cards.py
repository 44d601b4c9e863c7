"""The status cards of a notebook: each is a picture that the notebook keeps, redrawn in its place, with the controls below it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from jupyter_deploy.widgets.card import card_of
from jupyter_deploy.widgets.notebook import has_front_end

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from jupyter_deploy.sdk.webservice import Webservice
    from jupyter_deploy.widgets.service_panel import ServicePanel
    from jupyter_deploy.widgets.watching import Watch

LAST_LOOK = 2.0
"""Seconds a cell may wait at its end for the last state of a card."""


class Cards:
    """The status cards of one shell.

    Parameters
    ----------
    shell : in a kernel cards live on; elsewhere (a terminal cannot redraw) they are shown once.
    """

    def __init__(self, shell: InteractiveShell) -> None:
        self._is_live = has_front_end(shell)
        self._shown: set[str] = set()
        self._watches: list[Watch] = []

    def show(self, service: Webservice) -> None:
        """Show a service's card, keep it up to date, and give it its controls."""
        self._shown.add(service.name)
        if not self._is_live:
            _Output().show(card_of(service, time.time()))
            return
        for watch in self._watches:
            if watch.service == service.name:
                watch.retire()
        self._watches = [watch for watch in self._watches if not watch.is_over]
        self._watches.append(Place().show(service))

    def show_result(self, service: Webservice) -> None:
        """Show a service that is a cell's result, unless its card stands in that cell already."""
        if service.name not in self._shown:
            self.show(service)

    def wait(self, service: Webservice) -> None:
        """Wait for the operation under way and raise its error; a terminal sees its steps as lines."""
        operation = service.operation
        if operation and self._is_live:
            operation.wait()
        elif operation:
            service.wait_for_deployment(show_output=True)

    def cell_ended(self, *_: object) -> None:
        """Let the cards of operations that have ended come to their last state, so that a notebook run to its end keeps it."""
        self._shown.clear()
        for watch in self._watches:
            watch.settle(LAST_LOOK)

    def stop(self) -> None:
        """Leave every card as it is."""
        for watch in self._watches:
            watch.stop()


class Place:
    """A place in a cell for a service's card, and for its controls below; taken while the cell runs, filled then or later, from any thread.

    The card is a picture, which the notebook keeps as it was last. The controls are a widget, of which it keeps nothing.
    """

    def __init__(self) -> None:
        self._card, self._controls = _Output(), _Output()
        self._watch: Watch | None = None
        self._panel: ServicePanel | None = None

    def take(self) -> None:
        """Be there, with nothing in it."""
        for output in (self._card, self._controls):
            output.show({"text/plain": "", "text/html": ""}, raw=True)

    def show(self, service: Webservice) -> Watch:
        """Show a service, instead of what is there, and return the watch that keeps its card up to date."""
        from jupyter_deploy.widgets.service_panel import ServicePanel
        from jupyter_deploy.widgets.view import alone
        from jupyter_deploy.widgets.watching import Watch

        if self._watch and self._panel:
            self._watch.stop()
            self._panel.close()
        self._watch = Watch(service, self._card.show)
        self._panel = ServicePanel(service, self._watch.wake)
        self._watch.start()
        self._controls.show(alone(self._panel), raw=True)
        return self._watch


class _Output:
    """One output of a cell, which is replaced by IPython's handle and saved as it was last."""

    def __init__(self) -> None:
        from IPython.display import DisplayHandle

        self._handle: Any = DisplayHandle()  # type: ignore[no-untyped-call]  # IPython has no types here
        self._is_there = False

    def show(self, shown: Any, **how: Any) -> None:
        """Show something, at first below what the running cell has shown so far."""
        (self._handle.update if self._is_there else self._handle.display)(shown, **how)
        self._is_there = True
