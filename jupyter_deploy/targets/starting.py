"""How a service starts on this machine: how long it may take, and what to say when it does not."""

from __future__ import annotations

import os

from jupyter_deploy.errors import UserError

GB = 1024**3

START_TIMEOUT = 310.0
"""Seconds that imports and init() may take: the original's initialDelaySeconds. JUPYTER_DEPLOY_START_TIMEOUT changes it."""

REMEDIES = {
    "import": "mend the script or its environment, then deploy again; modules beside the script need source_directory",
    "init": "mend init(), then deploy again; %%score_script --try runs it in a notebook without a deployment",
    "signature": "mend the script, then deploy again",
    "memory": "deploy again with a higher memory_gb, or have init() take less",
}
"""What a person can do about a start that failed, by the stage in which it did."""


def describe_limit(memory_gb: float) -> str:
    """The reason that logs, events and errors give when a worker was ended for its memory."""
    return f"memory limit of {memory_gb:g} GB (memory_gb) exceeded"


def start_timeout() -> float:
    """Seconds that imports and init() may take; UserError where the variable is no number."""
    given = os.environ.get("JUPYTER_DEPLOY_START_TIMEOUT", str(START_TIMEOUT))
    try:
        return float(given)
    except ValueError:
        raise UserError(f"JUPYTER_DEPLOY_START_TIMEOUT is {given!r}", "it takes a number of seconds") from None
