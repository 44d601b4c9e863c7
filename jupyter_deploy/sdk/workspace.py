"""Workspace: where models, services and operations are recorded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jupyter_deploy.sdk.display import Table, html_facts
from jupyter_deploy.workspace.folder import WorkspaceFolder
from jupyter_deploy.workspace.opening import open_at

if TYPE_CHECKING:
    from jupyter_deploy.config.environment import Environment
    from jupyter_deploy.sdk.compute_target import ComputeTarget
    from jupyter_deploy.sdk.model import Model
    from jupyter_deploy.sdk.unused import UnusedItem
    from jupyter_deploy.sdk.webservice import Webservice


class Workspace:
    """A workspace; opened, or made where the folder is missing, or is empty and the user's.

    Parameters
    ----------
    address : a folder's path, or ``postgresql://user@host/database`` for records that a team shares; None means as :meth:`from_config`.
        A password in it is kept among the workspace's secrets and nowhere else; without one $PGPASSWORD and ~/.pgpass are used.
    files : where the files are, if not in the folder: ``s3://bucket/prefix``, or the path of a folder that all share. A team's has to be
        said once, by the first who opens it.
    folder : the workspace's folder, or for a team's records the folder on this machine for services, locks and secrets; by default one
        in the user's data folder.
    files_options : what fsspec opens ``files`` with (``{"endpoint_url": …, "key": …, "secret": …}``), kept among the secrets; by
        default AWS's own environment and profiles are used.

    Raises
    ------
    WorkspaceError : the folder is something else, another user's, or of a newer format; the database or the store cannot be opened.

    Examples
    --------
    >>> ws = Workspace("my-workspace")  # doctest: +SKIP
    >>> ws = Workspace("postgresql://ada@db.example.org/models", files="s3://our-models/prod")  # doctest: +SKIP
    """

    def __init__(
        self,
        address: str | Path | None = None,
        *,
        files: str | None = None,
        folder: str | Path | None = None,
        files_options: Mapping[str, Any] | None = None,
    ) -> None:
        if address is None:
            address, folder = folder, None
        if address is None:
            from jupyter_deploy.workspace.location import find_workspace

            found = find_workspace(Path.cwd())
            address, files = found.address, files or found.files
        self._folder = open_at(address, files, folder, files_options)

    @classmethod
    def from_config(cls) -> Workspace:
        """Open the workspace that is named nearest.

        ``$JUPYTER_DEPLOY_WORKSPACE``, then the key ``workspace_folder`` or ``workspace_database`` (with ``workspace_files``) of
        ``.azureml/config.json`` or ``config.json`` upward from the current folder, then the user's data folder.
        """
        return cls()

    @classmethod
    def of(cls, folder: WorkspaceFolder) -> Workspace:
        """The workspace of a folder that is open already."""
        made = object.__new__(cls)
        made._folder = folder
        return made

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
        """The name of the team's database, or of the folder."""
        shared = self._folder.shared
        return shared.database.rpartition("/")[2].partition("?")[0] if shared and shared.database else self.path.name

    @property
    def models(self) -> dict[str, Model]:
        """The newest version of every model, by name."""
        from jupyter_deploy.sdk.model import Model

        return {model.name: model for model in Model.list(self, latest=True)}

    @property
    def environments(self) -> dict[str, Environment]:
        """The newest version of every registered environment, by name."""
        from jupyter_deploy.config.environment import Environment

        return Environment.list(self)

    @property
    def webservices(self) -> dict[str, Webservice]:
        """Every service, by name."""
        from jupyter_deploy.sdk.webservice import Webservice

        return {service.name: service for service in Webservice.list(self)}

    @property
    def compute_targets(self) -> dict[str, ComputeTarget]:
        """Every compute that is attached, by name."""
        from jupyter_deploy.sdk.compute_target import ComputeTarget

        return {compute.name: compute for compute in ComputeTarget.list(self)}

    def prune(self, dry_run: bool = True, environments: Sequence[str] = ()) -> Table[UnusedItem]:
        """List what nothing uses any more, with the bytes of the disk it takes, and free it where this is no dry run.

        Bundles that no rollback returns to, stored files that no model and no service names, operations of services that are gone, what
        processes that were killed left behind, and virtual environments that no service of this workspace uses. Other workspaces may use
        those, so they go only by name; a service that needs one makes it again. Of a team's workspace goes what is in this folder, and
        of the files that all share those that nobody's models and services need.

        Parameters
        ----------
        dry_run : only list. environments : names of environments that are to go too.

        Raises
        ------
        UserError : no unused environment has such a name. Busy : files are being added to those that a team shares.

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
        shared = {"files": self._folder.shared.files} if self._folder.shared else {}
        facts = {"folder": str(self.path), "records": self._folder.database.description, **shared, **counts}
        return html_facts(f"Workspace {self.name}", facts)
