"""ProcessWebservice: a service that runs as processes of this machine."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar
from urllib.parse import urlsplit

from jupyter_deploy.config.options import Options
from jupyter_deploy.sdk.configuration import deploy_configuration
from jupyter_deploy.sdk.webservice import Webservice
from jupyter_deploy.targets.process.options import ProcessOptions


class ProcessWebservice(Webservice):
    """A service that runs as processes of this machine, without Docker and without an account."""

    compute_type: ClassVar[str] = "process"
    deploy_configuration: ClassVar[Callable[..., Options]] = staticmethod(deploy_configuration(ProcessOptions))

    @property
    def port(self) -> int | None:
        """The port it listens on; None until it has served."""
        return urlsplit(self.scoring_uri).port if self.scoring_uri else None
