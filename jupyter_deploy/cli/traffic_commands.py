"""The commands of ``jupyter ml service`` that share a service's requests between versions which run side by side."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any

from jupyter_deploy.cli.arguments import Parser, mapping, pair
from jupyter_deploy.cli.command import Command
from jupyter_deploy.cli.waiting import carry_out
from jupyter_deploy.errors import UserError
from jupyter_deploy.sdk.webservice import Webservice
from jupyter_deploy.sdk.workspace import Workspace


def _declare_change(parser: Parser) -> None:
    parser.option("-n --name", "the service's name", required=True)
    parser.option("--no-wait", "return as soon as it has begun", action="store_true")


def _declare_traffic(parser: Parser) -> None:
    _declare_change(parser)
    share = "how many per cent of the requests a version gets; together 100, and what is not named runs no more"
    parser.several("--share", share, type=pair, metavar="VERSION=PERCENT")
    copies = "of how many per cent a version without a share gets copies, whose answers nobody gets"
    parser.several("--mirror", copies, type=pair, metavar="VERSION=PERCENT")


def _traffic(workspace: Workspace, args: argparse.Namespace) -> Any:
    service = Webservice(workspace, args.name)
    shares, mirror = _percents(args.share), _percents(args.mirror)
    if shares or mirror:
        return _change(workspace, args, lambda service: service.set_traffic(shares, mirror))
    return _document(service)


def _percents(given: list[tuple[str, str]] | None) -> dict[str, int]:
    found = mapping(given) or {}
    for version, percent in found.items():
        if not percent.isdigit():
            raise UserError(f"{version}={percent} is no share", remedy="give VERSION=PERCENT with a whole number: 2=10")
    return {version: int(percent) for version, percent in found.items()}


def _changed(method: Callable[[Webservice], None]) -> Callable[[Workspace, argparse.Namespace], Any]:
    """A command for a method of a service that begins an operation."""
    return lambda workspace, args: _change(workspace, args, method)


def _change(workspace: Workspace, args: argparse.Namespace, method: Callable[[Webservice], None]) -> Any:
    service = Webservice(workspace, args.name)

    def change() -> Webservice:
        method(service)
        return service

    return _document(carry_out(workspace, args.name, change, wait=not args.no_wait))


def _document(service: Webservice) -> dict[str, Any]:
    return {"name": service.name, "traffic": service.traffic, "mirror": service.mirror}


COMMANDS = (
    Command("traffic", "Show or set how versions that run side by side share a service's requests.",
            "jupyter ml service traffic -n diabetes-service --share 1=90 --share 2=10", _declare_traffic, _traffic),
    Command("promote", "Have the newest of the versions that share its requests serve alone.",
            "jupyter ml service promote -n diabetes-service", _declare_change, _changed(Webservice.promote)),
    Command("abort", "Have the version serve alone again that did before its requests were shared.",
            "jupyter ml service abort -n diabetes-service", _declare_change, _changed(Webservice.abort)),
)  # fmt: skip
