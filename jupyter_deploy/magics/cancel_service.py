"""``%cancel_service``: stop the operation under way on a service."""

from __future__ import annotations

import contextlib

from jupyter_deploy.errors import OperationFailed
from jupyter_deploy.magics.arguments import SERVICE
from jupyter_deploy.magics.magic import Call, Magic, show_lines


def run(call: Call) -> None:
    """Cancel it, wait until what it began is taken away, and say what became of it."""
    operation = call.service.operation
    if operation is None or not operation.cancel():
        show_lines(f"nothing is under way on {call.given.name}")
        return
    with contextlib.suppress(OperationFailed):  # cancelled, as asked; what else may have become of it is said below
        operation.wait()
    show_lines(f"{operation.kind} of {operation.service}: {operation.state}")


MAGIC = Magic(
    name="cancel_service",
    summary="Cancel the operation under way on a service: what served goes on serving, what was begun is taken away.",
    run=run,
    example="%cancel_service diabetes-service",
    arguments=(SERVICE,),
)
