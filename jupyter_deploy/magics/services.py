"""``%services``: what is deployed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jupyter_deploy.magics.magic import Call, Magic
from jupyter_deploy.widgets.notebook import has_front_end

if TYPE_CHECKING:
    from jupyter_deploy.sdk.display import Table
    from jupyter_deploy.sdk.webservice import Webservice
    from jupyter_deploy.sdk.workspace import Workspace


def run(call: Call) -> Table[Webservice]:
    """List every service with its state."""
    from jupyter_deploy.sdk.webservice import Webservice

    workspace = call.workspace
    found = Webservice.list(workspace)
    if has_front_end(call.shell):
        found.live = lambda: _show(workspace, found)
    return found


def _show(workspace: Workspace, found: Table[Webservice]) -> None:
    from jupyter_deploy.widgets.opened import services_with_cards
    from jupyter_deploy.widgets.view import Still

    box = services_with_cards(workspace)
    Still(box, box.children[0], repr(found), found._repr_html_())


MAGIC = Magic(
    name="services",
    summary="List the services with their present state, newest first, whoever deployed them. Returns the list, which has to_frame().",
    run=run,
    example="%services",
)
