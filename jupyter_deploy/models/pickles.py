"""Which names the pickles in a file would import, found without loading anything.

Pickles are looked for by content (plain, compressed as joblib does it, in torch and numpy archives, in numpy's object
arrays) and by the usual extensions.
"""

from __future__ import annotations

import ast
import zipfile
from collections.abc import Callable
from functools import partial
from pathlib import Path, PurePath
from typing import IO

from jupyter_deploy.models import joblib_arrays
from jupyter_deploy.models.decompress import decompressed, is_unknown_compression
from jupyter_deploy.models.pickle_machine import Machine
from jupyter_deploy.models.pickle_stream import MAX_BYTES, Stream, StreamEnded, StreamUnreadable
from jupyter_deploy.models.pickle_values import UNREADABLE, GlobalName

_EXTENSIONS = frozenset({".pkl", ".pickle", ".joblib", ".sav", ".pt", ".pth"})
_ARRAY = b"\x93NUMPY"
_ARCHIVE = b"PK\x03\x04"
_HEAD = 16


def inspect(path: Path, limit: int = MAX_BYTES) -> tuple[GlobalName, ...]:
    """List every name that the pickles in a file would import; nothing is loaded or run.

    Parameters
    ----------
    path : any file; one without pickles gives no names.
    limit : unpacked bytes after which reading is given up and ``UNREADABLE`` reported.

    Returns
    -------
    The names, sorted; with ``UNKNOWN`` for one that only loading would tell and ``UNREADABLE`` where a library might
    load something that cannot be followed here.

    Example
    -------
    >>> [str(name) for name in inspect(Path("ridge.pkl"))]
    ['numpy._core.multiarray._reconstruct', 'numpy.dtype', 'numpy.ndarray', 'sklearn.linear_model._ridge.Ridge']
    """
    names: set[GlobalName] = set()
    with path.open("rb") as file:
        is_archive = file.read(len(_ARCHIVE)) == _ARCHIVE
    try:
        if is_archive:
            _inspect_archive(path, names, limit)
        else:
            _inspect_content(lambda: path.open("rb"), path.name, names, limit)
    except (StreamUnreadable, zipfile.BadZipFile, NotImplementedError, RuntimeError):  # the last: it is encrypted
        names.add(UNREADABLE)
    return tuple(sorted(names))


def _inspect_archive(path: Path, names: set[GlobalName], limit: int) -> None:
    with zipfile.ZipFile(path) as archive:
        for member in archive.infolist():
            _inspect_content(partial(archive.open, member), member.filename, names, limit)


def _inspect_content(opened: Callable[[], IO[bytes]], name: str, names: set[GlobalName], limit: int) -> None:
    is_named_so = PurePath(name).suffix.lower() in _EXTENSIONS
    with opened() as file:
        head = file.read(_HEAD)
    if head.startswith(_ARRAY):
        with opened() as file:
            _inspect_array(Stream(file, limit), names)
        return
    if is_named_so and is_unknown_compression(head):
        raise StreamUnreadable("compressed in a way that the standard library cannot undo")
    # A file may be loaded by joblib or by pickle, which read on differently behind the description of an array.
    for as_joblib in (True, False):
        with opened() as file, decompressed(file, head) as content:
            _inspect_pickles(Stream(content, limit), names, as_joblib=as_joblib, expected=is_named_so)
        if joblib_arrays.WRAPPER not in names:
            break


def _inspect_pickles(stream: Stream, names: set[GlobalName], *, as_joblib: bool, expected: bool) -> None:
    """Follow one pickle, or several behind each other, to where a loader would fail.

    A file that is not ``expected`` to hold pickles, and does not begin as they do, counts only if it is one to its end.
    """
    while True:
        machine = Machine(stream, as_joblib=as_joblib)
        try:
            machine.run()
        except StreamEnded:  # what comes before a break is carried out nevertheless
            if expected or machine.protocol:
                names |= machine.names
            return
        except StreamUnreadable:
            if expected or machine.protocol:
                names |= {*machine.names, UNREADABLE}
            return
        names |= machine.names
        expected = bool(machine.names)


def _inspect_array(stream: Stream, names: set[GlobalName]) -> None:
    """Follow the pickle in a numpy file whose elements may be objects."""
    try:
        major = stream.read(len(_ARRAY) + 2)[len(_ARRAY)]
        header = stream.read(int.from_bytes(stream.read(2 if major == 1 else 4), "little")).decode("latin-1")
    except StreamEnded:
        return
    try:
        holds_objects = _holds_objects(ast.literal_eval(header.strip())["descr"])
    except (ValueError, SyntaxError, TypeError, KeyError, RecursionError, MemoryError):
        holds_objects = True  # numpy reads headers of Python 2 that this does not
    if holds_objects:
        _inspect_pickles(stream, names, as_joblib=False, expected=True)


def _holds_objects(descr: object) -> bool:
    """Whether the elements described are objects, or records with objects in them."""
    if isinstance(descr, str):
        return "O" in descr or "object" in descr
    if isinstance(descr, list):
        return any(_holds_objects(field[1]) for field in descr)
    return isinstance(descr, tuple) and _holds_objects(descr[0])
