"""LocalWebservice: a service in a container on the user's Docker Engine, in the names of the Azure ML SDK v1 (azureml-v1 4)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar
from urllib.parse import urlsplit

from jupyter_deploy.config.options import Options
from jupyter_deploy.engine import services
from jupyter_deploy.errors import UserError
from jupyter_deploy.sdk.configuration import deploy_configuration
from jupyter_deploy.sdk.display import Table
from jupyter_deploy.sdk.webservice import Webservice
from jupyter_deploy.sdk.workspace import Workspace
from jupyter_deploy.targets.docker.options import LocalOptions

if TYPE_CHECKING:
    from jupyter_deploy.sdk.unused import UnusedItem
    from jupyter_deploy.targets.docker.stats import Stats


class LocalWebservice(Webservice):
    """A service that runs in a container on the user's Docker Engine."""

    compute_type: ClassVar[str] = "local"
    deploy_configuration: ClassVar[Callable[..., Options]] = staticmethod(deploy_configuration(LocalOptions))

    @property
    def port(self) -> int | None:
        """The port of this machine it is reached at; None until it has served."""
        return urlsplit(self.scoring_uri).port if self.scoring_uri else None

    def stats(self) -> Stats:
        """What its container takes now: CPU, memory and network, as the Docker Engine measures them; takes about two seconds.

        Raises
        ------
        UserError : it does not run.

        Example
        -------
        >>> service.stats().memory_bytes  # doctest: +SKIP
        """
        from jupyter_deploy.targets.docker import stats

        _, place = services.where(self.workspace.folder, self.view)
        return stats.read(place)

    def reload(self, wait: bool = False) -> None:
        """Serve script and ``source_directory`` as they are on the disk now: an update, which installs nothing again.

        Parameters
        ----------
        wait : return when it serves them.

        Raises
        ------
        UserError : neither deployed nor updated through this handle, which therefore knows no files.
        """
        if self.inference_config is None:
            raise UserError(
                f"the files that '{self.name}' was deployed from are not known to this handle",
                "They are known to the one that Model.deploy returned, or that has updated it with an inference_config.",
                "give them: service.update(inference_config=…)",
            )
        self.update(inference_config=self.inference_config)
        if wait:
            self.wait_for_deployment()

    def delete(self, delete_image: bool = False) -> None:
        """Take it away with its history; returns when it is gone and its models are free.

        Parameters
        ----------
        delete_image : its images too, unless a container was made from one. Else they stay, and are found again by the same content.
        """
        from jupyter_deploy.engine import images

        names = images.images_of(self.workspace.folder, self.view) if delete_image else set()
        super().delete()
        if names:
            images.remove_images(names)

    @staticmethod
    def prune(workspace: Workspace, dry_run: bool = True) -> Table[UnusedItem]:
        """List the images that no container and no version of the workspace needs, and remove them where this is no dry run.

        A version of another workspace that is returned to after its image was removed is built again.

        Parameters
        ----------
        dry_run : only list.

        Returns
        -------
        a row for each image; its ``size`` is what its removal gives back, after that of the rows before it.

        Raises
        ------
        TargetError : there is no Docker Engine.

        Example
        -------
        >>> sum(item.size for item in LocalWebservice.prune(ws))  # doctest: +SKIP
        """
        from jupyter_deploy.engine.images import prune_images
        from jupyter_deploy.sdk.unused import UnusedItem

        found = prune_images(workspace.folder, dry_run=dry_run)
        return Table(map(UnusedItem, found), "no image that could be removed")
