"""Waits for an operation, printing what it does; interrupting stops the waiting, not the operation."""

from __future__ import annotations

import time

from jupyter_deploy.sdk.operation import Operation


def wait_for(operation: Operation, compute_type: str, show_output: bool, timeout: float | None) -> None:
    """Wait, and end with the original's one line about the outcome (azureml-v1 4.4)."""
    deadline = None if timeout is None else time.monotonic() + timeout
    try:
        if show_output:
            for event in operation.events(follow=True):
                if event.kind in ("began", "moved", "log", "state") and event.text:
                    print(event, flush=True)  # noqa: T201  (it was asked for)
                if deadline is not None and time.monotonic() > deadline:
                    break
        operation.wait(None if deadline is None else max(0.0, deadline - time.monotonic()))
    finally:
        state = operation.state
        if state != "Running":
            kind = {"process": "Process"}.get(compute_type, compute_type)
            print(f'{kind} service {operation.kind} operation finished, operation "{state}"')  # noqa: T201  (as the original)
