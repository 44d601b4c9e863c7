"""Completion in the lines of magics: options, and what exists by now of models, services, targets, files and variables."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from IPython.core.completer import SimpleCompletion, context_matcher

from jupyter_deploy.errors import DeployError
from jupyter_deploy.magics.arguments import Argument, Takes
from jupyter_deploy.magics.magic import Magic, user_names

if TYPE_CHECKING:
    from IPython.core.completer import CompletionContext
    from IPython.core.interactiveshell import InteractiveShell

    from jupyter_deploy.workspace.folder import WorkspaceFolder

Matcher = Callable[["CompletionContext"], Mapping[str, Any]]

_CALL = re.compile(r"\s*(?:[^%'\"]*=\s*)?(%{1,2}\w+)\s(.*)", re.DOTALL)


def matcher_for(shell: InteractiveShell, magics: Iterable[Magic]) -> Matcher:
    """Make the matcher that completes the lines of some magics; where it completes, it is alone."""
    by_name = {magic.typed: magic for magic in magics}

    def match(context: CompletionContext) -> Mapping[str, Any]:
        call = _CALL.fullmatch(_typed(context))
        magic = by_name.get(call[1]) if call else None
        if call is None or magic is None:
            return {"completions": []}
        *words, fragment = re.split(r"\s+", call[2])
        found = _completions(magic.all_arguments(), words, fragment, shell)
        return {"completions": list(found), "matched_fragment": fragment, "suppress": True}

    matcher: Matcher = context_matcher(identifier="jupyter_deploy")(match)
    return matcher


def _typed(context: CompletionContext) -> str:
    """The text before the cursor, with the lines that a backslash joins to it."""
    lines = context.full_text.split("\n")[: context.cursor_line]
    text = context.text_until_cursor
    while lines and lines[-1].endswith("\\"):
        text = f"{lines.pop()[:-1]} {text}"
    return text


def _completions(
    arguments: Sequence[Argument], words: Sequence[str], fragment: str, shell: InteractiveShell
) -> Iterator[SimpleCompletion]:
    wanted, flags = _expected(arguments, words)
    if wanted and not fragment.startswith("-"):
        for value in _values(wanted, fragment, shell):
            if value.startswith(fragment):
                yield SimpleCompletion(value, type=wanted.takes)
    for flag in flags:
        if flag.startswith(fragment):
            yield SimpleCompletion(flag, type="option")


def _expected(arguments: Sequence[Argument], words: Sequence[str]) -> tuple[Argument | None, list[str]]:
    """The argument whose value comes next, and the flags that may stand in its place."""
    by_flag = {flag: argument for argument in arguments for flag in argument.flags}
    places = [argument for argument in arguments if not argument.flags]
    used: set[str] = set()
    open_one: Argument | None = None
    for word in filter(None, words):
        if word in by_flag:
            open_one = by_flag[word] if by_flag[word].shown else None
            used.add(by_flag[word].name)
        elif open_one is None and places:
            places.pop(0)
        elif open_one and open_one.count != "several":
            open_one = None
    if open_one and words and _last(words) in by_flag:
        return open_one, []
    free = [flag for flag, argument in by_flag.items() if argument.name not in used or argument.count != "one"]
    return open_one or (places[0] if places else None), free


def _last(words: Sequence[str]) -> str:
    return next((word for word in reversed(words) if word), "")


def _values(argument: Argument, fragment: str, shell: InteractiveShell) -> list[str]:
    try:
        return [*argument.choices, *_existing(argument.takes, fragment, shell)]
    except (DeployError, OSError):
        return list(argument.choices)  # a broken workspace is a matter for the magic itself; typing goes on


def _existing(takes: Takes, fragment: str, shell: InteractiveShell) -> Iterator[str]:
    if takes == "model":
        yield from _models(fragment)
    if takes in ("service", "service or variable"):
        folder = _workspace()
        yield from (record.name for record in folder.services.list()) if folder else ()
    if takes == "target":
        from jupyter_deploy.targets import target_names

        folder = _workspace()
        yield from target_names()
        yield from (record.name for record in folder.computes.list()) if folder else ()
    if takes in ("file", "file or variable"):
        yield from _files(fragment)
    if takes in ("input", "file or variable", "service or variable"):
        yield from user_names(shell)


def _models(fragment: str) -> Iterator[str]:
    """Names; behind the colon versions, newest first."""
    folder = _workspace()
    if folder is None:
        return
    name, colon, _ = fragment.partition(":")
    if colon:
        yield from (model.id for model in folder.models.list(name=name))
    else:
        yield from folder.models.names()


def _workspace() -> WorkspaceFolder | None:
    """The workspace, read anew as other processes write to it; completion makes none."""
    from jupyter_deploy.workspace.addresses import DatabaseAddress
    from jupyter_deploy.workspace.folder import open_workspace
    from jupyter_deploy.workspace.location import find_workspace
    from jupyter_deploy.workspace.opening import folder_of

    address = find_workspace(Path.cwd()).address
    path = folder_of(DatabaseAddress.parse(address)[0]) if isinstance(address, str) else address
    return open_workspace(path) if path.exists() else None


def _files(fragment: str) -> Iterator[str]:
    before = fragment[: fragment.rfind("/") + 1]
    for path in sorted(Path(before).expanduser().iterdir()):
        if not path.name.startswith(".") and " " not in path.name:
            yield before + path.name + ("/" if path.is_dir() else "")
