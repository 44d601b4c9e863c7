"""What a magic is: a record that says its name, its arguments and what it does; everything about IPython is done here, once."""

from __future__ import annotations

import argparse
import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from IPython.core.error import UsageError
from IPython.core.magic import no_var_expand, output_can_be_silenced

from jupyter_deploy.magics.arguments import Argument, parse, words_of
from jupyter_deploy.widgets.notebook import has_front_end, plain_names, user_variables

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from jupyter_deploy.sdk.webservice import Webservice
    from jupyter_deploy.sdk.workspace import Workspace
    from jupyter_deploy.widgets.cards import Cards


@dataclass(frozen=True)
class Call:
    """One use of a magic.

    Parameters
    ----------
    shell : the shell it was typed into. cards : the status cards of that shell.
    given : its arguments. cell : the text below a cell magic's line.
    """

    shell: InteractiveShell
    cards: Cards
    given: argparse.Namespace
    cell: str = ""

    @property
    def workspace(self) -> Workspace:
        """The workspace that is named nearest, opened anew, since the environment or the folder may have changed."""
        from jupyter_deploy.sdk.workspace import Workspace

        return Workspace.from_config()

    @property
    def service(self) -> Webservice:
        """The service that ``NAME`` names."""
        from jupyter_deploy.sdk.webservice import Webservice

        return Webservice(self.workspace, self.given.name)

    def follow(self, service: Webservice) -> Webservice:
        """Show what was begun on a service, wait for it where ``--wait`` was given, and return the service."""
        show_lines(*map(str, service.findings))
        self.cards.show(service)
        if self.given.wait:
            self.cards.wait(service)
        return service


@dataclass(frozen=True)
class Magic:
    """One magic.

    Parameters
    ----------
    name : without percent signs. summary : what it does and returns; the first text of its help.
    run : does it. example : lines of a notebook.
    arguments : its own. has_options : whether the settings of images and the options of targets are arguments as well.
    kind : "line" or "cell".
    form : shows the form that stands for its line where nothing is given and a front end can draw it; None where it has none.
    expands : whether IPython replaces ``$name`` and ``{expression}`` in its line; not where JSON may be typed.
    """

    name: str
    summary: str
    run: Callable[[Call], Any]
    example: str
    arguments: tuple[Argument, ...] = ()
    has_options: bool = False
    kind: Literal["line", "cell"] = "line"
    form: Callable[[Call], Any] | None = None
    expands: bool = True

    @property
    def typed(self) -> str:
        """Its name as it is typed."""
        return ("%" if self.kind == "line" else "%%") + self.name

    @property
    def usage(self) -> str:
        """Its line: ``%score NAME JSON|VARIABLE``."""
        words = [self.typed, *(argument.usage for argument in self.arguments)]
        return " ".join(
            [*words, "[any setting of the image] [any option of the target]"] if self.has_options else words
        )

    def all_arguments(self) -> tuple[Argument, ...]:
        """Its own arguments and, where it has them, the settings of images and the options of every target."""
        if not self.has_options:
            return self.arguments
        from jupyter_deploy.magics.configuration import option_arguments, setting_arguments

        return (*self.arguments, *setting_arguments(), *option_arguments())

    def help(self) -> str:
        """The text of ``%magic?``: usage, summary, every argument, an example."""
        parts = [textwrap.fill(self.usage, 110, subsequent_indent="    ", break_on_hyphens=False)]
        parts.append(textwrap.fill(self.summary + (" Without arguments: the form." if self.form else ""), 110))
        parts += _explained("Arguments", self.arguments)
        if self.has_options:
            from jupyter_deploy.magics.configuration import options_by_target, setting_arguments

            parts += _explained("Settings of the script's folder and of the image", setting_arguments())
            for target, arguments in options_by_target().items():
                parts += _explained(f"Options of the target '{target}'", arguments)
        return "\n\n".join([*parts, "Example\n" + textwrap.indent(textwrap.dedent(self.example).strip(), "  ")])


def _explained(title: str, arguments: tuple[Argument, ...]) -> list[str]:
    if not arguments:
        return []
    lines = []
    for argument in arguments:
        head = " ".join(filter(None, (", ".join(argument.flags), argument.shown)))
        lines += [f"  {head}", textwrap.fill(argument.help, 106, initial_indent=" " * 6, subsequent_indent=" " * 6)]
    return ["\n".join([title, *lines])]


class _Bound:
    """A magic in a shell: what IPython calls and asks for help."""

    def __init__(self, magic: Magic, shell: InteractiveShell, cards: Cards) -> None:
        self._magic, self._shell, self._cards = magic, shell, cards
        self.__name__ = magic.name
        self.__doc__ = magic.summary

    def __call__(self, line: str, cell: str = "") -> Any:
        magic, words = self._magic, words_of(line)
        if magic.form and not words and has_front_end(self._shell):
            return magic.form(Call(self._shell, self._cards, argparse.Namespace()))
        try:
            given = parse(magic.typed, magic.all_arguments(), words)
        except UsageError as error:
            raise error if words else UsageError(f"{error}\n{magic.usage}") from None
        return magic.run(Call(self._shell, self._cards, given, cell))

    def getdoc(self) -> str:
        """What IPython shows for ``%magic?``; made on request, since it asks every installed target for its options."""
        return self._magic.help()


def bind(magic: Magic, shell: InteractiveShell, cards: Cards) -> Callable[..., Any]:
    """Make the function that IPython calls for a magic."""
    bound: Callable[..., Any] = output_can_be_silenced(_Bound(magic, shell, cards))
    return bound if magic.expands else no_var_expand(bound)


def user_names(shell: InteractiveShell) -> list[str]:
    """The names that the user has defined in a notebook, save those that begin with an underscore."""
    return plain_names(user_variables(shell))


def show_lines(*lines: str) -> None:
    """Print lines under the cell; for the main thread alone, as another one's would land under any cell."""
    for line in lines:
        print(line, flush=True)  # noqa: T201  (what a cell says)
