"""``jupyter ml service``: looking at services and using them; ``service_changes`` holds what changes them."""

from __future__ import annotations

import argparse
from typing import Any

from jupyter_deploy.cli.arguments import Parser, content, key_or_pair, positive, secret
from jupyter_deploy.cli.command import Command
from jupyter_deploy.cli.output import complain, service_document
from jupyter_deploy.cli.service_changes import CHANGES, declare_name
from jupyter_deploy.cli.traffic_commands import COMMANDS as TRAFFIC
from jupyter_deploy.sdk.descriptions import document, summary
from jupyter_deploy.sdk.display import human_size
from jupyter_deploy.sdk.local_webservice import LocalWebservice
from jupyter_deploy.sdk.webservice import Webservice
from jupyter_deploy.sdk.workspace import Workspace
from jupyter_deploy.targets import find_target


def _declare_list(parser: Parser) -> None:
    parser.option("-c --compute-type", "only on this target", metavar="TARGET")
    parser.option("--model-id", "only those that serve this version of a model", metavar="NAME:VERSION")
    parser.option("--model-name", "only those that serve this model", metavar="NAME")
    parser.several("--tag", "only with this tag", type=key_or_pair, metavar="KEY[=VALUE]")
    parser.several("--property", "only with this property", type=key_or_pair, metavar="KEY[=VALUE]")


def _list(workspace: Workspace, args: argparse.Namespace) -> Any:
    target = find_target(args.compute_type).name if args.compute_type else None
    found = Webservice.list(
        workspace,
        compute_type=target,
        model_name=args.model_name,
        model_id=args.model_id,
        tags=args.tag,
        properties=args.property,
    )
    views = found.views()
    if args.verbose:
        return [document(service, view) for service, view in zip(found, views, strict=True)]
    return list(map(summary, views))


def _show(workspace: Workspace, args: argparse.Namespace) -> Any:
    return service_document(Webservice(workspace, args.name), args.verbose)


def _declare_run(parser: Parser) -> None:
    declare_name(parser)
    parser.option(
        "-d --input-data",
        "the request's body: a text, the content of a file, or standard input",
        required=True,
        metavar="JSON|@FILE|-",
    )


def _run(workspace: Workspace, args: argparse.Namespace) -> Any:
    return Webservice(workspace, args.name).run(content(args.input_data))


def _declare_logs(parser: Parser) -> None:
    declare_name(parser)
    parser.option(
        "-l --num_lines --num-lines",
        "how many of the last lines; by default 5000",
        type=positive,
        default=5000,
        metavar="N",
    )
    parser.option("--follow", "go on with new lines as they come, until interrupted", action="store_true")


def _get_logs(workspace: Workspace, args: argparse.Namespace) -> Any:
    lines = Webservice(workspace, args.name).logs(follow=args.follow, num_lines=args.num_lines)
    return lines if args.follow else list(lines)


def _get_keys(workspace: Workspace, args: argparse.Namespace) -> Any:
    primary, secondary = Webservice(workspace, args.name).get_keys()
    return {"primaryKey": primary, "secondaryKey": secondary}


def _declare_regenerate(parser: Parser) -> None:
    declare_name(parser)
    parser.option("-k --key", "which of the two keys", required=True, metavar="Primary|Secondary")
    parser.option("-s --set-key", "the new key; generated when not given", type=secret, metavar="KEY|@FILE|-")


def _regenerate(workspace: Workspace, args: argparse.Namespace) -> Any:
    Webservice(workspace, args.name).regen_key(args.key, args.set_key)
    return {"name": args.name, "key": args.key.capitalize()}


def _get_access_token(workspace: Workspace, args: argparse.Namespace) -> Any:
    token = Webservice(workspace, args.name).get_access_token()
    return {
        "accessToken": token.access_token,
        "tokenType": token.token_type,
        "refreshAfter": token.refresh_after.isoformat(),
        "expiryOn": token.expiry_on.isoformat(),
    }


def _declare_prune(parser: Parser) -> None:
    parser.option("-y --yes", "remove what is listed; without it nothing goes", action="store_true")


def _prune(workspace: Workspace, args: argparse.Namespace) -> Any:
    found = LocalWebservice.prune(workspace, dry_run=not args.yes)
    freed = human_size(sum(item.size for item in found if item.is_freed))
    could = human_size(sum(item.size for item in found))
    complain(f"{freed} freed" if args.yes else f"nothing was freed; --yes frees {could}")
    return [item.serialize() for item in found]


COMMANDS = (
    Command("list", "List services with their present state.", "jupyter ml service list -o table", _declare_list, _list),
    Command("show", "Show one service.", "jupyter ml service show -n diabetes-service", declare_name, _show),
    Command("run", "Send a request to a service and print its answer.",
            """jupyter ml service run -n diabetes-service -d '{"data": [[1, 2]]}'""", _declare_run, _run),
    Command("get-logs", "Print a service's log.",
            "jupyter ml service get-logs -n diabetes-service -l 100 -o table", _declare_logs, _get_logs),
    Command("get-keys", "Print the two keys of a service.",
            "jupyter ml service get-keys -n diabetes-service", declare_name, _get_keys),
    Command("regen-key", "Replace one of the two keys.",
            "jupyter ml service regen-key -n diabetes-service -k Primary", _declare_regenerate, _regenerate),
    Command("get-access-token", "Print a signed token for a service with token_auth_enabled.",
            "jupyter ml service get-access-token -n diabetes-service", declare_name, _get_access_token),
    *CHANGES,
    *TRAFFIC,
    Command("prune", "List the images on the Docker Engine that no service needs, with what each frees, and remove them with --yes.",
            "jupyter ml service prune -o table", _declare_prune, _prune),
)  # fmt: skip
