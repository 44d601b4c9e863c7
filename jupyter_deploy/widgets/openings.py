"""What is behind each kind of view that JupyterLab opens by itself: the same answers as behind the widgets."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from jupyter_deploy.errors import UserError
from jupyter_deploy.sdk.workspace import Workspace
from jupyter_deploy.widgets.answers import Parts
from jupyter_deploy.widgets.notebook import Variables

FindWorkspace = Callable[[], tuple[Workspace, str]]
"""Gives the workspace, and its folder where that has to be said; empty for the nearest."""


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
    """Opens views.

    Parameters
    ----------
    find : the workspace that they are over. variables : the notebook's; outside of one there are none.
    """

    def __init__(self, find: FindWorkspace, variables: Variables = dict) -> None:
        self._find, self._variables = find, variables

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

        service = Webservice(self._find()[0], str(given.get("name", "")))
        return Opening(service_parts(service, self._variables))

    def _deploy(self, given: Mapping[str, Any]) -> Opening:
        from jupyter_deploy.widgets.deploy_answers import deploy_parts
        from jupyter_deploy.widgets.draft import Texts

        workspace, path = self._find()
        first = Texts.first(workspace.folder, given).values({})
        return Opening(deploy_parts(workspace, path, self._variables, _keep_nothing), first)

    def _register(self, given: Mapping[str, Any]) -> Opening:
        from dataclasses import asdict

        from jupyter_deploy.widgets.register_answers import register_parts
        from jupyter_deploy.widgets.register_draft import Texts

        workspace, _ = self._find()
        return Opening(register_parts(workspace, self._variables, _keep_nothing), asdict(Texts.of(given)))


def _keep_nothing(_values: Mapping[str, Any]) -> None:
    """What is typed lives in the one browser that shows the form."""
