"""The options of the process target."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from jupyter_deploy.targets.server_options import ServerOptions


@dataclass(frozen=True)
class ProcessOptions(ServerOptions):
    """Options of a service that runs as processes of this machine (``ProcessWebservice.deploy_configuration``)."""

    compute_type: ClassVar[str] = "process"
