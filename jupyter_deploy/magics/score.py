"""``%score``: send one request to a service."""

from __future__ import annotations

from typing import Any

from jupyter_deploy.magics.arguments import SERVICE
from jupyter_deploy.magics.inputs import INPUT
from jupyter_deploy.magics.magic import Call, Magic
from jupyter_deploy.sdk.inputs import body_of


def run(call: Call) -> Any:
    """Wait for the operation under way, send the input, return the answer."""
    return call.service.run(body_of(call.given.input, call.shell.user_ns))


MAGIC = Magic(
    name="score",
    summary="Send a request to a service and return its answer; waits for the operation under way on it and raises its error.",
    run=run,
    example="""
        %score diabetes-service {"data": [[0.03, 0.05, 0.06]]}
        rows = X_test[:2]
        %score diabetes-service rows
    """,
    arguments=(SERVICE, INPUT),
    expands=False,
)
