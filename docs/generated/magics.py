"""The magics, from the records that parse and explain them."""

from __future__ import annotations

import textwrap

from docs.generated.markdown import block, code, joined, plain, table
from jupyter_deploy.magics import MAGICS
from jupyter_deploy.magics.arguments import Argument
from jupyter_deploy.magics.magic import Magic


def magics() -> str:
    """A section for every magic: usage, what it does, its arguments, an example."""
    return joined(*map(_section, MAGICS))


def _section(magic: Magic) -> str:
    usage = textwrap.fill(magic.usage, 96, subsequent_indent="    ", break_on_hyphens=False)
    options = "It also takes every [option of its target](options.md) and of its image." if magic.has_options else ""
    return joined(
        f"## {code(magic.typed)}", plain(magic.summary), block(usage),
        table(("argument", "meaning"), ((_name(argument), plain(argument.help)) for argument in magic.arguments)),
        options, block(textwrap.dedent(magic.example), "python"),
    )  # fmt: skip


def _name(argument: Argument) -> str:
    return " ".join(filter(None, (", ".join(map(code, argument.flags)), code(argument.shown))))
