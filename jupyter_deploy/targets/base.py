"""What a target is: the protocol that the engine drives, and the words it answers in.

A new target is one module or folder and one entry point in the group ``jupyter_deploy.targets``; ``tests/contract`` is the suite
it has to pass.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Protocol, runtime_checkable

from jupyter_deploy.config.options import Options
from jupyter_deploy.images.recipe import PLAIN, Recipe
from jupyter_deploy.targets.shares import Traffic

if TYPE_CHECKING:
    from jupyter_deploy.environments import Lock

State = Literal["Transitioning", "Healthy", "Unhealthy", "Failed", "Unschedulable", "Deleting", "Stopped", "Unknown"]

Report = Callable[..., None]
"""How a target tells what it does: ``report("worker started", pid=123)``; each call becomes an event of the operation."""


class Work(Protocol):
    """An operation as a target sees it: what it says becomes events."""

    def step(self, name: str, text: str) -> AbstractContextManager[None]:
        """Enclose one step of the work."""
        ...

    def report(self, text: str, **facts: Any) -> None:
        """Say that something moved within the step."""
        ...

    def say(self, line: str) -> None:
        """Pass on a line of output of a tool."""
        ...


@dataclass(frozen=True)
class Place:
    """Where a target keeps what belongs to one service.

    Parameters
    ----------
    workspace : the short id of the workspace, part of every name given to things outside of it.
    service : the service's name.
    folder : a folder of the service's own in the workspace.
    keys : the file with the service's two keys, or the secrets of its tokens; None where authentication is off.
    certificate : the file with the service's certificate and its key, or None where it answers without TLS.
    secrets : the file with its other secret options, by their JSON names; None where it has none.
    logins : the file with the logins of the registries that its base images come from; None where it has none.
    collected : the folder for data that services keep where they name no other place.
    compute : what is recorded of the compute that it is on; None where its target needs none, or it is not attached.
    store : the URL below which the workspace keeps the files of its models under their SHA-256; empty where it is a folder.
    """

    workspace: str
    service: str
    folder: Path
    keys: Path | None
    certificate: Path | None = None
    secrets: Path | None = None
    logins: Path | None = None
    collected: Path | None = None
    compute: Mapping[str, Any] | None = None
    store: str = ""


@dataclass(frozen=True)
class Release:
    """One version of a service, ready to run.

    Parameters
    ----------
    version : its number, growing with each deployment or update of the service.
    bundle : the bundle's folder.
    options : the target's options.
    runtime : what runs it, as :meth:`Target.prepare` found or made it: the path of an interpreter, the name of an image.
    recipe : how an image for it is to be made.
    """

    version: int
    bundle: Path
    options: Options
    runtime: str = ""
    recipe: Recipe = PLAIN


@dataclass(frozen=True)
class Status:
    """What a target says of a service when asked.

    Parameters
    ----------
    state : one of the states that all targets share.
    version : the version that answers requests, or None.
    scoring_uri : where it answers, or None.
    error : why it is not Healthy, in one line; empty where there is nothing to say.
    details : what else the target knows (process ids, replicas).
    needs_start : whether starting it is what makes it serve again, though it is not Stopped.
    traffic : how requests are shared, where versions run side by side; ``version`` is then the one that the service returns to.
    """

    state: State
    version: int | None = None
    scoring_uri: str | None = None
    error: str = ""
    details: Mapping[str, Any] = field(default_factory=dict)
    needs_start: bool = False
    traffic: Traffic | None = None


@dataclass(frozen=True)
class Draft:
    """A version of a service that is only looked at.

    Parameters
    ----------
    version : the number that it would have. options : the target's. settings : as its ``service.json`` would have them.
    files : of its models, each with its ``path`` below their folder, its ``sha256`` and ``size``.
    runs_the_same : whether models, script, packages and settings are those of the version that serves.
    """

    version: int
    options: Options
    settings: Mapping[str, Any]
    files: Sequence[Mapping[str, Any]]
    runs_the_same: bool = False


@dataclass(frozen=True)
class Preview:
    """What a version would be made of.

    Parameters
    ----------
    manifests : its objects, as YAML. diff : how they differ from those that run, as a unified diff; empty where nothing would change.
    is_first : whether nothing of the service is there yet.
    """

    manifests: str
    diff: str
    is_first: bool


class Candidate(Protocol):
    """A release that has come up healthy beside what serves, and waits to take over."""

    def take_over(self) -> Status:
        """Send all new requests to this release; what served before finishes what it began and goes away."""
        ...


class Target(Protocol):
    """A place where a bundle can run.

    Attributes
    ----------
    name : the word users type (``--target process``).
    options : the class of its options.
    """

    name: ClassVar[str]
    options: ClassVar[type[Options]]
    unsupported: ClassVar[Mapping[str, str]]
    """Settings of an InferenceConfig that are refused here, each with the name of a target that honours it, empty where none does."""
    needs: ClassVar[str]
    """What has to be there for it, in one sentence."""

    def missing(self) -> str:
        """What of its needs is not there, as far as it can be asked at once, in one line; empty where all is."""
        ...

    def server_settings(self, options: Options) -> Mapping[str, Any]:
        """The target's part of ``service.json``, with defaults filled in from this process's surroundings.

        ``authEnabled`` and ``tokenAuthEnabled`` among them say whether the service needs keys, or signed tokens.
        """
        ...

    def prepare(self, place: Place, release: Release, lock: Lock, work: Work) -> Release:
        """Make what the release runs with, an interpreter or an image; what was made before is found again.

        Raises
        ------
        EnvironmentFailed : the packages of the lock cannot be had. TargetError : it cannot be made here.
        """
        ...

    def bring_up(self, place: Place, release: Release, report: Report) -> AbstractContextManager[Candidate]:
        """Start a release beside what serves and wait until it is healthy.

        Leaving the context without :meth:`Candidate.take_over` takes away all that was begun and leaves what served untouched.

        Raises
        ------
        TargetError : it did not become healthy; ``why`` holds the cause, with the script's own lines where the script failed.
        """
        ...

    def status(self, place: Place) -> Status:
        """Ask what runs; starts nothing and never raises for a service that is gone."""
        ...

    def stop(self, place: Place) -> None:
        """End what runs, after the requests under way; the address stays reserved in the service's record."""
        ...

    def delete(self, place: Place) -> None:
        """Take away everything this target made for the service, running or not."""
        ...

    def reload_keys(self, place: Place) -> None:
        """Make a running service use what is now in ``place.keys`` and ``place.certificate``, and nothing else; returns when it does."""
        ...

    def logs(self, place: Place) -> tuple[Path, ...]:
        """The service's log files, oldest first; empty where there are none."""
        ...


