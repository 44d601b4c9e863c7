"""The target ``local``: a service as a container on the user's Docker Engine."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from jupyter_deploy.config.options import Options
from jupyter_deploy.errors import TargetError
from jupyter_deploy.images.address import address, machine_of
from jupyter_deploy.images.engine import connected
from jupyter_deploy.targets.addresses import AddressTaken, free_port, in_url, is_wildcard, some_port
from jupyter_deploy.targets.base import Candidate, Place, Release, Report, Status, Work
from jupyter_deploy.targets.docker import containers, gpu, health, logs, vault
from jupyter_deploy.targets.docker.containers import Containers, Role
from jupyter_deploy.targets.docker.options import LocalOptions
from jupyter_deploy.targets.docker.record import NAME, DockerRecord
from jupyter_deploy.targets.server_options import LOOPBACK
from jupyter_deploy.targets.untorn import untorn

if TYPE_CHECKING:
    from pathlib import Path

    from docker.models.containers import Container

    from jupyter_deploy.environments import Lock
    from jupyter_deploy.images.pull import Logins

_KEYS_LOADED = b"keys and certificate were read again"
"""What the scoring server's log says when it has done so."""
_RELOAD_TIMEOUT = 10.0
_TRIES = 5
_START = "starting the service brings it back"


class LocalTarget:
    """Runs a service as one container, which the engine keeps running."""

    name: ClassVar[str] = "local"
    options: ClassVar[type[Options]] = LocalOptions
    unsupported: ClassVar[Mapping[str, str]] = {}
    needs: ClassVar[str] = (
        "A Docker Engine that you may use, or Podman in its place (DOCKER_HOST), where the image is built and run."
    )

    def missing(self) -> str:
        """The engine, where none answers."""
        try:
            with connected("the Docker Engine cannot be used"):
                return ""
        except TargetError as error:
            return error.what

    def server_settings(self, options: Options) -> Mapping[str, Any]:
        """What the scoring server has to know; the published port is the engine's affair."""
        assert isinstance(options, LocalOptions)
        settings = options.settings()
        if is_wildcard(options.host) and (machine := machine_of(address())):
            settings["allowedHosts"] = [*settings["allowedHosts"], in_url(machine)]
        return settings

    def prepare(self, place: Place, release: Release, lock: Lock, work: Work) -> Release:
        """Build the image of the bundle, unless the engine has it."""
        from jupyter_deploy.environments import exact_lock
        from jupyter_deploy.images.build import build
        from jupyter_deploy.images.context import context_of

        DockerRecord.here(place.folder, place.service)
        _refuse_unreachable(release.options)
        with work.step("image", "image"):
            if release.recipe.gpu:
                with connected("its GPUs cannot be seen") as engine:
                    gpu.require(engine)
            context = context_of(release.bundle, exact_lock(lock, work.say), release.recipe)
            return replace(release, runtime=build(context, work, _logins(place)))

    @contextlib.contextmanager
    def bring_up(self, place: Place, release: Release, report: Report) -> Iterator[Candidate]:
        """Start the release: as a twin without the port where a container serves, else at its address."""
        record = DockerRecord.here(place.folder, place.service)
        with connected("the container cannot be started") as engine:
            ours = Containers(engine, place)
            current = ours.current(record.version) if record else None
            if record is not None and record.is_begun and not _answers(current, record):
                record = current = None  # a first version that was left on its way, and never served
            ours.tidy(current)
            ours.give_secrets(release.runtime)
            start = _Start(ours, place, release, record, current, report)
            try:
                start.try_out() if current is not None and containers.is_running(current) else start.publish()
                yield start
            finally:
                start.withdraw()

    def status(self, place: Place) -> Status:
        """Ask the engine for the container, and the container itself."""
        record = DockerRecord.read(place.folder)
        if record is None:
            return Status("Stopped", error="it has never served")
        status = self._asked(place, record)
        if record.is_begun and status.state != "Healthy":
            return replace(status, version=None)
        if record.is_begun:  # and now is known to serve, whatever becomes of who began it
            with contextlib.suppress(OSError):
                replace(record, is_begun=False).write(place.folder)
        return status

    def _asked(self, place: Place, record: DockerRecord) -> Status:
        facts: dict[str, Any] = {"version": record.version, "scoring_uri": record.scoring_uri}
        if record.is_elsewhere:
            return Status("Unknown", error=f"it runs on {record.machine}; its state can be seen from there", **facts)
        if other := record.other_engine():
            return Status("Unknown", error=f"it {other}", **facts)
        try:
            with connected("its state cannot be seen") as engine:
                return _state(Containers(engine, place).current(record.version), record, facts)
        except TargetError as error:
            return Status("Unknown", error=error.what, **facts)

    def stop(self, place: Place) -> None:
        """End the container after the requests under way."""
        record = DockerRecord.here(place.folder, place.service)
        if record is None:
            return
        with connected("the container cannot be stopped") as engine:
            ours = Containers(engine, place)
            current = ours.current(record.version)
            if current is not None:
                containers.stop(current)
                logs.copy(place, current)
            ours.tidy(current)
        replace(record, is_stopped=True).write(place.folder)

    def delete(self, place: Place) -> None:
        """Take containers, secrets and log away; images stay, since other versions and services share their layers."""
        DockerRecord.here(place.folder, place.service)
        with connected("the container cannot be removed") as engine:
            Containers(engine, place).tidy(None)
            vault.remove(engine, place)
        logs.remove(place)
        (place.folder / NAME).unlink(missing_ok=True)

    def reload_keys(self, place: Place) -> None:
        """Put the keys into the service's volume, and have the server read them."""
        record = DockerRecord.here(place.folder, place.service)
        if record is None:
            return
        with connected("the keys cannot be given to the container") as engine:
            ours = Containers(engine, place)
            current = ours.current(record.version)
            if current is None or not containers.is_running(current):
                return  # they are put there at its start
            ours.give_secrets(str(current.attrs["Image"]))
            _have_reread(current)

    def logs(self, place: Place) -> tuple[Path, ...]:
        """The copied files, after the copy was brought up to date where the engine can be asked."""
        record = DockerRecord.read(place.folder)
        if record is not None and not record.is_elsewhere:
            with contextlib.suppress(TargetError), connected("the log cannot be read") as engine:
                current = Containers(engine, place).current(record.version)
                if current is not None:
                    logs.copy(place, current)
        return logs.files(place)


