"""The process target: a supervised scoring server on this machine, without Docker and without an account."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from jupyter_deploy.config.options import Options
from jupyter_deploy.errors import TargetError
from jupyter_deploy.targets.addresses import address_error
from jupyter_deploy.targets.base import Place, Release, Report, Status, Work
from jupyter_deploy.targets.logfile import log_files
from jupyter_deploy.targets.process.link import Link, new_socket_path, remove_sockets
from jupyter_deploy.targets.process.options import ProcessOptions
from jupyter_deploy.targets.process.record import NAME, ProcessRecord
from jupyter_deploy.targets.starting import REMEDIES, start_timeout
from jupyter_deploy.workspace.detached import start_detached

if TYPE_CHECKING:
    from jupyter_deploy.environments import Lock

STOP_TIMEOUT = 90.0
WITHDRAW_TIMEOUT = 10.0
NOT_INHERITED = frozenset(
    {
        "AML_APP_ROOT", "AZUREML_CONFIG_FILE", "AZUREML_ENTRY_SCRIPT", "AZUREML_MODEL_DIR", "AZUREML_SOURCE_DIRECTORY",
        "SERVICE_NAME", "SERVICE_PATH_PREFIX", "SERVICE_VERSION", "WORKSPACE_NAME",
    }
)  # fmt: skip
"""What would make the scoring server look elsewhere than into its bundle; the rest of the caller's environment reaches the script."""


class ProcessTarget:
    """Runs a service as a supervisor, a front process and a worker process of the user's own."""

    name: ClassVar[str] = "process"
    options: ClassVar[type[Options]] = ProcessOptions
    unsupported: ClassVar[Mapping[str, str]] = dict.fromkeys(
        (
            "runtime",
            "extra_docker_file_steps",
            "enable_gpu",
            "cuda_version",
            "base_image",
            "base_image_registry",
            "conda_only_packages",
        ),
        "local",
    )
    needs: ClassVar[str] = (
        "Nothing beside this machine: the service runs in this Python where it has the packages, else in a virtual environment"
        " that is made for them."
    )

    def missing(self) -> str:
        """Nothing ever is: this Python runs."""
        return ""

    def server_settings(self, options: Options) -> Mapping[str, Any]:
        """What the scoring server has to know; the port is the supervisor's affair."""
        assert isinstance(options, ProcessOptions)
        return options.settings()

    def prepare(self, place: Place, release: Release, lock: Lock, work: Work) -> Release:  # noqa: ARG002 - the protocol's
        """Find an interpreter that satisfies the lock: this one, else that of a virtual environment (design: the embedded default)."""
        return replace(release, runtime=str(_interpreter(lock, work)))

    @contextlib.contextmanager
    def bring_up(self, place: Place, release: Release, report: Report) -> Iterator[_Candidate]:
        """Start a generation beside the one that serves, under the supervisor that owns the service's address."""
        with self._supervisor(place, release, report) as link:
            link.send("begin", **_release_facts(place, release))
            link.wait_up_to(None)  # the front itself ends a start that takes too long
            try:
                _wait_until_ready(link, report, release.bundle)
                link.wait_up_to(30)
                yield _Candidate(link)
            finally:
                link.hang_up(WITHDRAW_TIMEOUT)

    def _supervisor(self, place: Place, release: Release, report: Report) -> Link:
        record = ProcessRecord.read(place.folder)
        if record and record.supervisor:
            whereabouts = record.supervisor.whereabouts()
            if whereabouts == "alive":
                return Link(record.control)
            if whereabouts == "elsewhere":
                raise TargetError(
                    f"'{place.service}' runs on {record.supervisor.host}",
                    remedy=f"update or delete it from that machine; this one is {os.uname().nodename}",
                )
        options = release.options
        assert isinstance(options, ProcessOptions)
        host, port = (record.host, record.port) if record else (options.host, options.port or 0)
        link, facts = _start_supervisor(place, host, port, new_socket_path(place.workspace, place.service))
        try:
            report("supervisor started", **facts)
        except BaseException:
            link.close()
            raise
        return link

    def status(self, place: Place) -> Status:
        """Ask the supervisor; a record of processes that are gone says how they went."""
        record = ProcessRecord.read(place.folder)
        if record is None:
            return Status("Stopped", error="it has never served")
        facts: dict[str, Any] = {"version": record.version, "scoring_uri": record.scoring_uri}
        if record.supervisor is None:
            return Status("Stopped", **facts)
        gone = {
            "elsewhere": Status(
                "Unknown", error=f"it runs on {record.supervisor.host}; its state can be seen from there", **facts
            ),
            "restarted": Status(
                "Stopped", error="the machine was restarted; starting the service brings it back", **facts
            ),
            "dead": Status(
                "Stopped",
                error=f"its supervisor (process {record.supervisor.pid}) was killed or crashed; starting the service brings it back",
                **facts,
            ),
        }
        return gone.get(record.supervisor.whereabouts()) or _ask_state(record, facts)

    def stop(self, place: Place) -> None:
        """End the service's processes after the requests under way."""
        record = _living(place)
        if record is None:
            return
        with (
            contextlib.suppress(TargetError),
            Link(record.control, STOP_TIMEOUT) as link,
        ):  # the wait below has the last word
            link.ask("stop", "stopped")
        assert record.supervisor is not None
        _wait_for_end(record)

    def delete(self, place: Place) -> None:
        """Stop the service and forget its address and its log."""
        self.stop(place)
        remove_sockets(place.workspace, place.service)
        own = [place.folder / name for name in (NAME, "supervisor.log")]
        for path in (*self.logs(place), *own):
            path.unlink(missing_ok=True)
        with contextlib.suppress(FileNotFoundError):
            (place.folder / "log").rmdir()

    def reload_keys(self, place: Place) -> None:
        """Have the running front read the keys again; a stopped service reads them at its start."""
        record = _living(place)
        if record:
            with Link(record.control) as link:
                link.ask("load_keys", "keys_loaded")

    def logs(self, place: Place) -> tuple[Path, ...]:
        """The rotated files, then the newest one."""
        return log_files(place.folder / "log" / "service.log")


