"""Which names the pickles in a file would import, found without loading anything.

Pickles are looked for by content (plain, compressed as joblib does it, in torch and numpy archives and archives inside
these, in numpy's object arrays) and by the usual extensions. Of the archives of skops, which are no pickles and import
by name all the same, the names are read too.
"""

from __future__ import annotations

import ast
import shutil
import tarfile
import tempfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePath
from typing import IO

from jupyter_deploy.models import joblib_arrays, skops_archive
from jupyter_deploy.models.decompress import DAMAGE_ERRORS, HEAD, decompressed, is_unknown_compression
from jupyter_deploy.models.pickle_machine import Machine
from jupyter_deploy.models.pickle_stream import MAX_BYTES, Stream, StreamEnded, StreamUnreadable
from jupyter_deploy.models.pickle_values import UNREADABLE, GlobalName

_EXTENSIONS = frozenset({".pkl", ".pickle", ".joblib", ".sav", ".pt", ".pth"})
_ARRAY = b"\x93NUMPY"
_ARCHIVE = b"PK\x03\x04"
_MAX_DEPTH = 3  # of archives in archives; torch writes one
_IN_MEMORY = 16 * 1024 * 1024


@dataclass(frozen=True)
class Pickled:
    """What the pickles in some files are about.

    Attributes
    ----------
    names : every name they would import, with ``UNKNOWN`` for one that only loading would tell and ``UNREADABLE``
        where a library might load something that cannot be followed here.
    sklearn_version : of the scikit-learn that wrote them, if one did.
    """

    names: frozenset[GlobalName] = frozenset()
    sklearn_version: str | None = None

    def __or__(self, other: Pickled) -> Pickled:
        return Pickled(self.names | other.names, self.sklearn_version or other.sklearn_version)


_UNREADABLE = Pickled(frozenset({UNREADABLE}))


def inspect(path: Path, limit: int = MAX_BYTES) -> Pickled:
    """Look into the pickles in a file; nothing is loaded or run.

    Parameters
    ----------
    path : any file; one without pickles gives no names.
    limit : unpacked bytes after which reading is given up and ``UNREADABLE`` reported.

    Example
    -------
    >>> sorted(map(str, inspect(Path("ridge.pkl")).names))
    ['numpy._core.multiarray._reconstruct', 'numpy.dtype', 'numpy.ndarray', 'sklearn.linear_model._ridge.Ridge']
    """
    try:
        with path.open("rb") as file:
            begins_as_archive = file.read(len(_ARCHIVE)) == _ARCHIVE
            # Some loaders find an archive by its end, whatever stands before it.
            archived = _inspect_archive(file, limit) if begins_as_archive or zipfile.is_zipfile(file) else Pickled()
        if begins_as_archive:
            return archived
        if _is_old_torch_archive(path):
            return _UNREADABLE
        return archived | _inspect_content(lambda: path.open("rb"), path.name, limit)
    except (*DAMAGE_ERRORS, zipfile.BadZipFile, NotImplementedError, RuntimeError):  # the last: it is encrypted
        return _UNREADABLE


def _inspect_archive(file: IO[bytes], limit: int, depth: int = 0) -> Pickled:
    with zipfile.ZipFile(file) as archive:
        found = Pickled(skops_archive.names_in(archive))
        for member in archive.infolist():
            opened = partial(archive.open, member)
            with opened() as content:
                is_archive = content.read(len(_ARCHIVE)) == _ARCHIVE
            if not is_archive:
                found |= _inspect_content(opened, member.filename, limit)
            elif depth == _MAX_DEPTH or member.file_size > limit:
                found |= _UNREADABLE
            else:
                found |= _inspect_inner(opened, limit, depth + 1)
    return found


def _inspect_inner(opened: Callable[[], IO[bytes]], limit: int, depth: int) -> Pickled:
    """Follow an archive inside another, as torch's exported programs hold them."""
    with opened() as content, tempfile.SpooledTemporaryFile(_IN_MEMORY) as copy:
        shutil.copyfileobj(content, copy)
        return _inspect_archive(copy, limit, depth)


def _is_old_torch_archive(path: Path) -> bool:
    """Whether this is a tar archive as the first releases of torch wrote it: ``torch.load`` still runs the pickles in it."""
    try:
        with tarfile.open(path, "r:") as archive:  # without compression, as torch opens it
            return "storages" in archive.getnames()
    except (tarfile.TarError, ValueError):
        return False


def _inspect_content(opened: Callable[[], IO[bytes]], name: str, limit: int) -> Pickled:
    is_named_so = PurePath(name).suffix.lower() in _EXTENSIONS
    with opened() as file:
        head = file.read(HEAD)
    if head.startswith(_ARRAY):
        with opened() as file:
            return _inspect_array(Stream(file, limit))
    if is_unknown_compression(head, expected=is_named_so):
        return _UNREADABLE
    found = Pickled()
    # A file may be loaded by joblib or by pickle, which read on differently behind the description of an array.
    for as_joblib in (True, False):
        with opened() as file, decompressed(file, head) as content:
            found |= _inspect_pickles(Stream(content, limit), as_joblib=as_joblib, expected=is_named_so)
        if joblib_arrays.WRAPPER not in found.names:
            break
    return found


def _inspect_pickles(stream: Stream, *, as_joblib: bool, expected: bool) -> Pickled:
    """Follow one pickle, or several behind each other, to where a loader would fail.

    A file that is not ``expected`` to hold pickles, and does not begin as they do, counts only if it is one to its end.
    """
    found = Pickled()
    while True:
        machine = Machine(stream, as_joblib=as_joblib)
        unreadable = frozenset[GlobalName]()
        try:
            machine.run()
            is_whole = True
        except StreamEnded:  # what comes before a break is carried out nevertheless
            is_whole = False
        except StreamUnreadable:
            is_whole, unreadable = False, _UNREADABLE.names
        if is_whole or expected or machine.protocol:
            found |= Pickled(unreadable | machine.names, machine.sklearn_version)
        if not is_whole:
            return found
        expected = bool(machine.names)


def _inspect_array(stream: Stream) -> Pickled:
    """Follow the pickle in a numpy file whose elements may be objects."""
    try:
        major = stream.read(len(_ARRAY) + 2)[len(_ARRAY)]
        header = stream.read(int.from_bytes(stream.read(2 if major == 1 else 4), "little")).decode("latin-1")
    except StreamEnded:
        return Pickled()
    try:
        holds_objects = _holds_objects(ast.literal_eval(header.strip())["descr"])
    except (ValueError, SyntaxError, TypeError, KeyError, RecursionError, MemoryError):
        holds_objects = True  # numpy reads headers of Python 2 that this does not
    return _inspect_pickles(stream, as_joblib=False, expected=True) if holds_objects else Pickled()


def _holds_objects(descr: object) -> bool:
    """Whether the elements described are objects, or records with objects in them."""
    if isinstance(descr, str):
        return "O" in descr or "object" in descr
    if isinstance(descr, list):
        return any(_holds_objects(field[1]) for field in descr)
    return isinstance(descr, tuple) and _holds_objects(descr[0])
