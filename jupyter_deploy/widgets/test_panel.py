"""The test panel: a request to a service from a form, JSON, a file or a variable, with its answer, and what can be done with both."""

from __future__ import annotations

import traitlets

from jupyter_deploy.errors import DeployError
from jupyter_deploy.sdk.webservice import Webservice
from jupyter_deploy.widgets.bodies import JSON
from jupyter_deploy.widgets.modules import module
from jupyter_deploy.widgets.notebook import Variables, variables_here
from jupyter_deploy.widgets.snippets import Request, code_of
from jupyter_deploy.widgets.test_answers import TestAnswers
from jupyter_deploy.widgets.view import View


class TestPanel(View):
    """Sends requests to a service, and shows what it answers.

    Parameters
    ----------
    service : that is tested. variables : gives the variables that can be sent, by name; those of the notebook where it is left out.

    Example
    -------
    >>> TestPanel(service)  # doctest: +SKIP
    """

    __test__ = False
    _esm = module("test_panel.js")

    name = traitlets.Unicode().tag(sync=True)
    body = traitlets.Unicode(help="What is sent, kept in the notebook; empty unless asked for.").tag(sync=True)

    def __init__(self, service: Webservice, variables: Variables = variables_here) -> None:
        self._service = service
        super().__init__({"": lambda tell: TestAnswers(service, tell, variables)}, name=service.name)

    def plain(self) -> str:
        """How to test it where widgets cannot run."""
        try:
            service = self._service
            needs_key = service.auth_enabled or service.token_auth_enabled
            request = Request("POST", service.scoring_uri or "", {"Content-Type": JSON}, "", "body.json", needs_key)
            return f"{service.name}: the test panel needs a running notebook; elsewhere:\n{code_of(request)['curl']}"
        except DeployError as error:
            return str(error)
