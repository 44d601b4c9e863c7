"""Carries out a change to a service and waits for it; interrupting stops the waiting, never the operation."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator

from jupyter_deploy.cli.output import complain
from jupyter_deploy.errors import ServiceNotFound
from jupyter_deploy.sdk.operation import Operation
from jupyter_deploy.sdk.webservice import Webservice
from jupyter_deploy.sdk.workspace import Workspace


def carry_out(workspace: Workspace, name: str, change: Callable[[], Webservice], wait: bool) -> Webservice:
    """Begin a change, show what was found in the script, and wait for the operation that it began, if it began one.

    Parameters
    ----------
    change : begins it and gives the service. wait : show its steps and wait for its end.

    Raises
    ------
    OperationFailed : it did not succeed. KeyboardInterrupt : the waiting was interrupted; the text says how to go on.
    """
    with interruptible(workspace, name):
        service = change()
        if service.findings:
            complain(*service.findings)
        if wait:
            service.wait_for_deployment(show_output=True)
    return service


@contextlib.contextmanager
def interruptible(workspace: Workspace, name: str) -> Iterator[None]:
    """Let an interruption say what goes on without the one who waited."""
    try:
        yield
    except KeyboardInterrupt:
        under_way = _newest(workspace, name)
        if under_way is None or under_way.state != "Running":
            raise
        raise KeyboardInterrupt(
            f"no longer waiting; the operation '{under_way.kind}' on '{name}' goes on\n"
            f"see its state with: jupyter ml service show -n {name}\n"
            f"cancel it with: jupyter ml service cancel -n {name}"
        ) from None


def _newest(workspace: Workspace, name: str) -> Operation | None:
    try:
        return Webservice(workspace, name).operation
    except ServiceNotFound:
        return None
