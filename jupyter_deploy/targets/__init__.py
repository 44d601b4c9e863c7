"""The targets: places where a bundle can run, found by their entry points."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jupyter_deploy.targets.base import Target

GROUP = "jupyter_deploy.targets"


def target_names() -> tuple[str, ...]:
    """The names of all targets that are installed and meant for users."""
    from importlib.metadata import entry_points

    return tuple(sorted({point.name for point in entry_points(group=GROUP) if not point.name.startswith("_")}))


@cache
def find_target(name: str) -> Target:
    """Load a target by its name, in any case of letters.

    Raises
    ------
    UserError : there is no such target; the text names those that exist.
    """
    from importlib.metadata import entry_points

    from jupyter_deploy.errors import UserError

    for point in entry_points(group=GROUP):
        if point.name.lstrip("_") == name.lower():
            made: Target = point.load()()
            return made
    raise UserError(f"there is no target '{name}'", remedy=f"choose one of: {', '.join(target_names())}")
