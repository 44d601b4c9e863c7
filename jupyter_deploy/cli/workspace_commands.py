"""``jupyter ml workspace``: what concerns the workspace as a whole."""

from __future__ import annotations

import argparse
from typing import Any

from jupyter_deploy.cli.arguments import Parser
from jupyter_deploy.cli.command import Command
from jupyter_deploy.cli.output import complain
from jupyter_deploy.sdk.display import human_size
from jupyter_deploy.sdk.workspace import Workspace


def _declare_prune(parser: Parser) -> None:
    parser.option("-y --yes", "free what is listed; without it nothing goes", action="store_true")
    parser.several("--environment", "free this environment too; other workspaces may use it", metavar="NAME")


def _prune(workspace: Workspace, args: argparse.Namespace) -> Any:
    found = workspace.prune(dry_run=not args.yes, environments=args.environment or ())
    freed = human_size(sum(item.size for item in found if item.is_freed))
    could = human_size(sum(item.size for item in found if item.kind != "environment"))
    complain(f"{freed} freed" if args.yes else f"nothing was freed; --yes frees {could}, environments go by name")
    return [item.serialize() for item in found]


COMMANDS = (
    Command("prune", "List what nothing uses any more, with its size in bytes, and free it with --yes.",
            "jupyter ml workspace prune -o table", _declare_prune, _prune),
)  # fmt: skip
