"""The commands of ``jupyter ml service`` that change a service: each is an operation, which is waited for."""

from __future__ import annotations

import argparse
import contextlib
from collections.abc import Callable
from typing import Any

from jupyter_deploy.cli.arguments import Parser, mapping, pair
from jupyter_deploy.cli.command import Command
from jupyter_deploy.cli.configuration import (
    declare_dry_run,
    declare_inference,
    declare_target_options,
    inference_config,
    target_options,
)
from jupyter_deploy.cli.output import preview_document, service_document
from jupyter_deploy.cli.waiting import carry_out, interruptible
from jupyter_deploy.errors import OperationFailed, UserError
from jupyter_deploy.sdk.local_webservice import LocalWebservice
from jupyter_deploy.sdk.previewing import preview_update
from jupyter_deploy.sdk.webservice import Webservice
from jupyter_deploy.sdk.workspace import Workspace


def declare_name(parser: Parser) -> None:
    """Declare the one option that every command on one service has."""
    parser.option("-n --name", "the service's name", required=True)


def _declare_begun(parser: Parser) -> None:
    declare_name(parser)
    parser.option("--no-wait", "return as soon as it has begun", action="store_true")


def _declare_update(parser: Parser) -> None:
    _declare_begun(parser)
    parser.several("-m --model", "serve these models instead: an id (name:version), name or path", metavar="MODEL")
    parser.several("--add-tag", "add or replace a tag", type=pair, metavar="KEY=VALUE")
    parser.several("--remove-tag", "remove a tag", default=[], metavar="KEY")
    parser.several("--add-property", "add a property", type=pair, metavar="KEY=VALUE")
    parser.option("-d --description", "replace the description")
    share = "bring the new version up beside what serves, with so many per cent of the requests"
    parser.option("--traffic-percentile --tp", share, type=int, metavar="PERCENT")
    declare_dry_run(parser)
    declare_inference(parser)
    declare_target_options(parser)


def _update(workspace: Workspace, args: argparse.Namespace) -> Any:
    service = Webservice(workspace, args.name)
    inference, options = inference_config(workspace, args), target_options(args)
    if args.dry_run:
        return preview_document(preview_update(service, args.model, inference, **options))

    def change() -> Webservice:
        service.update(
            models=args.model,
            inference_config=inference,
            tags=_tags(service, args),
            properties=mapping(args.add_property),
            description=args.description,
            traffic_percentile=args.traffic_percentile,
            **options,
        )
        return service

    return service_document(carry_out(workspace, args.name, change, wait=not args.no_wait), args.verbose)


def _tags(service: Webservice, args: argparse.Namespace) -> dict[str, str] | None:
    """All tags as they are to be; None where they stay."""
    added = mapping(args.add_tag) or {}
    if not added and not args.remove_tag:
        return None
    return {key: value for key, value in {**service.tags, **added}.items() if key not in args.remove_tag}


def _rollback(workspace: Workspace, args: argparse.Namespace) -> Any:
    service = Webservice(workspace, args.name)

    def change() -> Webservice:
        service.rollback()
        return service

    return service_document(carry_out(workspace, args.name, change, wait=not args.no_wait), args.verbose)


def _at_once(method: Callable[[Webservice], None]) -> Callable[[Workspace, argparse.Namespace], Any]:
    """A command for a method of a service that returns when the work is done."""

    def run(workspace: Workspace, args: argparse.Namespace) -> Any:
        service = Webservice(workspace, args.name)
        with interruptible(workspace, args.name):
            method(service)
        return service_document(service, args.verbose)

    return run


def _cancel(workspace: Workspace, args: argparse.Namespace) -> Any:
    operation = Webservice(workspace, args.name).operation
    if operation is None or not operation.cancel():
        last = f"its last one, '{operation.kind}', is {operation.state}" if operation else "it never had one"
        raise UserError(f"'{args.name}' has no operation under way; {last}")
    with contextlib.suppress(OperationFailed):  # cancelled, as asked
        operation.wait()
    return {"name": args.name, "operation": operation.kind, "state": operation.state}


def _declare_delete(parser: Parser) -> None:
    declare_name(parser)
    parser.option(
        "--delete-image", "its images in Docker too, unless a container was made from one", action="store_true"
    )


def _delete(workspace: Workspace, args: argparse.Namespace) -> Any:
    service = Webservice(workspace, args.name)
    images = {"delete_image": True} if args.delete_image else {}
    if images and not isinstance(service, LocalWebservice):
        raise UserError(f"'{args.name}' has no image", remedy="only services on the target 'local' have one")
    with interruptible(workspace, args.name):
        service.delete(**images)
    return {"name": args.name}


CHANGES = (
    Command("update", "Change a service without a failed request; what is not given stays.",
            "jupyter ml service update -n diabetes-service -m diabetes:2", _declare_update, _update),
    Command("rollback", "Return to the version that served before.",
            "jupyter ml service rollback -n diabetes-service", _declare_begun, _rollback),
    Command("start", "Bring a stopped service back at its address.",
            "jupyter ml service start -n diabetes-service", declare_name, _at_once(Webservice.start)),
    Command("stop", "End a service's processes; address, keys and history stay.",
            "jupyter ml service stop -n diabetes-service", declare_name, _at_once(Webservice.stop)),
    Command("restart", "Start the same version anew and switch to it.",
            "jupyter ml service restart -n diabetes-service", declare_name, _at_once(Webservice.restart)),
    Command("cancel", "Cancel the operation under way; what served goes on serving.",
            "jupyter ml service cancel -n diabetes-service", declare_name, _cancel),
    Command("delete", "Take a service away with its history.",
            "jupyter ml service delete -n diabetes-service", _declare_delete, _delete),
)  # fmt: skip
