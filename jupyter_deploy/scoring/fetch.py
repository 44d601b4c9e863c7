"""Brings a service's models from where they are kept, before it starts: each file whole, and checked by its SHA-256.

It reads a document of JSON: the ``url`` below which the files are, and of each its ``path`` in the folder of the models, its ``key``
below the URL, its ``sha256`` and its ``size``.
"""

from __future__ import annotations

import hashlib
import json
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from http.client import HTTPException
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol
from urllib.error import HTTPError
from urllib.parse import quote, urlsplit
from urllib.request import Request, urlopen

from . import options

STORAGE_OPTIONS = "models.storageOptions"
"""The secret with what the filesystem is opened with, as JSON in a text."""
_PLAIN = ("http", "https")
_CHUNK = 4 * 1024 * 1024
_PATIENCE = 60.0
"""Seconds for which nothing may arrive."""
_PAUSES = (1.0, 3.0, 10.0)
"""Seconds before a file is asked for again, after its connection broke."""
_TELL_EVERY = 5.0
_MB = 1024 * 1024


class FetchError(Exception):
    """A model cannot be had; the text says which and why."""


class Reader(Protocol):
    """What a file is read from."""

    def read(self, size: int, /) -> bytes:
        """Return the next bytes; none at the end."""
        ...


Source = Callable[[str], Any]
"""Opens a file by its key below the URL, as a context with a Reader."""


def main(argv: Sequence[str]) -> int:
    """Fetch all files; returns 1 where one cannot be had, and says which and why in the last line."""
    names = ("models", "into", "secrets")
    given = options.parse(argv, names, required=names[:2])
    document = json.loads(Path(given["models"]).read_text(encoding="utf-8"))
    url: str = document["url"]
    try:
        source = source_of(url, _storage_options(given.get("secrets")))
        for file in document["files"]:
            fetch(source, url, file, Path(given["into"]))
    except FetchError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


def source_of(url: str, storage_options: Mapping[str, Any]) -> Source:
    """How files below a URL are opened: plain ones by the standard library, the rest by fsspec.

    Raises
    ------
    FetchError : fsspec, or what it needs for such a URL, is not there.
    """
    if urlsplit(url).scheme in _PLAIN:
        return lambda key: _plain(f"{url}/{quote(key)}", storage_options.get("headers", {}))
    try:
        system, root = import_module("fsspec").core.url_to_fs(url, **storage_options)
    except Exception as error:  # a filesystem's package may raise anything
        raise FetchError(
            f"{url} cannot be opened: {type(error).__name__}: {error}; name the packages that fsspec needs for it among the service's"
        ) from error
    return lambda key: system.open(f"{str(root).rstrip('/')}/{key}", "rb", block_size=_CHUNK, cache_type="readahead")


def fetch(source: Source, url: str, file: Mapping[str, Any], folder: Path) -> None:
    """Bring one file, unless it is there.

    Raises
    ------
    FetchError : it is not there, cannot be read, or is another one.
    """
    target = folder / file["path"]
    if target.exists():
        return  # a file gets its name when it is whole and checked
    target.parent.mkdir(parents=True, exist_ok=True)
    unfinished = target.with_name(f".{target.name}.part")
    began, where = time.monotonic(), f"{file['path']} from {url}"
    for pause in (*_PAUSES, None):
        try:
            found = _take(source, file, unfinished)
            break
        except FetchError:
            raise
        except Exception as error:  # as above
            if pause is None or _is_final(error):
                raise FetchError(f"{where} cannot be read: {_reason(error)}") from error
            _say(f"{where}: {_reason(error)}; once more in {pause:g} s")
            time.sleep(pause)
    if found != file["sha256"]:
        unfinished.unlink()
        raise FetchError(
            f"{where} is not the file that was registered: its SHA-256 is {found}, and {file['sha256']} was deployed"
        )
    unfinished.chmod(0o440)
    unfinished.replace(target)
    _say(f"fetched {where}: {file['size'] / _MB:.1f} MB in {time.monotonic() - began:.1f} s")


def _take(source: Source, file: Mapping[str, Any], unfinished: Path) -> str:
    """Write what comes, and return its SHA-256."""
    digest, done, told = hashlib.sha256(), 0, time.monotonic()
    with source(file["key"]) as opened, unfinished.open("wb") as output:
        while done <= file["size"] and (chunk := opened.read(_CHUNK)):
            digest.update(chunk)
            output.write(chunk)
            done += len(chunk)
            if time.monotonic() - told > _TELL_EVERY:
                told = time.monotonic()
                _say(f"{file['path']}: {done / _MB:.0f} of {file['size'] / _MB:.0f} MB")
    if done < file["size"]:
        raise EOFError(f"it ended after {done} of {file['size']} bytes")
    return digest.hexdigest()


@contextmanager
def _plain(url: str, headers: Mapping[str, str]) -> Iterator[Reader]:
    request = Request(url)  # noqa: S310  (one of the two)
    for name, value in headers.items():
        request.add_unredirected_header(name, value)  # whoever we are sent on to must not learn them
    with urlopen(request, timeout=_PATIENCE) as answer:  # noqa: S310  (as above)
        yield answer


def _is_final(error: Exception) -> bool:
    """Whether it would be the same the next time: what is not there, or not allowed."""
    if isinstance(error, HTTPError):
        return error.code < 500 and error.code not in (408, 429)
    return isinstance(error, FileNotFoundError | PermissionError) or not isinstance(
        error, OSError | HTTPException | EOFError
    )


def _reason(error: Exception) -> str:
    if isinstance(error, HTTPError):
        return f"the server answers {error.code} {error.reason}"
    if isinstance(error, EOFError):
        return str(error)
    return f"{type(error).__name__}: {getattr(error, 'reason', None) or error}"


def _storage_options(secrets: str | None) -> Mapping[str, Any]:
    held = json.loads(Path(secrets).read_text(encoding="utf-8")) if secrets else {}
    found: Mapping[str, Any] = json.loads(held.get(STORAGE_OPTIONS) or "{}")
    return found


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
