"""What is known about an entry script before anything runs: plain records, made once and handed on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from jupyter_deploy.errors import ScriptError

Level = Literal["error", "warning", "note"]
"""``error``: the script could not start; ``warning`` and ``note``: shown, and the deployment goes on."""

Kind = Literal["text", "schema", "raw"]
"""What ``run`` is given: the body as text, values converted by ``inference_schema``, or the request itself."""


@dataclass(frozen=True)
class Finding:
    """One problem in an entry script; its text is one line in the form of a linter's.

    Parameters
    ----------
    level : how bad it is.
    code : the rule's name, words joined with hyphens.
    line : the line in the script, counted from 1; 0 when it is about the whole file.
    message : what is wrong, without a full stop at the end.
    remedy : what to do, in whole sentences.
    filename : the script's name for the text.

    Example
    -------
    >>> str(Finding("error", "init-missing", 0, "there is no init()", "Write `def init():`."))
    'score.py: error: there is no init(). Write `def init():`.'
    """

    level: Level
    code: str
    line: int
    message: str
    remedy: str
    filename: str = "score.py"

    def __str__(self) -> str:
        place = f"{self.filename}:{self.line}" if self.line else self.filename
        return f"{place}: {self.level}: {self.message}. {self.remedy}"


@dataclass(frozen=True)
class Refusal:
    """Why one name of a notebook cannot be taken into a script.

    Parameters
    ----------
    why : the reason, to follow a colon. remedy : what to do, in whole sentences.
    """

    why: str
    remedy: str


@dataclass(frozen=True)
class ModelCall:
    """A call of ``get_model_path``.

    Parameters
    ----------
    name : the model it asks for. version : None for the newest, or where it is not a plain number.
    line : its line in the script, counted from 1.
    certain : nothing in the script says what else to do: it stands under no condition and in no ``try``.
    """

    name: str
    version: int | None
    line: int
    certain: bool


@dataclass(frozen=True)
class ScriptDescription:
    """An entry script as its syntax tree tells it.

    Parameters
    ----------
    filename : the script's name.
    input_name : the parameter of ``run`` that gets the input; None where ``run`` is not a plain function.
    takes_headers : ``run`` has a parameter ``request_headers``.
    kind : what ``run`` is given.
    parameters : the names of all parameters of ``run``, in order.
    imports : top-level names of the modules imported anywhere, sorted; no relative ones and none of the standard library.
    model_calls : the calls of ``get_model_path`` that name their model with a plain string, in order of appearance.
    findings : problems by line.
    """

    filename: str
    input_name: str | None = None
    takes_headers: bool = False
    kind: Kind = "text"
    parameters: tuple[str, ...] = ()
    imports: tuple[str, ...] = ()
    model_calls: tuple[ModelCall, ...] = ()
    findings: tuple[Finding, ...] = ()

    @property
    def errors(self) -> tuple[Finding, ...]:
        """The findings that stop a deployment."""
        return tuple(finding for finding in self.findings if finding.level == "error")


def require(description: ScriptDescription) -> None:
    """Refuse a script that could not start.

    Raises
    ------
    ScriptError : lists the errors; its first line is the first of them, with file and line.
    """
    if description.errors:
        first, *others = map(str, description.errors)
        raise ScriptError(first, "\n".join(others), "Nothing was deployed.")
