"""What the scripts that AutoML writes do beside scoring: the telemetry is not sent, the log is this service's."""

# ruff: noqa: ARG001 - the signatures are those of what is stood in for
from __future__ import annotations

import logging
from typing import Any


def enable_telemetry(*args: Any, **kwargs: Any) -> None:
    """Send nothing to anybody."""


def set_verbosity(*args: Any, **kwargs: Any) -> None:
    """Leave the log as the service keeps it."""


def log_traceback(exception: BaseException, logger: logging.Logger | None, *args: Any, **kwargs: Any) -> None:
    """Write an exception with its traceback into the log."""
    (logger or logging.getLogger("azmlinfsrv")).error("%s", exception, exc_info=exception)
