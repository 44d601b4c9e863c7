"""Names with values where a name may repeat: what Flask gives scripts for query arguments, form fields and headers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any


class Values(Mapping[str, Any]):
    """A mapping of names that may repeat: indexing gives the first value, ``getlist`` all of them.

    Parameters
    ----------
    pairs : names and values in their order.
    """

    def __init__(self, pairs: Iterable[tuple[str, Any]]) -> None:
        self._pairs = tuple(pairs)

    def __getitem__(self, name: str) -> Any:
        found = self.getlist(name)
        if not found:
            raise KeyError(name)
        return found[0]

    def __iter__(self) -> Iterator[str]:
        return iter(dict.fromkeys(name for name, _ in self._pairs))

    def __len__(self) -> int:
        return len(list(iter(self)))

    def get(self, name: str, default: Any = None, type: Callable[[Any], Any] | None = None) -> Any:  # noqa: A002
        """Return the first value of a name, made by ``type`` where one is given; the default where there is none.

        >>> Values([("top", "3")]).get("top", type=int)
        3
        """
        return _first(self.getlist(name), default, type)

    def getlist(self, name: str) -> list[Any]:
        """Return every value of a name."""
        return [value for key, value in self._pairs if key == name]

    def to_dict(self, flat: bool = True) -> dict[str, Any]:
        """Return the first value of every name, or, if not ``flat``, the list of all its values."""
        return {name: self[name] if flat else self.getlist(name) for name in self}


class Headers:
    """Headers: as pairs when gone through, by name in any case of letters when indexed.

    >>> headers = Headers([("Allow", "GET")])
    >>> headers["allow"] = "GET, POST"
    >>> headers.add("Vary", "Origin")
    >>> list(headers)
    [('allow', 'GET, POST'), ('Vary', 'Origin')]
    """

    def __init__(self, pairs: Iterable[tuple[str, str]] = ()) -> None:
        self._pairs = list(pairs)

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return iter(self._pairs)

    def __len__(self) -> int:
        return len(self._pairs)

    def __contains__(self, name: object) -> bool:
        return bool(self.getlist(str(name)))

    def __getitem__(self, name: str) -> str:
        found = self.getlist(name)
        if not found:
            raise KeyError(name)
        return found[0]

    def __setitem__(self, name: str, value: object) -> None:
        """Give a header one value instead of those it has."""
        del self[name]
        self.add(name, value)

    def __delitem__(self, name: str) -> None:
        """Take a header away; one that is not there is no error, as with Flask."""
        self._pairs = [pair for pair in self._pairs if pair[0].lower() != name.lower()]

    def __repr__(self) -> str:
        return f"Headers({self._pairs!r})"

    def get(self, name: str, default: Any = None, type: Callable[[str], Any] | None = None) -> Any:  # noqa: A002
        """Return the first value of a header, made by ``type`` where one is given; the default where there is none."""
        return _first(self.getlist(name), default, type)

    def getlist(self, name: str) -> list[str]:
        """Return every value of a header."""
        return [value for key, value in self._pairs if key.lower() == name.lower()]

    def keys(self) -> list[str]:
        """Return the names, as often as they occur."""
        return [name for name, _ in self._pairs]

    def values(self) -> list[str]:
        """Return the values."""
        return [value for _, value in self._pairs]

    def items(self) -> list[tuple[str, str]]:
        """Return the pairs."""
        return list(self._pairs)

    def add(self, name: str, value: object) -> None:
        """Add a header beside those of the same name."""
        self._pairs.append((name, str(value)))

    def update(self, headers: Mapping[str, object]) -> None:
        """Set several headers."""
        for name, value in headers.items():
            self[name] = value

    def extend(self, headers: Mapping[str, object]) -> None:
        """Add several headers."""
        for name, value in headers.items():
            self.add(name, value)

    add_header = add
    remove = __delitem__
    set = __setitem__


def title(name: str) -> str:
    """Return a header's name as the original writes it.

    >>> title("x-ms-request-id")
    'X-Ms-Request-Id'
    """
    return "-".join(part.capitalize() for part in name.split("-"))


def _first(found: list[Any], default: Any, kind: Callable[[Any], Any] | None) -> Any:
    if not found:
        return default
    try:
        return kind(found[0]) if kind else found[0]
    except (ValueError, TypeError):  # as with Flask, what cannot be made is not there
        return default
