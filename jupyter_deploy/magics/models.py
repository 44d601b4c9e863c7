"""``%models``: what is registered."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jupyter_deploy.magics.arguments import Argument
from jupyter_deploy.magics.magic import Call, Magic
from jupyter_deploy.widgets.notebook import has_front_end

if TYPE_CHECKING:
    from jupyter_deploy.sdk.display import Table
    from jupyter_deploy.sdk.model import Model
    from jupyter_deploy.sdk.workspace import Workspace


def run(call: Call) -> Table[Model]:
    """List the versions of every model, or of one."""
    from jupyter_deploy.sdk.lookup import read_limit
    from jupyter_deploy.sdk.model import Model

    workspace, name = call.workspace, call.given.name
    found = Model.list(workspace, name, limit=read_limit(call.given.limit))
    found.rest = "%models --limit all lists all of them"
    if has_front_end(call.shell):
        found.live = lambda: _show(workspace, name, found)
    return found


def _show(workspace: Workspace, name: str | None, found: Table[Model]) -> None:
    from jupyter_deploy.widgets import ModelsTable
    from jupyter_deploy.widgets.view import Still

    table = ModelsTable(workspace, name)
    Still(table, table, repr(found), found._repr_html_())


MAGIC = Magic(
    name="models",
    summary="List the registered models, newest first. Returns the list, which has to_frame().",
    run=run,
    example="""
        %models
        %models diabetes --limit all
    """,
    arguments=(
        Argument("name", "Only the versions of this model.", shown="NAME", takes="model"),
        Argument("limit", "List only so many, 50 when it is not given, or all.", ("--limit",), "N|all", default="50"),
    ),
)
