"""The controls of a service: what can be done with it, its history, log and keys."""

from __future__ import annotations

from collections.abc import Callable

import traitlets

from jupyter_deploy.sdk.webservice import Webservice
from jupyter_deploy.widgets.modules import module
from jupyter_deploy.widgets.notebook import variables_here
from jupyter_deploy.widgets.service_answers import service_parts
from jupyter_deploy.widgets.view import View


class ServicePanel(View):
    """The controls of a service: its address, what can be done with it, its history, log and keys.

    Parameters
    ----------
    service : which. changed : is called when something was begun or has changed, for what shows the service beside it.

    Example
    -------
    >>> ServicePanel(service)  # doctest: +SKIP
    """

    _esm = module("service_panel.js")

    name = traitlets.Unicode().tag(sync=True)

    def __init__(self, service: Webservice, changed: Callable[[], None] = lambda: None) -> None:
        super().__init__(service_parts(service, variables_here, changed), name=service.name)

    def plain(self) -> str:
        """Nothing: the card above says it."""
        return ""

    def html(self) -> str:
        """Nothing, either."""
        return ""
