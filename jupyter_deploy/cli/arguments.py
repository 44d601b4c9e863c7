"""What all commands share in reading their arguments: a parser that refuses by name, and the forms that values take.

Nothing is abbreviated or guessed: ``-dc file`` must never be read as ``-d c`` (azureml-v1 10 #2).
"""

from __future__ import annotations

import argparse
import difflib
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn

from jupyter_deploy.errors import UserError


class Parser(argparse.ArgumentParser):
    """The parser of one command; what it refuses, it refuses as a UserError.

    Parameters
    ----------
    prog : the command as typed ("jupyter ml model list"). help : one sentence. example : a whole command line.
    """

    def __init__(self, prog: str, help: str, example: str) -> None:  # noqa: A002  (the word for it)
        super().__init__(
            prog=prog,
            description=help,
            epilog=f"example: {example}",
            allow_abbrev=False,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        self._flags = {"-h": "--help", "--help": "--help"}
        self._headings: dict[str, Any] = {}

    def option(self, flags: str, help: str, *, heading: str = "", **facts: Any) -> None:  # noqa: A002  (as in argparse)
        """Declare an option.

        Parameters
        ----------
        flags : all its spellings, with blanks between. help : one phrase. heading : where the help shows it.
        facts : those of ``add_argument``.
        """
        spellings = flags.split()
        self._flags.update(dict.fromkeys(spellings, "" if help is argparse.SUPPRESS else max(spellings, key=len)))
        if heading and heading not in self._headings:
            self._headings[heading] = self.add_argument_group(heading)
        place = self._headings[heading] if heading else self
        place.add_argument(*spellings, help=help.replace("%", "%%"), **facts)

    def several(self, flags: str, help: str, **facts: Any) -> None:  # noqa: A002  (as in argparse)
        """Declare an option that may be given more than once; its value is a list, or None."""
        self.option(flags, f"{help}; repeatable", action="append", **facts)

    def read(self, words: Sequence[str]) -> argparse.Namespace:
        """Read a command's words.

        Raises
        ------
        UserError : unknown options (with the nearest ones that exist), missing ones, values that do not fit.
        """
        for word in words:
            if word == "--":
                break
            flag = word.split("=", 1)[0]
            if _looks_like_a_flag(flag) and flag not in self._flags:
                raise unknown(self.prog, "option", flag, self._flags, dict.fromkeys(filter(None, self._flags.values())))
        return self.parse_args(words)

    def error(self, message: str) -> NoReturn:
        """Raise instead of exiting, so that every refusal leaves by the same door."""
        raise UserError(f"{self.prog}: {message}", remedy=f"see: {self.prog} --help")


def _looks_like_a_flag(word: str) -> bool:
    if not word.startswith("-") or word == "-" or " " in word:
        return False
    return not word[1:].replace(".", "", 1).isdigit()  # a negative number is a value


def unknown(whose: str, kind: str, word: str, known: Iterable[str], listed: Iterable[str] | None = None) -> UserError:
    """The error for a word that is not there; names the nearest one, and all that exist.

    Parameters
    ----------
    whose : what was searched. kind : what the word was meant to be. word : as typed.
    known : every spelling. listed : one spelling of each, where there are several.

    Examples
    --------
    >>> print(unknown("jupyter ml model", "command", "shwo", ["list", "show"]))
    jupyter ml model has no command 'shwo'; did you mean 'show'?
    it has: list, show
    """
    spellings = list(known)
    close = difflib.get_close_matches(word, spellings, n=1, cutoff=0.7)
    question = f"; did you mean '{close[0]}'?" if close else ""
    return UserError(f"{whose} has no {kind} '{word}'{question}", remedy=f"it has: {', '.join(listed or spellings)}")


def declare_common(parser: Parser) -> None:
    """Declare what every command takes."""
    where = (
        "the workspace, or a team's postgresql://…;"
        " by default $JUPYTER_DEPLOY_WORKSPACE, a config.json upward from here, or the user's data folder"
    )
    form = "how to print the result: json (the default), or for people as a table, logs as plain lines"
    heading = "Everywhere"
    parser.option("-w --workspace", where, metavar="FOLDER", heading=heading)
    parser.option("-o --output", form, choices=("json", "table"), default="json", heading=heading)
    parser.option("-v --verbose", "print every key of the result", action="store_true", heading=heading)


def pair(text: str) -> tuple[str, str]:
    """Read ``key=value``."""
    key, sign, value = text.partition("=")
    if not (key and sign):
        raise argparse.ArgumentTypeError(f"takes KEY=VALUE, not {text!r}")
    return key, value


def key_or_pair(text: str) -> str | tuple[str, str]:
    """Read a filter: ``key``, or ``key=value``."""
    return pair(text) if "=" in text else text


def positive(text: str) -> int:
    """Read a whole number from 1 on."""
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"takes a whole number from 1 on, not {text!r}")
    return int(text)


def mapping(pairs: Sequence[tuple[str, str]] | None) -> dict[str, str] | None:
    """Collect repeated ``key=value`` options; None where there were none.

    Raises
    ------
    UserError : a key was given twice with different values.
    """
    if pairs is None:
        return None
    found: dict[str, str] = {}
    for key, value in pairs:
        if found.setdefault(key, value) != value:
            raise UserError(f"'{key}' is given twice: {found[key]!r} and {value!r}", remedy="give it once")
    return found


def content(text: str) -> bytes:
    """A value, or what it refers to: ``@file`` is the content of a file, ``-`` standard input.

    Raises
    ------
    UserError : the file cannot be read.
    """
    if text == "-":
        return sys.stdin.buffer.read()
    if not text.startswith("@"):
        return text.encode()
    place = Path(text[1:]).expanduser().absolute()
    try:
        return place.read_bytes()
    except OSError as error:
        raise UserError(f"cannot read {place}: {error.strerror}", remedy="@FILE takes the path of a file") from None


def secret(text: str) -> str:
    """Read a key; from a file or standard input it stays out of the list of processes.

    Raises
    ------
    UserError : it is empty or no text.
    """
    try:
        value = content(text).decode().strip()
    except UnicodeDecodeError:
        value = ""
    if not value:
        raise UserError("the key is empty, or is no text")
    return value


def given(args: argparse.Namespace, prefix: str) -> Mapping[str, Any]:
    """The options whose destination begins with a prefix, without it; those that were not given are left out."""
    return {
        name.removeprefix(prefix): value
        for name, value in vars(args).items()
        if name.startswith(prefix) and value is not None
    }
