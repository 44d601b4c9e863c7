"""What the target ``kubernetes`` remembers of a service in its folder; what runs is found by the labels of the objects."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from jupyter_deploy.targets.addresses import in_url
from jupyter_deploy.targets.shares import Traffic

NAME = "kubernetes.json"
MANIFESTS = "manifests.json"
"""The objects of the version that serves, without secrets: what a failed update returns to."""


@dataclass(frozen=True)
class KubernetesRecord:
    """A service on this target, from its first pods to its deletion.

    Parameters
    ----------
    namespace : where its objects are. version : that serves, or served last.
    reach : how it is reached from here. host, port : its address, for its whole life; none before it is known.
    tls : whether it answers over TLS. cname : the name in its address where it does.
    is_stopped : whether it was ended on purpose. hosts : that it may be reached at, as they were when it was deployed.
    shared : how requests are shared between versions, as :class:`Traffic` has it; empty where one serves alone.
    """

    namespace: str
    version: int
    reach: str
    host: str
    port: int
    tls: bool = False
    is_stopped: bool = False
    hosts: tuple[str, ...] = ()
    cname: str = ""
    shared: Mapping[str, Mapping[str, int]] = field(default_factory=dict)

    @property
    def traffic(self) -> Traffic | None:
        """How requests are shared; None where one version serves alone."""
        return Traffic.from_json(self.shared) if self.shared else None

    @property
    def scoring_uri(self) -> str:
        """Where the service answers."""
        scheme, usual = ("https", 443) if self.tls else ("http", 80)
        port = "" if self.port == usual else f":{self.port}"
        return f"{scheme}://{self.cname or in_url(self.host)}{port}/score"

    def write(self, folder: Path) -> None:
        """Replace the record in one step."""
        put(folder / NAME, asdict(self))

    @classmethod
    def read(cls, folder: Path) -> KubernetesRecord | None:
        """Read the record, or None when the service has never served here."""
        try:
            document: Mapping[str, Any] = json.loads((folder / NAME).read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        return cls(**{**document, "hosts": tuple(document.get("hosts", ()))})


def keep_manifests(folder: Path, things: list[dict[str, Any]]) -> None:
    """Remember the objects of the version that serves."""
    put(folder / MANIFESTS, things)


def kept_manifests(folder: Path) -> list[dict[str, Any]]:
    """The objects of the version that serves; nothing before there is one."""
    with contextlib.suppress(FileNotFoundError):
        found: list[dict[str, Any]] = json.loads((folder / MANIFESTS).read_text(encoding="utf-8"))
        return found
    return []


def remove_record(folder: Path) -> None:
    """Forget all of it."""
    for name in (NAME, MANIFESTS):
        (folder / name).unlink(missing_ok=True)


def put(path: Path, document: Any) -> None:
    """Write a document in one step."""
    unfinished = path.with_name(path.name + ".new")
    unfinished.write_text(json.dumps(document), encoding="utf-8")
    unfinished.replace(path)
