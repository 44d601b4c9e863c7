"""``%delete_service``: take a service away."""

from __future__ import annotations

from jupyter_deploy.magics.arguments import SERVICE
from jupyter_deploy.magics.magic import Call, Magic, show_lines


def run(call: Call) -> None:
    """Delete it and say so."""
    service = call.service
    service.delete()
    show_lines(f"{service.name} is deleted")


MAGIC = Magic(
    name="delete_service",
    summary="Delete a service with its history, and cancel what is under way on it. Returns when it is gone and its models are free.",
    run=run,
    example="%delete_service diabetes-service",
    arguments=(SERVICE,),
)
