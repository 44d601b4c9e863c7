"""The process target: a supervised scoring server on this machine, without Docker and without an account."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, ClassVar

from jupyter_deploy.config.options import Options
from jupyter_deploy.errors import TargetError, UserError
from jupyter_deploy.targets.base import Place, Release, Report, Status
from jupyter_deploy.targets.process.link import Link, new_socket_path, remove_sockets
from jupyter_deploy.targets.process.logfile import log_files
from jupyter_deploy.targets.process.options import ProcessOptions
from jupyter_deploy.targets.process.record import NAME, ProcessRecord
from jupyter_deploy.workspace.detached import start_detached

START_TIMEOUT = 310.0
"""Seconds that imports and init() may take: the original's initialDelaySeconds. JUPYTER_DEPLOY_START_TIMEOUT changes it."""
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
        ("runtime", "extra_docker_file_steps", "enable_gpu", "cuda_version", "base_image", "base_image_registry"),
        "local",
    )

    def server_settings(self, options: Options) -> Mapping[str, Any]:
        """What the scoring server has to know; the port is the supervisor's affair."""
        assert isinstance(options, ProcessOptions)
        return {
            "host": options.host,
            "port": options.port or 5001,
            "allowedHosts": list(options.allowed_hosts),
            "authEnabled": options.is_authenticated(under_hub="JUPYTERHUB_API_TOKEN" in os.environ),
            "tokenAuthEnabled": options.token_auth_enabled,
            "sslEnabled": options.ssl_enabled,
            "maxConcurrentRequestsPerContainer": options.replica_max_concurrent_requests,
            "maxQueueWaitMs": options.max_request_wait_time,
            "scoringTimeoutMs": options.scoring_timeout_ms,
            "workerCount": options.worker_count,
            "workerPreload": options.worker_preload,
            "maxBatchRows": options.max_batch_rows,
            "maxBodyMb": options.max_body_mb,
            "nanAs": options.nan_as,
            "logFormat": options.log_format,
            "appInsightsEnabled": options.enable_app_insights,
            "collectModelData": options.collect_model_data,
            "collectUrl": options.collect_place(),
            "collectFormat": options.collect_format,
        }

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


def _release_facts(place: Place, release: Release) -> dict[str, Any]:
    options = release.options
    assert isinstance(options, ProcessOptions)
    return {
        "version": release.version,
        "bundle": str(release.bundle),
        "interpreter": str(release.interpreter),
        "environment": {name: value for name, value in os.environ.items() if name not in NOT_INHERITED},
        "keys": str(place.keys) if place.keys else None,
        "certificate": str(place.certificate) if place.certificate else None,
        "cname": options.ssl_cname or "",
        # only to servers that need them: a bundle to return to may be older than these options
        "secrets": str(place.secrets) if options.enable_app_insights and place.secrets else None,
        "collected": str(place.collected) if options.collect_model_data and place.collected else None,
        "memory_gb": options.memory_gb,
        "cpu_cores": options.cpu_cores,
        "start_timeout": _start_timeout(),
    }


def _start_timeout() -> float:
    given = os.environ.get("JUPYTER_DEPLOY_START_TIMEOUT", str(START_TIMEOUT))
    try:
        return float(given)
    except ValueError:
        raise UserError(f"JUPYTER_DEPLOY_START_TIMEOUT is {given!r}", "it takes a number of seconds") from None


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
        raise _address_error(host, port, answer["error"])
    text = (place.folder / "supervisor.log").read_text(encoding="utf-8", errors="replace")
    raise TargetError("the service's supervisor did not start", text[-2000:])


def _address_error(host: str, port: int, reason: str) -> TargetError:
    holder = _holder_of(port)
    return TargetError(
        f"cannot listen on {host}, port {port}: {reason}{holder}",
        remedy="end the program that uses the port, or deploy with another one (port=None takes a free one)",
    )


def _holder_of(port: int) -> str:
    import psutil

    with contextlib.suppress(psutil.Error):
        for connection in psutil.net_connections("tcp"):
            local = connection.laddr
            if connection.status == psutil.CONN_LISTEN and local and local.port == port and connection.pid:
                return f" (process {connection.pid}, {psutil.Process(connection.pid).name()})"
    return ""


def _wait_until_ready(link: Link, report: Report, bundle: Path) -> None:
    for event in link.events():
        kind = event["event"]
        if kind == "starting":
            report("worker started", pid=event["worker"])
        elif kind == "ready":
            return report("worker ready", seconds=event["seconds"])
        elif kind == "failed":
            traceback = event["traceback"].replace(f"{bundle / 'app'}{os.sep}", "")  # score.py, as the person knows it
            raise TargetError(event["message"], traceback.rstrip(), _REMEDIES.get(event["stage"], ""))
    raise TargetError(
        "the service's supervisor ended while the new version started", remedy="look at the service's log"
    )


_REMEDIES = {
    "import": "mend the script or its environment, then deploy again; modules beside the script need source_directory",
    "init": "mend init(), then deploy again; %%score_script --try runs it in a notebook without a deployment",
    "signature": "mend the script, then deploy again",
    "memory": "deploy again with a higher memory_gb, or have init() take less",
}


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
