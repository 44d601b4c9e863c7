"""What operations do, step by step; runs in the operation's own process."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from jupyter_deploy.bundle.writer import BundleContents, verify_bundle, write_bundle
from jupyter_deploy.engine.job import Cancelled, Job
from jupyter_deploy.engine.locking import kept_lock, lock_of
from jupyter_deploy.engine.places import bundle_folder, certificate_name, keys_name, logins_name, place_of, secrets_name
from jupyter_deploy.engine.requests import DeployRequest
from jupyter_deploy.environments import Lock
from jupyter_deploy.targets import find_target
from jupyter_deploy.targets.base import Candidate, Place, Release, SharesTraffic, Status, Target
from jupyter_deploy.targets.shares import Traffic
from jupyter_deploy.workspace.removal import remove
from jupyter_deploy.workspace.writing import writing


@dataclass(frozen=True)
class _Bundle:
    """A version's bundle, with what it was written from."""

    request: DeployRequest
    number: int
    path: Path
    lock: Lock

    def release(self, target: Target) -> Release:
        """It as its target takes it."""
        options = target.options.from_json(self.request.options, where="recorded options")
        return Release(self.number, self.path, options, recipe=self.request.recipe)


def run(job: Job) -> None:
    """Do what the job's kind says."""
    try:
        _WORK[job.kind](job)
    except BaseException as error:
        job.make_room()
        _note_failure(job, error)
        raise


def _release(job: Job) -> None:
    """Deploy or update: environment, bundle, start, switch."""
    request = DeployRequest.from_json(job.request["deploy"])
    number: int = job.request["version"]
    bundle = bundle_folder(job.folder, job.service, job.request["bundle"])
    with job.step("environment", "environment"):
        lock = lock_of(job.folder, request.environment, job.say)
    with job.step("bundle", "bundle"):
        contents = BundleContents(
            job.service, number, job.folder.id, request.models, request.script, lock.text(), request.settings,
            request.environment.variables,
        )  # fmt: skip
        with writing(bundle):
            write_bundle(bundle, contents, job.folder.files)
    _serve(job, _Bundle(request, number, bundle, lock))


def _serve_again(job: Job) -> None:
    """Rollback, start, restart or other shares of the requests: bundles that are there already."""
    _serve(job, _kept(job, job.request))


def _kept(job: Job, facts: Mapping[str, Any]) -> _Bundle:
    bundle = bundle_folder(job.folder, job.service, facts["bundle"])
    with job.step("verify", "check of the bundle"):
        verify_bundle(bundle)
        lock = kept_lock(job.folder, bundle)
    return _Bundle(DeployRequest.from_json(facts["deploy"]), facts["version"], bundle, lock)


def _serve(job: Job, served: _Bundle) -> None:
    """Have a version serve, alone or beside those that the request names with it."""
    others = [_kept(job, facts) for facts in job.request.get("versions", ())]
    request = served.request
    target = find_target(request.target)
    place = place_of(job.folder, job.service, request.settings, request.options)
    releases = [target.prepare(place, each.release(target), each.lock, job) for each in (*others, served)]
    with writing(place.folder):
        place.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    job.warm_up()
    with ExitStack() as stack:
        with job.step("start", "start of the service"):
            candidate = stack.enter_context(_coming_up(job, target, place, releases))
        with job.step("switch", "switch to the new version"):
            job.point_of_no_return()
            status = candidate.take_over()
            _note_served(job, served.number, status)
    job.log.write("state", f"{job.service} is {status.state}", state=status.state, scoring_uri=status.scoring_uri)


def _coming_up(
    job: Job, target: Target, place: Place, releases: Sequence[Release]
) -> AbstractContextManager[Candidate]:
    if "traffic" not in job.request:
        return target.bring_up(place, releases[-1], job.report)
    assert isinstance(target, SharesTraffic)  # the caller looked
    return target.share(place, releases, Traffic.from_json(job.request["traffic"]), job.report)


def _stop(job: Job) -> None:
    target, place = _running(job)
    with job.step("stop", "stop"):
        job.point_of_no_return()
        target.stop(place)
        _change_service(job, desired="stopped")
    job.log.write("state", f"{job.service} is Stopped", state="Stopped")


def _delete(job: Job) -> None:
    target, place = _running(job)
    with job.step("delete", "deletion"):
        job.point_of_no_return()
        target.delete(place)
        names = (secret(job.service) for secret in (keys_name, certificate_name, secrets_name, logins_name))
        for path in (*(job.folder.secrets.path(f"secret:{name}") for name in names), place.folder):
            remove(path)
        if place.collected and (kept := place.collected / job.service).exists():
            job.say(f"the data it has collected stays in {kept}")
        job.folder.services.remove(job.service)


def _running(job: Job) -> tuple[Target, Place]:
    record = job.folder.services.get(job.service)
    assert record is not None  # the caller looked, and holds the lock since
    return find_target(record.target), place_of(
        job.folder, job.service, job.request["settings"], job.request["options"]
    )


def _note_served(job: Job, number: int, status: Status) -> None:
    now = datetime.now(timezone.utc)
    if "traffic" in job.request:
        number = _note_shared(job, Traffic.from_json(job.request["traffic"]), status)
    elif job.kind not in ("start", "restart"):
        job.folder.services.change_version(job.service, number, served_time=now, error=None)
    _change_service(
        job, current=number, scoring_uri=status.scoring_uri, desired="running", error=None, served=True,
        **job.request.get("service_changes", {}),
    )  # fmt: skip


def _note_shared(job: Job, traffic: Traffic, status: Status) -> int:
    """Record which versions serve, and which were taken back; returns the one that the service returns to."""
    assert status.version is not None
    for version in job.folder.services.versions(job.service):
        if version.number in traffic.versions:
            began = version.served_time or datetime.now(timezone.utc)
            job.folder.services.change_version(job.service, version.number, served_time=began, error=None)
        elif version.served_time and version.number > status.version:
            job.folder.services.change_version(job.service, version.number, error="taken back")
    return status.version


def _note_failure(job: Job, error: BaseException) -> None:
    """Record why, where a person looks for it tomorrow; a cancelled or failed update does not touch what serves."""
    record = job.folder.services.get(job.service)
    if record is None or job.is_committed:  # what took over serves, whatever failed then; the next look adopts it
        return
    text = "cancelled" if isinstance(error, Cancelled) else str(error)
    if "version" in job.request and job.kind in ("deploy", "update", "rollback"):
        job.folder.services.change_version(job.service, job.request["version"], error=text)
    if job.kind in ("deploy", "update"):
        shutil.rmtree(
            bundle_folder(job.folder, job.service, job.request["bundle"]), ignore_errors=True
        )  # it never served
    if not record.served:
        job.folder.services.put(replace(record, error=text))


def _change_service(job: Job, **fields: object) -> None:
    record = job.folder.services.get(job.service)
    assert record is not None
    changed: Mapping[str, object] = {"updated_time": datetime.now(timezone.utc), **fields}
    job.folder.services.put(replace(record, **changed))  # type: ignore[arg-type]


_WORK: Mapping[str, Callable[[Job], None]] = {
    "deploy": _release,
    "update": _release,
    "rollback": _serve_again,
    "traffic": _serve_again,
    "start": _serve_again,
    "restart": _serve_again,
    "stop": _stop,
    "delete": _delete,
}
