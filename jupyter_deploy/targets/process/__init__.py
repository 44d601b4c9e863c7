"""The process target: services as processes of this machine."""

from __future__ import annotations

from typing import Any


def __getattr__(name: str) -> Any:
    """Load the target on use; the supervisor lives in this package and needs none of it."""
    if name == "ProcessTarget":
        from jupyter_deploy.targets.process.target import ProcessTarget

        return ProcessTarget
    raise AttributeError(name)
