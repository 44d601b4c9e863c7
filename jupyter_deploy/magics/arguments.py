"""The arguments of magics: declared once, and from that parsed, explained and completed."""

from __future__ import annotations

import argparse
import difflib
import json
import re
import shlex
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from io import StringIO
from typing import Any, Literal, NoReturn

from IPython.core.error import UsageError

from jupyter_deploy.errors import ConfigError

Takes = Literal["text", "model", "service", "target", "file", "input", "file or variable", "service or variable"]
"""What kind of thing an argument names; completion offers those that exist."""

Count = Literal["one", "repeated", "several"]
"""``--tag a=1 --tag b=2`` is repeated; ``--models a b`` takes several."""

_FLAG = re.compile(r"--?[A-Za-z]")


@dataclass(frozen=True)
class Argument:
    """One argument of a magic.

    Parameters
    ----------
    name : its name in what is parsed.
    help : one sentence.
    flags : ``("--port", "--po")``; none for an argument that is known by its place.
    shown : how help shows its value ("K=V"); empty for a switch, which takes none.
    takes : what its value names. choices : the values to offer, where they are few.
    count : how often it may be given. required : whether it must be.
    default : its value when it is not given. parse : makes its value from the text; ConfigError where it cannot.
    """

    name: str
    help: str
    flags: tuple[str, ...] = ()
    shown: str = ""
    takes: Takes = "text"
    choices: tuple[str, ...] = ()
    count: Count = "one"
    required: bool = False
    default: Any = None
    parse: Callable[[str], Any] = str

    @property
    def usage(self) -> str:
        """How usage lines show it: ``--models N[:V]… [--env FILE]``."""
        flag = f"{self.flags[0]} " if self.flags else ""
        text = f"{flag}{self.shown}".strip() + ("…" if self.count == "several" else "")
        bracketed = text if self.required else f"[{text}]"
        return bracketed + ("…" if self.count == "repeated" else "")


WAIT = Argument(
    "wait", "Wait until it is done, and raise its error; interrupting stops the waiting alone.", ("--wait",)
)
DRY_RUN = Argument(
    "dry_run",
    "Show the objects that would be on the cluster, and how they differ from those that are; nothing is recorded, built or changed.",
    ("--dry-run",),
)
SERVICE = Argument("name", "The service.", shown="NAME", takes="service", required=True)


def key_value(text: str) -> tuple[str, str]:
    """Read ``key=value``."""
    key, equals, value = text.partition("=")
    if not (key and equals):
        raise ConfigError([f"{text!r} is no KEY=VALUE"])
    return key, value


def words_of(line: str) -> list[str]:
    """Split a magic's line as a shell would, where a JSON object or list is one word, spaces, quotes and all.

    A semicolon at the end belongs to IPython, which then does not show the result.

    >>> words_of('diabetes-service {"data": [[1, 2]]} --tag "a=b c";')
    ['diabetes-service', '{"data": [[1, 2]]}', '--tag', 'a=b c']
    """
    rest = line.strip().removesuffix(";").rstrip()
    words = []
    while rest:
        word, length = _json_word(rest) if rest[0] in "{[" else _shell_word(rest)
        words.append(word)
        rest = rest[length:].lstrip()
    return words


def _json_word(text: str) -> tuple[str, int]:
    try:
        _, end = json.JSONDecoder().raw_decode(text)
    except json.JSONDecodeError as error:
        hint = "names and texts take double quotes; a value can also be given as the name of a variable"
        raise UsageError(f"this is no JSON ({error.msg} at {text[error.pos :][:20]!r}): {hint}") from None
    return text[:end], end


def _shell_word(text: str) -> tuple[str, int]:
    stream = StringIO(text)
    lexer = shlex.shlex(stream, posix=True)
    lexer.whitespace_split, lexer.commenters = True, ""
    try:
        word = lexer.get_token()
    except ValueError as error:
        raise UsageError(f"a quotation mark is missing in: {text} ({error})") from None
    return word or "", stream.tell()


def parse(magic: str, arguments: Sequence[Argument], words: Sequence[str]) -> argparse.Namespace:
    """Read a magic's words.

    Raises
    ------
    UsageError : in one line, what is missing, unknown (with the nearest that exists) or not of its type.
    """
    parser = _Parser(prog=magic, add_help=False, allow_abbrev=False)
    for argument in arguments:
        _add(parser, argument)
    _refuse_unknown(parser, [flag for argument in arguments for flag in argument.flags], words)
    try:
        return parser.parse_args(words)
    except ConfigError as error:
        parser.error(str(error))


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{self.prog}: {message}; see {self.prog}?")


def _add(parser: argparse.ArgumentParser, argument: Argument) -> None:
    if not argument.flags:
        nargs = None if argument.required else "?"
        parser.add_argument(
            argument.name, metavar=argument.shown, nargs=nargs, default=argument.default, type=argument.parse
        )
    elif not argument.shown:
        parser.add_argument(*argument.flags, dest=argument.name, action="store_true")
    else:
        action = {"one": "store", "repeated": "append", "several": "extend"}[argument.count]
        parser.add_argument(
            *argument.flags, dest=argument.name, action=action, nargs="+" if argument.count == "several" else None,
            default=argument.default, required=argument.required, type=argument.parse,
        )  # fmt: skip


def _refuse_unknown(parser: _Parser, known: Sequence[str], words: Sequence[str]) -> None:
    for word in words:
        flag = word.partition("=")[0]
        if _FLAG.match(flag) and flag not in known:
            close = difflib.get_close_matches(flag, known, n=1)
            parser.error(
                f"there is no option {flag}; "
                + (f"did you mean {close[0]}?" if close else f"there are {', '.join(sorted(known))}")
            )
