"""Workspace: where models, services and operations are recorded."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from jupyter_deploy.sdk.display import Table, html_facts
from jupyter_deploy.workspace.folder import WorkspaceFolder, open_workspace

if TYPE_CHECKING:
    from jupyter_deploy.sdk.model import Model
    from jupyter_deploy.sdk.unused import UnusedItem
    from jupyter_deploy.sdk.webservice import Webservice


class Workspace:
    """A workspace on disk; opened, or made where the folder is missing, or is empty and the user's.

    Parameters
    ----------
    folder : its path; None means as :meth:`from_config`.

    Raises
    ------
    WorkspaceError : the folder is something else, another user's, or of a newer format.

    Examples
    --------
    >>> ws = Workspace("my-workspace")  # doctest: +SKIP
    """

    def __init__(self, folder: str | Path | None = None) -> None:
        if folder is None:
            from jupyter_deploy.workspace.location import find_workspace

            folder = find_workspace(Path.cwd())
        self._folder = open_workspace(Path(folder))

    @classmethod
    def from_config(cls) -> Workspace:
        """Open the workspace that is named nearest.

        ``$JUPYTER_DEPLOY_WORKSPACE``, then the key ``workspace_folder`` of ``.azureml/config.json`` or ``config.json`` upward from the
        current folder, then the user's data folder.
        """
        return cls()

    @property
    def folder(self) -> WorkspaceFolder:
        """The open workspace folder, for the engine."""
        return self._folder

    @property
    def path(self) -> Path:
        """The workspace's folder."""
        return self._folder.path

    @property
    def name(self) -> str:
        """The folder's name."""
        return self._folder.path.name

    @property
    def models(self) -> dict[str, Model]:
        """The newest version of every model, by name."""
        from jupyter_deploy.sdk.model import Model

        return {model.name: model for model in Model.list(self, latest=True)}

    @property
    def webservices(self) -> dict[str, Webservice]:
        """Every service, by name."""
        from jupyter_deploy.sdk.webservice import Webservice

        return {service.name: service for service in Webservice.list(self)}

    def prune(self, dry_run: bool = True, environments: Sequence[str] = ()) -> Table[UnusedItem]:
        """List what nothing uses any more, with the bytes of the disk it takes, and free it where this is no dry run.

        Bundles that no rollback returns to, stored files that no model and no service names, operations of services that are gone, what
        processes that were killed left behind, and virtual environments that no service of this workspace uses. Other workspaces may use
        those, so they go only by name; a service that needs one makes it again.

        Parameters
        ----------
        dry_run : only list. environments : names of environments that are to go too.

        Raises
        ------
        UserError : no unused environment has such a name.

        Examples
        --------
        >>> ws.prune()  # doctest: +SKIP
        >>> freed = sum(item.size for item in ws.prune(dry_run=False) if item.is_freed)  # doctest: +SKIP
        """
        from jupyter_deploy.engine.prune import prune
        from jupyter_deploy.sdk.unused import UnusedItem

        found = prune(self._folder, dry_run=dry_run, environments=environments)
        return Table(map(UnusedItem, found), "nothing that could be freed")

    def __repr__(self) -> str:
        return f"Workspace({str(self.path)!r})"

    def _repr_html_(self) -> str:
        counts = {"models": self._folder.models.count(latest=True), "services": len(self._folder.services.list())}
        records = f"SQLite, journal mode {self._folder.database.journal_mode}"
        return html_facts(f"Workspace {self.name}", {"folder": str(self.path), "records": records, **counts})
