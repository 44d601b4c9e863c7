"""What is sent to a service to test it: a text, a file, or a variable of the notebook, as the body of a request."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jupyter_deploy.errors import UserError
from jupyter_deploy.sdk.inputs import body_of_value
from jupyter_deploy.widgets.notebook import Variables

JSON = "application/json"
LARGEST = 100 << 20
"""Bytes of a file that is sent; a service takes no more unless it is told to."""
_UPLOADS = 4
_TYPE = re.compile(r"[\w!#$&^.+-]+/[\w!#$&^.+-]+( *;[\x20-\x7e]*)?")
_PLAIN = (str, bytes, dict, list, tuple)


@dataclass(frozen=True)
class Body:
    """The body of a request.

    Parameters
    ----------
    content : its bytes. content_type : what they are. file : the name of the file that it was read from, or empty.
    """

    content: bytes
    content_type: str = JSON
    file: str = ""

    @property
    def text(self) -> str | None:
        """As text; None where it is none."""
        try:
            return self.content.decode()
        except UnicodeDecodeError:
            return None


class Sources:
    """Where bodies come from.

    Parameters
    ----------
    variables : gives the notebook's, by name.
    """

    def __init__(self, variables: Variables) -> None:
        self._variables = variables
        self._uploads: dict[str, tuple[str, bytearray]] = {}

    def body(self, source: Mapping[str, str], content_type: str, parameter: str) -> Body:
        """Make a body of ``{"text": …}``, ``{"path": …}``, ``{"upload": …}`` or ``{"variable": …}``.

        Parameters
        ----------
        source : one of them. content_type : what is sent. parameter : of ``run`` that a table or an array is for.

        Raises
        ------
        UserError : there is no such file or variable, or it cannot be sent.
        """
        if not _TYPE.fullmatch(content_type):
            raise UserError(f"{content_type!r} is no content type", remedy=f"write one as {JSON}")
        ((kind, given),) = source.items()
        if kind == "text":
            return Body(given.encode(), content_type)
        if kind == "path":
            return _body_of_file(given, content_type)
        if kind == "upload":
            name, content = self._uploads.get(given, ("", bytearray()))
            if not name:
                raise UserError("the file is not here any more", "The kernel keeps the last few.", "choose it again")
            return Body(bytes(content), content_type, name)
        value = body_of_value(given, self._variable(given), parameter)
        return Body(value.encode() if isinstance(value, str) else value, content_type)

    def add(self, upload: str, name: str, piece: str) -> None:
        """Take a piece of a file that the browser sends, in base64.

        Raises
        ------
        UserError : it is too large.
        """
        content = self._uploads.setdefault(upload, (Path(name).name or "file", bytearray()))[1]
        content += base64.b64decode(piece)
        while len(self._uploads) > _UPLOADS:
            del self._uploads[next(iter(self._uploads))]
        if len(content) > LARGEST:
            del self._uploads[upload]
            raise _too_large(name)

    def names(self) -> list[dict[str, str]]:
        """The variables that can be sent, with what they are."""
        found = []
        for name, value in sorted(self._variables().items()):
            about = _about(value)
            if about and not name.startswith("_"):
                found.append({"name": name, "about": about})
        return found

    def _variable(self, name: str) -> Any:
        variables = self._variables()
        if name not in variables:
            raise UserError(f"there is no variable '{name}'", remedy="define it first, or choose another one")
        return variables[name]


def _body_of_file(given: str, content_type: str) -> Body:
    path = Path(given).expanduser()
    try:
        if not path.is_file():
            raise UserError(f"there is no file '{given}'", f"It is looked for from {Path.cwd()}.", "mend the path")
        if path.stat().st_size > LARGEST:
            raise _too_large(given)
        return Body(path.read_bytes(), content_type, str(path))
    except OSError as error:
        raise UserError(f"the file '{given}' cannot be read", str(error), "choose another one") from None


def _too_large(name: str) -> UserError:
    return UserError(f"the file '{name}' is larger than {LARGEST >> 20} MiB", remedy="send it with the code for curl")


def _about(value: Any) -> str:
    """What a variable is, in a few words; empty where it cannot be sent. Nothing heavy is imported."""
    kind = type(value).__name__
    shape = getattr(value, "shape", ())
    if isinstance(shape, tuple) and shape and (hasattr(value, "tolist") or hasattr(value, "columns")):
        return f"{kind} {' × '.join(map(str, shape))}"
    return f"{kind}, {len(value)} long" if isinstance(value, _PLAIN) else ""
