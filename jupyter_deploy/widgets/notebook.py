"""What a view knows of the notebook that it stands in: the variables of its user."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

Variables = Callable[[], Mapping[str, Any]]
"""Gives the variables as they are now."""


def user_variables(shell: InteractiveShell) -> dict[str, Any]:
    """What the user has given names to in a notebook; not IPython's own."""
    own, missing = shell.user_ns_hidden, object()
    return {
        name: value
        for name, value in shell.user_ns.items()
        if not name.startswith("__") and own.get(name, missing) is not value
    }


def variables_here() -> dict[str, Any]:
    """The variables of the notebook that is running, or none outside of one."""
    from IPython.core.getipython import get_ipython

    shell = get_ipython()
    return user_variables(shell) if shell else {}


def has_front_end(shell: InteractiveShell) -> bool:
    """Whether a shell is a kernel's; a terminal's can neither draw views nor redraw cards."""
    return getattr(shell, "kernel", None) is not None


def plain_names(variables: Mapping[str, Any]) -> list[str]:
    """The names that do not begin with an underscore, as scripts and faces speak of them."""
    return [name for name in variables if not name.startswith("_")]


def heard_anywhere(comm: Any) -> None:
    """Let messages of a comm go where the front end sends them.

    ipykernel 7.4 takes one to where its view last spoke from, and ours speak from threads, for which it takes the main thread, where a cell
    may run.
    """
    if hasattr(comm, "_reply_subshell_for"):
        comm._reply_subshell_for = None
