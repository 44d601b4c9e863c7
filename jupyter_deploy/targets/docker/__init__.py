"""The target ``local``: services as containers on the user's Docker Engine."""

from __future__ import annotations

from typing import Any


def __getattr__(name: str) -> Any:
    """Load the target on use; its options are wanted without it."""
    if name == "LocalTarget":
        from jupyter_deploy.targets.docker.target import LocalTarget

        return LocalTarget
    raise AttributeError(name)
