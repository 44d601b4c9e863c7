"""An attached cluster, as a workspace records it: where its credentials are, never what they are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

FAST_PROD, DEV_TEST = "FastProd", "DevTest"
"""What a cluster is for, in the words of the original."""


@dataclass(frozen=True)
class Compute:
    """A cluster under a name.

    Parameters
    ----------
    name : in the workspace.
    kubeconfig : path of the file with its address and credentials, or of several as in $KUBECONFIG; empty for kubectl's own.
    context : of that file. namespace : that services go to where their options name none.
    image_registry : where images are pushed to, as its nodes know it; empty where they have what this machine's engine has.
    server : address of its API, as it was when it was attached.
    purpose : "FastProd" or "DevTest".
    plug_in : hash of the command that runs for its credentials and was shown; empty where none runs.
    found : what it was seen to have when it was attached.
    """

    name: str
    kubeconfig: str
    context: str
    namespace: str
    image_registry: str = ""
    server: str = ""
    purpose: str = DEV_TEST
    plug_in: str = ""
    found: Mapping[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Write it as the document that is recorded."""
        return asdict(self)

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Compute:
        """Read what :meth:`to_json` wrote."""
        return cls(**document)
