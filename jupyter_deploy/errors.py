"""Every error this package raises on purpose, in one tree.

    DeployError                     what happened, why, what to do
    ├── UserError                   the caller can mend it: a value, a name, a file
    │   ├── ConfigError             a configuration file, option or InferenceConfig; carries all problems at once
    │   ├── ScriptError             an entry script that could not start; carries the findings
    │   ├── NotInRelease            a name of the original that this release does not have; also an ImportError
    │   ├── NotFound                no such thing
    │   │   ├── ModelNotFound       its text begins with that token, as in the original
    │   │   ├── ServiceNotFound     its text begins with the token WebserviceNotFound
    │   │   └── ComputeNotFound     its text begins with the token ComputeTargetNotFound
    │   ├── Conflict                what exists stands in the way
    │   │   ├── NameTaken           a service of this name has served, with other content
    │   │   ├── Busy                another operation on this service is under way
    │   │   ├── Elsewhere           a service of another workspace folder over the same records
    │   │   └── InUse               a service needs this model or compute
    │   └── Untrusted               a pickle names something outside the allow-list
    └── SystemProblem               the machine, a target or a stored file is at fault
        ├── WorkspaceError          the workspace cannot be opened or written
        ├── IntegrityError          a stored file is not what was registered
        ├── EnvironmentFailed       packages could not be resolved or installed
        ├── TargetError             the target could not do it
        ├── OperationFailed         a deployment, update or deletion ended without success
        │   └── OperationCancelled  … because somebody cancelled it
        └── ScoringFailed           the service answered a request with an error; carries status, headers and body

A person reads the first line first, so it holds the cause, not the wrapper around it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping


class DeployError(Exception):
    """Something this package refuses or could not do, with the cause first and the remedy last.

    Parameters
    ----------
    what : what happened, in one line.
    why : more about the cause; may hold several lines (a traceback, a list). Left out when there is no more to say.
    remedy : what the person can do now.
    """

    exit_code = 2

    def __init__(self, what: str, why: str = "", remedy: str = "") -> None:
        super().__init__(what, why, remedy)
        self.what = what
        self.why = why
        self.remedy = remedy

    def __str__(self) -> str:
        return "\n".join(part for part in (self.what, self.why, self.remedy) if part)

    @property
    def message(self) -> str:
        """The whole text, under the name the original's errors have for it."""
        return str(self)

    def _render_traceback_(self) -> list[str]:
        """What IPython shows instead of a traceback; the cell still counts as failed, so Run All stops."""
        return [f"{type(self).__name__}: {self}"]


class UserError(DeployError):
    """The caller can mend it: a value, a name, a file."""

    exit_code = 1


class ConfigError(UserError):
    """A configuration that does not fit, with every problem found in it.

    Parameters
    ----------
    problems : one line each; the first line of the error counts or quotes them.
    where : what was read ("deploymentconfig.json", "AksWebservice options"); may be empty.
    remedy : what to do, if there is more to say than the problems say.
    """

    def __init__(self, problems: Iterable[str], where: str = "", remedy: str = "") -> None:
        self.problems = tuple(problems)
        head = f"{where}: " if where else ""
        if len(self.problems) == 1:
            super().__init__(head + self.problems[0], "", remedy)
        else:
            why = "\n".join(f"  - {problem}" for problem in self.problems)
            super().__init__(f"{head}{len(self.problems)} problems", why, remedy)


class ScriptError(UserError):
    """An entry script that could not start; nothing was deployed."""


class NotInRelease(UserError, ImportError):
    """A name of the original that this release does not have; an ImportError, so that ``from … import`` shows it."""


class NotFound(UserError):
    """No such thing; the text begins with a token where code of the original relies on one."""

    opening = ""

    def __init__(self, what: str, why: str = "", remedy: str = "") -> None:
        super().__init__(f"{self.opening}: {what}" if self.opening else what, why, remedy)

    def _render_traceback_(self) -> list[str]:
        return (
            [str(self)] if self.opening else super()._render_traceback_()
        )  # the token says what the class's name would


class ModelNotFound(NotFound):
    """No such model."""

    opening = "ModelNotFound"


class ServiceNotFound(NotFound):
    """No such service."""

    opening = "WebserviceNotFound"


class ComputeNotFound(NotFound):
    """No such compute."""

    opening = "ComputeTargetNotFound"


class Conflict(UserError):
    """What exists stands in the way."""


class NameTaken(Conflict):
    """A service of this name has served, with other content."""


class Busy(Conflict):
    """Another operation on this service is under way."""


class Elsewhere(Conflict):
    """A service belongs to another workspace folder over the same records.

    Parameters
    ----------
    service : its name. where : the workspace folder and the machine, for people.
    """

    def __init__(self, service: str, where: str) -> None:
        super().__init__(
            f"the service '{service}' {where}",
            "Its processes, bundles, log and keys are there, so it can be changed and looked into only from there.",
            "Ask whoever deployed it, or deploy under another name.",
        )


class InUse(Conflict):
    """A service needs this model or compute."""


class Untrusted(UserError):
    """A pickle names something outside the allow-list."""


class SystemProblem(DeployError):
    """The machine, a target or a stored file is at fault."""


class WorkspaceError(SystemProblem):
    """The workspace cannot be opened or written."""


class IntegrityError(SystemProblem):
    """A stored file is not what was registered."""


class EnvironmentFailed(SystemProblem):
    """Packages could not be resolved or installed."""


class TargetError(SystemProblem):
    """The target could not do it."""


class OperationFailed(SystemProblem):
    """A deployment, update or deletion ended without success."""


class OperationCancelled(OperationFailed):
    """An operation ended because somebody cancelled it."""


class ScoringFailed(SystemProblem):
    """The service answered a request with an error.

    Parameters
    ----------
    status : the HTTP status code.
    headers : the answer's headers.
    body : the answer's body as text.
    """

    def __init__(
        self, what: str, status: int, headers: Mapping[str, str], body: str, why: str = "", remedy: str = ""
    ) -> None:
        super().__init__(what, why, remedy)
        self.status_code = status
        self.headers = dict(headers)
        self.body = body
