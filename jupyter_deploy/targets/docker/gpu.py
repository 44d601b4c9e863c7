"""GPUs for containers: whether the engine can give them, and what asks it to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jupyter_deploy.errors import TargetError

if TYPE_CHECKING:
    from docker import DockerClient
    from docker.types import DeviceRequest

_RUNTIME = "nvidia"
_ALL = -1


def require(engine: DockerClient) -> None:
    """See that the engine has a runtime for GPUs, before anything is pulled or built for it.

    Raises
    ------
    TargetError : it has none.
    """
    runtimes = sorted(engine.info().get("Runtimes") or ())
    if _RUNTIME not in runtimes:
        raise TargetError(
            f"enable_gpu is given, and the Docker Engine has no GPU runtime '{_RUNTIME}'",
            f"Its runtimes are {', '.join(runtimes) or 'not known'}.",
            "install the NVIDIA Container Toolkit and run 'nvidia-ctk runtime configure --runtime=docker', or leave enable_gpu out",
        )


def requests() -> list[DeviceRequest]:
    """All GPUs of the machine, with what calculations need of the driver."""
    from docker.types import DeviceRequest

    return [DeviceRequest(driver=_RUNTIME, count=_ALL, capabilities=[["gpu", "compute", "utility"]])]
