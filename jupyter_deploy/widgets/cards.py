"""The status cards of a notebook: each is a picture that the notebook keeps, redrawn in its place, with the controls below it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jupyter_deploy.widgets.card import Card
from jupyter_deploy.widgets.notebook import has_front_end
from jupyter_deploy.widgets.watching import Watch

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from jupyter_deploy.sdk.webservice import Webservice

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
        picture = _Picture()
        watch = Watch(service, picture.draw)
        self._shown.add(service.name)
        if self._is_live:
            from IPython.display import display

            from jupyter_deploy.widgets.service_panel import ServicePanel

            self._watches = [one for one in self._watches if not one.is_over]
            self._watches.append(watch)
            watch.start()
            display(ServicePanel(service, watch.wake))  # type: ignore[no-untyped-call]  # IPython has no types here

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


class _Picture:
    """A card as an output of its own, which is redrawn by IPython's handle and saved with the notebook."""

    def __init__(self) -> None:
        from IPython.display import DisplayHandle

        self._handle: Any = DisplayHandle()  # type: ignore[no-untyped-call]
        self._is_shown = False

    def draw(self, card: Card) -> None:
        if self._is_shown:
            self._handle.update(card)
        else:
            self._is_shown = True
            self._handle.display(card)
