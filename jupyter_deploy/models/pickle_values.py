"""What stands for the values of a pickle that is followed but not carried out."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class GlobalName:
    """A name that a pickle would import. ``module`` is empty for ``UNKNOWN`` and ``UNREADABLE``."""

    module: str
    name: str

    def __str__(self) -> str:
        return f"{self.module}.{self.name}" if self.module else self.name


UNKNOWN = GlobalName("", "unknown")
"""A name that is put together while the pickle is loaded."""

UNREADABLE = GlobalName("", "unreadable")
"""A part that a library might load, but that cannot be read here."""


@dataclass(eq=False)
class Made:
    """Something the pickle would make.

    Attributes
    ----------
    callable : what it would call.
    arguments : with what.
    is_instance : the callable is a class whose ``__new__`` is called, so the result is not a text (but for ``str``).
    state : what the result would be given after that.
    """

    callable: object
    arguments: object
    is_instance: bool = False
    state: object = None
