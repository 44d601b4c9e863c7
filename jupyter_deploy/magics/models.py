"""``%models``: what is registered."""

from __future__ import annotations

from jupyter_deploy.magics.magic import Call, Magic
from jupyter_deploy.sdk.display import Table
from jupyter_deploy.sdk.model import Model


def run(call: Call) -> Table[Model]:
    """List every version of every model."""
    return Model.list(call.workspace)


MAGIC = Magic(
    name="models",
    summary="List the registered models, newest first. Returns the list, which has to_frame().",
    run=run,
    example="%models",
)
