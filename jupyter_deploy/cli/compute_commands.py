"""``jupyter ml computetarget``: clusters are attached under a name, listed, shown and detached."""

from __future__ import annotations

import argparse
from typing import Any

from jupyter_deploy.cli.arguments import Parser
from jupyter_deploy.cli.command import Command
from jupyter_deploy.errors import UserError
from jupyter_deploy.sdk.clusters import AksCompute, KubernetesCompute
from jupyter_deploy.sdk.compute_target import ComputeTarget
from jupyter_deploy.sdk.workspace import Workspace
from jupyter_deploy.targets.kubernetes.compute import DEV_TEST, FAST_PROD

_LIST_KEYS = ("name", "computeType", "server", "namespace", "clusterPurpose")


def _named(parser: Parser) -> None:
    parser.option("-n --name", "the compute's name", required=True)


def _declare_attach(parser: Parser) -> None:
    parser.add_argument("kind", choices=("kubernetes", "aks"), help="what is attached")
    parser.option("-n --name", "the name it is to have", required=True)
    parser.option("--kubeconfig", "file with its address and credentials; kubectl's own when not given", metavar="FILE")
    parser.option("--context", "context of that file; its current one when not given")
    parser.option("--namespace", "that services go to; the context's own when not given")
    parser.option("--image-registry", "where images are pushed to; without one its nodes share this Docker Engine")
    purpose = f"what it is for; {FAST_PROD} takes 12 CPUs and 3 nodes, and is meant for aks when not given"
    parser.option("--cluster-purpose", purpose, choices=(FAST_PROD, DEV_TEST))
    parser.option("-i --compute-resource-id", "of aks: its name in Azure, which this release does not log in to",
                  dest="resource_id", metavar="ID")  # fmt: skip


def _attach(workspace: Workspace, args: argparse.Namespace) -> Any:
    names = ("kubeconfig", "context", "namespace", "image_registry", "cluster_purpose")
    wanted = {name: value for name in names if (value := getattr(args, name)) is not None}
    if args.kind == "aks":
        configuration = AksCompute.attach_configuration(resource_id=args.resource_id, **wanted)
    elif args.resource_id is None:
        configuration = KubernetesCompute.attach_configuration(**wanted)
    else:
        raise UserError("--compute-resource-id is for aks", remedy="write: jupyter ml computetarget attach aks …")
    return ComputeTarget.attach(workspace, args.name, configuration).serialize()


def _list(workspace: Workspace, args: argparse.Namespace) -> Any:
    found = (compute.serialize() for compute in ComputeTarget.list(workspace))
    return [each if args.verbose else {key: each[key] for key in _LIST_KEYS} for each in found]


def _show(workspace: Workspace, args: argparse.Namespace) -> Any:
    return ComputeTarget(workspace, args.name).serialize()


def _detach(workspace: Workspace, args: argparse.Namespace) -> Any:
    ComputeTarget(workspace, args.name).detach()
    return {"name": args.name}


COMMANDS = (
    Command("attach", "Attach a cluster under a name, after a look at what may be done there and what there is.",
            "jupyter ml computetarget attach kubernetes -n lab --context lab --namespace models", _declare_attach, _attach),
    Command("list", "List all that are attached.", "jupyter ml computetarget list -o table", lambda _: None, _list),
    Command("show", "Show one, as it was when it was attached.", "jupyter ml computetarget show -n lab", _named, _show),
    Command("detach", "Forget one that no service is on; nothing on it is touched.", "jupyter ml computetarget detach -n lab",
            _named, _detach),
)  # fmt: skip