class _Start:
    """A release on its way: tried out beside what serves, then started on the port."""

    def __init__(
        self,
        ours: Containers,
        place: Place,
        release: Release,
        record: DockerRecord | None,
        former: Container | None,
        report: Report,
    ) -> None:
        options = release.options
        assert isinstance(options, LocalOptions)
        self._ours = ours
        self._place = place
        self._release = release
        self._options = options
        self._former = former
        self._report = report
        self._address = (record.host, record.port) if record else (options.host, options.port)
        self._cname = options.ssl_cname or ""
        self._images = record.images if record else {}
        self._engine = address()
        self._is_first = record is None
        self._is_done = False
        self._held = contextlib.ExitStack()
        self._next: Container | None = None
        self._is_published = False

    def try_out(self) -> None:
        """Start a twin without the port, and wait until it is ready."""
        twin = self._create("twin", None)
        began = time.monotonic()
        self._held.enter_context(containers.held(twin))
        containers.start(twin)
        self._report("twin started", container=twin.short_id)
        host, port = self._address
        if port is not None:  # while the twin begins
            self._make(host, port)
        health.wait_inside(twin, self._options)
        self._report("twin healthy", seconds=round(time.monotonic() - began, 3))

    def publish(self) -> None:
        """Start the container on the port, or on a free one, and wait until it answers there."""
        host, port = self._address
        if port is not None:
            return self._publish(host, port)
        for _ in range(_TRIES):
            try:
                return self._publish(host, some_port() if machine_of(self._engine) else free_port(host))
            except AddressTaken:  # somebody else was faster
                self.withdraw()
        raise TargetError(f"no free port was found on {host} in {_TRIES} tries", remedy="give a port")

    def _publish(self, host: str, port: int) -> None:
        container = self._next or self._make(host, port)
        if self._is_first:  # what a killed operation has started is found again by it
            replace(self._record(host, port), is_begun=True).write(self._place.folder)
        began = time.monotonic()
        containers.start(container, (host, port))
        self._address = (host, port)
        self._report("container started", container=container.short_id, port=port)
        ask = partial(health.trouble, host, port, tls=bool(self._cname), machine=machine_of(self._engine))
        health.wait(container, self._options, lambda: not ask())
        self._is_published = True
        self._report("container ready", seconds=round(time.monotonic() - began, 3))

    def _make(self, host: str, port: int) -> Container:
        container = self._next = self._create("service", (host, port))
        return container

    def _create(self, role: Role, address: tuple[str, int] | None) -> Container:
        """Make a container; an operation that is cancelled meanwhile goes on when it is there, and so can take it away."""
        with untorn():
            return self._ours.create(self._release, role, address)

    def take_over(self) -> Status:
        """Give the release the port, if it does not have it yet; where it does not become ready, what served is started again."""
        if not self._is_published:
            self._change_hands()
        assert self._next is not None
        host, port = self._address
        assert port is not None
        record = self._record(host, port)
        record.write(self._place.folder)
        self._is_first = False
        self._is_done = True
        self._ours.tidy(self._next)
        return Status("Healthy", record.version, record.scoring_uri)

    def _record(self, host: str, port: int) -> DockerRecord:
        version = self._release.version
        images = {**self._images, str(version): self._release.runtime}
        return DockerRecord(host, port, version, cname=self._cname, engine=self._engine, images=images)

    def _change_hands(self) -> None:
        assert self._former is not None  # otherwise it was published at once
        began = time.monotonic()
        containers.stop(self._former)
        try:
            self.publish()
        except BaseException:
            self.withdraw()
            containers.start(self._former)
            self._report("the version that served is started again")
            raise
        self._report("the port has changed hands", gap_seconds=round(time.monotonic() - began, 3))

    def withdraw(self) -> None:
        """Take away what was begun and has not taken over."""
        if not self._is_done:
            self._ours.tidy(self._former)
        self._next = None
        self._held.close()
        if self._is_first:
            (self._place.folder / NAME).unlink(missing_ok=True)


