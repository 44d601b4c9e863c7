"""The targets: places where a bundle can run, found by their entry points."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jupyter_deploy.targets.base import Target

GROUP = "jupyter_deploy.targets"
ALIASES = {"aks": "kubernetes"}
"""Other words for targets: a cluster of Azure's is a cluster."""


def target_names() -> tuple[str, ...]:
    """The names of all targets that are installed and meant for users."""
    from importlib.metadata import entry_points

    return tuple(sorted({point.name for point in entry_points(group=GROUP) if not point.name.startswith("_")}))


def plain_name(name: str) -> str:
    """A target's own name for any word that means it, in any case of letters."""
    return ALIASES.get(name.lower(), name.lower())


def is_target(name: str) -> bool:
    """Whether a word means a target, and not a compute."""
    return plain_name(name) in target_names()


@cache
def find_target(name: str) -> Target:
    """Load a target by its name, in any case of letters.

    Raises
    ------
    UserError : there is no such target; the text names those that exist.
    """
    from importlib.metadata import entry_points

    from jupyter_deploy.errors import UserError

    wanted = plain_name(name)
    for point in entry_points(group=GROUP):
        if point.name.lstrip("_") == wanted:
            made: Target = point.load()()
            return made
    raise UserError(f"there is no target '{name}'", remedy=f"choose one of: {', '.join(target_names())}")
