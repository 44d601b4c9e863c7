"""Pickles live objects so that they can be loaded where the notebook is not: what it defines itself is kept by value."""

from __future__ import annotations

import dis
import inspect
import io
import pickle
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from types import CodeType, FunctionType
from typing import IO, Any, NoReturn

from jupyter_deploy.errors import UserError
from jupyter_deploy.models import pickles

_MAX_DEPTH = 6
_PLAIN = (str, bytes, int, float, complex, type(None))
_REMEDY = (
    "Take it out of the object: what is open is opened in init() of the entry script. Or save the object yourself and"
    " register the file."
)


@dataclass(frozen=True)
class Pickle:
    """A live object that was pickled.

    Attributes
    ----------
    path : of the file.
    imports : top-level modules that the notebook's own code in it uses; the pickle has these as mere texts.
    """

    path: Path
    imports: tuple[str, ...] = ()


def save(value: Any, folder: Path) -> Pickle:
    """Pickle an object as joblib does or, where it leans on what the notebook defines, by value.

    Parameters
    ----------
    value : the object. folder : an empty one.

    Raises
    ------
    UserError : a part of it cannot be pickled; it is named.
    """
    joblib: Any = import_module("joblib")
    path = folder / "model.joblib"
    try:
        joblib.dump(value, path)
    except (pickle.PicklingError, AttributeError, TypeError):  # a lambda, or what the other way names
        path.unlink(missing_ok=True)
        return save_by_value(value, folder)
    if any(name.module == "__main__" for name in pickles.inspect(path).names):
        path.unlink()
        return save_by_value(value, folder)
    return Pickle(path)


def save_by_value(value: Any, folder: Path) -> Pickle:
    """Pickle an object with the functions and classes that the notebook defines; parameters and errors as in :func:`save`."""
    path = folder / "model.pkl"
    try:
        with path.open("wb") as file:
            _dump(value, file)
    except Exception as error:  # of any kind: a class says itself how it is pickled
        place, part = _culprit(value, _name_of(value))
        reason = f"{type(error).__name__}: {error}"
        named = reason if part is value and type(value).__module__ == "__main__" else f"{place} is a {_kind(part)}"
        raise UserError(f"{_name_of(value)} cannot be saved: {named}", reason, _REMEDY) from error
    return Pickle(path, ("cloudpickle", *sorted(_modules_used(value))))


def _dump(value: object, file: IO[bytes]) -> None:
    """Pickle by value; unlike cloudpickle alone not with the content that an open file has at this moment."""
    cloudpickle: Any = import_module("cloudpickle")
    table = cloudpickle.Pickler.dispatch_table.new_child({io.TextIOWrapper: _refuse_file})
    pickler: Any = type("Pickler", (cloudpickle.Pickler,), {"dispatch_table": table})
    pickler(file).dump(value)


def _refuse_file(file: io.TextIOWrapper) -> NoReturn:
    raise TypeError(f"{file.name} is an open file")


def _modules_used(value: object) -> set[str]:
    """The top-level modules that the notebook's own functions in an object use."""
    found: set[str] = set()
    for function in _own_functions(value):
        for used in inspect.getclosurevars(function).globals.values():
            name = used.__name__ if inspect.ismodule(used) else getattr(used, "__module__", None)
            found.add(str(name or "").partition(".")[0])
        found |= _imported_in(function.__code__)
    return found - {"", "__main__"}


def _imported_in(code: CodeType) -> set[str]:
    imported = (str(step.argval) for step in dis.get_instructions(code) if step.opname == "IMPORT_NAME")
    found = {name.partition(".")[0] for name in imported}
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            found |= _imported_in(constant)
    return found


def _own_functions(value: object) -> Iterator[FunctionType]:
    waiting, seen = [value], set()
    while waiting:
        part = waiting.pop()
        if id(part) in seen or isinstance(part, _PLAIN):
            continue
        seen.add(id(part))
        if isinstance(part, FunctionType):
            if part.__module__ != "__main__":
                continue
            yield part
        waiting += [child for _, child in _children(part)]


def _culprit(value: object, place: str, above: tuple[object, ...] = ()) -> tuple[str, object]:
    """The smallest part of an object that cannot be pickled, and where it is."""
    above = (*above, value)
    for name, part in _children(value) if len(above) <= _MAX_DEPTH else ():
        if any(part is one for one in above):
            continue
        try:
            _dump(part, io.BytesIO())
        except Exception:  # of any kind, as above
            return _culprit(part, f"{place}{name}", above)
    return place, value


def _children(value: object) -> Iterator[tuple[str, object]]:
    """What an object consists of: items, attributes, what its functions use; for the notebook's own classes their methods."""
    if isinstance(value, Mapping):
        yield from ((f"[{key!r}]", item) for key, item in value.items())
    elif isinstance(value, (list, tuple, set, frozenset)):
        yield from ((f"[{index}]", item) for index, item in enumerate(value))
    elif isinstance(value, FunctionType):
        used = inspect.getclosurevars(value)
        yield from ((f", by its name {name},", item) for name, item in {**used.nonlocals, **used.globals}.items())
    elif not inspect.ismodule(value) and not isinstance(value, type):
        yield from ((f".{name}", item) for name, item in _attributes(value).items())
        if type(value).__module__ == "__main__":
            yield from ((f".{name}()", item) for name, item in vars(type(value)).items() if inspect.isfunction(item))


def _attributes(value: object) -> dict[str, object]:
    slots = (name for kind in type(value).__mro__ for name in kind.__dict__.get("__slots__", ()))
    kept = {name: getattr(value, name) for name in slots if name != "__dict__" and hasattr(value, name)}
    return {**kept, **getattr(value, "__dict__", {})}


def _name_of(value: object) -> str:
    return getattr(value, "__name__", type(value).__name__)


def _kind(value: object) -> str:
    kind = type(value)
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
