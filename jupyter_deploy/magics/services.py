"""``%services``: what is deployed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jupyter_deploy.magics.magic import Call, Magic

if TYPE_CHECKING:
    from jupyter_deploy.sdk.display import Table
    from jupyter_deploy.sdk.webservice import Webservice
    from jupyter_deploy.sdk.workspace import Workspace


def run(call: Call) -> Table[Webservice]:
    """List every service with its state."""
    from jupyter_deploy.sdk.webservice import Webservice

    workspace = call.workspace
    found = Webservice.list(workspace)
    found.live = lambda: _table(workspace)
    return found


def _table(workspace: Workspace) -> Any:
    from jupyter_deploy.widgets.opened import services_with_cards

    return services_with_cards(workspace)


MAGIC = Magic(
    name="services",
    summary="List the services with their present state, newest first, whoever deployed them. Returns the list, which has to_frame().",
    run=run,
    example="%services",
)
