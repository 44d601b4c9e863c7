"""What a framework's module answers, what it may look at, and how it is told from others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any, Protocol

from jupyter_deploy.workspace.records import ModelRecord

_HEAD = 64 * 1024


@dataclass(frozen=True)
class Detected:
    """What wrote a model.

    Attributes
    ----------
    framework : one of ``frameworks.NAMES``, or None where it is not known.
    version : of the framework, where the files say it.
    imports : top-level modules that loading needs, beyond the framework's own and those that a pickle names.
    trusted : names that loading has to be told to trust.
    facts : what an entry script for the model has to know of it; kept in the record's ``source``.
    """

    framework: str | None
    version: str | None = None
    imports: tuple[str, ...] = ()
    trusted: tuple[str, ...] = ()
    facts: Mapping[str, str] = field(default_factory=dict)


def read_head(path: Path, size: int = _HEAD) -> bytes:
    """A file's first bytes."""
    with path.open("rb") as file:
        return file.read(size)


def read_tail(path: Path, size: int = _HEAD) -> bytes:
    """A file's last bytes."""
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - size))
        return file.read()


@dataclass(frozen=True)
class Saved:
    """A live object that was saved.

    Attributes
    ----------
    path : of the file or folder.
    framework : one of ``frameworks.NAMES``, or None for a plain Python object.
    imports : top-level modules that loading needs, beyond those that a pickle names itself.
    trusted : names that loading has to be told to trust.
    facts : what an entry script has to know and the files do not say.
    """

    path: Path
    framework: str | None
    imports: tuple[str, ...] = ()
    trusted: tuple[str, ...] = ()
    facts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Loading:
    """How an entry script loads a model and asks it.

    Attributes
    ----------
    imports : the import statements that the code below needs.
    load : statements that make ``names`` of ``path``.
    answer : an expression of ``names`` and ``data``.
    names : the variables that ``run`` needs.
    ask : statements before the answer.
    takes_arrays : without a sample the input is made an array; else it stays what JSON says.
    first : import statements, and others, that have to come before the imports.
    """

    imports: tuple[str, ...]
    load: tuple[str, ...]
    answer: str
    names: str = "model"
    ask: tuple[str, ...] = ()
    takes_arrays: bool = True
    first: tuple[str, ...] = ()


def loading_pickle(record: ModelRecord) -> Loading:
    """How what joblib or cloudpickle wrote is loaded."""
    return Loading(("import joblib",), ("model = joblib.load(path)",), asking(record))


def is_pickle(record: ModelRecord) -> bool:
    """Whether a model's file is a pickle by its name; a framework's own files have names of all kinds."""
    return PurePosixPath(record.root).suffix.lower() in (".pkl", ".pickle", ".joblib", ".sav")


def asking(record: ModelRecord) -> str:
    """The call that an object answers by; what was registered as a file is asked to predict."""
    method = record.source.get("method", "predict")
    return "model(data)" if method in ("__call__", "forward") else f"model.{method}(data)"


def array_dtype(record: ModelRecord) -> str:
    """The type of number that a network is given: the sample's, but for what Python counts in and hardly any network does."""
    given = str((record.sample or {}).get("dtype", "float64"))
    return "float32" if given == "float64" else given


class Saver(Protocol):
    """What a framework's module has that saves live objects; the framework itself is in memory by then."""

    def is_own(self, value: object) -> bool:
        """Whether an object is of this framework, told by the modules of its classes."""

    def save(self, value: Any, folder: Path, sample: Any) -> Saved:
        """Save an object into an empty folder; ``sample`` is an input for it, or None."""


def defined_by(value: object) -> str:
    """The top-level module that defines an object's class."""
    return type(value).__module__.partition(".")[0]


def built_on(value: object) -> frozenset[str]:
    """The top-level modules of an object's class and of all that it inherits from."""
    return frozenset(kind.__module__.partition(".")[0] for kind in type(value).__mro__)
