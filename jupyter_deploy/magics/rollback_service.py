"""``%rollback_service``: return to the version that served before."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jupyter_deploy.magics.arguments import SERVICE, WAIT
from jupyter_deploy.magics.magic import Call, Magic

if TYPE_CHECKING:
    from jupyter_deploy.sdk.webservice import Webservice


def run(call: Call) -> Webservice:
    """Begin the rollback and show its card."""
    service = call.service
    service.rollback()
    return call.follow(service)


MAGIC = Magic(
    name="rollback_service",
    summary="Return to the version that served before, byte for byte, without a failed request. Returns the Webservice at once.",
    run=run,
    example="%rollback_service diabetes-service --wait",
    arguments=(SERVICE, WAIT),
)
