"""The fields with which a cluster is attached from within a form."""

from __future__ import annotations

import re
from dataclasses import asdict
from typing import Any

from jupyter_deploy.config.names import check_compute_name
from jupyter_deploy.errors import DeployError
from jupyter_deploy.sdk.clusters import KubernetesCompute
from jupyter_deploy.sdk.compute_target import ComputeTarget
from jupyter_deploy.sdk.workspace import Workspace
from jupyter_deploy.targets.kubernetes.kubeconfig import Context, contexts_of, paths_of
from jupyter_deploy.widgets.answers import Answers, Tell, asked
from jupyter_deploy.widgets.fields import Problem

_FIELDS = ("context", "namespace", "kubeconfig")
"""Which field a refusal is about, the most special first."""


class AttachAnswers(Answers):
    """What the fields ask.

    Parameters
    ----------
    workspace : that the cluster is attached to. tell : reaches the page, with what has to be seen before the cluster is asked.
    """

    def __init__(self, workspace: Workspace, tell: Tell) -> None:
        super().__init__(tell)
        self._workspace = workspace

    @asked
    def look(self, kubeconfig: str, context: str) -> dict[str, Any]:
        """What a kubeconfig says of a context; the cluster is not asked.

        Parameters
        ----------
        kubeconfig : its path; empty for kubectl's own. context : of it; empty for its current one.

        Returns
        -------
        its ``contexts``; of the one that is meant the ``context``, ``namespace`` and ``command`` for its credentials; a ``name``.
        """
        try:
            paths = paths_of(kubeconfig.strip() or None)
            names, current = contexts_of(paths)
            chosen = Context(paths, context if context in names else current or names[0] if names else "")
        except DeployError as error:
            return {"contexts": [], "problems": [asdict(_problem(error))]}
        return {
            "contexts": names, "context": chosen.name, "namespace": chosen.namespace or "default", "command": chosen.command,
            "name": self._free_name(chosen.name), "problems": [],
        }  # fmt: skip

    @asked
    def attach(
        self, name: str, kubeconfig: str = "", context: str = "", namespace: str = "", image_registry: str = ""
    ) -> dict[str, Any]:
        """Attach the cluster, and say what is to be known of it, or which field is wrong."""
        name = name.strip()
        if self._workspace.folder.computes.get(name):
            text = f"'{name}' is attached already; choose it as the target, or give another name"
            return {"problems": [asdict(Problem(("name",), text))]}
        try:
            check_compute_name(name)
            configuration = KubernetesCompute.attach_configuration(
                _given(kubeconfig), _given(context), _given(namespace), _given(image_registry)
            )
            made = ComputeTarget.attach(
                self._workspace, name, configuration, say=lambda line: self.tell("said", line=line)
            )
        except DeployError as error:
            return {"problems": [asdict(_problem(error))]}
        return {"name": made.name, "notes": made.serialize()["notes"], "problems": []}

    def _free_name(self, context: str) -> str:
        """A name for the cluster of a context; empty where it would be refused or is taken."""
        name = re.sub(r"[^A-Za-z0-9]+", "-", context).strip("-")[:32].rstrip("-")
        try:
            check_compute_name(name)
        except DeployError:
            return ""
        return "" if self._workspace.folder.computes.get(name) else name


def _given(text: str) -> str | None:
    return text.strip() or None


def _problem(error: DeployError) -> Problem:
    """A refusal at the field that it is about."""
    if "valid name" in error.what:
        return Problem(("name",), str(error))
    found = (name for name in _FIELDS if re.search(rf"\b{name}s?\b", error.what))
    return Problem(tuple(found)[:1], str(error))
