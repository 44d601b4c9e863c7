"""What a workspace remembers, as plain records: no database, no behaviour, cheap to import."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

Desired = Literal["running", "stopped", "deleted"]
Outcome = Literal["Succeeded", "Failed", "Cancelled"]
TagFilter = str | tuple[str, str]
"""What a tag or property must be: present (``"key"``), or present with a value (``("key", "value")``)."""


@dataclass(frozen=True)
class StoredFile:
    """One file of a model and where its content is kept.

    Attributes
    ----------
    path : relative, with ``/``; its first part is the basename that was registered.
    sha256 : of the content, in hexadecimal; its name in the file store.
    size : in bytes.
    """

    path: str
    sha256: str
    size: int


@dataclass(frozen=True)
class ModelRecord:
    """One version of a model: immutable but for tags, description and added properties.

    Attributes
    ----------
    version : from 1; 0 in a draft that is not recorded yet.
    created_time : with time zone UTC.
    framework, framework_version : as given or as read from the files; None when neither.
    resource_configuration : ``{"cpu", "memoryInGB", "gpu"}`` or None.
    is_folder : a folder was registered, so a path to the model leads to a folder.
    root : basename of what was registered; every file's path begins with it.
    python : version of the interpreter that registered it.
    packages : distribution to version, for what the pickles and the framework need.
    source : ``{"commit", "remote", "dirty", "notebook"}`` as far as known; of a live object its class and the method by which
        it is asked, ``{"object", "method"}``.
    imports : top-level modules that its pickles name, or that loading a live object needs.
    trusted : names outside the allow-list that the user trusted for this version, or that an object of the user's own kernel needs.
    sample : the first rows of an input, as ``models.samples`` writes them, or None.
    """

    name: str
    version: int
    created_time: datetime
    created_by: str
    root: str
    is_folder: bool
    files: tuple[StoredFile, ...]
    description: str = ""
    tags: dict[str, str] = field(default_factory=dict)
    properties: dict[str, str] = field(default_factory=dict)
    framework: str | None = None
    framework_version: str | None = None
    run_id: str | None = None
    experiment_name: str | None = None
    resource_configuration: dict[str, float] | None = None
    python: str = ""
    packages: dict[str, str] = field(default_factory=dict)
    source: dict[str, Any] = field(default_factory=dict)
    imports: tuple[str, ...] = ()
    trusted: tuple[str, ...] = ()
    sample: dict[str, Any] | None = None

    @property
    def id(self) -> str:
        """``name:version``."""
        return f"{self.name}:{self.version}"

    @property
    def size(self) -> int:
        """Bytes in all its files."""
        return sum(file.size for file in self.files)


@dataclass(frozen=True)
class ModelOutline:
    """What lists show of one version of a model; read much faster than the whole record. Attributes as of :class:`ModelRecord`."""

    name: str
    version: int
    created_time: datetime
    created_by: str
    description: str
    tags: dict[str, str]
    framework: str | None
    framework_version: str | None
    size: int

    @property
    def id(self) -> str:
        """``name:version``."""
        return f"{self.name}:{self.version}"


@dataclass(frozen=True)
class ServiceRecord:
    """What is wanted of a service and what is known of it; never its state, which only the target knows.

    Attributes
    ----------
    target : name of the target it runs on.
    current : number of the version that serves; None before the first.
    options : the deployment options in their JSON form, secrets replaced by references.
    desired : what the user asked for last.
    error : why the last operation failed, if it did.
    served : some version has ever served under this name, so the name is taken.
    home : id of the workspace folder that has its processes, bundles and keys; None in records from before teams.
    host : the machine on which it was deployed, for people.
    """

    name: str
    target: str
    created_time: datetime
    updated_time: datetime
    created_by: str
    description: str = ""
    tags: dict[str, str] = field(default_factory=dict)
    properties: dict[str, str] = field(default_factory=dict)
    scoring_uri: str | None = None
    current: int | None = None
    options: dict[str, Any] = field(default_factory=dict)
    desired: Desired = "running"
    error: str | None = None
    served: bool = False
    home: str | None = None
    host: str | None = None

    def is_elsewhere(self, folder_id: str) -> bool:
        """Whether it belongs to another workspace folder than the one with this id."""
        return self.home not in (None, folder_id)

    @property
    def where(self) -> str:
        """Where it runs, as the end of a sentence about it."""
        return f"runs on {self.host or 'another machine'}, workspace {self.home}"


@dataclass(frozen=True)
class VersionRecord:
    """One bundle that was, or should have been, served under a service's name.

    Attributes
    ----------
    number : from 1, per service; 0 in a draft that is not recorded yet.
    bundle : folder name under ``services/<service>/bundles``.
    digest : hash of the bundle's content, by which equal deployments are known.
    models : ids, ``name:version``.
    request : what was asked, as JSON.
    served_time : when it first served; None if it never did.
    operation : id of the operation that made it.
    note : how it came about: "deploy", "update", "rollback to 1".
    """

    service: str
    number: int
    bundle: str
    digest: str
    models: tuple[str, ...]
    request: dict[str, Any]
    created_time: datetime
    operation: str
    note: str
    served_time: datetime | None = None
    error: str | None = None


@dataclass(frozen=True)
class OperationRecord:
    """One deployment, update, rollback, deletion …, from start to end; its process and its request are in its folder.

    Attributes
    ----------
    outcome : None while it is under way.
    """

    id: str
    kind: str
    service: str
    created_time: datetime
    ended_time: datetime | None = None
    outcome: Outcome | None = None
    error: str | None = None


@dataclass(frozen=True)
class ComputeRecord:
    """A place that was attached under a name.

    Attributes
    ----------
    kind : of what it is ("kubernetes"). document : what its target has to know of it; no credentials.
    """

    name: str
    kind: str
    created_time: datetime
    document: dict[str, Any]
