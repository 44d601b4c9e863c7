"""``%services``: what is deployed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jupyter_deploy.magics.magic import Call, Magic

if TYPE_CHECKING:
    from jupyter_deploy.sdk.display import Table
    from jupyter_deploy.sdk.webservice import Webservice


def run(call: Call) -> Table[Webservice]:
    """List every service with its state."""
    from jupyter_deploy.sdk.webservice import Webservice

    return Webservice.list(call.workspace)


MAGIC = Magic(
    name="services",
    summary="List the services with their present state, newest first, whoever deployed them. Returns the list, which has to_frame().",
    run=run,
    example="%services",
)
