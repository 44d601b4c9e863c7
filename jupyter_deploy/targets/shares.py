"""How the requests of a service are shared between versions that run side by side."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

HEADER = "x-jupyter-deploy-version"
"""The header of a request that is meant for one version, by its number."""
ALL = 100


@dataclass(frozen=True)
class Traffic:
    """Who gets how many of the requests, in per cent; versions that are not named do not run.

    Parameters
    ----------
    shares : by the number of the version; together 100. One with 0 is reached by :data:`HEADER` alone.
    mirror : of how many of the requests a copy goes to a version that has no share, whose answers nobody gets.
    """

    shares: Mapping[int, int]
    mirror: Mapping[int, int] = field(default_factory=dict)

    @classmethod
    def of(cls, version: int) -> Traffic:
        """One version for all requests."""
        return cls({version: ALL})

    @property
    def versions(self) -> tuple[int, ...]:
        """Every version that runs, oldest first."""
        return tuple(sorted({*self.shares, *self.mirror}))

    @property
    def is_shared(self) -> bool:
        """Whether more than one version runs."""
        return len(self.versions) > 1

    def base(self, current: int) -> int:
        """The version that the service returns to: the one that served alone before, or else the one with the largest share."""
        return (
            current if current in self.versions else max(self.shares, key=lambda number: (self.shares[number], -number))
        )

    def with_new(self, version: int, percent: int, base: int) -> Traffic:
        """The same with one version more, whose share is taken from another one's."""
        return Traffic({**self.shares, base: self.shares.get(base, 0) - percent, version: percent}, self.mirror)

    def problems(self) -> Iterator[str]:
        """What is wrong with it, one line each."""
        for name, table in (("a share", self.shares), ("a part to mirror", self.mirror)):
            for version, percent in table.items():
                if not 0 <= percent <= ALL:
                    yield f"version {version} has {name} of {percent} %; it takes a whole number from 0 to 100"
        if (total := sum(self.shares.values())) != ALL:
            yield f"the shares make {total} % together; they have to make 100 %"
        for version in self.mirror:
            if self.shares.get(version):
                yield f"version {version} has a share of the requests, and is to get copies too; give it one of them"

    def __str__(self) -> str:
        shares = [f"version {version}: {percent} %" for version, percent in sorted(self.shares.items())]
        return ", ".join(
            [*shares, *(f"copies of {self.mirror[version]} % to version {version}" for version in sorted(self.mirror))]
        )

    def to_json(self) -> dict[str, Any]:
        """Write it as a plain document."""
        return {"shares": _named(self.shares), "mirror": _named(self.mirror)}

    @classmethod
    def from_json(cls, document: Mapping[str, Mapping[str, int]]) -> Traffic:
        """Read what :meth:`to_json` wrote."""
        return cls(
            *({int(version): percent for version, percent in document[name].items()} for name in ("shares", "mirror"))
        )


def _named(table: Mapping[int, int]) -> dict[str, int]:
    return {str(version): table[version] for version in sorted(table)}
