"""Turns what a service needs into a lock, and a lock into an interpreter that satisfies it."""

from __future__ import annotations

from jupyter_deploy.environments.building import build_wheel
from jupyter_deploy.environments.cached import CachedEnvironment, cached_environments
from jupyter_deploy.environments.conda import CondaPlan, interpreter_for, lock_conda, plan_conda
from jupyter_deploy.environments.exact import exact_lock
from jupyter_deploy.environments.kernel import lacking, lock_kernel
from jupyter_deploy.environments.lock import Lock, LockedPackage
from jupyter_deploy.environments.requirement_lines import RequirementLine, read_requirements
from jupyter_deploy.environments.requirements import add_hashes, lock_requirements
from jupyter_deploy.environments.venv import virtual_environment

__all__ = [
    "CachedEnvironment",
    "CondaPlan",
    "Lock",
    "LockedPackage",
    "RequirementLine",
    "add_hashes",
    "build_wheel",
    "cached_environments",
    "exact_lock",
    "interpreter_for",
    "lacking",
    "lock_conda",
    "lock_kernel",
    "lock_requirements",
    "plan_conda",
    "read_requirements",
    "virtual_environment",
]
