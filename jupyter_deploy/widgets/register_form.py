"""The form that registers a model: a file or a variable is chosen, what is found in it is shown, and what it imports is asked about."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from html import escape
from typing import Any, cast

import traitlets

from jupyter_deploy.sdk.workspace import Workspace
from jupyter_deploy.widgets.modules import module
from jupyter_deploy.widgets.notebook import Variables, variables_here
from jupyter_deploy.widgets.register_answers import RegisterAnswers, register_parts
from jupyter_deploy.widgets.register_draft import Texts
from jupyter_deploy.widgets.view import View, as_code

_USAGE = "%register_model PATH|VARIABLE --name N"


class RegisterForm(View):
    """The form that registers a model.

    Parameters
    ----------
    workspace : where it is registered; the one that is named nearest when it is not given.
    variables : gives the notebook's variables; by default those of the notebook that is running.

    Example
    -------
    >>> RegisterForm()  # doctest: +SKIP
    """

    _esm = module("register_form.js")

    values = traitlets.Dict().tag(sync=True)

    def __init__(self, workspace: Workspace | None = None, variables: Variables = variables_here) -> None:
        opened = workspace or Workspace.from_config()
        super().__init__(register_parts(opened, variables, self._keep), values=asdict(Texts()))

    def plain(self) -> str:
        """The line that does the same, as far as it is filled in."""
        line = cast(RegisterAnswers, self.part()).check(self.values)["line"] or _USAGE
        return f"The form that registers a model; it is drawn where a kernel runs. The same as a line:\n{line}"

    def html(self) -> str:
        """The same, with the line as code."""
        explained, line = self.plain().split("\n", 1)
        return f"<p>{escape(explained)}</p>{as_code(line)}"

    def _keep(self, values: Mapping[str, Any]) -> None:
        self.values = dict(values)