class _Candidate:
    """A generation that is ready and not yet serving."""

    def __init__(self, link: Link) -> None:
        self._link = link

    def take_over(self) -> Status:
        """Let it accept connections; the old generation drains."""
        served = self._link.ask("commit", "serving")
        return Status("Healthy", served["version"], served["uri"])


def _interpreter(lock: Lock, work: Work) -> Path:
    from jupyter_deploy.environments import lacking, virtual_environment

    if lock.source == "kernel":
        missing = lacking(lock)
        if not missing:
            return Path(sys.executable)
        work.say(f"this interpreter does not satisfy the lock ({missing[0]}); making a virtual environment")
    with work.step("packages", "packages"):
        return virtual_environment(lock, work.say)


def _release_facts(place: Place, release: Release) -> dict[str, Any]:
    options = release.options
    assert isinstance(options, ProcessOptions)
    return {
        "version": release.version,
        "bundle": str(release.bundle),
        "interpreter": release.runtime,
        "environment": {name: value for name, value in os.environ.items() if name not in NOT_INHERITED},
        "keys": str(place.keys) if place.keys else None,
        "certificate": str(place.certificate) if place.certificate else None,
        "cname": options.ssl_cname or "",
        # only to servers that need them: a bundle to return to may be older than these options
        "secrets": str(place.secrets) if options.enable_app_insights and place.secrets else None,
        "collected": str(place.collected) if options.collect_model_data and place.collected else None,
        "memory_gb": options.memory_gb,
        "cpu_cores": options.cpu_cores,
        "start_timeout": start_timeout(),
    }


def _start_supervisor(place: Place, host: str, port: int, control: Path) -> tuple[Link, dict[str, Any]]:
    """Start a supervisor in the middle of a conversation, so that it ends by itself when this process is killed."""
    ours, theirs = socket.socketpair()
    arguments = ["--folder", str(place.folder), "--host", host, "--port", str(port), "--control", str(control)]
    with theirs, (place.folder / "supervisor.log").open("ab") as errors:
        process = start_detached(
            "jupyter_deploy.targets.process.supervisor", [*arguments, "--conversation", str(theirs.fileno())],
            folder=place.folder, errors=errors, output=subprocess.PIPE, pass_fds=(theirs.fileno(),),
        )  # fmt: skip
    assert process.stdout is not None
    with process.stdout as lines:
        answer = json.loads(lines.readline() or "{}")
    if "port" in answer:
        return Link(ours), {"pid": process.pid, "port": answer["port"]}
    ours.close()
    if "error" in answer:
        raise address_error(host, port, answer["error"])
    text = (place.folder / "supervisor.log").read_text(encoding="utf-8", errors="replace")
    raise TargetError("the service's supervisor did not start", text[-2000:])


def _wait_until_ready(link: Link, report: Report, bundle: Path) -> None:
    for event in link.events():
        kind = event["event"]
        if kind == "starting":
            report("worker started", pid=event["worker"])
        elif kind == "ready":
            return report("worker ready", seconds=event["seconds"])
        elif kind == "failed":
            traceback = event["traceback"].replace(f"{bundle / 'app'}{os.sep}", "")  # score.py, as the person knows it
            raise TargetError(event["message"], traceback.rstrip(), REMEDIES.get(event["stage"], ""))
    raise TargetError(
        "the service's supervisor ended while the new version started", remedy="look at the service's log"
    )


def _living(place: Place) -> ProcessRecord | None:
    record = ProcessRecord.read(place.folder)
    if record is None or record.supervisor is None:
        return None
    whereabouts = record.supervisor.whereabouts()
    if whereabouts == "elsewhere":
        raise TargetError(f"'{place.service}' runs on {record.supervisor.host}", remedy="do this on that machine")
    return record if whereabouts == "alive" else None


def _ask_state(record: ProcessRecord, facts: dict[str, Any]) -> Status:
    try:
        with Link(record.control, timeout=5) as link:
            answer = link.ask("status", "status")
    except TargetError:
        return Status("Unknown", error="its supervisor does not answer", **facts)
    details: dict[str, Any] = {name: answer[name] for name in ("front", "workers") if name in answer}
    if answer["ready"]:
        return Status("Healthy", details=details, **facts)
    return Status("Unhealthy", error=answer["trouble"] or "the worker is starting", details=details, **facts)


def _wait_for_end(record: ProcessRecord) -> None:
    import time

    assert record.supervisor is not None
    deadline = time.monotonic() + STOP_TIMEOUT
    while record.supervisor.whereabouts() == "alive":
        if time.monotonic() > deadline:
            raise TargetError(
                f"the supervisor (process {record.supervisor.pid}) did not end within {STOP_TIMEOUT:.0f} s"
            )
        time.sleep(0.02)
