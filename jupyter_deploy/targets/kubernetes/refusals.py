"""What a cluster's refusals mean: who may not do what, what is not there, and whether it answers at all."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

from jupyter_deploy.errors import TargetError
from jupyter_deploy.targets.kubernetes.compute import Compute


class Away(TargetError):
    """The cluster does not answer; it may again.

    Parameters
    ----------
    server : its address. error : why.
    """

    def __init__(self, server: str, error: Exception) -> None:
        reason = str(getattr(error, "reason", "") or error)
        _, is_about_object, rest = reason.rpartition("object at ")
        super().__init__(
            f"the cluster at {server} does not answer",
            rest.partition(": ")[2] if is_about_object else reason,
            "look whether it runs and whether this machine may reach it (a VPN?), then do the same again",
        )


def unanswered(server: str, error: Exception) -> TargetError:
    """The error for a connection that gave no answer: the cluster is away, or is not to be trusted, which waiting does not mend."""
    from urllib3.exceptions import SSLError

    if not isinstance(error, SSLError):
        return Away(server, error)
    return TargetError(
        f"no trusted connection to the cluster at {server} can be made: {str(error).partition(' (_ssl.c')[0]}",
        remedy="look at certificate-authority, client-certificate and the server's name in the kubeconfig, then do the same again",
    )


class Missing(TargetError):
    """An object is not there."""


class Conflicts(TargetError):
    """Others have set fields of an object otherwise.

    Parameters
    ----------
    what, why, remedy : as of every error. fields : each with who holds it, as the cluster says it.
    """

    def __init__(self, what: str, why: str, remedy: str, fields: Sequence[tuple[str, str]]) -> None:
        super().__init__(what, why, remedy)
        self.fields = tuple(fields)


class AlreadyThere(TargetError):
    """An object is there already, or has changed since it was read."""


def refused(compute: Compute, method: str, path: str, status: int, body: bytes) -> TargetError:
    """The error for an answer of the cluster that is none."""
    answer = _read(body)
    message = str(answer.get("message") or body.decode("utf-8", "replace").strip() or f"status {status}")
    details: Mapping[str, Any] = answer.get("details") or {}
    if status == 401:
        return TargetError(
            f"the cluster '{compute.name}' does not accept the credentials of context '{compute.context}': they are expired or wrong",
            message,
            "log in to it again (what your cluster's administrator has told you for kubectl), then do the same again",
        )
    if status == 403:
        return _forbidden(compute, message)
    if status == 404 and details.get("kind") == "namespaces":
        return TargetError(
            f"the cluster '{compute.name}' has no namespace '{details.get('name', '')}'", message,
            f"make it (kubectl create namespace {details.get('name', '')}), or name another one",
        )  # fmt: skip
    if status == 404:
        return Missing(f"the cluster '{compute.name}' has nothing at {path}", message)
    if status == 409:
        return _conflict(message, details)
    if status in (429, 500, 502, 503, 504):
        return Away(f"{compute.server or compute.name}", OSError(message))
    first, *others = _problems(message, details)
    return TargetError(f"the cluster '{compute.name}' refused {_verb(method)}: {first}", "\n".join(others))


def _forbidden(compute: Compute, message: str) -> TargetError:
    """Of the message the part that says who may not do what: a right that is missing, a quota, or an admission that says no."""
    reason = message.partition(" is forbidden: ")[2] or message
    if "exceeded quota" in message:
        remedy = "ask for less (cpu_cores, memory_gb, replicas), delete what is not needed, or have the quota raised"
        return TargetError(f"the namespace's quota does not allow it: {reason}", message, remedy)
    if "being terminated" in message:
        return TargetError(
            f"the namespace is being deleted: {reason}", message, "wait until it is gone, or name another one"
        )
    if " cannot " in reason:
        remedy = "ask the cluster's administrator for this right (Role and RoleBinding), or attach with another context"
        return TargetError(f"you may not do this on the cluster '{compute.name}': {reason}", message, remedy)
    return TargetError(f"the cluster '{compute.name}' does not admit it: {reason}", message)


def _conflict(message: str, details: Mapping[str, Any]) -> TargetError:
    causes = [each for each in details.get("causes") or () if each.get("reason") == "FieldManagerConflict"]
    if not causes:
        return AlreadyThere(message)
    fields = [(str(each.get("field", "")), str(each.get("message", ""))) for each in causes]
    who = sorted({text.partition('"')[2].partition('"')[0] for _, text in fields})
    shown = "\n".join(f"{field}: {text}" for field, text in fields)
    return Conflicts(
        f"{details.get('kind', 'an object')} '{details.get('name', '')}' was changed by hand ({', '.join(who)}): {fields[0][0]}",
        shown,
        "undo that change, or set the option to the same value, then do this again; nothing was overruled",
        fields,
    )


def _problems(message: str, details: Mapping[str, Any]) -> list[str]:
    causes = [
        f"{each.get('field')}: {each.get('message')}" for each in details.get("causes") or () if each.get("field")
    ]
    return [*causes, message] if causes else message.splitlines()


def _verb(method: str) -> str:
    return {"GET": "to show it", "DELETE": "to delete it"}.get(method, "the object")


def _read(body: bytes) -> Mapping[str, Any]:
    with contextlib.suppress(ValueError):
        found = json.loads(body)
        if isinstance(found, dict):
            return found
    return {}
