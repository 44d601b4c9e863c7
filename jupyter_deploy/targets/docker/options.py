"""The options of the target ``local``."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, ClassVar

from jupyter_deploy.config.options import option
from jupyter_deploy.images.dockerfile import PORT
from jupyter_deploy.targets.addresses import in_url, is_wildcard
from jupyter_deploy.targets.server_options import ServerOptions


@dataclass(frozen=True)
class LocalOptions(ServerOptions):
    """Options of a service that runs in a container on this machine (``LocalWebservice.deploy_configuration``)."""

    compute_type: ClassVar[str] = "local"

    cpu_cores_limit: float | None = option(
        None, json="containerResourceRequirements.cpuLimit", unit="cores", above=0, group="Resources",
        help="CPU that the container never goes beyond; no cap when it is not set.",
    )  # fmt: skip
    restart_policy: str = option(
        "unless-stopped", json="restartPolicy", choices=("unless-stopped", "on-failure", "no"), group="Resources",
        help="When the engine starts the container again by itself: after a crash and a restart of the machine, after a crash, or never.",
    )  # fmt: skip

    def rules(self) -> Iterable[str]:
        """Besides those of every service: a cap below the request is none, and a container keeps no files."""
        yield from super().rules()
        if self.cpu_cores and self.cpu_cores_limit and self.cpu_cores_limit < self.cpu_cores:
            yield f"cpu_cores_limit is {self.cpu_cores_limit:g} cores, less than cpu_cores ({self.cpu_cores:g}); give at least as much"
        if self.collect_model_data and "://" not in (self.collect_url or ""):
            yield "collect_model_data needs a collect_url with '://' on the target 'local', since a container keeps no files; give one"

    def settings(self) -> dict[str, Any]:
        """In the container the server answers at all of its addresses; which of this machine's reach it is the engine's affair."""
        names = dict.fromkeys((*self.allowed_hosts, self.host))
        hosts = [in_url(name) if name.count(":") > 1 else name for name in names if not is_wildcard(name)]
        return {**super().settings(), "host": "0.0.0.0", "port": PORT, "allowedHosts": hosts}  # noqa: S104  (its own)
