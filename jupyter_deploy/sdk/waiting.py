"""Waits for an operation, printing what it does; interrupting stops the waiting, not the operation."""

from __future__ import annotations

from jupyter_deploy.sdk.operation import Operation


def wait_for(operation: Operation, compute_type: str, show_output: bool, timeout: float | None) -> None:
    """Wait, and end with the original's one line about the outcome (azureml-v1 4.4)."""
    try:
        if show_output:
            for event in operation.events(follow=True, timeout=timeout):
                if event.kind in ("began", "moved", "log", "state") and event.text:
                    print(event, flush=True)  # noqa: T201  (it was asked for)
            timeout = None if timeout is None else 0.0  # it has passed, or there is nothing to wait for
        operation.wait(timeout)
    finally:
        state = operation.state
        if state != "Running":
            kind = {"process": "Process", "local": "Local", "kubernetes": "AKS"}.get(compute_type, compute_type)
            what = {"deploy": "creation"}.get(operation.kind, operation.kind)
            print(f'{kind} service {what} operation finished, operation "{state}"')  # noqa: T201  (as the original)
