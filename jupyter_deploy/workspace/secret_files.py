"""Secrets, each in a file of its own that only the user can read; everything else in a workspace only refers to them."""

from __future__ import annotations

import contextlib
import json
import os
import re
import tempfile
from collections.abc import Mapping
from pathlib import Path

from jupyter_deploy.errors import NotFound, UserError

_NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9._-]{0,199}")
_PREFIX = "secret:"


class Secrets:
    """The secrets folder of a workspace.

    Parameters
    ----------
    folder : where they are kept; made with mode 0700.

    Example
    -------
    >>> reference = secrets.put("diabetes-service.keys", {"primary": "…", "secondary": "…"})
    >>> reference
    'secret:diabetes-service.keys'
    >>> secrets.get(reference)["primary"]
    '…'
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, name: str, value: Mapping[str, object] | str) -> str:
        """Keep a secret under a name, replacing what was there in one step.

        Parameters
        ----------
        name : 1 to 200 letters, digits, ``.``, ``_`` or ``-``, the first one a letter or digit.
        value : a text, kept as a JSON text, or a mapping of JSON values.

        Returns
        -------
        The reference to record in its place, ``secret:<name>``.
        """
        path = self._path(name)
        self._folder.mkdir(mode=0o700, exist_ok=True)
        descriptor, unfinished = tempfile.mkstemp(prefix=".new-", dir=self._folder)  # mode 0600
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                json.dump(value if isinstance(value, str) else dict(value), file)
                file.flush()
                os.fsync(file.fileno())
            Path(unfinished).replace(path)
        finally:
            Path(unfinished).unlink(missing_ok=True)
        return _PREFIX + name

    def get(self, reference: str) -> object:
        """The secret as it was put: a text or a dict.

        Raises
        ------
        NotFound : no such secret.
        """
        try:
            value: object = json.loads(self.path(reference).read_text(encoding="utf-8"))
        except FileNotFoundError as error:
            raise NotFound(
                f"there is no {reference} in this workspace",
                "It was removed, or the workspace was copied without its secrets.",
                "Give the option with the secret again.",
            ) from error
        return value

    def path(self, reference: str) -> Path:
        """The file (JSON) behind a reference, for a process that shall read it itself."""
        if not reference.startswith(_PREFIX):
            raise UserError(f"{reference!r} is not a reference to a secret", "A reference looks like 'secret:name'.")
        return self._path(reference[len(_PREFIX) :])

    def remove(self, reference: str) -> None:
        """Forget a secret; one that is not there is no error."""
        with contextlib.suppress(FileNotFoundError):
            self.path(reference).unlink()

    def _path(self, name: str) -> Path:
        if not _NAME.fullmatch(name):
            raise UserError(
                f"{name!r} is not a valid name of a secret",
                "It has 1 to 200 letters, digits, '.', '_' or '-' and begins with a letter or a digit.",
            )
        return self._folder / name
