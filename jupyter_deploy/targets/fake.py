"""A target for tests: it does what every target promises without starting anything, and keeps its state in one JSON file.

It shows the smallest thing that passes ``tests/contract``, and lets the engine be tested in milliseconds. Its entry point begins with an
underscore, so that no list shows it to users.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import secrets
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from jupyter_deploy.config.options import Options, option
from jupyter_deploy.errors import TargetError
from jupyter_deploy.targets.base import Place, Release, Report, Status, Work
from jupyter_deploy.targets.shares import Traffic
from jupyter_deploy.workspace.identity import ProcessIdentity

if TYPE_CHECKING:
    from jupyter_deploy.environments import Lock

NAME = "fake.json"
LOG = "fake.log"


@dataclass(frozen=True)
class FakeOptions(Options):
    """Options of a service that only pretends to run."""

    compute_type: ClassVar[str] = "fake"

    fail: str | None = option(None, json="fail", help="Why the service shall not become healthy; it does when not set.")
    gate: str | None = option(None, json="gate", help="A file without which the service does not become healthy.")
    region: str = option("here", json="region", updatable=False, help="Part of the address.")
    primary_key: str | None = option(
        None,
        json="keys.primaryKey",
        secret=True,
        updatable=False,
        help="Primary key; requests need a key when it is set.",
    )
    auth_enabled: bool = option(False, json="authEnabled", help="Whether requests need a key.")


@dataclass(frozen=True)
class FakeRecord:
    """What the fake target remembers of a service: what a real one would have running.

    Parameters
    ----------
    uri : the address, for its whole life. version, bundle : what serves, or served last.
    accepted : SHA-256 of each key that requests may carry; empty where none is needed.
    since : the process that began it, which tells the machine and its last start; None after a stop.
    shared : how requests are shared between versions; empty where one serves alone.
    """

    uri: str
    version: int
    bundle: str
    accepted: tuple[str, ...]
    since: ProcessIdentity | None
    shared: Mapping[str, Mapping[str, int]] = field(default_factory=dict)

    @property
    def traffic(self) -> Traffic | None:
        """How requests are shared; None where one version serves alone."""
        return Traffic.from_json(self.shared) if self.shared else None

    def write(self, folder: Path) -> None:
        """Replace the record in one step."""
        unfinished = folder / (NAME + ".new")
        unfinished.write_text(json.dumps(asdict(self)), encoding="utf-8")
        unfinished.replace(folder / NAME)

    @classmethod
    def read(cls, folder: Path) -> FakeRecord | None:
        """Read the record, or None when the service has never served here."""
        try:
            document: dict[str, Any] = json.loads((folder / NAME).read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        since = document.pop("since")
        accepted = tuple(document.pop("accepted"))
        return cls(**document, accepted=accepted, since=ProcessIdentity.from_json(since) if since else None)


class FakeTarget:
    """Pretends to run services."""

    name: ClassVar[str] = "fake"
    options: ClassVar[type[Options]] = FakeOptions
    unsupported: ClassVar[Mapping[str, str]] = {"base_image": "local"}
    needs: ClassVar[str] = "Nothing."

    def missing(self) -> str:
        """Nothing."""
        return ""

    def server_settings(self, options: Options) -> Mapping[str, Any]:
        """Keys are needed where one is given, or where that is asked for."""
        assert isinstance(options, FakeOptions)
        return {"authEnabled": options.auth_enabled or options.primary_key is not None}

    def prepare(self, place: Place, release: Release, lock: Lock, work: Work) -> Release:  # noqa: ARG002 - the protocol's
        """Nothing runs, so nothing is needed."""
        return release

    @contextlib.contextmanager
    def bring_up(self, place: Place, release: Release, report: Report) -> Iterator[_Candidate]:
        """Wait for the gate, then fail or be ready, as the options say."""
        options = release.options
        assert isinstance(options, FakeOptions)
        _elsewhere(place)
        report("pretending to start", pid=os.getpid())
        while options.gate and not Path(options.gate).exists():
            time.sleep(0.01)
        if options.fail:
            raise TargetError(options.fail, f"the option fail is {options.fail!r}", "leave it out")
        yield _Candidate(place, release, options.region)

    @contextlib.contextmanager
    def share(
        self, place: Place, releases: Sequence[Release], traffic: Traffic, report: Report
    ) -> Iterator[_Candidate]:
        """Bring each up, and remember who gets what."""
        record = _elsewhere(place)
        assert record is not None  # what never served shares nothing
        with contextlib.ExitStack() as stack:
            candidates = {each.version: stack.enter_context(self.bring_up(place, each, report)) for each in releases}
            base = candidates[traffic.base(record.version)]
            base.traffic = traffic if traffic.is_shared else None
            yield base

    def status(self, place: Place) -> Status:
        """What the record says; where it was written is looked at as a real target looks at its processes."""
        record = FakeRecord.read(place.folder)
        if record is None:
            return Status("Stopped", error="it has never served")
        if record.since is None:
            return Status("Stopped", record.version, record.uri, traffic=record.traffic)
        whereabouts = record.since.whereabouts()
        if whereabouts == "elsewhere":
            return Status("Unknown", record.version, record.uri, f"it runs on {record.since.host}")
        if whereabouts == "restarted":
            return Status(
                "Stopped", record.version, record.uri, "the machine was restarted; starting the service brings it back"
            )
        return Status("Healthy", record.version, record.uri, traffic=record.traffic)

    def stop(self, place: Place) -> None:
        """Pretend that nothing runs any more."""
        record = _elsewhere(place)
        if record:
            replace(record, since=None).write(place.folder)

    def delete(self, place: Place) -> None:
        """Forget the service."""
        _elsewhere(place)
        for path in (place.folder / NAME, place.folder / LOG):
            path.unlink(missing_ok=True)

    def reload_keys(self, place: Place) -> None:
        """Accept the keys that are in the file now."""
        record = _elsewhere(place)
        if record:
            replace(record, accepted=_digests(place)).write(place.folder)

    def logs(self, place: Place) -> tuple[Path, ...]:
        """One file with a line for each version that began to serve."""
        path = place.folder / LOG
        return (path,) if path.exists() else ()


class _Candidate:
    """A release that pretends to be ready."""

    def __init__(self, place: Place, release: Release, region: str) -> None:
        self._place = place
        self._release = release
        self._region = region
        self.traffic: Traffic | None = None

    def take_over(self) -> Status:
        """Write it into the record, at the address that is there or at a new one."""
        folder = self._place.folder
        former = FakeRecord.read(folder)
        uri = former.uri if former else f"fake://{self._region}/{secrets.token_hex(4)}/score"
        since = ProcessIdentity.of(os.getpid())
        version, bundle, shared = self._release.version, str(self._release.bundle), self.traffic
        document = shared.to_json() if shared else {}
        FakeRecord(uri, version, bundle, _digests(self._place), since, document).write(folder)
        with (folder / LOG).open("a", encoding="utf-8") as log:
            log.write(f"version {self._release.version} serves\n")
        return Status("Healthy", version, uri, traffic=shared)


def _elsewhere(place: Place) -> FakeRecord | None:
    """The record of a service; TargetError when it belongs to another machine."""
    record = FakeRecord.read(place.folder)
    if record and record.since and record.since.whereabouts() == "elsewhere":
        raise TargetError(f"'{place.service}' runs on {record.since.host}", remedy="do this on that machine")
    return record


def _digests(place: Place) -> tuple[str, ...]:
    if place.keys is None:
        return ()
    held: Mapping[str, str] = json.loads(place.keys.read_text(encoding="utf-8"))
    return tuple(sorted(hashlib.sha256(key.encode()).hexdigest() for key in held.values()))
