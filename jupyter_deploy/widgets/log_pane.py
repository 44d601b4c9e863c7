"""The log pane: a window on a service's log, which follows it while it grows and asks the file for everything else."""

from __future__ import annotations

from typing import cast

import traitlets

from jupyter_deploy.errors import DeployError
from jupyter_deploy.sdk.webservice import Webservice
from jupyter_deploy.widgets.log_answers import LogAnswers
from jupyter_deploy.widgets.modules import module
from jupyter_deploy.widgets.view import View

PLAIN = 50
"""Lines that are shown where widgets cannot run."""


class LogPane(View):
    """The log of a service, live: coloured, searched, filtered, paused and downloaded.

    Parameters
    ----------
    service : whose log.

    Example
    -------
    >>> LogPane(service)  # doctest: +SKIP
    """

    _esm = module("log_pane.js")

    name = traitlets.Unicode().tag(sync=True)

    def __init__(self, service: Webservice) -> None:
        super().__init__({"": lambda tell: LogAnswers(service, tell)}, name=service.name)

    def plain(self) -> str:
        """The last lines of the log."""
        try:
            return "\n".join(cast(LogAnswers, self.part()).last(PLAIN))
        except DeployError as error:
            return str(error)
