"""``@rawhttp`` and the request that such a ``run()`` is given."""

# ruff: noqa: ARG002 - the signatures are those of what is stood in for
from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterable
from functools import cached_property, wraps
from pathlib import Path
from typing import Any, ParamSpec, TypeVar
from urllib.parse import parse_qsl

from .values import Headers, Values, title

P = ParamSpec("P")
R = TypeVar("R")


def rawhttp(run: Callable[P, R]) -> Callable[P, R]:
    """Mark a ``run`` that wants the request itself instead of its decoded body.

    >>> @rawhttp
    ... def run(request): return len(request.get_data())
    """

    @wraps(run)
    def marked(*args: P.args, **kwargs: P.kwargs) -> R:
        return run(*args, **kwargs)

    marked.rawhttp = True  # type: ignore[attr-defined]  # a mark on a function, which no type describes
    return marked


class Upload(io.BytesIO):
    """An uploaded file: read it like a file opened in binary mode."""

    def __init__(self, content: bytes, filename: str, content_type: str) -> None:
        super().__init__(content)
        self.filename = filename
        self.content_type = content_type

    @property
    def stream(self) -> io.BytesIO:
        """The file itself, under Flask's name for what is read."""
        return self

    def save(self, dst: Any) -> None:
        """Write what has not been read yet to a path, or to a file that is open for writing bytes."""
        if hasattr(dst, "write"):
            dst.write(self.read())
        else:
            Path(dst).write_bytes(self.read())


class AMLRequest:
    """A request as a ``@rawhttp`` run sees it, with Flask's names for its parts.

    >>> request = AMLRequest("POST", "/score", "a=1", (("content-type", "application/json"),), b"[1]")
    >>> request.method, request.args["a"], request.get_json(), request.headers["Content-Type"]
    ('POST', '1', [1], 'application/json')
    """

    def __init__(self, method: str, path: str, query: str, headers: Iterable[tuple[str, str]], body: bytes) -> None:
        self.method = method
        self.path = path
        self.query_string = query.encode("latin-1")
        self.headers = Headers((title(name), value) for name, value in headers)
        self.data = body
        self.args = Values(parse_qsl(query, keep_blank_values=True))

    @property
    def full_path(self) -> str:
        """The path with ``?`` and the query."""
        return f"{self.path}?{self.query_string.decode('latin-1')}"

    @property
    def url(self) -> str:
        """The address that was called, as far as the request names it."""
        query = f"?{self.query_string.decode('latin-1')}" if self.query_string else ""
        return f"http://{self.headers.get('host', '')}{self.path}{query}"

    @property
    def content_type(self) -> str | None:
        """The header Content-Type; None when it was not sent."""
        kind: str | None = self.headers.get("content-type")
        return kind

    @property
    def mimetype(self) -> str:
        """Content-Type without its parameters, in lower case; empty when it was not sent."""
        return (self.content_type or "").partition(";")[0].strip().lower()

    @property
    def is_json(self) -> bool:
        """Whether Content-Type says that the body is JSON."""
        kind = self.mimetype
        return kind == "application/json" or (kind.startswith("application/") and kind.endswith("+json"))

    @property
    def content_length(self) -> int:
        """How many bytes the body has."""
        return len(self.data)

    @cached_property
    def stream(self) -> io.BytesIO:
        """The body as a file."""
        return io.BytesIO(self.data)

    @cached_property
    def values(self) -> Values:
        """The query arguments and the text fields of the body together."""
        return Values(
            (name, value) for source in (self.args, self.form) for name in source for value in source.getlist(name)
        )

    def get_data(self, cache: bool = True, as_text: bool = False, parse_form_data: bool = False) -> Any:
        """Return the body.

        Parameters
        ----------
        as_text : as text instead of bytes.
        cache, parse_form_data : Flask's; the body can be had as often as one likes, whatever they say.
        """
        return self.data.decode("utf-8", "replace") if as_text else self.data

    def get_json(self, force: bool = False, silent: bool = False, cache: bool = True) -> Any:
        """Return the body read as JSON.

        Parameters
        ----------
        force : read it whatever Content-Type says.
        silent : return None instead of raising.
        cache : Flask's, without meaning here.

        Raises
        ------
        ValueError : Content-Type is not JSON, or the body is not.
        """
        try:
            if not (force or self.is_json):
                raise ValueError(
                    f"Content-Type is {self.content_type!r}, not application/json; use get_json(force=True)"
                )
            return json.loads(self.data)
        except ValueError:
            if silent:
                return None
            raise

    @property
    def json(self) -> Any:
        """The body read as JSON."""
        return self.get_json()

    def __repr__(self) -> str:
        return f"<AMLRequest {self.url!r} [{self.method}]>"

    @cached_property
    def form(self) -> Values:
        """The text fields of an urlencoded or multipart body."""
        if (self.content_type or "").startswith("application/x-www-form-urlencoded"):
            return Values(parse_qsl(self.get_data(as_text=True), keep_blank_values=True))
        return Values((name, value) for name, value in self._parts if isinstance(value, str))

    @cached_property
    def files(self) -> Values:
        """The files of a multipart body, by field name."""
        return Values((name, value) for name, value in self._parts if isinstance(value, Upload))

    @cached_property
    def _parts(self) -> list[tuple[str, str | Upload]]:
        kind = self.content_type or ""
        if not kind.startswith("multipart/form-data"):
            return []
        from email import policy
        from email.parser import BytesParser

        head = f"Content-Type: {kind}\r\n\r\n".encode("latin-1")
        message = BytesParser(policy=policy.HTTP).parsebytes(head + self.data)
        return [_part(part) for part in message.iter_parts()] if message.is_multipart() else []


def _part(part: Any) -> tuple[str, str | Upload]:
    name = str(part.get_param("name", "", header="content-disposition"))
    content: bytes = part.get_payload(decode=True)
    filename = part.get_filename()
    if filename is None:
        return name, content.decode(part.get_content_charset("utf-8"))
    return name, Upload(content, filename, part.get_content_type())
