"""What is behind each kind of view outside a notebook: the same answers as behind the widgets, where there are no variables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from jupyter_deploy.errors import UserError
from jupyter_deploy.sdk.workspace import Workspace
from jupyter_deploy.widgets.answers import Parts
from jupyter_deploy.workspace.location import Location, find_workspace


@dataclass(frozen=True)
class Opening:
    """A view that can be talked to.

    Parameters
    ----------
    parts : who answers. values : what a form begins with.
    """

    parts: Parts
    values: Mapping[str, Any] = field(default_factory=dict)


class Openings:
    """Opens views over the workspace that a folder names.

    Parameters
    ----------
    root : the folder.
    """

    def __init__(self, root: Path) -> None:
        self._root = root

    def open(self, kind: str, given: Mapping[str, Any]) -> Opening:
        """Open a view.

        Parameters
        ----------
        kind : ``service``, ``deploy`` or ``register``. given : the ``name`` of the service; what stands in a form from the beginning.

        Raises
        ------
        DeployError : there is no such kind or no such service, or the workspace cannot be opened.
        """
        openers = {"service": self._service, "deploy": self._deploy, "register": self._register}
        if kind not in openers:
            raise UserError(f"there is no view '{kind}'", f"There are {', '.join(openers)}.", "reload the page")
        return openers[kind](given)

    def _service(self, given: Mapping[str, Any]) -> Opening:
        from jupyter_deploy.sdk.webservice import Webservice
        from jupyter_deploy.widgets.service_answers import service_parts

        service = Webservice(self._workspace()[0], str(given.get("name", "")))
        return Opening(service_parts(service, dict))

    def _deploy(self, given: Mapping[str, Any]) -> Opening:
        from jupyter_deploy.widgets.deploy_answers import deploy_parts
        from jupyter_deploy.widgets.draft import Texts

        workspace, path = self._workspace()
        first = Texts.first(workspace.folder, given).values({})
        return Opening(deploy_parts(workspace, path, dict, _keep_nothing), first)

    def _register(self, given: Mapping[str, Any]) -> Opening:
        from dataclasses import asdict

        from jupyter_deploy.widgets.register_answers import register_parts
        from jupyter_deploy.widgets.register_draft import Texts

        workspace, _ = self._workspace()
        return Opening(register_parts(workspace, dict, _keep_nothing), asdict(Texts.of(given)))

    def _workspace(self) -> tuple[Workspace, str]:
        """The workspace, and its folder where that has to be said in the current one."""
        workspace = workspace_of(self._root)
        return workspace, "" if find_workspace(Path.cwd()) == find_workspace(self._root) else str(workspace.path)


def workspace_of(root: Path) -> Workspace:
    """The workspace that a folder names."""
    return _opened(find_workspace(root))


@cache
def _opened(location: Location) -> Workspace:
    return Workspace(location.address, files=location.files)


def _keep_nothing(_values: Mapping[str, Any]) -> None:
    """What is typed lives in the one browser that shows the form."""
