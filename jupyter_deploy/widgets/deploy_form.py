"""The form of a deployment: everything that ``%deploy`` takes, checked while it is typed, and shown in the other ways to say it."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any

import traitlets

from jupyter_deploy.sdk.webservice import Webservice
from jupyter_deploy.sdk.workspace import Workspace
from jupyter_deploy.widgets import equivalents
from jupyter_deploy.widgets.cards import Place
from jupyter_deploy.widgets.deploy_answers import OnDeployed, deploy_parts
from jupyter_deploy.widgets.draft import Texts, read
from jupyter_deploy.widgets.modules import module
from jupyter_deploy.widgets.notebook import Variables, variables_here
from jupyter_deploy.widgets.view import View, as_code

_USAGE = "%deploy NAME --models N[:V]… [--script score.py] [--env FILE] [--target TARGET] [any option of the target]"


class DeployForm(View):
    """The form of a deployment.

    Parameters
    ----------
    workspace : where models and services are; the one that is named nearest when it is not given.
    variables : gives the notebook's variables, from which secrets may be taken; by default those of the notebook that is running.
    on_deployed : called with the service when its deployment has begun, in the thread that began it. Where it is left out, and the form
        is displayed in a cell, the service's card is shown below it.

    Example
    -------
    >>> DeployForm()  # doctest: +SKIP
    """

    _esm = module("deploy_form.js")

    values = traitlets.Dict().tag(sync=True)

    def __init__(
        self,
        workspace: Workspace | None = None,
        variables: Variables = variables_here,
        on_deployed: OnDeployed | None = None,
    ) -> None:
        opened, path = workspace or Workspace.from_config(), str(workspace.path) if workspace else ""
        self._folder, self._variables = opened.folder, variables
        self._below = Place() if on_deployed is None else None
        begun = on_deployed or self._show
        parts = deploy_parts(opened, path, variables, self._keep, begun)
        super().__init__(parts, values=Texts.first(opened.folder).values({}))

    def plain(self) -> str:
        """The line that does the same, as far as it is filled in."""
        draft = read(Texts.of(self.values, self._folder), self._folder, self._variables())
        text = _USAGE if draft.problems else equivalents.line(draft)
        return f"The form of a deployment; it is drawn where a kernel runs. The same as a line:\n{text}"

    def html(self) -> str:
        """The same, with the line as code."""
        explained, line = self.plain().split("\n", 1)
        return f"<p>{escape(explained)}</p>{as_code(line)}"

    def _ipython_display_(self) -> None:
        super()._ipython_display_()
        if self._below:
            self._below.take()

    def _show(self, service: Webservice) -> None:
        if self._below:
            self._below.show(service)

    def _keep(self, values: Mapping[str, Any]) -> None:
        self.values = dict(values)