@runtime_checkable
class SharesTraffic(Protocol):
    """What a target can do beside the rest where versions of a service may run side by side."""

    def share(
        self, place: Place, releases: Sequence[Release], traffic: Traffic, report: Report
    ) -> AbstractContextManager[Candidate]:
        """Start those of the releases that do not run yet, and wait until requests can be shared between all of them.

        Leaving the context without :meth:`Candidate.take_over`, which ends what is not among them, leaves what served as it was.

        Raises
        ------
        TargetError : as of :meth:`Target.bring_up`.
        """
        ...


@runtime_checkable
class MakesObjects(Protocol):
    """What a target has besides whose services are objects that can be read."""

    def manifests(self, place: Place) -> str:
        """The objects of the version that serves, as YAML without secrets; empty before there is one."""
        ...

    def preview(self, place: Place, draft: Draft) -> Preview:
        """What a version would be made of, as far as it can be told without making anything.

        Raises
        ------
        TargetError : the place cannot be asked, or would refuse it.
        """
        ...


@runtime_checkable
class AnswersTogether(Protocol):
    """What a target has besides that can be asked for many services at once."""

    def statuses(self, places: Sequence[Place]) -> Sequence[Status]:
        """The status of services that are on one compute, in their order; as :meth:`Target.status`, it never raises."""
        ...
