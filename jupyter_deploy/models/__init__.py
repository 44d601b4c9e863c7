"""Models: registered under versions, read without being run, placed, downloaded and deleted."""

from __future__ import annotations

from jupyter_deploy.models.paths import get_model_path
from jupyter_deploy.models.registry import delete, download, register

__all__ = ["delete", "download", "get_model_path", "register"]
