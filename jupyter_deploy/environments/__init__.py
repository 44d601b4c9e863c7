"""Turns what a service needs into a lock, and a lock into an interpreter that satisfies it."""

from __future__ import annotations

from jupyter_deploy.environments.kernel import lacking, lock_kernel
from jupyter_deploy.environments.lock import Lock, LockedPackage
from jupyter_deploy.environments.requirements import add_hashes, check_requirements, lock_requirements
from jupyter_deploy.environments.venv import virtual_environment

__all__ = [
    "Lock",
    "LockedPackage",
    "add_hashes",
    "check_requirements",
    "lacking",
    "lock_kernel",
    "lock_requirements",
    "virtual_environment",
]
