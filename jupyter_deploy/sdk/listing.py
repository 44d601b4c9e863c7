"""Lists of services: found by what is recorded of them, and asked for their states together."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from jupyter_deploy.engine.services import ServiceView, find_services
from jupyter_deploy.sdk import descriptions
from jupyter_deploy.sdk.display import Table
from jupyter_deploy.sdk.workspace import Workspace

if TYPE_CHECKING:
    from jupyter_deploy.sdk.webservice import Webservice


class ServiceTable(Table["Webservice"]):
    """Services, each looked at when it is asked for its state, and all that are shown at once.

    Parameters
    ----------
    workspace : where they are. services : what it holds.
    """

    def __init__(self, workspace: Workspace, services: Iterable[Webservice]) -> None:
        super().__init__(services, "no services yet; deploy one first")
        self._workspace = workspace

    def views(self, count: int | None = None) -> list[ServiceView]:
        """All, or the first so many, as they are at this moment; those on one cluster are asked for by one call.

        Raises
        ------
        ServiceNotFound : one was deleted since.
        """
        return find_services(self._workspace.folder, [service.name for service in self[:count]])

    def rows(self, count: int | None = None) -> list[dict[str, Any]]:
        """One mapping of column to value for each, or for the first so many."""
        return [descriptions.row(view) for view in self.views(count)]
