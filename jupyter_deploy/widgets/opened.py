"""The services of a workspace with the card of the one that was opened below them."""

from __future__ import annotations

from collections.abc import Callable

from ipywidgets import VBox, Widget  # type: ignore[import-untyped]

from jupyter_deploy.sdk.webservice import Webservice
from jupyter_deploy.sdk.workspace import Workspace
from jupyter_deploy.widgets.status_card import StatusCard
from jupyter_deploy.widgets.tables import ServicesTable


def services_with_cards(workspace: Workspace, card: Callable[[Webservice], Widget] = StatusCard) -> VBox:
    """The live table of a workspace's services; the one that is opened is shown below it, in place of the one before.

    Parameters
    ----------
    card : makes what is shown of a service.
    """
    place = VBox()

    def opened(service: Webservice) -> None:
        before, place.children = place.children, (card(service),)
        for widget in before:
            widget.close()

    return VBox([ServicesTable(workspace, opened), place])
