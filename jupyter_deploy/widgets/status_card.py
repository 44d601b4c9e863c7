"""The status card as one widget, for forms, tables and applications; in a cell the magics show the same two parts one below the other."""

from __future__ import annotations

from typing import Any

import ipywidgets  # type: ignore[import-untyped]

from jupyter_deploy.sdk.webservice import Webservice
from jupyter_deploy.widgets.card import Card, as_html, as_text
from jupyter_deploy.widgets.service_panel import ServicePanel
from jupyter_deploy.widgets.watching import Watch


class StatusCard(ipywidgets.VBox):  # type: ignore[misc]  # ipywidgets has no types
    """A service, how it stands and how what is under way goes on, with its controls.

    Parameters
    ----------
    service : which.

    Example
    -------
    >>> StatusCard(Webservice(workspace, "diabetes-service"))  # doctest: +SKIP
    """

    def __init__(self, service: Webservice) -> None:
        self._picture = ipywidgets.HTML()
        self._watch = Watch(service, self._draw)
        self._panel = ServicePanel(service, self._watch.wake)
        super().__init__([self._picture, self._panel])
        self._watch.start()

    def close(self) -> None:
        """End looking at the service, and close the widget; the service goes on."""
        self._watch.stop()
        self._panel.close()
        self._picture.close()
        super().close()

    def _draw(self, card: Card) -> None:
        self._picture.value = as_html(card)

    def _repr_mimebundle_(self, **given: Any) -> Any:
        bundle = super()._repr_mimebundle_(**given)
        bundle.update({"text/plain": as_text(self._watch.card), "text/html": as_html(self._watch.card)})
        return bundle
