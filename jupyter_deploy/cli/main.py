"""Where ``jupyter ml`` begins and ends: finds the command, runs it, prints its result, and turns errors into text and an exit code.

Exit codes: 0 done; 1 the caller can mend it; 2 the machine, a service or this program is at fault; 130 interrupted.
"""

from __future__ import annotations

import contextlib
import os
import sys
import warnings
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from jupyter_deploy import __version__
from jupyter_deploy.cli import compute_commands, model_commands, service_commands, workspace_commands
from jupyter_deploy.cli.arguments import Parser, declare_common, unknown
from jupyter_deploy.cli.command import Command
from jupyter_deploy.cli.output import complain, show
from jupyter_deploy.config.files import ConfigFileWarning
from jupyter_deploy.errors import DeployError, UserError
from jupyter_deploy.sdk.workspace import Workspace

PROGRAM = "jupyter ml"
INTERRUPTED = 130
BROKEN_PIPE = 141
_GROUPS: Mapping[str, Sequence[Command]] = {
    "model": model_commands.COMMANDS,
    "service": service_commands.COMMANDS,
    "computetarget": compute_commands.COMMANDS,
    "workspace": workspace_commands.COMMANDS,
}


def main(words: Sequence[str] | None = None) -> int:
    """Run one command.

    Parameters
    ----------
    words : the words behind ``jupyter ml``; by default those of this process.

    Returns
    -------
    int : the exit code.
    """
    try:
        with _warnings_as_lines():
            return _dispatch(list(sys.argv[1:] if words is None else words))
    except DeployError as error:
        complain(error)
        return error.exit_code
    except KeyboardInterrupt as interruption:
        complain(str(interruption) or "interrupted")
        return INTERRUPTED
    except Exception as error:
        import traceback

        complain(f"{type(error).__name__}: {error}", "this is a bug; please report it with what follows")
        traceback.print_exc()
        return 2


def parsers() -> Iterator[tuple[Command, Parser]]:
    """Every command with the parser that reads it, group by group; for whoever explains them."""
    for group, commands in _GROUPS.items():
        for command in commands:
            yield command, _parser(group, command)


def _dispatch(words: list[str]) -> int:
    if not words:
        raise UserError("no command is given", _overview(_GROUPS))
    if words[0] in ("-h", "--help"):
        return _print(_overview(_GROUPS), "table")
    if words[0] == "--version":
        return _print(__version__, "table")
    group, *rest = words
    if group not in _GROUPS:
        raise unknown(PROGRAM, "group", group, _GROUPS)
    if not rest or rest[0] in ("-h", "--help"):
        overview = _overview({group: _GROUPS[group]})
        if not rest:
            raise UserError(f"no command is given behind '{group}'", overview)
        return _print(overview, "table")
    commands = {command.name: command for command in _GROUPS[group]}
    if rest[0] not in commands:
        raise unknown(f"{PROGRAM} {group}", "command", rest[0], commands)
    return _run(group, commands[rest[0]], rest[1:])


def _run(group: str, command: Command, words: Sequence[str]) -> int:
    args = _parser(group, command).read(words)
    with contextlib.redirect_stdout(sys.stderr):  # what the SDK prints is progress, not the result
        result = command.run(Workspace(args.workspace), args)
    return _print(result, args.output)


def _parser(group: str, command: Command) -> Parser:
    parser = Parser(f"{PROGRAM} {group} {command.name}", command.help, command.example)
    command.declare(parser)
    declare_common(parser)
    return parser


def _print(result: Any, form: str) -> int:
    try:
        show(result, form)
    except BrokenPipeError:  # whoever read this has seen enough; nothing more may be flushed at the end of the process
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return BROKEN_PIPE
    return 0


def _overview(groups: Mapping[str, Sequence[Command]]) -> str:
    group = next(iter(groups)) if len(groups) == 1 else "GROUP"
    lines = [f"usage: {PROGRAM} {group} COMMAND [options]", ""]
    for name, commands in groups.items():
        lines += [f"  {f'{name} {command.name}':<20} {command.help}" for command in commands]
        lines.append("")
    return "\n".join([*lines, f"{PROGRAM} {group} COMMAND --help says more, with an example."])


@contextlib.contextmanager
def _warnings_as_lines() -> Iterator[None]:
    """Show what was odd in a configuration file as one line, without the place in this program that noticed it."""
    with warnings.catch_warnings():
        warnings.simplefilter("always", ConfigFileWarning)
        shown = warnings.showwarning

        def show_line(message: Warning | str, category: type[Warning], *place: Any) -> None:
            if issubclass(category, ConfigFileWarning):
                complain(f"warning: {message}")
            else:
                shown(message, category, *place)

        warnings.showwarning = show_line  # type: ignore[assignment]  # its keyword arguments are never used by name
        yield
