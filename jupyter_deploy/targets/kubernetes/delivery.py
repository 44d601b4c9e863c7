"""An image on its way to a cluster's nodes: pushed to the registry that it was attached with, pulled with Docker's own login."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping

from jupyter_deploy.errors import TargetError
from jupyter_deploy.images.refusals import Refusal, read_refusal
from jupyter_deploy.images.registry import Registry, deliver
from jupyter_deploy.targets.base import Work
from jupyter_deploy.targets.kubernetes.compute import Compute

_HUB = "https://index.docker.io/v1/"
"""What Docker Hub is called where logins are kept."""
_CAUSES: Mapping[Refusal, str] = {
    "unknown": "it asks for credentials, and does not accept those that the nodes have",
    "denied": "it has none of that name, or lets the nodes have none",
    "plain": "it answers without TLS, which the nodes do not allow it",
    "absent": "the nodes do not reach it",
}


def delivered(image: str, compute: Compute, work: Work) -> str:
    """Have a cluster's registry have an image, where it was attached with one; returns the name by which its nodes know it.

    Raises
    ------
    TargetError : the registry does not take it.
    """
    if not compute.image_registry:
        return image
    name = f"{compute.image_registry}/{image}"
    with work.step("push", "push of the image"):
        deliver(image, name, Registry(compute.image_registry), work)
    return name


def pull_login(compute: Compute) -> bytes:
    """What nodes need to pull from a cluster's registry, in the form of Docker's configuration; empty where Docker has no login for it.

    Raises
    ------
    UserError : Docker's configuration cannot be read.
    """
    registry = Registry(compute.image_registry)
    login = registry.login() if compute.image_registry else {}
    if not login:
        return b""
    given = {key.lower(): value for key, value in login.items() if value}
    kept: dict[str, str] = {key: given[key] for key in ("username", "password", "identitytoken") if key in given}
    if "username" in kept and "password" in kept:
        kept["auth"] = base64.b64encode(f"{kept['username']}:{kept['password']}".encode()).decode()
    host = _HUB if registry.host == "docker.io" else registry.host
    return json.dumps({"auths": {host: kept}}).encode()


def not_pulled(image: str, compute: Compute, what: str, said: str) -> TargetError:
    """Say why a node cannot get an image.

    Parameters
    ----------
    what : in one line, with the node's own reason. said : by the node beside that.
    """
    registry = compute.image_registry
    if not registry:
        remedy = f"attach '{compute.name}' with an image_registry: without one its nodes have to share this machine's Docker Engine"
        return TargetError(what, said, remedy)
    kind = read_refusal(f"{what}\n{said}")
    if kind in _CAUSES:
        what, said = (
            f"a node cannot get the image {image}: {registry} did not give it: {_CAUSES[kind]}",
            f"{what}\n{said}".rstrip(),
        )
    login = f"log in with 'docker login {Registry(registry).host}', which the nodes are then given"
    remedy = {"unknown": login, "denied": login}.get(kind, "look whether the cluster's nodes reach that registry")
    return TargetError(what, said, f"{remedy}, then do the same again")
