"""``%models``: what is registered."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jupyter_deploy.magics.magic import Call, Magic

if TYPE_CHECKING:
    from jupyter_deploy.sdk.display import Table
    from jupyter_deploy.sdk.model import Model


def run(call: Call) -> Table[Model]:
    """List every version of every model."""
    from jupyter_deploy.sdk.model import Model

    return Model.list(call.workspace)


MAGIC = Magic(
    name="models",
    summary="List the registered models, newest first. Returns the list, which has to_frame().",
    run=run,
    example="%models",
)
