"""A service's log in its folder: what its containers print is copied from the engine at each look, and before a container goes."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timezone
from typing import TYPE_CHECKING

from jupyter_deploy.targets import copied_log
from jupyter_deploy.targets.base import Place
from jupyter_deploy.targets.log_records import Line, stamped

if TYPE_CHECKING:
    from docker.models.containers import Container

files = copied_log.files
remove = copied_log.remove


def copy(place: Place, container: Container) -> None:
    """Append what a container has printed since the last copy."""

    def lines(second: str) -> Iterable[Line]:
        since = datetime.fromisoformat(second).replace(tzinfo=timezone.utc) if second else None
        return stamped(container.logs(timestamps=True, since=since.timestamp() if since else None))

    copied_log.copy(place, {str(container.id): copied_log.Source(lines)})


def text_of(container: Container) -> str:
    """All that a container has printed."""
    return container.logs().decode("utf-8", "replace")
