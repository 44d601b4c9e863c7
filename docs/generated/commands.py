"""The command line, from the parsers that read it."""

from __future__ import annotations

import argparse
from collections.abc import Iterator

from docs.generated.markdown import block, code, joined, plain, table
from jupyter_deploy.cli.arguments import Parser, declare_common
from jupyter_deploy.cli.command import Command
from jupyter_deploy.cli.main import parsers

_HEAD = ("option", "meaning")


def commands() -> str:
    """A section for every command: what it does, its own options, an example."""
    return joined(*(_section(command, parser) for command, parser in parsers()))


def common_options() -> str:
    """What every command takes."""
    return table(_HEAD, map(_row, _actions(_common())))


def _section(command: Command, parser: Parser) -> str:
    everywhere = {action.dest for action in _actions(_common())}
    own = [action for action in _actions(parser) if action.dest not in everywhere]
    of_targets = [action.option_strings[0] for action in own if action.dest.startswith("option:")]
    options = (
        "Every [option of its target](options.md): " + ", ".join(map(code, of_targets)) + "." if of_targets else ""
    )
    return joined(
        f"## {code(parser.prog)}", plain(command.help),
        table(_HEAD, (_row(action) for action in own if not action.dest.startswith("option:"))),
        options, block(command.example, "bash"),
    )  # fmt: skip


def _common() -> Parser:
    parser = Parser("", "", "")
    declare_common(parser)
    return parser


def _actions(parser: Parser) -> Iterator[argparse.Action]:
    for action in parser._actions:  # argparse has no public way to ask
        if action.help is not argparse.SUPPRESS and action.dest != "help":
            yield action


def _row(action: argparse.Action) -> tuple[str, str]:
    spellings = ", ".join(map(code, action.option_strings))
    choices = "|".join(map(str, action.choices)) if action.choices else ""
    value = "" if action.nargs == 0 else choices or str(action.metavar or action.dest.upper())
    value = f"[{value}]" if action.nargs == "?" else value
    text = plain((action.help or "").replace("%%", "%")) + (" (required)" if action.required else "")
    return f"{spellings} {code(value)}".strip(), text
