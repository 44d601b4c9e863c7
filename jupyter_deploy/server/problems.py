"""Errors as the browser is told them: a document, and the status of the answer that carries it."""

from __future__ import annotations

from typing import cast

from jupyter_deploy.errors import Conflict, DeployError, NotFound, SystemProblem, TargetError, UserError, WorkspaceError
from jupyter_deploy.server.documents import Problem
from jupyter_deploy.widgets.answers import error_of

_STATUS = {
    NotFound: 404,
    Conflict: 409,
    UserError: 400,
    TargetError: 502,
    SystemProblem: 503,
}
"""The first that an error is an instance of."""


def problem_of(error: Exception) -> Problem:
    """An error as a document."""
    return cast(Problem, error_of(error))


def status_of(error: Exception) -> int:
    """The HTTP status for an error; 500 for what is a bug of ours."""
    return next((status for kind, status in _STATUS.items() if isinstance(error, kind)), 500)


def slow() -> DeployError:
    """The error while the workspace has been asked and does not answer."""
    return WorkspaceError(
        "the workspace does not answer",
        "Another process has been writing to it for too long, or its disk, or its database's server, hangs.",
        "Wait: what there is is shown by itself as soon as it answers.",
    )
