"""What opens a service: one of two keys, or a signed token. Both are checked against a file that is read at the start and on order."""

from __future__ import annotations

import hmac
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

from .settings import Settings
from .tokens import Tokens


class KeysError(Exception):
    """The file of keys cannot be used."""


class Access(Protocol):
    """What opens a service."""

    def objection(self, sent: bytes) -> str:
        """Return in a word why what was sent does not open it; empty when it does."""
        ...


class Keys:
    """Keys, each of which opens the service."""

    def __init__(self, keys: tuple[bytes, ...]) -> None:
        self._keys = keys

    def objection(self, sent: bytes) -> str:
        """Compare with all of them, whichever fits."""
        matches = [hmac.compare_digest(sent, key) for key in self._keys]
        return "" if any(matches) else "wrong"


def read(path: Path, settings: Settings) -> Access:
    """Read a file with ``primaryKey`` and ``secondaryKey``, or, where tokens are asked for, ``primarySecret`` and ``secondarySecret``.

    Raises
    ------
    KeysError : it cannot be read or lacks one of them.
    """
    kind = "Secret" if settings.token_auth_enabled else "Key"
    names = (f"primary{kind}", f"secondary{kind}")
    try:
        document: Mapping[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        held = [document[name] for name in names]
    except (OSError, ValueError, KeyError, TypeError) as error:
        text = f"{path.name}: no {names[0]} and {names[1]} can be read ({type(error).__name__})"
        raise KeysError(text) from error
    if not all(isinstance(text, str) and text for text in held):
        raise KeysError(f"{path.name}: {names[0]} and {names[1]} must be texts that are not empty")
    encoded = tuple(text.encode() for text in held)
    return Tokens(encoded, settings.audience) if settings.token_auth_enabled else Keys(encoded)