def _refuse_unreachable(options: Any) -> None:
    """Refuse an address at which only the machine of the engine itself could reach the service."""
    assert isinstance(options, LocalOptions)
    machine = machine_of(address())
    if machine and options.host in LOOPBACK:
        raise TargetError(
            f"host is {options.host}, at which nobody but {machine} itself, the machine of the Docker Engine, could reach the service",
            remedy="give an address of that machine as host, or 0.0.0.0 for all of them; requests then need a key unless you say otherwise",
        )


def _logins(place: Place) -> Logins:
    found: Logins = json.loads(place.logins.read_text(encoding="utf-8")) if place.logins else {}
    return found


def _state(container: Container | None, record: DockerRecord, facts: dict[str, Any]) -> Status:
    if container is None:
        why = "" if record.is_stopped else f"its container was removed; {_START}"
        return Status("Stopped", error=why, **facts)
    facts = {**facts, "version": containers.version_of(container), "details": {"container": container.short_id}}
    state = container.attrs["State"]
    if container.status == "running":
        machine = machine_of(record.engine)
        trouble = health.trouble(record.host, record.port, tls=bool(record.cname), machine=machine)
        return Status("Unhealthy" if trouble else "Healthy", error=trouble, **facts)
    if container.status == "restarting":
        why = f"its container ended with exit code {state['ExitCode']}, and the engine starts it again"
        return Status("Unhealthy", error=why, **facts)
    if container.status == "paused":
        return Status("Unhealthy", error="its container is paused (docker unpause)", **facts)
    why = "" if record.is_stopped else f"its container ended with exit code {state['ExitCode']}; {_START}"
    return Status("Stopped", error=why, **facts)


def _answers(container: Container | None, record: DockerRecord) -> bool:
    return _state(container, record, {}).state == "Healthy"


def _have_reread(container: Container) -> None:
    already = container.logs().count(_KEYS_LOADED)
    container.kill("SIGHUP")
    deadline = time.monotonic() + _RELOAD_TIMEOUT
    while container.logs().count(_KEYS_LOADED) <= already:
        if time.monotonic() > deadline:
            raise TargetError(
                f"the service did not read its keys again within {_RELOAD_TIMEOUT:.0f} s",
                remedy="look at its log; a restart makes it use them",
            )
        time.sleep(0.05)
