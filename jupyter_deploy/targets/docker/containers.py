"""The containers of one service on the engine: made, found again by their labels, and named so that nobody else's is ever touched."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Literal

from jupyter_deploy.errors import TargetError
from jupyter_deploy.images.address import address as engine_address
from jupyter_deploy.images.address import machine_of
from jupyter_deploy.images.dockerfile import PORT, SETTINGS, USER_HOME
from jupyter_deploy.targets.addresses import address_error
from jupyter_deploy.targets.base import Place, Release
from jupyter_deploy.targets.docker import gpu, logs, vault
from jupyter_deploy.targets.docker.options import LocalOptions
from jupyter_deploy.targets.starting import GB, start_timeout

if TYPE_CHECKING:
    from docker import DockerClient
    from docker.models.containers import Container

Role = Literal["service", "twin"]

_ENDINGS: Mapping[Role, str] = {"service": "next", "twin": "twin"}
"""Of the names of containers that do not serve yet."""
_SECOND = 1_000_000_000
_PATIENCE = 70
"""Seconds that a container has to finish the requests under way: what the server takes at most, and some more."""
_SHARES = 1024
"""The weight that the engine gives one core's worth of CPU."""
_TAKEN = re.compile(r"port is already allocated|address already in use|cannot assign requested address", re.IGNORECASE)


class Containers:
    """A service's containers.

    Parameters
    ----------
    engine : where they are. place : of the service.
    """

    def __init__(self, engine: DockerClient, place: Place) -> None:
        self._engine = engine
        self._place = place
        self.labels = {"jupyter-deploy.workspace": place.workspace, "jupyter-deploy.service": place.service}

    def all(self, role: Role | None = None) -> list[Container]:
        """Those that are there, running or not, newest first."""
        wanted = {**self.labels, **({"jupyter-deploy.role": role} if role else {})}
        filters: dict[str, str | list[str] | bool] = {"label": [f"{name}={value}" for name, value in wanted.items()]}
        return self._engine.containers.list(all=True, filters=filters, ignore_removed=True)

    def current(self, version: int | None) -> Container | None:
        """The one that serves; where none runs, the one that served last.

        Parameters
        ----------
        version : that is recorded as the one that serves.
        """
        found = self.all("service")
        running = [each for each in found if is_running(each)]
        return next(iter([*running, *(each for each in found if version_of(each) == version)]), None)

    def tidy(self, kept: Container | None) -> None:
        """Take away all but one container, which gets the service's name: what served before, and what killed operations have left."""
        for container in self.all():
            if kept is None or container.id != kept.id:
                self.remove(container)
        if kept is not None and kept.name != self._name():
            kept.rename(self._name())

    def give_secrets(self, image: str) -> None:
        """Put the secrets that the service has now where its containers read them."""
        vault.fill(self._engine, self._place, image, self.labels)

    def create(self, release: Release, role: Role, address: tuple[str, int] | None) -> Container:
        """Make a container for a release, without starting it.

        Parameters
        ----------
        address : of this machine that its port is reached at, for its whole life; None publishes nothing.

        Raises
        ------
        TargetError : a container that is not the service's has its name.
        """
        self._refuse_foreign_names()
        name = f"{self._name()}-{_ENDINGS[role]}"
        command = ["front", "--settings", SETTINGS, "--start-timeout", f"{start_timeout():g}"]
        command += [*vault.arguments(self._place), *(("--life-fd", "0") if role == "twin" else ())]
        labels = {**self.labels, "jupyter-deploy.role": role, "jupyter-deploy.version": str(release.version)}
        return self._engine.containers.create(
            release.runtime,
            command,
            name=name,
            labels=labels,
            stop_signal="SIGINT",  # nothing spreads load over it that would have to learn of its end
            environment={"SERVICE_VERSION": str(release.version)},
            volumes=vault.mount(self._place),
            ports={f"{PORT}/tcp": address} if address else {},
            **_confined(),
            **_resources(release.options),
            device_requests=gpu.requests() if release.recipe.gpu else [],
            **(_as_twin() if role == "twin" else _kept_running(release.options)),
        )

    def remove(self, container: Container) -> None:
        """Take a container away, after its log was copied; one that has gone meanwhile is no error."""
        from docker.errors import NotFound

        with contextlib.suppress(NotFound):
            if container.labels.get("jupyter-deploy.role"):  # not what only took in the secrets
                logs.copy(self._place, container)
            container.remove(force=True)

    def _refuse_foreign_names(self) -> None:
        ours = {container.id for container in self.all()}
        names = {self._name(), *(f"{self._name()}-{ending}" for ending in _ENDINGS.values())}
        for container in self._engine.containers.list(all=True, filters={"name": self._name()}, ignore_removed=True):
            if container.name in names and container.id not in ours:
                raise _name_taken(str(container.name))

    def _name(self) -> str:
        return f"jupyter-deploy-{self._place.workspace}-{self._place.service}"


def start(container: Container, address: tuple[str, int] | None = None) -> None:
    """Start a container.

    Raises
    ------
    TargetError : its port cannot be had.
    """
    from docker.errors import APIError

    try:
        container.start()
    except APIError as error:
        reason = error.explanation or str(error)
        if address and (found := _TAKEN.search(reason)):
            raise address_error(*address, found[0], machine_of(engine_address())) from None
        raise


@contextlib.contextmanager
def held(container: Container) -> Iterator[None]:
    """Keep a twin alive: its standard input ends with the context, and with this process, however that ends."""
    connection = container.attach_socket(params={"stdin": 1, "stream": 1})
    try:
        yield
    finally:
        connection.close()


def stop(container: Container) -> None:
    """End a container after the requests under way."""
    container.stop(timeout=_PATIENCE)


def is_running(container: Container) -> bool:
    """Whether the engine runs it, or is about to start it again."""
    return container.status in ("running", "restarting", "paused")


def version_of(container: Container) -> int:
    """The version that it serves."""
    return int(container.labels["jupyter-deploy.version"])


def _confined() -> Mapping[str, Any]:
    """What a service may not: write but to memory, gain rights, fill the disk with its log."""
    from docker.types import LogConfig

    return {
        "read_only": True,
        "tmpfs": dict.fromkeys(("/tmp", USER_HOME), "mode=1777"),  # noqa: S108 - the container's own, which has one user
        "cap_drop": ["ALL"],
        "security_opt": ["no-new-privileges:true"],
        "log_config": LogConfig(type="json-file", config={"max-size": "10m", "max-file": "3"}),
    }


def _resources(options: Any) -> Mapping[str, Any]:
    assert isinstance(options, LocalOptions)
    given: dict[str, Any] = {}
    if options.memory_gb:
        given["mem_limit"] = given["memswap_limit"] = int(options.memory_gb * GB)
    if options.cpu_cores:
        given["cpu_shares"] = max(2, round(options.cpu_cores * _SHARES))
    if options.cpu_cores_limit:
        given["nano_cpus"] = round(options.cpu_cores_limit * _SECOND)
    return given


def _kept_running(options: Any) -> Mapping[str, Any]:
    assert isinstance(options, LocalOptions)
    return {"restart_policy": {"Name": options.restart_policy}, "detach": True}


def _as_twin() -> Mapping[str, Any]:
    """A twin ends when its standard input does, and is asked by whoever holds that, not by the engine."""
    return {"healthcheck": {"test": ["NONE"]}, "stdin_open": True}


def _name_taken(name: str) -> TargetError:
    return TargetError(
        f"the name '{name}' is taken by a container that is not this service's",
        "It was made by somebody else, and is left alone.",
        f"rename or remove it (docker rename {name} NEW), or deploy under another name",
    )
