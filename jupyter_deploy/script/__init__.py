"""Reads an entry script once, without running it, into a description: parameters, imports, problems found."""

from __future__ import annotations

from jupyter_deploy.script.description import Finding, Kind, Level, Refusal, ScriptDescription, require
from jupyter_deploy.script.models import undeployed_models
from jupyter_deploy.script.reader import describe

__all__ = ["Finding", "Kind", "Level", "Refusal", "ScriptDescription", "describe", "require", "undeployed_models"]
